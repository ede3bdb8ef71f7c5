// Finds the sequences of sequences.hpp in a program: each match becomes one step.
#include <algorithm>
#include <array>

#include "binder.hpp"

namespace plait::tensor {
namespace {

constexpr const LaneSequence* kSequences[] = {
#define PLAIT_ROW(name) &lane_sequences::name,
    PLAIT_LANE_SEQUENCES(PLAIT_ROW)
#undef PLAIT_ROW
};

/// Finds the register of the program for each register of a sequence.
template <class Taken>
class SequenceMatch {
 public:
  SequenceMatch(const LaneSequence& sequence, const LaneProgram& program, const std::vector<char>& uniform, const Taken& taken)
      : s_(sequence),
        program_(program),
        uniform_(uniform),
        taken_(taken),
        first_(static_cast<std::size_t>(program.inputs) + program.constants.size()) {
    of_.fill(kNone);
  }

  bool find(std::size_t root) {
    of_[static_cast<std::size_t>(s_.registers() - 1)] = root;
    return solve(s_.length - 1);
  }
  [[nodiscard]] std::size_t operator[](int r) const { return of_[static_cast<std::size_t>(r)]; }
  [[nodiscard]] const LaneSequence& sequence() const { return s_; }
  [[nodiscard]] bool stores(std::size_t r) const {
    return std::any_of(s_.output, s_.output + s_.outputs, [&](int output) { return (*this)[output] == r; });
  }

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};

  /// Instructions 0 … k, the last first: the register of an instruction is then known from its readers. Operands of sums and products are tried in
  /// both orders; the recursion depth is the length of the sequence.
  bool solve(int k) {
    if (k < 0) return true;
    const LaneSequence::Code& want = s_.code[k];
    const std::size_t r = (*this)[s_.first() + k];
    if (r < first_ || uniform_[r] != 0 || taken_(r)) return false;
    const LaneInstruction& have = program_.code[r - first_];
    if (have.op != want.op) return false;
    if (arity(want.op) == 1) return take(want.a, have.a) && solve(k - 1);
    const auto before = of_;
    if (take(want.a, have.a) && take(want.b, have.b) && solve(k - 1)) return true;
    of_ = before;
    return (want.op == LaneOp::add || want.op == LaneOp::mul) && take(want.a, have.b) && take(want.b, have.a) && solve(k - 1);
  }

  bool take(int wanted, std::size_t r) {
    std::size_t& place = of_[static_cast<std::size_t>(wanted)];
    if (place != kNone) return place == r;
    if (wanted < s_.first() && (uniform_[r] != 0) != (wanted >= s_.blocks)) return false;
    place = r;
    return true;
  }

  const LaneSequence& s_;
  const LaneProgram& program_;
  const std::vector<char>& uniform_;
  const Taken& taken_;
  std::size_t first_;
  std::array<std::size_t, LaneSequence::kMostRegisters> of_;
};

}  // namespace

void LaneBinder::count_uses() {
  uses_.assign(registers_, 0);
  for (std::size_t r = first_instruction(); r < registers_; ++r)
    if (live_[r] != 0) for_each_operand(code_of(r), [&](std::size_t operand) { ++uses_[operand]; });
  for (const int k : which_) uses_[register_of(k)] += 2;
}

void LaneBinder::find_sequences() {
  if (program_.type == LaneType::i64) return;
  const auto taken = [&](std::size_t r) { return absorbed_[r] != 0 || sequence_of_[r] >= 0; };
  // Results that only the sequence reads stay in registers; others must be outputs, and their other readers must come after the sequence.
  const auto closed = [&](const auto& match, std::size_t root) {
    std::vector<std::pair<std::size_t, int>> inside;  // instructions, and how often the others read them
    for (int k = 0; k < match.sequence().length; ++k) {
      const std::size_t r = match[match.sequence().first() + k];
      if (std::find(inside.begin(), inside.end(), std::pair(r, 0)) == inside.end()) inside.emplace_back(r, 0);
    }
    const auto place = [&](std::size_t r) { return std::find_if(inside.begin(), inside.end(), [&](const auto& i) { return i.first == r; }); };
    for (const auto& [r, count] : std::vector(inside))
      for_each_operand(code_of(r), [&](std::size_t operand) {
        if (const auto i = place(operand); i != inside.end()) ++i->second;
      });
    for (int k = 0; k < match.sequence().first(); ++k)
      if (place(match[k]) != inside.end()) return false;
    for (const auto& [r, count] : inside) {
      if (r == root) continue;
      if (match.stores(r) != (uses_[r] > count)) return false;
      for (std::size_t reader = r + 1; match.stores(r) && reader < root; ++reader) {
        bool reads = false;
        if (live_[reader] != 0 && place(reader) == inside.end())
          for_each_operand(code_of(reader), [&](std::size_t operand) { reads |= operand == r; });
        if (reads) return false;
      }
    }
    return true;
  };
  for (std::size_t root = registers_; root-- > first_instruction();) {  // from the end: the update of an optimiser before the averages that it uses
    for (const LaneSequence* s : kSequences) {
      if (live_[root] == 0 || uniform_[root] != 0 || s->code[s->length - 1].op != code_of(root).op) continue;
      SequenceMatch match(*s, program_, uniform_, taken);
      if (!match.find(root) || !closed(match, root)) continue;
      Sequence sequence{tables_.sequences.find(program_.type, s), {}, {}, s->length};
      for (int k = 0; k < s->first(); ++k) sequence.operands.push_back(match[k]);
      for (int k = 0; k < s->outputs; ++k) sequence.outputs.push_back(match[s->output[k]]);
      for (const std::size_t operand : sequence.operands) last_use_[operand] = std::max(last_use_[operand], root);
      for (int k = 0; k < s->length; ++k) absorbed_[match[s->first() + k]] = 1;
      absorbed_[root] = 0;
      for (const std::size_t output : sequence.outputs) written_at_[output] = root;
      sequence_of_[root] = static_cast<int>(sequences_.size());
      sequences_.push_back(std::move(sequence));
      break;
    }
  }
}

}  // namespace plait::tensor
