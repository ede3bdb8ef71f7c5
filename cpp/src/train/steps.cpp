#include "plait/train/steps.hpp"

#include <map>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::train {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;  // groups of rows have orders of their own

}  // namespace

StepLoop::StepLoop(std::shared_ptr<Program> program, std::vector<Rows> arrays, Index batch_size) : program_(std::move(program)) {
  PLAIT_REQUIRE(arrays.size() == program_->inputs().size(), "StepLoop: ", program_->inputs().size(), " inputs, ", arrays.size(), " arrays");
  std::vector<Spec> specs(arrays.size());
  feeds_.resize(arrays.size());
  std::map<Index, std::vector<std::size_t>> by_rows;
  for (std::size_t i = 0; i < arrays.size(); ++i) by_rows[arrays[i].count].push_back(i);
  for (auto& [rows, inputs] : by_rows) {
    std::vector<Rows> own;
    std::vector<DType> types;
    std::vector<std::string> names;
    for (const std::size_t i : inputs) {
      own.push_back(std::move(arrays[i]));
      types.push_back(program_->inputs()[i]->spec.dtype);
      names.push_back(program_->inputs()[i]->label());
    }
    PLAIT_REQUIRE(rows >= batch_size, "StepLoop: batches of ", batch_size, " rows from ", rows);
    Group group{.batches = std::make_unique<Batches>(std::move(own), std::move(types), std::move(names), batch_size), .inputs = inputs};
    group.whole = rows / batch_size;
    const std::vector<Spec> found = group.batches->specs(batch_size);
    for (std::size_t k = 0; k < inputs.size(); ++k) specs[inputs[k]] = found[k];
    groups_.push_back(std::move(group));
  }
  plan_ = program_->plan(specs);
  for (const Spec& spec : plan_->output_specs()) {
    PLAIT_REQUIRE_AS(DTypeError, spec.dtype == DType::float64, "StepLoop: outputs are float64, got ", name_of(spec.dtype));
    width_ += count_of(spec.shape);
  }
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the batches belong to their group

void StepLoop::run(Index n, std::uint64_t seed, std::uint64_t first, double* record, Index& done, int threads) {
  std::vector<void*> outputs(plan_->output_specs().size());
  program_->set_random_state(seed, first);
  for (done = 0; done < n; ++done) {
    poll_interrupt();
    double* out = record + done * width_;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      outputs[k] = out;
      out += count_of(plan_->output_specs()[k].shape);
    }
    const std::uint64_t step = first + static_cast<std::uint64_t>(done);
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      Group& group = groups_[g];
      const auto whole = static_cast<std::uint64_t>(group.whole);
      if (step / whole != group.epoch || done == 0) group.batches->shuffle(seed + g * kGolden, step / whole);
      group.epoch = step / whole;
      const void* const* found = group.batches->feeds(static_cast<Index>(step % whole), threads);
      for (std::size_t k = 0; k < group.inputs.size(); ++k) feeds_[group.inputs[k]] = found[k];
    }
    program_->run(*plan_, feeds_.empty() ? nullptr : feeds_.data(), outputs.data(), threads);
  }
}

}  // namespace plait::train
