// Binds a program to a space: liveness, where each register stands, which loop runs each instruction, and the scratch layout.
#include <algorithm>
#include <bit>
#include <limits>

#include "plait/base/error.hpp"
#include "tensor/lanes_pass.hpp"

namespace plait {
namespace {

constexpr LaneSlot kNoSlot = ~LaneSlot{0};
constexpr Index kLongestPeriod = 1024;  // a longer row is copied block by block, or read in place
constexpr Index kLongRow = 256;         // rows from which on blocks often lie inside of one
constexpr Index kSecondLevelBytes = 1 << 20;

std::uint64_t bits_of(LaneType type, double value) {
  if (type == LaneType::f64) return std::bit_cast<std::uint64_t>(value);
  if (type == LaneType::f32) return std::bit_cast<std::uint32_t>(static_cast<float>(value));
  const bool fits = value >= -0x1p63 && value < 0x1p63;
  return static_cast<std::uint64_t>(fits ? static_cast<std::int64_t>(value) : std::numeric_limits<std::int64_t>::min());
}

DType dtype_of_lanes(LaneType type) { return type == LaneType::f32 ? DType::float32 : type == LaneType::f64 ? DType::float64 : DType::int64; }

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

class Binder {
 public:
  Binder(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, const std::vector<LaneOutput>& outputs,
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
    last_use_.assign(registers_, 0);
  }

  LanePass bind() {
    find_lifetimes();
    place_constants();
    place_inputs();
    place_outputs();
    find_uniform();
    find_pairs();
    place_instructions();
    finish_outputs();
    estimate_cost();
    const auto arrays = static_cast<Index>(pass_.moving.size() + pass_.direct.size());
    pass_.memory_bytes = arrays * pass_.count * pass_.width;
    pass_.prefetch = arrays > 2 && pass_.memory_bytes > kSecondLevelBytes;
    cut_pass(pass_, streams_);
    lay_out();
    return std::move(pass_);
  }

 private:
  // Where the pointer of a slot starts, to be laid out once the block size is known.
  enum class Home : std::uint8_t { elsewhere, constant, scalar, block };
  struct Slot {
    Home home = Home::elsewhere;
    Index extra = 0;  ///< elements beyond one block
  };

  struct Pair {
    LaneLoop loop = nullptr;
    std::size_t first = 0;  ///< the instruction taken in
    std::size_t a = 0, b = 0, others[2] = {0, 0};
  };

  [[nodiscard]] std::size_t first_constant() const { return static_cast<std::size_t>(program_.inputs); }
  [[nodiscard]] std::size_t first_instruction() const { return first_constant() + program_.constants.size(); }
  [[nodiscard]] std::size_t type_index() const { return static_cast<std::size_t>(program_.type); }
  /// After the last instruction: when reductions and stores read their registers.
  [[nodiscard]] std::size_t end_of_time() const { return registers_; }

  [[nodiscard]] const LaneInstruction& code_of(std::size_t r) const { return program_.code[r - first_instruction()]; }

  LaneSlot add_slot(Home home, Index extra = 0) {
    homes_.push_back({home, extra});
    if (home == Home::block) ++streams_;
    return static_cast<LaneSlot>(homes_.size() - 1);
  }

  template <class F>
  static void for_each_operand(const LaneInstruction& code, F f) {
    const int n = arity(code.op);
    f(code.a);
    if (n > 1) f(code.b);
    if (n > 2) f(code.c);
  }

