// Selects the loop of each instruction, alone or as a pair, and the buffer it writes to.
#include <algorithm>

#include "binder.hpp"
#include "plait/base/error.hpp"

namespace plait::tensor {

/// The slot of a uniform register broadcast to a whole block.
LaneSlot LaneBinder::spread(std::size_t r) {
  if (uniform_[r] == 0) return slot_[r];
  if (spread_[r] == kNoSlot) {
    spread_[r] = add_slot(Storage::block);
    pass_.spreads.push_back({tables_.loops.find(program_.type, LaneOp::copy, kUniformA), slot_[r], slot_[r], slot_[r], slot_[r], spread_[r]});
  }
  return spread_[r];
}

LaneLoop LaneBinder::find(LaneOp op, int uniform) const {
  const LaneLoop loop = tables_.loops.find(program_.type, op, uniform);
  return loop != nullptr ? loop : tables_.math.find(program_.type, op, uniform);
}

/// Fuses an instruction into the only reader of its result if there is a loop for the pair.
void LaneBinder::find_pairs() {
  const auto taken = [&](std::size_t r) { return absorbed_[r] != 0 || sequence_of_[r] >= 0; };
  for (std::size_t r = first_instruction(); r < registers_; ++r) {
    if (live_[r] == 0 || uniform_[r] != 0 || taken(r)) continue;
    const LaneInstruction code = code_of(r);
    const std::uint16_t operands[] = {code.a, code.b, code.c};
    for (int position = 0; position < arity(code.op) && pair_[r].loop == nullptr; ++position) {
      const std::size_t first = operands[position];
      if (first < first_instruction() || uses_[first] != 1 || uniform_[first] != 0 || taken(first) || pair_[first].loop != nullptr) continue;
      make_pair(r, first, position);
    }
  }
  for (std::size_t r = first_instruction(); r < registers_; ++r) {
    if (live_[r] == 0 || uniform_[r] != 0 || pair_[r].loop != nullptr || taken(r) || code_of(r).op != LaneOp::add) continue;
    const std::size_t a = code_of(r).a, b = code_of(r).b;
    if (uses_[a] == 1) make_sum(r, a, b);
    if (uses_[b] == 1 && pair_[r].loop == nullptr) make_sum(r, b, a);
  }
}

/// Fuses an addition of the pair's result into the pair.
void LaneBinder::make_sum(std::size_t r, std::size_t first, std::size_t addend) {
  Pair pair = pair_[first];
  if (pair.loop == nullptr || pair.before != 0 || arity(code_of(first).op) != 2) return;
  for (const std::size_t operand : {pair.a, pair.b, pair.others[0], addend})
    if (uniform_[operand] != 0) return;
  pair.loop = tables_.pairs.find_sum(program_.type, code_of(pair.first).op, code_of(first).op, pair.position);
  if (pair.loop == nullptr) return;
  pair.others[1] = addend;
  pair.before = pair.first;
  pair.first = first;
  pair_[r] = pair;
  absorbed_[first] = 1;
  for (const std::size_t taken : {pair.first, pair.before})
    for_each_operand(code_of(taken), [&](std::size_t operand) { last_use_[operand] = std::max(last_use_[operand], r); });
}

void LaneBinder::make_pair(std::size_t r, std::size_t first, int position) {
  LaneInstruction inner = code_of(first), outer = code_of(r);
  if (arity(inner.op) > 2) return;
  if (arity(inner.op) == 1) inner.b = inner.a;
  Pair pair;
  pair.first = first;
  pair.position = position;
  pair.others[0] = position == 0 ? outer.b : outer.a;
  pair.others[1] = position == 2 ? outer.b : outer.c;
  const int others = arity(outer.op) - 1;
  for (int i = 1; i >= others; --i) pair.others[i] = inner.a;  // unused operand: any valid pointer
  if (outer.op == LaneOp::multiply_add && position == 2 && uniform_[pair.others[0]] != 0) std::swap(pair.others[0], pair.others[1]);
  if ((inner.op == LaneOp::add || inner.op == LaneOp::mul) && uniform_[inner.a] != 0) std::swap(inner.a, inner.b);
  const int uniform = (uniform_[inner.a] != 0 ? kUniformA : 0) | (uniform_[inner.b] != 0 ? kUniformB : 0) |
                      (others > 0 && uniform_[pair.others[0]] != 0 ? kUniformC : 0) | (others > 1 && uniform_[pair.others[1]] != 0 ? kUniformE : 0);
  pair.a = inner.a;
  pair.b = inner.b;
  pair.loop = tables_.pairs.find(program_.type, inner.op, outer.op, position, uniform);
  if (pair.loop == nullptr) return;
  pair_[r] = pair;
  absorbed_[first] = 1;
  for_each_operand(code_of(first), [&](std::size_t operand) { last_use_[operand] = std::max(last_use_[operand], r); });
}

/// The step of a single instruction.
LaneStep LaneBinder::single(std::size_t r) {
  LaneInstruction code = code_of(r);
  const int n = arity(code.op);
  if (n < 2) code.b = code.a;
  if (n < 3) code.c = code.a;
  int uniform =
      (uniform_[code.a] != 0 ? kUniformA : 0) | (n > 1 && uniform_[code.b] != 0 ? kUniformB : 0) | (n > 2 && uniform_[code.c] != 0 ? kUniformC : 0);
  const LaneLoop whole = find(code.op, 0);
  PLAIT_REQUIRE_AS(DTypeError, whole != nullptr, "lane program: ", name_of(code.op), " is not defined for integers");
  if (uniform_[r] != 0) return {whole, slot_[code.a], slot_[code.b], slot_[code.c], slot_[code.a], 0};
  LaneLoop loop = find(code.op, uniform);
  if (loop == nullptr && (uniform & kUniformA) != 0 && (uniform & kUniformB) == 0 && n > 1 && code.op != LaneOp::select) {
    std::swap(code.a, code.b);  // ops without a loop for a uniform first operand commute
    uniform = (uniform & kUniformC) | kUniformB;
    loop = find(code.op, uniform);
  }
  if (loop != nullptr) return {loop, slot_[code.a], slot_[code.b], slot_[code.c], slot_[code.a], 0};
  const LaneSlot a = spread(code.a);
  return {whole, a, n > 1 ? spread(code.b) : a, n > 2 ? spread(code.c) : a, a, 0};
}

void LaneBinder::place_instructions() {
  for (std::size_t r = first_instruction(); r < registers_; ++r) {
    if (live_[r] == 0 || absorbed_[r] != 0) continue;
    if (sequence_of_[r] >= 0) {
      place_sequence(r);
      continue;
    }
    const Pair& pair = pair_[r];
    LaneStep step =
        pair.loop == nullptr ? single(r) : LaneStep{pair.loop, slot_[pair.a], slot_[pair.b], slot_[pair.others[0]], slot_[pair.others[1]], 0};
    if (uniform_[r] != 0) {
      direct_of_[r] = -1;
      step.d = slot_[r] = add_slot(Storage::scalar);
      pass_.uniform_steps.push_back(step);
      continue;
    }
    // The result may reuse the buffer of an operand whose lifetime ends here: each element is read before it is written.
    for_each_operand(code_of(r), [&](std::size_t operand) { release_after(operand, r); });
    if (pair.loop != nullptr) for_each_operand(code_of(pair.first), [&](std::size_t operand) { release_after(operand, r); });
    if (pair.before != 0) for_each_operand(code_of(pair.before), [&](std::size_t operand) { release_after(operand, r); });
    place_result(r);
    step.d = slot_[r];
    pass_.steps.push_back(step);
  }
}

void LaneBinder::place_result(std::size_t r) {
  if (direct_of_[r] >= 0) {
    slot_[r] = add_slot(Storage::elsewhere);
    ++streams_;
  } else {
    slot_[r] = pooled_[r] = take_buffer();
  }
}

/// Element by element, all operands are read before any output is written, so outputs may reuse the buffers of operands.
void LaneBinder::place_sequence(std::size_t root) {
  const Sequence& sequence = sequences_[static_cast<std::size_t>(sequence_of_[root])];
  LaneSequenceStep step{sequence.loop, {}};
  for (const std::size_t r : sequence.operands) step.operands.push_back(slot_[r]);
  for (const std::size_t r : sequence.operands) release_after(r, root);
  for (const std::size_t r : sequence.outputs) {
    place_result(r);
    step.operands.push_back(slot_[r]);
  }
  pass_.steps.push_back({nullptr, static_cast<LaneSlot>(pass_.sequences.size()), 0, 0, 0, 0});
  pass_.sequences.push_back(std::move(step));
}

}  // namespace plait::tensor
