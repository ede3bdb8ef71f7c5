// The rules of custom recursions: lane programs, and functions of one cell.
#include <cmath>

#include "plait/align/custom.hpp"
#include "plait/base/error.hpp"

namespace plait::align {

namespace {

double worst_of(Order order) { return order == Order::minimum ? kWorst<Order::minimum> : kWorst<Order::maximum>; }

/// A program that determines, for each of the three neighbours, whether it alone gives the cell's value. Instructions independent of the neighbours
/// are shared.
class MovesProgram {
 public:
  MovesProgram(const LaneProgram& rank, double worst) : rank_(rank) {
    program_.type = LaneType::f64;
    program_.inputs = rank.inputs + 1;  // the cell itself comes last
    program_.constants = rank.constants;
    const std::uint16_t cell = static_cast<std::uint16_t>(rank.inputs);
    const std::uint16_t worst_register = constant(worst), two = constant(2), four = constant(4);
    const int order[] = {1, 2, 0};  // match, deletion, insertion among insertion, match, deletion
    std::uint16_t flags[3];
    for (int move = 0; move < 3; ++move) flags[move] = emit({LaneOp::equal, alone(order[move], worst_register), cell});
    const std::uint16_t deletion = emit({LaneOp::mul, flags[1], two}), insertion = emit({LaneOp::mul, flags[2], four});
    program_.outputs = {emit({LaneOp::add, emit({LaneOp::add, flags[0], deletion}), insertion})};
  }
  LaneProgram take() { return std::move(program_); }

 private:
  // Constants have the lowest register numbers.
  std::uint16_t constant(double value) {
    program_.constants.push_back(value);
    return static_cast<std::uint16_t>(static_cast<std::size_t>(program_.inputs) + program_.constants.size() - 1);
  }
  std::uint16_t emit(LaneInstruction code) {
    program_.code.push_back(code);
    return static_cast<std::uint16_t>(static_cast<std::size_t>(program_.inputs) + program_.constants.size() + program_.code.size() - 1);
  }

  // The rank with the other two neighbours replaced by the worst value; returns the result's register.
  std::uint16_t alone(int neighbour, std::uint16_t worst) {
    const auto inputs = static_cast<std::size_t>(rank_.inputs), first = inputs + rank_.constants.size();
    std::vector<std::uint16_t> now(first + rank_.code.size());
    std::vector<char> depends(now.size(), 0);
    for (std::size_t r = 0; r < first; ++r) {
      depends[r] = r < 3;
      now[r] = static_cast<std::uint16_t>(r < inputs ? (depends[r] && static_cast<int>(r) != neighbour ? worst : r) : r + 1);
    }
    shared_.resize(now.size(), 0);
    for (std::size_t k = 0; k < rank_.code.size(); ++k) {
      const LaneInstruction& code = rank_.code[k];
      const int n = arity(code.op);
      const std::size_t r = first + k;
      depends[r] = depends[code.a] || (n > 1 && depends[code.b]) || (n > 2 && depends[code.c]);
      if (!depends[r] && shared_[r] != 0) {
        now[r] = shared_[r];
        continue;
      }
      now[r] = emit({code.op, now[code.a], n > 1 ? now[code.b] : now[code.a], n > 2 ? now[code.c] : now[code.a]});
      if (!depends[r]) shared_[r] = now[r];
    }
    return now[rank_.outputs[0]];
  }

  const LaneProgram& rank_;
  LaneProgram program_;
  std::vector<std::uint16_t> shared_;  // registers of shared instructions; 0: not yet computed
};

/// Bound once, for the longest stretch.
LaneKernel bind(const LaneProgram& program, DType result) {
  std::vector<LaneInput> inputs(static_cast<std::size_t>(program.inputs), LaneInput{DType::float64, {1}});
  return {program, {kStretch}, inputs, {{.dtype = result}}};
}

class LaneRule final : public Rule {
 public:
  LaneRule(const LaneProgram& rank, Order order)
      : inputs_(static_cast<std::size_t>(rank.inputs)),
        cells_(bind(rank, DType::float64)),
        moves_(bind(MovesProgram(rank, worst_of(order)).take(), DType::int32)) {}

