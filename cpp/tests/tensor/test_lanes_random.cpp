// Random programs over random spaces against the twin, at every instruction set level, in pieces and with threads.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "lanes_reference.hpp"
#include "plait/base/error.hpp"
#include "plait/tensor/buffer.hpp"
#include "tensor/lanes/pass.hpp"

using namespace plait;
using namespace plait::tensor;

namespace {

using Random = std::mt19937_64;
using Kind = LaneOutput::Kind;

Index below(Random& random, Index n) { return static_cast<Index>(random() % static_cast<std::uint64_t>(n)); }
bool chance(Random& random, int percent) { return below(random, 100) < percent; }

constexpr LaneOp kExact[] = {LaneOp::copy,       LaneOp::neg,     LaneOp::abs,          LaneOp::sign,         LaneOp::square,
                             LaneOp::relu,       LaneOp::to_bool, LaneOp::logical_not,  LaneOp::floor,        LaneOp::truncate,
                             LaneOp::add,        LaneOp::sub,     LaneOp::mul,          LaneOp::div,          LaneOp::minimum,
                             LaneOp::maximum,    LaneOp::less,    LaneOp::less_equal,   LaneOp::equal,        LaneOp::not_equal,
                             LaneOp::logical_or, LaneOp::select,  LaneOp::logical_and,  LaneOp::multiply_add, LaneOp::add,
                             LaneOp::mul,        LaneOp::sub,     LaneOp::multiply_add, LaneOp::sqrt,         LaneOp::reciprocal};

// Exactly as many bytes as are used, so that the address sanitizer sees every step too far.
struct Array {
  DType dtype = DType::float32;
  std::vector<std::byte> bytes;
  Index start = 0;  ///< element that the base pointer names
  void* base() { return bytes.data() + start * static_cast<Index>(size_of(dtype)); }
};

double some_value(Random& random, bool special) {
  if (special && chance(random, 4)) {
    constexpr double kSpecial[] = {0.0, -0.0, 1e30, -1e30, 3e9, HUGE_VAL, -HUGE_VAL, NAN};
    return kSpecial[below(random, 8)];
  }
  return static_cast<double>(below(random, 65) - 32) / 8;
}

void fill(Random& random, Array& array, bool special) {
  const auto n = static_cast<Index>(array.bytes.size() / size_of(array.dtype));
  for (Index i = 0; i < n; ++i) {
    if (array.dtype == DType::int64 && special && chance(random, 4)) {
      constexpr std::int64_t kSpecial[] = {INT64_MIN, INT64_MAX, -1, 0, 1};
      std::memcpy(array.bytes.data() + 8 * i, &kSpecial[below(random, 5)], 8);
    } else {
      lanes_reference::store<double>(array.dtype, array.bytes.data(), i, some_value(random, special));
    }
  }
}

Shape some_space(Random& random) {
  constexpr Index kSizes[] = {1, 2, 3, 5, 7, 8, 16, 17, 31, 100, 260, 1030, 2100, 5000};
  const Index most = chance(random, 12) ? 150000 : chance(random, 40) ? 6000 : 300;
  Shape space(static_cast<std::size_t>(below(random, 5)));
  Index count = 1;
  for (Index& d : space) {
    do d = kSizes[below(random, 14)];
    while (count * d > most);
    count *= d;
  }
  std::shuffle(space.begin(), space.end(), random);
  if (!space.empty() && chance(random, 15)) {  // one dimension as long as allowed
    Index& d = space[static_cast<std::size_t>(below(random, static_cast<Index>(space.size())))];
    d = std::max<Index>(1, most / (count / d) - below(random, 50));
    if (d * (count / std::max<Index>(1, d)) <= 0) d = 1;
  }
  return space;
}

/// Contiguous, broadcast along some dimensions, permuted, reversed, or cut out of something larger.
LaneInput some_input(Random& random, const Shape& space, DType dtype, Array& array) {
  LaneInput input{dtype, Shape(space.size())};
  std::vector<std::size_t> order(space.size());
  for (std::size_t d = 0; d < order.size(); ++d) order[d] = d;
  if (chance(random, 20)) std::shuffle(order.begin(), order.end(), random);
  const int broadcast = chance(random, 50) ? 0 : static_cast<int>(below(random, 101));
  const bool gaps = chance(random, 15), reversed = chance(random, 15);
  Index step = 1, low = 0, high = 0;
  for (std::size_t i = order.size(); i-- > 0;) {
    const std::size_t d = order[i];
    if (chance(random, broadcast)) continue;
    if (gaps && chance(random, 50)) step += below(random, 4);
    const bool backwards = reversed && chance(random, 50);
    input.strides[d] = backwards ? -step : step;
    (backwards ? low : high) += input.strides[d] * (space[d] - 1);
    step *= space[d];
  }
  array.dtype = dtype;
  array.start = -low;
  array.bytes.resize(static_cast<std::size_t>(high - low + 1) * size_of(dtype));
  return input;
}

LaneOutput some_output(Random& random, const Shape& space, DType dtype) {
  LaneOutput out{dtype, Kind::store, 1, 1};
  if (chance(random, 50)) return out;
  out.kind = static_cast<Kind>(1 + below(random, 4));
  const auto rank = static_cast<Index>(space.size());
  const Index from = below(random, rank + 1), to = from + below(random, rank - from + 1);
  for (Index d = 0; d < from; ++d) out.outer *= space[static_cast<std::size_t>(d)];
  for (Index d = to; d < rank; ++d) out.inner *= space[static_cast<std::size_t>(d)];
  return out;
}

struct Case {
  LaneProgram program;
  Shape space;
  std::vector<LaneInput> inputs;
  std::vector<LaneOutput> outputs;
  std::vector<Array> data;
  std::vector<int> in_place;  ///< per output: the input whose memory it takes, or -1
};

DType own_dtype(LaneType type) { return type == LaneType::f32 ? DType::float32 : type == LaneType::f64 ? DType::float64 : DType::int64; }

/// With a sequence: among the instructions stand its own, their operands in any order, and now and then not quite as it wants them.
Case some_case(Random& random, const LaneSequence* sequence = nullptr) {
  Case c;
  c.program.type = static_cast<LaneType>(below(random, sequence == nullptr || chance(random, 5) ? 3 : 2));
  c.space = some_space(random);
  const bool special = chance(random, 50);
  const DType own = own_dtype(c.program.type);
  const auto some_dtype = [&] { return chance(random, 65) ? own : static_cast<DType>(below(random, 5)); };
  c.program.inputs = static_cast<int>(below(random, 5)) + (sequence == nullptr ? 0 : sequence->blocks);
  for (int k = 0; k < c.program.inputs; ++k) {
    c.data.emplace_back();
    const bool plain = sequence != nullptr && chance(random, 80);
    c.inputs.push_back(some_input(random, c.space, plain ? own : some_dtype(), c.data.back()));
    if (plain) {
      c.inputs.back().strides = contiguous_strides(c.space);
      c.data.back().start = 0;
      c.data.back().bytes.resize(static_cast<std::size_t>(count_of(c.space)) * size_of(own));
    }
    fill(random, c.data.back(), special);
  }
  for (Index k = below(random, 3) + (c.program.inputs == 0 ? 1 : 0); k > 0; --k) c.program.constants.push_back(std::floor(some_value(random, false)));
  const Index length = below(random, 13);
  Index registers = c.program.inputs + static_cast<Index>(c.program.constants.size());
  for (Index i = 0; i < length; ++i, ++registers) {
    const auto operand = [&] {
      return static_cast<std::uint16_t>(chance(random, 50) ? registers - 1 - below(random, std::min<Index>(registers, 3)) : below(random, registers));
    };
    LaneOp op = kExact[below(random, c.program.type == LaneType::i64 ? 28 : 30)];
    c.program.code.push_back({op, operand(), operand(), operand()});
  }
  std::vector<std::uint16_t> wanted;
  if (sequence != nullptr) {
    std::vector<std::uint16_t> of(static_cast<std::size_t>(sequence->registers()));
    if (c.program.type == LaneType::i64) sequence = &lane_sequences::kTwoProducts;
    for (int k = 0; k < sequence->first(); ++k) {
      const bool uniform = k >= sequence->blocks && !c.program.constants.empty() && chance(random, 97);
      of[k] = static_cast<std::uint16_t>(uniform ? c.program.inputs + below(random, static_cast<Index>(c.program.constants.size()))
                                                 : below(random, chance(random, 90) ? c.program.inputs : registers));
    }
    for (int k = 0; k < sequence->length; ++k) {
      for (; chance(random, 8); ++registers)
        c.program.code.push_back({LaneOp::add, static_cast<std::uint16_t>(below(random, registers)), static_cast<std::uint16_t>(registers - 1), 0});
      LaneInstruction code{sequence->code[k].op, of[sequence->code[k].a], of[sequence->code[k].b], 0};
      if (chance(random, 50) && (code.op == LaneOp::add || code.op == LaneOp::mul)) std::swap(code.a, code.b);
      c.program.code.push_back(code);
      of[sequence->first() + k] = static_cast<std::uint16_t>(registers++);
    }
    for (int k = 0; k < sequence->outputs; ++k)
      if (chance(random, 90)) wanted.push_back(of[sequence->output[k]]);
    for (; chance(random, 40); ++registers)
      c.program.code.push_back({LaneOp::sub, static_cast<std::uint16_t>(below(random, registers)), static_cast<std::uint16_t>(registers - 1), 0});
  }
  const Index outputs = 1 + below(random, 4) + static_cast<Index>(wanted.size());
  for (Index k = 0; k < outputs; ++k) {
    if (static_cast<std::size_t>(k) < wanted.size()) c.program.outputs.push_back(wanted[static_cast<std::size_t>(k)]);
    else
      c.program.outputs.push_back(
          static_cast<std::uint16_t>(chance(random, 60) ? registers - 1 - below(random, std::min<Index>(registers, 3)) : below(random, registers)));
    c.outputs.push_back(some_output(random, c.space, some_dtype()));
    int source = -1;
    if (c.outputs.back().kind == Kind::store && chance(random, 50))
      for (int in = 0; in < c.program.inputs; ++in) {
        const bool taken = std::find(c.in_place.begin(), c.in_place.end(), in) != c.in_place.end();
        const auto at = static_cast<std::size_t>(in);
        if (!taken && c.inputs[at].strides == contiguous_strides(c.space) && size_of(c.inputs[at].dtype) == size_of(c.outputs.back().dtype))
          source = in;
      }
    c.in_place.push_back(source);
  }
  return c;
}

Index results_of(const Case& c, std::size_t k) {
  return c.outputs[k].kind == Kind::store ? count_of(c.space) : c.outputs[k].outer * c.outputs[k].inner;
}

using Results = std::vector<std::vector<std::byte>>;

/// Runs on copies of the data; pieces: by run_range.
Results run(const Case& c, const LaneKernel& kernel, int threads, Random* pieces) {
  std::vector<Array> data = c.data;
  Results results;
  std::vector<const void*> in;
  std::vector<void*> out;
  for (Array& a : data) in.push_back(a.base());
  for (std::size_t k = 0; k < c.outputs.size(); ++k) results.emplace_back(static_cast<std::size_t>(results_of(c, k)) * size_of(c.outputs[k].dtype));
  for (std::size_t k = 0; k < c.outputs.size(); ++k)
    out.push_back(c.in_place[k] >= 0 ? data[static_cast<std::size_t>(c.in_place[k])].base() : results[k].data());
  const Bytes scratch = allocate_bytes(kernel.scratch_bytes(threads));
  if (pieces == nullptr) {
    kernel.run(in.data(), out.data(), scratch.get(), threads);
  } else {
    const Index count = count_of(c.space), most = chance(*pieces, 50) ? 60 : 5000;
    for (Index begin = 0, end = 0; begin < count; begin = end) {
      end = std::min(count, begin + 1 + below(*pieces, most));
      kernel.run_range(in.data(), out.data(), begin, end, scratch.get());
    }
  }
  for (std::size_t k = 0; k < c.outputs.size(); ++k)
    if (c.in_place[k] >= 0) results[k] = data[static_cast<std::size_t>(c.in_place[k])].bytes;
  return results;
}

template <class T>
std::string compare_output(const Case& c, std::size_t k, const std::vector<T>& values, const std::vector<std::byte>& result) {
  const LaneOutput& out = c.outputs[k];
  const Index n = results_of(c, k), middle = out.kind == Kind::store ? 1 : count_of(c.space) / n;
  const bool integer = c.program.type == LaneType::i64;
  for (Index i = 0; i < n; ++i) {
    const Index o = i / out.inner, j = i % out.inner;
    const auto value = [&](Index m) { return values[static_cast<std::size_t>((o * middle + m) * out.inner + j)]; };
    T expected = out.kind == Kind::store ? values[static_cast<std::size_t>(i)] : value(0);
    long double exact = static_cast<long double>(expected), size = std::fabs(exact);
    for (Index m = 1; m < middle; ++m) {
      const T x = value(m);
      switch (out.kind) {
        case Kind::store: break;
        case Kind::sum:
          exact += static_cast<long double>(x), size += std::fabs(static_cast<long double>(x)),
              expected = lanes_reference::apply<T>(LaneOp::add, expected, x, x, false);
          break;
        case Kind::product:
          exact *= static_cast<long double>(x), size = std::fabs(exact) * static_cast<long double>(m + 1),
                                                expected = lanes_reference::apply<T>(LaneOp::mul, expected, x, x, false);
          break;
        case Kind::maximum: expected = lanes_reference::apply<T>(LaneOp::maximum, expected, x, x, false); break;
        case Kind::minimum: expected = lanes_reference::apply<T>(LaneOp::minimum, expected, x, x, false); break;
      }
    }
    const bool rounded = !integer && middle > 1 && (out.kind == Kind::sum || out.kind == Kind::product);
    if (rounded) {
      // Overflow on the way depends on the order of the factors, and what a rounded result becomes as an integer is a step function.
      if (!(size < 1e30L) || (out.kind == Kind::product && size < 1e-30L) || !is_float(out.dtype)) continue;
      const double got = lanes_reference::load<double>(out.dtype, result.data(), i);
      const long double unit = c.program.type == LaneType::f32 || out.dtype == DType::float32 ? 1.2e-7L : 2.3e-16L;
      if (!(std::fabs(static_cast<long double>(got) - exact) <= 24 * unit * size + 1e-300L))
        return message("output ", k, "[", i, "]: ", got, ", expected ", static_cast<double>(exact));
      continue;
    }
    std::vector<std::byte> want(size_of(out.dtype));
    if constexpr (std::is_same_v<T, float>) {
      // Reductions of float32 come from double accumulators; for what is compared here that is the same value.
      if (out.kind == Kind::store) lanes_reference::store<float>(out.dtype, want.data(), 0, expected);
      else lanes_reference::store<double>(out.dtype, want.data(), 0, static_cast<double>(expected));
    } else {
      lanes_reference::store<T>(out.dtype, want.data(), 0, expected);
    }
    const auto read = [&](const std::byte* p) { return lanes_reference::load<double>(out.dtype, p, 0); };
    const std::byte* got = result.data() + static_cast<std::size_t>(i) * size_of(out.dtype);
    const double a = read(got), b = read(want.data());
    const bool same = is_float(out.dtype) ? a == b || (a != a && b != b) : std::memcmp(got, want.data(), want.size()) == 0;
    if (!same) return message("output ", k, "[", i, "]: ", a, ", expected ", b);
  }
  return "";
}

template <class T>
std::string compare(const Case& c, const Results& results, Isa level) {
  std::vector<Array> data = c.data;
  std::vector<const void*> in;
  for (Array& a : data) in.push_back(a.base());
  const auto values = lanes_reference::evaluate<T>(c.program, c.space, c.inputs, in, level);
  for (std::size_t k = 0; k < c.outputs.size(); ++k)
    if (std::string wrong = compare_output<T>(c, k, values[k], results[k]); !wrong.empty()) return wrong;
  return "";
}

std::string describe(const Case& c) {
  std::string text = message("type ", static_cast<int>(c.program.type), ", space ", to_string(c.space), "\n");
  for (const LaneInput& in : c.inputs) text += message("  input ", name_of(in.dtype), " ", to_string(in.strides), "\n");
  for (const double x : c.program.constants) text += message("  constant ", x, "\n");
  for (const LaneInstruction& i : c.program.code) text += message("  ", name_of(i.op), " ", i.a, " ", i.b, " ", i.c, "\n");
  for (std::size_t k = 0; k < c.outputs.size(); ++k)
    text += message("  output ", c.program.outputs[k], " ", name_of(c.outputs[k].dtype), " kind ", static_cast<int>(c.outputs[k].kind), " (",
                    c.outputs[k].outer, ", ", c.outputs[k].inner, ") in place of ", c.in_place[k], "\n");
  return text;
}

struct LevelGuard {
  explicit LevelGuard(Isa level) : before(lane_isa()) { lane_isa() = level; }
  ~LevelGuard() { lane_isa() = before; }
  Isa before;
};

bool same_bits(const Results& a, const Results& b) { return a == b; }

void check_case(const Case& c, Random& random, int seed) {
  const bool ranges = std::all_of(c.outputs.begin(), c.outputs.end(), [](const LaneOutput& out) { return out.kind == Kind::store; });
  for (const Isa level : {Isa::v2, Isa::v3, Isa::v4}) {
    if (!isa_supported(level)) continue;
    const LevelGuard guard(level);
    const LaneKernel kernel(c.program, c.space, c.inputs, c.outputs);
    const Results one = run(c, kernel, 1, nullptr);
    const std::string wrong = c.program.type == LaneType::f32   ? compare<float>(c, one, level)
                              : c.program.type == LaneType::f64 ? compare<double>(c, one, level)
                                                                : compare<std::int64_t>(c, one, level);
    INFO("seed ", seed, ", level ", isa_name(level), ": ", describe(c));
    REQUIRE(wrong == "");
    REQUIRE(same_bits(one, run(c, kernel, 2, nullptr)));
    if (ranges) REQUIRE(same_bits(one, run(c, kernel, 1, &random)));
  }
}

int rounds(int usual) {
  const char* wish = std::getenv("PLAIT_TEST_ROUNDS");
  return wish != nullptr ? std::atoi(wish) : usual;
}

constexpr const LaneSequence* kSequences[] = {
#define PLAIT_ROW(name) &lane_sequences::name,
    PLAIT_LANE_SEQUENCES(PLAIT_ROW)
#undef PLAIT_ROW
};

}  // namespace

