// Lifetimes of registers, and the slots of constants, inputs and outputs.
#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "binder.hpp"
#include "tuning.hpp"

namespace plait::tensor {
namespace {

using tuning::kLongestPeriod, tuning::kLongRow;

std::uint64_t bits_of(LaneType type, double value) {
  if (type == LaneType::f64) return std::bit_cast<std::uint64_t>(value);
  if (type == LaneType::f32) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  const bool fits = value >= -0x1p63 && value < 0x1p63;
  return static_cast<std::uint64_t>(fits ? static_cast<std::int64_t>(value) : std::numeric_limits<std::int64_t>::min());
}

std::uint64_t identity_of(LaneType type, LaneOutput::Kind kind) {
  using Kind = LaneOutput::Kind;
  if (kind == Kind::sum) return 0;
  if (type == LaneType::i64)
    return static_cast<std::uint64_t>(kind == Kind::product   ? 1
                                      : kind == Kind::maximum ? std::numeric_limits<std::int64_t>::min()
                                                              : std::numeric_limits<std::int64_t>::max());
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return std::bit_cast<std::uint64_t>(kind == Kind::product ? 1.0 : kind == Kind::maximum ? -kInfinity : kInfinity);
}

}  // namespace

LaneBinder::LaneBinder(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, const std::vector<LaneOutput>& outputs,
                       const std::vector<int>& which, const LaneTables& tables)
    : program_(program), space_(space), inputs_(inputs), outputs_(outputs), which_(which), tables_(tables) {
  pass_.type = program.type;
  pass_.width = program.type == LaneType::f32 ? 4 : 8;
  pass_.count = count_of(space);
  registers_ = first_instruction() + program.code.size();
  slot_.assign(registers_, kNoSlot);
  spread_.assign(registers_, kNoSlot);
  pooled_.assign(registers_, kNoSlot);
  buffer_of_.assign(registers_, kNoSlot);
  uniform_.assign(registers_, 0);
  live_.assign(registers_, 0);
  absorbed_.assign(registers_, 0);
  pair_.assign(registers_, {});
  sequence_of_.assign(registers_, -1);
  written_at_.resize(registers_);
  std::iota(written_at_.begin(), written_at_.end(), std::size_t{0});
  last_use_.assign(registers_, 0);
}

LanePass LaneBinder::bind() {
  find_lifetimes();
  place_constants();
  place_inputs();
  place_outputs();
  find_uniform();
  count_uses();
  find_sequences();
  find_pairs();
  place_instructions();
  finish_outputs();
  estimate_cost();
  cut_pass(pass_, streams_);
  lay_out();
  // Saves memory in programs of 100,000 passes. Not `constants`: slots point into it.
  const auto shrink = [](auto&... lists) { (lists.shrink_to_fit(), ...); };
  shrink(pass_.slots, pass_.pointed, pass_.moving, pass_.scalars, pass_.uniform_steps, pass_.spreads, pass_.periodic, pass_.loaded, pass_.steps,
         pass_.direct, pass_.stored, pass_.reductions);
  return std::move(pass_);
}

LaneSlot LaneBinder::add_slot(Storage storage, Index extra) {
  slots_.push_back({storage, extra});
  if (storage == Storage::block) ++streams_;
  return static_cast<LaneSlot>(slots_.size() - 1);
}

// Released buffers are reused first: they are in cache.
LaneSlot LaneBinder::take_buffer() {
  if (free_.empty()) return add_slot(Storage::block);
  const LaneSlot slot = free_.back();
  free_.pop_back();
  return slot;
}
void LaneBinder::release_after(std::size_t r, std::size_t now) {
  if (last_use_[r] != now || pooled_[r] == kNoSlot) return;
  free_.push_back(pooled_[r]);
  pooled_[r] = kNoSlot;  // released once, also if an instruction has it as operand twice
}

void LaneBinder::find_lifetimes() {
  for (const int k : which_) {
    const std::size_t r = register_of(k);
    live_[r] = 1;
    last_use_[r] = end_of_time();
  }
  for (std::size_t r = registers_; r-- > first_instruction();) {
    if (live_[r] == 0) continue;
    for_each_operand(code_of(r), [&](std::size_t operand) {
      live_[operand] = 1;
      last_use_[operand] = std::max(last_use_[operand], r);
    });
  }
}

void LaneBinder::place_constants() {
  for (std::size_t i = 0; i < program_.constants.size(); ++i) {
    const std::size_t r = first_constant() + i;
    uniform_[r] = 1;
    if (live_[r] == 0) continue;
    slot_[r] = add_slot(Storage::constant);
    pass_.constants.push_back(bits_of(program_.type, program_.constants[i]));
  }
}

void LaneBinder::place_inputs() {
  // An input that is also an output is first copied to a buffer: two of them may be swapped in place.
  std::vector<char> passed(first_constant(), 0);
  for (const int k : which_) {
    const std::size_t r = register_of(k);
    if (r < first_constant() && is_store(k)) passed[r] = 1;
  }
  for (std::size_t r = 0; r < first_constant(); ++r) {
    if (live_[r] == 0) continue;
    LanePassInput input;
    input.index = static_cast<int>(r);
    input.view = LaneView(space_, inputs_[r]);
    input.load = tables_.conversions.load[static_cast<int>(inputs_[r].dtype)][type_index()];
    const bool same = inputs_[r].dtype == own_dtype();
    if (input.view.uniform()) {
      uniform_[r] = 1;
      input.slot = add_slot(same ? Storage::elsewhere : Storage::scalar);
      if (same) pass_.pointed.push_back({input.index, input.slot});
      else pass_.scalars.push_back(input);
    } else if (same && passed[r] == 0 && input.view.contiguous()) {
      input.slot = add_slot(Storage::elsewhere);
      ++streams_;
      pass_.moving.push_back({input.index, input.slot});
    } else if (const Index period = input.view.period(); period > 0 && period <= kLongestPeriod) {
      input.period = period;
      input.slot = add_slot(Storage::block, period);
      pass_.periodic.push_back(input);
    } else {
      input.try_place = same && passed[r] == 0 && input.view.strides.back() == 1 && input.view.sizes.back() >= kLongRow;
      // If the slot may point to the input itself, results cannot reuse it; they may reuse its buffer.
      pooled_[r] = take_buffer();
      input.slot = input.try_place ? add_slot(Storage::elsewhere) : pooled_[r];
      buffer_of_[r] = pooled_[r];
      pass_.loaded.push_back(input);
    }
    slot_[r] = input.slot;
  }
}

void LaneBinder::find_uniform() {
  for (std::size_t r = first_instruction(); r < registers_; ++r) {
    uniform_[r] = 1;
    for_each_operand(code_of(r), [&](std::size_t operand) { uniform_[r] = uniform_[r] != 0 && uniform_[operand] != 0; });
  }
}

/// Stored outputs that their instruction writes directly to their final memory.
void LaneBinder::place_outputs() {
  direct_of_.assign(registers_, -1);
  for (const int k : which_) {
    const std::size_t r = register_of(k);
    const LaneOutput& out = output(k);
    if (!is_store(k) || out.dtype != own_dtype() || r < first_instruction() || is_strided(out)) continue;
    if (direct_of_[r] < 0 && pass_.direct.size() < 64) {
      direct_of_[r] = k;
      pass_.direct.push_back({});
      pass_.direct.back().index = k;
    }
  }
}

void LaneBinder::finish_outputs() {
  std::erase_if(pass_.direct, [&](const LaneDirectOutput& d) { return direct_of_[register_of(d.index)] != d.index; });
  for (LaneDirectOutput& d : pass_.direct) {
    const std::size_t r = register_of(d.index);
    d.slot = slot_[r];
    d.store = tables_.conversions.store[type_index()][static_cast<int>(own_dtype())];
    for (const LanePointedInput& in : pass_.moving)
      if (last_use_[static_cast<std::size_t>(in.index)] > written_at_[r]) d.readers.push_back(in.index);
  }
  for (const int k : which_) {
    const std::size_t r = register_of(k);
    const LaneOutput& out = output(k);
    const LaneStore store = tables_.conversions.store[type_index()][static_cast<int>(out.dtype)];
    if (direct_of_[r] == k) continue;
    if (is_store(k)) {
      LaneStoredOutput stored{k, spread(r), store, static_cast<Index>(size_of(out.dtype))};
      stored.strided = is_strided(out);
      if (stored.strided) stored.view = LaneView(space_, out.strides, out.dtype);
      pass_.stored.push_back(std::move(stored));
      continue;
    }
    add_reduction(k);
  }
}

void LaneBinder::add_reduction(int k) {
  const LaneOutput& out = output(k);
  LaneReduction reduction;
  const auto kind = static_cast<std::size_t>(out.kind) - 1;
  const LaneType accumulator = program_.type == LaneType::i64 ? LaneType::i64 : LaneType::f64;
  reduction.index = k;
  reduction.slot = spread(register_of(k));
  reduction.runs = tables_.reductions.runs[type_index()][kind];
  reduction.columns = tables_.reductions.columns[type_index()][kind];
  reduction.combine = tables_.reductions.columns[static_cast<int>(accumulator)][kind];
  reduction.store = tables_.conversions.store[static_cast<int>(accumulator)][static_cast<int>(out.dtype)];
  reduction.identity = identity_of(program_.type, out.kind);
  reduction.element = static_cast<Index>(size_of(out.dtype));
  reduction.outer = out.outer;
  reduction.middle = middle_of(k);
  reduction.inner = out.inner;
  reduction.slab = reduction.middle * reduction.inner;
  pass_.reductions.push_back(reduction);
}

LanePass bind_pass(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, const std::vector<LaneOutput>& outputs,
                   const std::vector<int>& which, const LaneTables& tables) {
  return LaneBinder(program, space, inputs, outputs, which, tables).bind();
}

}  // namespace plait::tensor