  [[nodiscard]] std::size_t scratch_bytes() const override { return pointer_bytes() + std::max(cells_.scratch_bytes(1), moves_.scratch_bytes(1)); }
  void cells(const Stretch& s, double* out, void* scratch) const override { run(cells_, s, nullptr, out, scratch); }
  void moves(const Stretch& s, const double* cells, std::int32_t* out, void* scratch) const override { run(moves_, s, cells, out, scratch); }

 private:
  [[nodiscard]] std::size_t pointer_bytes() const { return ((inputs_ + 1) * sizeof(void*) + kAlignment - 1) / kAlignment * kAlignment; }

  void run(const LaneKernel& kernel, const Stretch& s, const double* cells, void* out, void* scratch) const {
    const auto pointers = static_cast<const void**>(scratch);
    pointers[0] = s.insertion;
    pointers[1] = s.match;
    pointers[2] = s.deletion;
    const std::size_t width = (inputs_ - 3) / 2;
    for (std::size_t c = 0; c < width; ++c) {
      pointers[3 + c] = s.x + static_cast<Index>(c) * s.x_stride;
      pointers[3 + width + c] = s.y + static_cast<Index>(c) * s.y_stride;
    }
    pointers[inputs_] = cells;
    void* outputs[] = {out};
    kernel.run_range(pointers, outputs, 0, s.count, static_cast<std::byte*>(scratch) + pointer_bytes());
  }

  std::size_t inputs_;
  LaneKernel cells_, moves_;
};

/// rank(insertion, match, deletion, stretch, t): the function by value, so that the call is inlined.
template <class F>
class FunctionRule final : public Rule {
 public:
  FunctionRule(F rank, Order order) : rank_(std::move(rank)), worst_(worst_of(order)) {}

  void cells(const Stretch& s, double* out, void*) const override {
    for (Index t = 0; t < s.count; ++t) out[t] = rank_(s.insertion[t], s.match[t], s.deletion[t], s, t);
  }
  void moves(const Stretch& s, const double* cells, std::int32_t* out, void*) const override {
    for (Index t = 0; t < s.count; ++t) {
      out[t] = (rank_(worst_, s.match[t], worst_, s, t) == cells[t] ? kByMatch : 0) |
               (rank_(worst_, worst_, s.deletion[t], s, t) == cells[t] ? kByDeletion : 0) |
               (rank_(s.insertion[t], worst_, worst_, s, t) == cells[t] ? kByInsertion : 0);
    }
  }

 private:
  F rank_;
  double worst_;
};
template <class F>
std::shared_ptr<const Rule> function_rule(F rank, Order order) {
  return std::make_shared<FunctionRule<F>>(std::move(rank), order);
}

}  // namespace

std::shared_ptr<const Rule> make_lane_rule(const LaneProgram& rank, Order order) {
  PLAIT_REQUIRE(rank.type == LaneType::f64 && rank.inputs >= 5 && rank.inputs % 2 == 1 && rank.outputs.size() == 1,
                "rank: expected a float64 program of three neighbours and two elements with one result");
  return std::make_shared<LaneRule>(rank, order);
}

std::shared_ptr<const Rule> make_function_rule(RankFunction rank, Order order) {
  return function_rule(
      [rank = std::move(rank)](double insertion, double match, double deletion, const Stretch& s, Index t) {
        return rank(insertion, match, deletion, s.x + t, s.x_stride, s.y + t, s.y_stride, s.i + t, s.j - t);
      },
      order);
}

std::shared_ptr<const Rule> make_pointer_rule(RankPointer rank, Order order) {
  PLAIT_REQUIRE(rank != nullptr, "rank: the function pointer is null");
  return function_rule(
      [rank](double insertion, double match, double deletion, const Stretch& s, Index t) { return rank(insertion, match, deletion, s.x[t], s.y[t]); },
      order);
}

}  // namespace plait::align