TEST_CASE("random lane programs give what the scalar twin gives") {
  for (int seed = 0; seed < rounds(500); ++seed) {
    Random random(static_cast<std::uint64_t>(seed));
    check_case(some_case(random), random, seed);
  }
}

TEST_CASE("so do programs with sequences that run as one loop") {
  int seed = 0;
  for (const LaneSequence* sequence : kSequences)
    for (int round = 0; round < rounds(60); ++round) {
      Random random(static_cast<std::uint64_t>(seed));
      check_case(some_case(random, sequence), random, seed++);
    }
}

TEST_CASE("each sequence is found whatever the order of its factors and summands, and becomes one step") {
  for (const LaneSequence* s : kSequences) {
    for (int seed = 0; seed < 16; ++seed) {
      Random random(static_cast<std::uint64_t>(seed));
      LaneProgram program{LaneType::f32, s->blocks, std::vector<double>(static_cast<std::size_t>(s->uniforms), 0.5), {}, {}};
      for (int k = 0; k < s->length; ++k) {
        LaneInstruction code{s->code[k].op, static_cast<std::uint16_t>(s->code[k].a), static_cast<std::uint16_t>(s->code[k].b), 0};
        if (chance(random, 50) && (code.op == LaneOp::add || code.op == LaneOp::mul)) std::swap(code.a, code.b);
        program.code.push_back(code);
      }
      for (int k = 0; k < s->outputs; ++k) program.outputs.push_back(static_cast<std::uint16_t>(s->output[k]));
      std::vector<int> which;
      for (int k = 0; k < s->outputs; ++k) which.push_back(k);
      const Shape space{300};
      const std::vector<LaneInput> inputs(static_cast<std::size_t>(s->blocks), LaneInput{DType::float32, {1}});
      const std::vector<LaneOutput> outputs(which.size());
      const LanePass pass = bind_pass(program, space, inputs, outputs, which, lane_tables(Isa::v2));
      CHECK(pass.steps.size() == 1);
      CHECK(pass.sequences.size() == 1);
    }
  }
}
