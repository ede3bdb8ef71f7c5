// What an operation that was read from a file may say about itself. Whoever builds graphs by plait's functions cannot make attributes that do not
// fit; a file can hold anything, and rules and kernels follow these numbers without looking again.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/scan.hpp"

namespace plait::bindings {
namespace {

struct Claim {
  const Op& op;
  std::span<const NodeRef> inputs;
  const Attributes& attributes;

  void require(bool ok) const { PLAIT_REQUIRE_AS(GraphError, ok, op.name, ": attributes that do not fit"); }
  [[nodiscard]] std::span<const Index> ints() const { return attributes.ints; }
  [[nodiscard]] Index rank(std::size_t input = 0) const {
    require(input < inputs.size());
    return static_cast<Index>(inputs[input]->spec.shape.size());
  }
  void count(std::size_t n) const { require(ints().size() == n); }
  void axis(Index axis, Index low, Index high) const { require(axis >= low && axis < high); }
  void dtype(Index value) const { require(value >= 0 && value <= static_cast<Index>(DType::float64)); }
  void sizes(std::span<const Index> shape) const {
    require(shape.size() <= 32 && std::all_of(shape.begin(), shape.end(), [](Index n) { return n >= -1; }));
  }
  void axes(std::span<const Index> list) const {
    for (std::size_t i = 0; i < list.size(); ++i) axis(list[i], i == 0 ? 0 : list[i - 1] + 1, rank());
  }
};

using Check = void (*)(const Claim&);

void reduction_over(const Claim& c) {
  c.require(!c.ints().empty() && (c.ints()[0] == 0 || c.ints()[0] == 1));
  c.axes(c.ints().subspan(1));
}
template <std::size_t input>
void one_axis(const Claim& c) {
  c.count(1);
  c.axis(c.ints()[0], 0, c.rank(input));
}
// A second number, 1, says that the indices are classes.
template <std::size_t input>
void along_axis(const Claim& c) {
  c.require(c.ints().size() == 1 || (c.ints().size() == 2 && c.ints()[1] == 1));
  c.axis(c.ints()[0], 0, c.rank(input));
}
template <std::size_t input>
void ranges(const Claim& c) {
  c.count(3 * static_cast<std::size_t>(c.rank(input)));
}
void random_numbers(const Claim& c) {
  c.require(c.ints().size() >= 4 && c.ints()[0] >= static_cast<Index>(DType::float32));
  c.dtype(c.ints()[0]);
  c.sizes(c.ints().subspan(4));
}

void positive_number(const Claim& c) {
  c.require(c.ints().empty() && c.attributes.reals.size() == 1 && c.attributes.reals[0] > 0 && std::isfinite(c.attributes.reals[0]));
}

// A loop's output, or its gradient: beside the loop itself, of the same body.
void part_of_loop(const Claim& c) {
  const Scan* const scan = c.attributes.scan.get();
  c.require(scan != nullptr && !c.inputs.empty() && is_op(c.inputs.back(), ops::scan) && c.inputs.back()->attributes.scan->body == scan->body);
  c.count(2);
  c.axis(c.ints()[0], 0, scan->body->output_count());
  c.require(c.ints()[1] >= kAny);
}
void random_key(const Claim& c) {
  c.count(4);
  c.require(c.ints()[0] == static_cast<Index>(DType::int64));
}
// Functions of a key and of a step's number.
template <Check check>
void of_key(const Claim& c) {
  const auto number = [&](std::size_t i) { return c.inputs[i]->spec == Spec{{}, DType::int64}; };
  c.require(c.inputs.size() >= 2 && number(0) && number(1));
  check(c);
}
template <std::size_t ints>
void segments(const Claim& c) {
  c.count(ints);
  c.require(c.ints()[0] >= 0);
}

const std::map<std::string_view, Check>& checks() {
  static const std::map<std::string_view, Check> table{
      {"cast", [](const Claim& c) { c.count(1), c.dtype(c.ints()[0]); }},
      {"sum", reduction_over},
      {"prod", reduction_over},
      {"max", reduction_over},
      {"min", reduction_over},
      {"recurrence",
       [](const Claim& c) {
         c.require(c.ints().size() >= 2 && (c.ints()[0] == 0 || c.ints()[0] == 1) && (c.ints()[1] == 0 || c.ints()[1] == 1));
         c.axes(c.ints().subspan(2));
       }},
      {"axis_size",
       [](const Claim& c) {
         c.require(!c.ints().empty());
         c.dtype(c.ints()[0]);
         c.axes(c.ints().subspan(1));
       }},
      {"reshape",
       [](const Claim& c) {
         c.sizes(c.ints());
         c.require(std::count(c.ints().begin(), c.ints().end(), Index{-1}) <= 1);
       }},
      {"expand_dims", [](const Claim& c) { c.count(1), c.axis(c.ints()[0], -c.rank() - 1, c.rank() + 1); }},
      {"squeeze", [](const Claim& c) { c.count(1), c.axis(c.ints()[0], -c.rank(), c.rank()); }},
      {"transpose",
       [](const Claim& c) {
         std::vector<Index> sorted(c.ints().begin(), c.ints().end());
         std::sort(sorted.begin(), sorted.end());
         c.count(static_cast<std::size_t>(c.rank()));
         c.axes(sorted);
       }},
      {"broadcast_to", [](const Claim& c) { c.sizes(c.ints()); }},
      {"slice", ranges<0>},
      {"slice_gradient", ranges<1>},
      {"index", [](const Claim& c) { c.count(2), c.axis(c.ints()[0], 0, c.rank()); }},
      {"concatenate", one_axis<0>},
      {"head_like",
       [](const Claim& c) {
         one_axis<0>(c);
         one_axis<1>(c);
       }},
      {"tail_like",
       [](const Claim& c) {
         one_axis<0>(c);
         one_axis<1>(c);
       }},
      {"take", one_axis<0>},
      {"take_gradient", one_axis<2>},
      {"take_along_axis", along_axis<0>},
      {"take_along_axis_gradient", along_axis<2>},
      {"one_hot",
       [](const Claim& c) {
         c.count(2);
         c.require(c.ints()[0] > 0);
         c.dtype(c.ints()[1]);
       }},
      {"cumsum", [](const Claim& c) { c.count(2), c.axis(c.ints()[0], 0, c.rank()); }},
      {"triangular_solve", [](const Claim& c) { c.count(1), c.require(c.ints()[0] == 0 || c.ints()[0] == 1); }},
      {"random_gamma", [](const Claim& c) { c.count(4), c.require(c.ints()[3] >= 0); }},
      {"random_poisson", [](const Claim& c) { c.count(4), c.require(c.ints()[3] >= 0); }},
      {"random_normal", random_numbers},
      {"random_uniform", random_numbers},
      {"soft_dtw", positive_number},
      {"soft_dtw_gradient", positive_number},
      {"scan", [](const Claim& c) { c.require(c.attributes.scan != nullptr && c.ints().empty()); }},
      {"scan_output", part_of_loop},
      {"scan_cotangent", part_of_loop},
      {"scan_segments", segments<1>},
      {"scan_rest", segments<1>},
      {"scan_fill", segments<2>},
      {"scan_key", random_key},
      {"scan_draw_key", of_key<random_key>},
      {"scan_normal", of_key<random_numbers>},
      {"scan_uniform", of_key<random_numbers>},
  };
  return table;
}

}  // namespace

void check_attributes(const Op& op, std::span<const NodeRef> inputs, const Attributes& attributes) {
  const Claim claim{op, inputs, attributes};
  PLAIT_REQUIRE_AS(GraphError, op.kind != OpKind::leaf, op.name, ": a leaf is not computed");
  claim.require(attributes.scan == nullptr || std::string_view(op.name).starts_with("scan"));
  const auto found = checks().find(op.name);
  if (found == checks().end()) claim.require(attributes.ints.empty() && attributes.reals.empty());  // an op with attributes must be in the table
  else found->second(claim);
}

}  // namespace plait::bindings
