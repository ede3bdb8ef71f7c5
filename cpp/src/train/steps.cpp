#include "plait/train/steps.hpp"

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::train {

StepLoop::StepLoop(std::shared_ptr<Program> program, std::vector<Rows> arrays, Index batch_size) : program_(std::move(program)) {
  PLAIT_REQUIRE(arrays.size() == program_->inputs().size(), "StepLoop: ", program_->inputs().size(), " inputs, ", arrays.size(), " arrays");
  std::vector<Spec> specs;
  if (!arrays.empty()) {
    std::vector<DType> types;
    std::vector<std::string> names;
    for (const NodeRef& input : program_->inputs()) {
      types.push_back(input->spec.dtype);
      names.push_back(input->label());
    }
    batches_ = std::make_unique<Batches>(std::move(arrays), std::move(types), std::move(names), batch_size);
    whole_ = batches_->rows() / batch_size;
    PLAIT_REQUIRE(whole_ > 0, "StepLoop: batches of ", batch_size, " rows from ", batches_->rows());
    specs = batches_->specs(batch_size);
  }
  plan_ = program_->plan(specs);
  for (const Spec& spec : plan_->output_specs()) {
    PLAIT_REQUIRE_AS(DTypeError, spec.dtype == DType::float64, "StepLoop: outputs are float64, got ", name_of(spec.dtype));
    width_ += count_of(spec.shape);
  }
}

void StepLoop::run(Index n, std::uint64_t seed, std::uint64_t first, double* record, Index& done, int threads) {
  std::vector<void*> outputs(plan_->output_specs().size());
  program_->set_random_state(seed, first);
  std::uint64_t epoch = ~std::uint64_t{0};
  for (done = 0; done < n; ++done) {
    poll_interrupt();
    double* out = record + done * width_;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      outputs[k] = out;
      out += count_of(plan_->output_specs()[k].shape);
    }
    const void* const* feeds = nullptr;
    if (batches_) {
      const std::uint64_t step = first + static_cast<std::uint64_t>(done), now = step / static_cast<std::uint64_t>(whole_);
      if (now != epoch) batches_->shuffle(seed, now);
      epoch = now;
      feeds = batches_->feeds(static_cast<Index>(step % static_cast<std::uint64_t>(whole_)), threads);
    }
    program_->run(*plan_, feeds, outputs.data(), threads);
  }
}

}  // namespace plait::train
