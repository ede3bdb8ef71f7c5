// Random nodes: new numbers at every run. An optional input gives the sizes that are None in the attributes.
// Inside a loop they are functions of a key, drawn once per run by scan_key, and of the step number:
// inputs key, step and, where sizes are open, the node that gives them; ordinals count within the
// loop.
#include "plait/tensor/random.hpp"

#include <algorithm>

#include "plait/base/error.hpp"
#include "plait/base/random.hpp"
#include "plait/base/thread_pool.hpp"
#include "plait/graph/attributes.hpp"
#include "plait/graph/ops.hpp"

namespace plait::graph {
namespace {

constexpr Index kChunk = 1 << 15;

Spec random_rule(std::span<const Spec> in, const Attributes& a) {
  const auto& draw = a.as<RandomDraw>();
  Shape shape(draw.shape.begin(), draw.shape.end());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != kAny) continue;
    PLAIT_REQUIRE_AS(ShapeError, !in.empty() && i < in[0].shape.size(), "random: size ", i, " of shape ", to_string(shape), " is None, and `like` ",
                     in.empty() ? "is not given" : "has no such axis");
    shape[i] = in[0].shape[i];
  }
  return {shape, draw.dtype};
}

Spec keyed_rule(std::span<const Spec> in, const Attributes& a) {
  PLAIT_REQUIRE_AS(ShapeError, in.size() >= 2 && in[0].shape.empty() && in[1].shape.empty(), "random: expected a key and a step");
  return random_rule(in.subspan(2), a);
}

std::uint64_t bits(const void* scalar) { return static_cast<std::uint64_t>(*static_cast<const std::int64_t*>(scalar)); }

enum class Draw : std::uint8_t { normal, uniform, key };

template <Draw draw, bool keyed>
class RandomKernel final : public Kernel {
 public:
  RandomKernel(const Spec& out, const Attributes& a)
      : count_(count_of(out.shape)),
        dtype_(out.dtype),
        has_seed_(a.as<RandomDraw>().has_seed),
        seed_(a.as<RandomDraw>().seed),
        ordinal_(static_cast<std::uint64_t>(a.as<RandomDraw>().ordinal)) {}

  void run(const void* const* inputs, void* const* outputs, void*, const RunContext& context) const override {
    // A node with a seed of its own gives the same numbers in every graph.
    std::uint64_t key = has_seed_ ? mix_seed(seed_, 0) : mix_seed(context.seed, ordinal_ + 1), stream = context.run;
    if constexpr (keyed) {
      key = mix_seed(bits(inputs[0]), ordinal_ + 1);
      stream = bits(inputs[1]);
    }
    if constexpr (draw == Draw::key) {
      *static_cast<std::int64_t*>(outputs[0]) = static_cast<std::int64_t>(mix_seed(key, stream));
      return;
    }
    const auto fill = [&](auto* out) {
      parallel_for((count_ + kChunk - 1) / kChunk,
                   [&](std::int64_t chunk, int) {
                     const Index begin = chunk * kChunk, n = std::min(kChunk, count_ - begin);
                     if constexpr (draw == Draw::normal) random_normal(out + begin, begin, n, key, stream);
                     else random_uniform(out + begin, begin, n, key, stream);
                   },
                   context.threads);
    };
    if (dtype_ == DType::float32) fill(static_cast<float*>(outputs[0]));
    else fill(static_cast<double*>(outputs[0]));
  }

 private:
  Index count_;
  DType dtype_;
  bool has_seed_;
  std::uint64_t seed_, ordinal_;
};

template <Draw draw, bool keyed>
std::unique_ptr<Kernel> random_kernel(std::span<const Spec>, const Spec& out, const Attributes& a) {
  return std::make_unique<RandomKernel<draw, keyed>>(out, a);
}

// ---- draws with an input as parameter, of the input's shape: random_gamma(shape), rate 1, and random_poisson(rate) ----

Spec drawn_rule(std::span<const Spec> in, const Attributes&) {
  PLAIT_REQUIRE_AS(DTypeError, is_float(in[0].dtype), "random: expected float32 or float64, got ", name_of(in[0].dtype));
  return in[0];
}

template <class T, bool poisson>
void draw_all(const T* parameter, T* out, Index count, std::uint64_t key, std::uint64_t stream, int threads) {
  parallel_for((count + kChunk - 1) / kChunk,
               [&](std::int64_t chunk, int) {
                 const Index begin = chunk * kChunk, n = std::min(kChunk, count - begin);
                 for (Index i = begin; i < begin + n; ++i) {
                   const auto p = static_cast<double>(parameter[i]);
                   out[i] = static_cast<T>(poisson ? random_poisson(p, i, key, stream) : random_gamma(p, i, key, stream));
                 }
               },
               threads);
}