  void find_lifetimes() {
    for (const int k : which_) {
      const std::size_t r = program_.outputs[static_cast<std::size_t>(k)];
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

  void place_constants() {
    for (std::size_t i = 0; i < program_.constants.size(); ++i) {
      const std::size_t r = first_constant() + i;
      uniform_[r] = 1;
      if (live_[r] == 0) continue;
      slot_[r] = add_slot(Home::constant);
      pass_.constants.push_back(bits_of(program_.type, program_.constants[i]));
    }
  }

  void place_inputs() {
    // An input that is stored as it is waits in a buffer: two of them may be swapped in place.
    std::vector<char> passed(first_constant(), 0);
    for (const int k : which_) {
      const std::size_t r = program_.outputs[static_cast<std::size_t>(k)];
      if (r < first_constant() && is_store(k)) passed[r] = 1;
    }
    for (std::size_t r = 0; r < first_constant(); ++r) {
      if (live_[r] == 0) continue;
      LanePassInput input;
      input.index = static_cast<int>(r);
      input.view = LaneView(space_, inputs_[r]);
      input.load = tables_.conversions.load[static_cast<int>(inputs_[r].dtype)][type_index()];
      const bool same = inputs_[r].dtype == dtype_of_lanes(program_.type);
      if (input.view.uniform()) {
        uniform_[r] = 1;
        input.slot = add_slot(same ? Home::elsewhere : Home::scalar);
        (same ? pass_.pointed : pass_.scalars).push_back(input);
      } else if (same && passed[r] == 0 && input.view.contiguous()) {
        input.slot = add_slot(Home::elsewhere);
        ++streams_;
        pass_.moving.push_back(input);
      } else if (const Index period = input.view.period(); period > 0 && period <= kLongestPeriod) {
        input.period = period;
        input.slot = add_slot(Home::block, period);
        pass_.periodic.push_back(input);
      } else {
        input.try_place = same && passed[r] == 0 && input.view.strides.back() == 1 && input.view.sizes.back() >= kLongRow;
        // Where the pointer may name the input itself, the slot is not one that a result takes over later; the buffer is.
        pooled_[r] = take_buffer();
        input.slot = input.try_place ? add_slot(Home::elsewhere) : pooled_[r];
        buffer_of_[r] = pooled_[r];
        pass_.loaded.push_back(input);
      }
      slot_[r] = input.slot;
    }
  }

  [[nodiscard]] Index middle_of(int k) const {
    const LaneOutput& out = outputs_[static_cast<std::size_t>(k)];
    return pass_.count / (out.outer * out.inner);
  }
  [[nodiscard]] bool is_store(int k) const { return outputs_[static_cast<std::size_t>(k)].kind == LaneOutput::Kind::store || middle_of(k) == 1; }

  /// Stored outputs that their instruction can write where they stay.
  void place_outputs() {
    direct_of_.assign(registers_, -1);
    for (const int k : which_) {
      const std::size_t r = program_.outputs[static_cast<std::size_t>(k)];
      const LaneOutput& out = outputs_[static_cast<std::size_t>(k)];
      if (!is_store(k) || out.dtype != dtype_of_lanes(program_.type) || r < first_instruction()) continue;
      if (direct_of_[r] < 0 && pass_.direct.size() < 64) {
        direct_of_[r] = k;
        pass_.direct.push_back({});
        pass_.direct.back().index = k;
      }
    }
  }

  // Buffers that are free again are used first: they are warm.
  LaneSlot take_buffer() {
    if (free_.empty()) return add_slot(Home::block);
    const LaneSlot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void release_after(std::size_t r, std::size_t now) {
    if (last_use_[r] != now || pooled_[r] == kNoSlot) return;
    free_.push_back(pooled_[r]);
    pooled_[r] = kNoSlot;  // once, also when an instruction names it twice
  }

  /// The slot of a whole block of a uniform register.
  LaneSlot spread(std::size_t r) {
    if (uniform_[r] == 0) return slot_[r];
    if (spread_[r] == kNoSlot) {
      spread_[r] = add_slot(Home::block);
      pass_.spreads.push_back({tables_.loops.find(program_.type, LaneOp::copy, kUniformA), slot_[r], slot_[r], slot_[r], slot_[r], spread_[r]});
    }
    return spread_[r];
  }

  [[nodiscard]] LaneLoop find(LaneOp op, int uniform) const {
    const LaneLoop loop = tables_.loops.find(program_.type, op, uniform);
    return loop != nullptr ? loop : tables_.math.find(program_.type, op, uniform);
  }

  void find_uniform() {
    for (std::size_t r = first_instruction(); r < registers_; ++r) {
      uniform_[r] = 1;
      for_each_operand(code_of(r), [&](std::size_t operand) { uniform_[r] = uniform_[r] != 0 && uniform_[operand] != 0; });
    }
  }

  /// An instruction whose result another one alone uses may run in the loop of that one, where there is such a loop.
  void find_pairs() {
    std::vector<int> uses(registers_, 0);
    for (std::size_t r = first_instruction(); r < registers_; ++r)
      if (live_[r] != 0) for_each_operand(code_of(r), [&](std::size_t operand) { ++uses[operand]; });
    for (const int k : which_) uses[program_.outputs[static_cast<std::size_t>(k)]] += 2;
    for (std::size_t r = first_instruction(); r < registers_; ++r) {
      if (live_[r] == 0 || uniform_[r] != 0) continue;
      const LaneInstruction code = code_of(r);
      const std::uint16_t operands[] = {code.a, code.b, code.c};
      for (int position = 0; position < arity(code.op) && pair_[r].loop == nullptr; ++position) {
        const std::size_t first = operands[position];
        if (first < first_instruction() || uses[first] != 1 || uniform_[first] != 0 || pair_[first].loop != nullptr) continue;
        make_pair(r, first, position);
      }
    }
  }

  void make_pair(std::size_t r, std::size_t first, int position) {
    LaneInstruction inner = code_of(first), outer = code_of(r);
    if (arity(inner.op) > 2) return;
    if (arity(inner.op) == 1) inner.b = inner.a;
    Pair pair;
    pair.first = first;
    pair.others[0] = position == 0 ? outer.b : outer.a;
    pair.others[1] = position == 2 ? outer.b : outer.c;
    const int others = arity(outer.op) - 1;
    for (int i = 1; i >= others; --i) pair.others[i] = inner.a;  // there is none: something to point to
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

  /// The loop of an instruction by itself.
  LaneStep single(std::size_t r) {
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
      std::swap(code.a, code.b);  // what has no loop for a uniform first operand commutes
      uniform = (uniform & kUniformC) | kUniformB;
      loop = find(code.op, uniform);
    }
    if (loop != nullptr) return {loop, slot_[code.a], slot_[code.b], slot_[code.c], slot_[code.a], 0};
    const LaneSlot a = spread(code.a);
    return {whole, a, n > 1 ? spread(code.b) : a, n > 2 ? spread(code.c) : a, a, 0};
  }

  void place_instructions() {
    for (std::size_t r = first_instruction(); r < registers_; ++r) {
      if (live_[r] == 0 || absorbed_[r] != 0) continue;
      const Pair& pair = pair_[r];
      LaneStep step =
          pair.loop == nullptr ? single(r) : LaneStep{pair.loop, slot_[pair.a], slot_[pair.b], slot_[pair.others[0]], slot_[pair.others[1]], 0};
      if (uniform_[r] != 0) {
        direct_of_[r] = -1;
        step.d = slot_[r] = add_slot(Home::scalar);
        pass_.uniform_steps.push_back(step);
        continue;
      }
      // Operands that die here may give their buffer to the result: element by element, each is read before it is written.
      for_each_operand(code_of(r), [&](std::size_t operand) { release_after(operand, r); });
      if (pair.loop != nullptr) for_each_operand(code_of(pair.first), [&](std::size_t operand) { release_after(operand, r); });
      if (direct_of_[r] >= 0) {
        slot_[r] = add_slot(Home::elsewhere);
        ++streams_;
      } else {
        slot_[r] = pooled_[r] = take_buffer();
      }
      step.d = slot_[r];
      pass_.steps.push_back(step);
    }
  }

  void finish_outputs() {
    std::erase_if(pass_.direct,
                  [&](const LaneDirectOutput& d) { return direct_of_[program_.outputs[static_cast<std::size_t>(d.index)]] != d.index; });
    for (LaneDirectOutput& d : pass_.direct) {
      const std::size_t r = program_.outputs[static_cast<std::size_t>(d.index)];
      d.slot = slot_[r];
      d.store = tables_.conversions.store[type_index()][static_cast<int>(dtype_of_lanes(program_.type))];
      for (const LanePassInput& in : pass_.moving)
        if (last_use_[static_cast<std::size_t>(in.index)] > r) d.readers.push_back(in.index);
    }
    for (const int k : which_) {
      const std::size_t r = program_.outputs[static_cast<std::size_t>(k)];
      const LaneOutput& out = outputs_[static_cast<std::size_t>(k)];
      const LaneStore store = tables_.conversions.store[type_index()][static_cast<int>(out.dtype)];
      if (direct_of_[r] == k) continue;
      if (is_store(k)) {
        pass_.stored.push_back({k, spread(r), store, static_cast<Index>(size_of(out.dtype))});
        continue;
      }
      LaneReduction reduction;
      const auto kind = static_cast<std::size_t>(out.kind) - 1;
      const LaneType accumulator = program_.type == LaneType::i64 ? LaneType::i64 : LaneType::f64;
      reduction.index = k;
      reduction.slot = spread(r);
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
  }

  void estimate_cost() {
    const double stream = pass_.width == 4 ? 0.1 : 0.2;  // an array that comes from or goes to memory
    pass_.cost = stream * static_cast<double>(pass_.moving.size() + pass_.direct.size());
    pass_.cost += 0.3 * static_cast<double>(pass_.loaded.size() + pass_.stored.size());
    pass_.cost += 0.06 * static_cast<double>(pass_.periodic.size()) + 0.1 * static_cast<double>(pass_.reductions.size());
    for (std::size_t r = first_instruction(); r < registers_; ++r)
      if (live_[r] != 0 && uniform_[r] == 0) pass_.cost += lane_cost(program_.type, code_of(r).op);
  }

  std::size_t reserve(std::size_t& end, Index bytes) {
    const std::size_t at = end;
    end += (static_cast<std::size_t>(bytes) + 63) / 64 * 64;
    return at;
  }
  /// Blocks a whole number of pages apart would make a load wait for an unrelated store with the same low address bits.
  std::size_t reserve_block(std::size_t& end, Index elements) {
    const Index bytes = elements * pass_.width;
    return reserve(end, bytes % 4096 == 0 ? bytes + 192 : bytes);
  }

  void lay_out() {
    std::size_t end = 0;
    const LaneCut& cut = pass_.cut;
    reserve(end, static_cast<Index>(homes_.size() * sizeof(void*)));
    pass_.slots.resize(homes_.size());
    std::vector<std::size_t> at(homes_.size(), 0);
    std::size_t constant = 0;
    for (std::size_t s = 0; s < homes_.size(); ++s) {
      if (homes_[s].home == Home::constant) pass_.slots[s] = {reinterpret_cast<std::uintptr_t>(&pass_.constants[constant++]), 0};
      if (homes_[s].home != Home::scalar) continue;
      at[s] = end;
      end += 8;
    }
    end = (end + 63) / 64 * 64;
    for (std::size_t s = 0; s < homes_.size(); ++s)
      if (homes_[s].home == Home::block) at[s] = reserve_block(end, cut.block + homes_[s].extra);
    for (std::size_t s = 0; s < homes_.size(); ++s)
      if (homes_[s].home == Home::scalar || homes_[s].home == Home::block) pass_.slots[s] = {at[s], ~std::uintptr_t{0}};
    for (LanePassInput& in : pass_.periodic) in.buffer = at[in.slot];
    for (LanePassInput& in : pass_.loaded) in.buffer = at[buffer_of_[static_cast<std::size_t>(in.index)]];
    for (LaneDirectOutput& d : pass_.direct)
      if (!d.readers.empty()) d.buffer = reserve_block(end, cut.block);
    for (LaneReduction& r : pass_.reductions) {
      r.accumulators = reserve(end, r.width * 8);
      r.results = reserve(end, cut.block * 8);
    }
    pass_.worker_bytes = end;
    end = 0;
    if (cut.tasks > 1 || cut.striped) {
      for (LaneReduction& r : pass_.reductions) {
        if (r.striped) continue;
        r.heads = reserve(end, cut.tasks * r.inner * 8);
        r.tails = reserve(end, cut.tasks * r.inner * 8);
      }
    }
    pass_.shared_bytes = end;
  }

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
  std::vector<LaneSlot> buffer_of_;  ///< the same for inputs, kept
  std::vector<char> uniform_, live_, absorbed_;
  std::vector<Pair> pair_;
  std::vector<std::size_t> last_use_;
  std::vector<int> direct_of_;  ///< output that the register is computed into, or -1
  std::vector<Slot> homes_;
  std::vector<LaneSlot> free_;
  Index streams_ = 0;
};

}  // namespace

LanePass bind_pass(const LaneProgram& program, const Shape& space, const std::vector<LaneInput>& inputs, const std::vector<LaneOutput>& outputs,
                   const std::vector<int>& which, const LaneTables& tables) {
  return Binder(program, space, inputs, outputs, which, tables).bind();
}

}  // namespace plait
