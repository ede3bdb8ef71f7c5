// Binds a program to a space, in the order of bind(): liveness, the slot of each register, the loop of each instruction, blocks and tasks, the
// scratch layout. Private to bind_pass; its parts are in bind.cpp (slots), match.cpp and select.cpp (loops), layout.cpp.
#pragma once

#include <vector>

#include "pass.hpp"

namespace plait::tensor {

class LaneBinder {
 public:
  LaneBinder(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, const std::vector<LaneOutput>& outputs,
             const std::vector<int>& which, const LaneTables& tables);
  LanePass bind();

 private:
  static constexpr LaneSlot kNoSlot = ~LaneSlot{0};

  // The kind of memory of a slot; its address follows once the block size is known.
  enum class Storage : std::uint8_t { elsewhere, constant, scalar, block };
  struct Slot {
    Storage storage = Storage::elsewhere;
    Index extra = 0;  ///< elements beyond one block
  };
  struct Pair {
    LaneLoop loop = nullptr;
    std::size_t first = 0;   ///< the first instruction of the pair
    std::size_t before = 0;  ///< the first instruction of `first`, if that is a pair itself; 0: none
    int position = 0;        ///< the operand number of `first`'s result
    std::size_t a = 0, b = 0, others[2] = {0, 0};
  };

  [[nodiscard]] std::size_t first_constant() const { return static_cast<std::size_t>(program_.inputs); }
  [[nodiscard]] std::size_t first_instruction() const { return first_constant() + program_.constants.size(); }
  [[nodiscard]] const LaneInstruction& code_of(std::size_t r) const { return program_.code[r - first_instruction()]; }
  [[nodiscard]] std::size_t register_of(int output) const { return program_.outputs[static_cast<std::size_t>(output)]; }
  [[nodiscard]] const LaneOutput& output(int k) const { return outputs_[static_cast<std::size_t>(k)]; }
  [[nodiscard]] Index middle_of(int k) const { return pass_.count / (output(k).outer * output(k).inner); }
  [[nodiscard]] bool is_strided(const LaneOutput& out) const {
    return !out.strides.empty() && !LaneView(space_, out.strides, out.dtype).contiguous();
  }
  [[nodiscard]] bool is_store(int k) const { return output(k).kind == LaneOutput::Kind::store || middle_of(k) == 1; }
  [[nodiscard]] std::size_t type_index() const { return static_cast<std::size_t>(program_.type); }
  [[nodiscard]] DType own_dtype() const {
    return program_.type == LaneType::f32 ? DType::float32 : program_.type == LaneType::f64 ? DType::float64 : DType::int64;
  }
  /// The time after the last instruction, when reductions and stores read their registers.
  [[nodiscard]] std::size_t end_of_time() const { return registers_; }

  template <class F>
  static void for_each_operand(const LaneInstruction& code, F f) {
    const int n = arity(code.op);
    f(code.a);
    if (n > 1) f(code.b);
    if (n > 2) f(code.c);
  }

  void find_lifetimes();
  void place_constants();
  void place_inputs();
  void find_uniform();
  void place_outputs();
  void finish_outputs();
  void add_reduction(int k);
  LaneSlot add_slot(Storage storage, Index extra = 0);
  LaneSlot take_buffer();
  void release_after(std::size_t r, std::size_t now);

  /// A match of sequences.hpp: registers of the operands and outputs, in the order in which the loop takes them.
  struct Sequence {
    LaneSequenceLoop loop = nullptr;
    std::vector<std::size_t> operands, outputs;
    int length = 0;
  };

  void count_uses();
  void find_sequences();
  void place_sequence(std::size_t root);
  void place_result(std::size_t r);
  void find_pairs();
  void make_pair(std::size_t r, std::size_t first, int position);
  void make_sum(std::size_t r, std::size_t first, std::size_t addend);
  LaneStep single(std::size_t r);
  LaneSlot spread(std::size_t r);
  [[nodiscard]] LaneLoop find(LaneOp op, int uniform) const;
  void place_instructions();

  void estimate_cost();
  void lay_out();

  const LaneProgram& program_;
  const Shape& space_;
  const std::vector<LaneInput>& inputs_;
  const std::vector<LaneOutput>& outputs_;
  const std::vector<int>& which_;
  const LaneTables& tables_;
  LanePass pass_;
  std::size_t registers_ = 0;
  std::vector<LaneSlot> slot_, spread_;
  std::vector<LaneSlot> pooled_;     ///< the slot whose buffer the register occupies
  std::vector<LaneSlot> buffer_of_;  ///< the same for inputs; not released
  std::vector<int> uses_;            ///< number of reads of each register; an output of the program counts twice
  std::vector<char> uniform_, live_, absorbed_;
  std::vector<std::size_t> written_at_;  ///< the instruction whose step computes the register: the last of its sequence
  std::vector<Sequence> sequences_;
  std::vector<int> sequence_of_;  ///< by its last instruction, or -1
  std::vector<Pair> pair_;
  std::vector<std::size_t> last_use_;
  std::vector<int> direct_of_;  ///< output that the register is computed into, or -1
  std::vector<Slot> slots_;
  std::vector<LaneSlot> free_;
  Index streams_ = 0;
};

}  // namespace plait::tensor