template <bool poisson>
class DrawnKernel final : public Kernel {
 public:
  DrawnKernel(const Spec& out, const Attributes& a)
      : count_(count_of(out.shape)),
        dtype_(out.dtype),
        has_seed_(a.as<RandomDraw>().has_seed),
        seed_(a.as<RandomDraw>().seed),
        ordinal_(static_cast<std::uint64_t>(a.as<RandomDraw>().ordinal)) {}
  void run(const void* const* inputs, void* const* outputs, void*, const RunContext& context) const override {
    const std::uint64_t key = has_seed_ ? mix_seed(seed_, 0) : mix_seed(context.seed, ordinal_ + 1);
    const auto all = [&](auto* out) {
      using T = std::remove_reference_t<decltype(*out)>;
      draw_all<T, poisson>(static_cast<const T*>(inputs[0]), out, count_, key, context.run, context.threads);
    };
    if (dtype_ == DType::float32) all(static_cast<float*>(outputs[0]));
    else all(static_cast<double*>(outputs[0]));
  }
  [[nodiscard]] double cost_ns() const override { return 60.0 * static_cast<double>(count_); }

 private:
  Index count_;
  DType dtype_;
  bool has_seed_;
  std::uint64_t seed_, ordinal_;
};

template <bool poisson>
std::unique_ptr<Kernel> drawn_kernel(std::span<const Spec>, const Spec& out, const Attributes& a) {
  return std::make_unique<DrawnKernel<poisson>>(out, a);
}

}  // namespace

namespace ops {
constinit const Op scan_normal = entry({.name = "scan_normal",
                                        .kind = OpKind::other,
                                        .inputs = -1,
                                        .infer = keyed_rule,
                                        .gradient = no_gradient_flows,
                                        .kernel = random_kernel<Draw::normal, true>,
                                        .attributes = RandomDraw::read_keyed,
                                        .shape_only = 0b100});
constinit const Op scan_uniform = entry({.name = "scan_uniform",
                                         .kind = OpKind::other,
                                         .inputs = -1,
                                         .infer = keyed_rule,
                                         .gradient = no_gradient_flows,
                                         .kernel = random_kernel<Draw::uniform, true>,
                                         .attributes = RandomDraw::read_keyed,
                                         .shape_only = 0b100});
constinit const Op scan_draw_key = entry({.name = "scan_draw_key",
                                          .kind = OpKind::other,
                                          .inputs = -1,
                                          .infer = keyed_rule,
                                          .gradient = no_gradient_flows,
                                          .kernel = random_kernel<Draw::key, true>,
                                          .attributes = RandomDraw::read_keyed_key,
                                          .shape_only = 0b100});
constinit const Op random_gamma = entry({.name = "random_gamma",
                                         .kind = OpKind::random,
                                         .inputs = 1,
                                         .infer = drawn_rule,
                                         .gradient = no_gradient_flows,
                                         .kernel = drawn_kernel<false>,
                                         .attributes = RandomDraw::read_drawn});
constinit const Op random_poisson = entry({.name = "random_poisson",
                                           .kind = OpKind::random,
                                           .inputs = 1,
                                           .infer = drawn_rule,
                                           .gradient = no_gradient_flows,
                                           .kernel = drawn_kernel<true>,
                                           .attributes = RandomDraw::read_drawn});
constinit const Op random_normal = entry({.name = "random_normal",
                                          .kind = OpKind::random,
                                          .inputs = -1,
                                          .infer = random_rule,
                                          .gradient = no_gradient_flows,
                                          .kernel = random_kernel<Draw::normal, false>,
                                          .attributes = RandomDraw::read,
                                          .shape_only = 1,
                                          .in_loop = &scan_normal});
constinit const Op random_uniform = entry({.name = "random_uniform",
                                           .kind = OpKind::random,
                                           .inputs = -1,
                                           .infer = random_rule,
                                           .gradient = no_gradient_flows,
                                           .kernel = random_kernel<Draw::uniform, false>,
                                           .attributes = RandomDraw::read,
                                           .shape_only = 1,
                                           .in_loop = &scan_uniform});
constinit const Op scan_key = entry({.name = "scan_key",
                                     .kind = OpKind::random,
                                     .inputs = -1,
                                     .infer = random_rule,
                                     .gradient = no_gradient_flows,
                                     .kernel = random_kernel<Draw::key, false>,
                                     .attributes = RandomDraw::read_key,
                                     .shape_only = 1,
                                     .in_loop = &scan_draw_key});
}  // namespace ops

void add_random_ops(OpList& list) {
  list.insert(list.end(), {&ops::scan_normal, &ops::scan_uniform, &ops::scan_draw_key, &ops::random_gamma, &ops::random_poisson, &ops::random_normal,
                           &ops::random_uniform, &ops::scan_key});
}

}  // namespace plait::graph
