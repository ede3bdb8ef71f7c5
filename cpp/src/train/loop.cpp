#include "plait/train/loop.hpp"

#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::train {
namespace {

constexpr auto kProgressPeriod = std::chrono::milliseconds(100);

std::vector<DType> types_of(const Program& program) {
  std::vector<DType> types;
  for (const NodeRef& input : program.inputs()) types.push_back(input->spec.dtype);
  return types;
}

std::vector<std::string> names_of(const Program& program) {
  std::vector<std::string> names;
  for (const NodeRef& input : program.inputs()) names.push_back(input->label());
  return names;
}

// All bits of the exponent set: NaN or infinite. On integers, so that the loop can be vectorised.
template <class T, class Bits, Bits exponent>
bool all_finite(const void* data, Index n) {
  const T* x = static_cast<const T*>(data);
  Bits found = 0;
  for (Index i = 0; i < n; ++i) found |= static_cast<Bits>((std::bit_cast<Bits>(x[i]) & exponent) == exponent);
  return found == 0;
}

bool is_finite(const Tensor& tensor) {
  if (tensor.spec.dtype == DType::float32) return all_finite<float, std::uint32_t, 0x7F800000U>(tensor.data.get(), tensor.count());
  if (tensor.spec.dtype == DType::float64) return all_finite<double, std::uint64_t, 0x7FF0000000000000U>(tensor.data.get(), tensor.count());
  return true;
}

}  // namespace

Loop::Loop(std::shared_ptr<Program> program, std::vector<Rows> arrays, Index batch_size)
    : program_(std::move(program)), batches_(std::move(arrays), types_of(*program_), names_of(*program_), batch_size) {
  full_ = program_->plan(batches_.specs(batches_.size(0)));
  last_ = program_->plan(batches_.specs(batches_.size(batches_.count() - 1)));
}

EpochResult Loop::run(const EpochOptions& options, const ProgressCallback& progress) {
  const auto specs = full_->output_specs();
  std::vector<Tensor> values;
  std::vector<void*> outputs;
  for (const Spec& spec : specs) {
    PLAIT_REQUIRE_AS(ShapeError, count_of(spec.shape) == 1, "train: the loss and what is measured beside it must be scalars, got shape ",
                     to_string(spec.shape));
    values.emplace_back(spec);
    outputs.push_back(values.back().data.get());
  }
  if (options.shuffle) batches_.shuffle(options.shuffle_seed, static_cast<std::uint64_t>(options.epoch));
  else batches_.keep_order();

  EpochResult result;
  result.means.assign(values.size(), 0.0);
  double rows_done = 0;
  auto last_report = std::chrono::steady_clock::now();
  const auto report = [&] {
    progress({options.epoch, result.steps, steps(), result.means.empty() || rows_done == 0 ? 0.0 : result.means[0] / rows_done});
  };
  const Updates& updates = program_->updates();
  if (options.stop_at_not_finite) {
    before_.resize(updates.size());
    for (std::size_t i = 0; i < updates.size(); ++i) {
      const Tensor& value = *updates[i].first->value();
      if (before_[i] == nullptr) before_[i] = allocate_bytes(value.bytes());
      std::memcpy(before_[i].get(), value.data.get(), value.bytes());
    }
  }
  program_->set_random_state(options.seed, options.first_run);
  for (Index batch = 0; batch < steps(); ++batch) {
    poll_interrupt();
    program_->run(plan(batch), batches_.feeds(batch, options.threads), outputs.data(), options.threads);
    ++result.steps;
    const auto weight = static_cast<double>(batches_.size(batch));
    rows_done += weight;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const double value = element_as_double(values[k].data.get(), specs[k].dtype, 0);
      result.means[k] += weight * value;
      if (k == 0 && options.stop_at_not_finite && !std::isfinite(value)) {
        result.status = EpochResult::Status::loss;
        result.bad_loss = value;
      }
    }
    if (result.status != EpochResult::Status::done) break;
    if (!progress) continue;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_report < kProgressPeriod) continue;
    last_report = now;
    report();
  }
  for (double& mean : result.means) mean /= rows_done;
  if (options.stop_at_not_finite && result.status == EpochResult::Status::done) {
    for (const auto& [parameter, next] : updates) {
      if (is_finite(*parameter->value())) continue;
      result.status = EpochResult::Status::parameter;
      result.bad_parameter = parameter;
      break;
    }
  }
  if (result.status != EpochResult::Status::done)
    for (std::size_t i = 0; i < updates.size(); ++i) {
      Tensor& value = *updates[i].first->value();
      std::memcpy(value.data.get(), before_[i].get(), value.bytes());
    }
  return result;
}

std::vector<Spec> Loop::predicted() const {
  const auto full = full_->output_specs(), last = last_->output_specs();
  const Index n = batches_.size(0), m = batches_.size(batches_.count() - 1);
  std::vector<Spec> found(full.begin(), full.end());
  for (std::size_t k = 0; k < found.size(); ++k) {
    Shape& shape = found[k].shape;
    PLAIT_REQUIRE_AS(ShapeError, !shape.empty() && shape[0] == n && last[k].shape[0] == m, "predict: output ", program_->outputs()[k]->label(),
                     " has shape ", to_string(shape), " for a batch of ", n, " rows; its first axis must be the batch");
    shape[0] = rows();
  }
  return found;
}

void Loop::predict(void* const* destinations, std::uint64_t seed, std::uint64_t first_run, int threads) {
  const std::vector<Spec> specs = predicted();
  batches_.keep_order();
  program_->set_random_state(seed, first_run);
  std::vector<void*> outputs(specs.size());
  for (Index batch = 0; batch < steps(); ++batch) {
    poll_interrupt();
    for (std::size_t k = 0; k < specs.size(); ++k) {
      const std::size_t row = static_cast<std::size_t>(count_of(specs[k].shape) / rows()) * size_of(specs[k].dtype);
      outputs[k] = static_cast<std::byte*>(destinations[k]) + static_cast<std::size_t>(batches_.first(batch)) * row;
    }
    program_->run(plan(batch), batches_.feeds(batch, threads), outputs.data(), threads);
  }
}

}  // namespace plait::train
