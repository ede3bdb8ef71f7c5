// Methods of nodes with NumPy's names, so that functions written for arrays can be traced unchanged.
#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/graph/build.hpp"

namespace plait::bindings {
namespace {

using Class = py::class_<Node, PyNode>;

NodeRef ref(const Node& node) { return NodeRef(const_cast<Node*>(&node)); }
Operand operand(const Node& node) { return {.node = ref(node), .tensor = {}}; }

void bind_functions(Class& cls) {
  const auto one = [&cls](const char* name, const char* doc) {
    cls.def(
        name,
        [name](const Node& self) {
          const Operand x[] = {operand(self)};
          return PyNode(elementwise(find_op(name), x));
        },
        doc);
  };
  one("exp", "exp of every element.");
  one("log", "Natural logarithm of every element.");
  one("log1p", "log(1 + x) of every element, exact for small x.");
  one("expm1", "exp(x) - 1 of every element, exact for small x.");
  one("sqrt", "Square root of every element.");
  one("square", "Square of every element.");
  one("abs", "Absolute value of every element.");
  one("sign", "-1, 0 or 1 for every element.");
  one("sin", "Sine of every element.");
  one("cos", "Cosine of every element.");
  one("tanh", "Hyperbolic tangent of every element.");
  one("sigmoid", "1 / (1 + exp(-x)) of every element.");
  one("relu", "max(x, 0) of every element.");
  one("softplus", "log(1 + exp(x)) of every element.");
  one("floor", "The largest whole number not above each element.");
}

void bind_reductions(Class& cls) {
  const auto one = [&cls](const char* name, const char* doc) {
    cls.def(
        name, [name](const Node& self, const py::object& axis, bool keepdims) { return PyNode(reduction(name, ref(self), axis, keepdims)); },
        py::arg("axis") = py::none(), py::arg("keepdims") = false, doc);
  };
  one("sum", "Sum over an axis, several axes, or everything (None).");
  one("prod", "Product over an axis, several axes, or everything (None).");
  one("max", "Largest element along an axis, several axes, or of everything (None).");
  one("min", "Smallest element along an axis, several axes, or of everything (None).");
  one("any", "True where any element along the axis is not 0.");
  one("all", "True where every element along the axis is not 0.");
  one("mean", "Mean over an axis, several axes, or everything (None).");
  const auto spread = [](const Node& self, const py::object& axis, double ddof, bool keepdims) {
    return frontend::variance(ref(self), parse_axes(axis, self.spec.shape.size(), "var"), ddof, keepdims);
  };
  cls.def(
      "var", [spread](const Node& self, const py::object& axis, double ddof, bool keepdims) { return PyNode(spread(self, axis, ddof, keepdims)); },
      py::arg("axis") = py::none(), py::arg("ddof") = 0.0, py::arg("keepdims") = false,
      "Mean squared distance from the mean along the axis; ddof is taken off the count.");
  cls.def(
      "std",
      [spread](const Node& self, const py::object& axis, double ddof, bool keepdims) {
        return PyNode(build::unary(ops::root, spread(self, axis, ddof, keepdims)));
      },
      py::arg("axis") = py::none(), py::arg("ddof") = 0.0, py::arg("keepdims") = false, "Square root of var().");
  cls.def(
      "cumsum", [](const Node& self, const py::object& axis) { return PyNode(cumsum_node(ref(self), axis)); }, py::arg("axis") = py::none(),
      "Running sums along an axis; None: over all elements in order.");
}

// x.reshape(2, 3) and x.reshape((2, 3)) are equivalent.
py::object one_or_all(const py::args& args) { return args.size() == 1 ? py::object(args[0]) : py::object(args); }

void bind_shapes(Class& cls) {
  cls.def(
      "reshape", [](const Node& self, const py::args& shape) { return PyNode(reshape_node(ref(self), one_or_all(shape))); },
      "The same elements in another shape; one size may be -1.");
  cls.def(
      "transpose",
      [](const Node& self, const py::args& axes) {
        return PyNode(transpose_node(ref(self), axes.empty() ? py::object(py::none()) : one_or_all(axes)));
      },
      "Axes in another order; without arguments in the opposite one.");
  cls.def_property_readonly(
      "T", [](const Node& self) { return PyNode(transpose_node(ref(self), py::none())); }, "The transpose: axes in the opposite order.");
  cls.def(
      "swapaxes",
      [](const Node& self, Index a, Index b) {
        std::vector<Index> order = build::all_axes(ref(self));
        std::swap(order[normalize_axis(a, order.size(), "swapaxes")], order[normalize_axis(b, order.size(), "swapaxes")]);
        return PyNode(build::transpose(ref(self), order));
      },
      py::arg("axis1"), py::arg("axis2"), "Two axes exchanged.");
  for (const char* name : {"flatten", "ravel"})
    cls.def(name, [](const Node& self) { return PyNode(apply(ops::reshape, {ref(self)}, NewShape{{-1}})); }, "All elements in one axis.");
  cls.def(
      "squeeze", [](const Node& self, const py::object& axis) { return PyNode(squeeze_node(ref(self), axis)); }, py::arg("axis") = py::none(),
      "Without axes of size 1: all of them, or those named.");
  cls.def(
      "take", [](const Node& self, const py::object& indices, const py::object& axis) { return PyNode(take_node(ref(self), indices, axis)); },
      py::arg("indices"), py::arg("axis") = py::none(), "Elements at integer indices along an axis; None: of the flattened node.");
  cls.def(
      "astype", [](const Node& self, const py::object& dtype) { return PyNode(build::cast(ref(self), parse_dtype(dtype, "astype"))); },
      py::arg("dtype"), "The values in another dtype; floats are cut off towards zero when they become integers.");
  cls.def("copy", [](const Node& self) { return PyNode(ref(self)); }, "The node itself: nodes do not change.");
  cls.def(
      "dot",
      [](const Node& self, const py::object& other) {
        const Operand a = operand(self), b = require_operand(other, "dot");
        const NodeRef y = realise(b);
        if (self.spec.shape.empty() || y->spec.shape.empty()) return PyNode(elementwise(ops::multiply, a, b));
        PLAIT_REQUIRE_AS(ShapeError, y->spec.shape.size() <= 2, "dot: ", self.label(), " ", to_string(self.spec.shape), " with ",
                         to_string(y->spec.shape), "; use @ for stacks of matrices");
        return PyNode(bindings::matrix_product(a, b));
      },
      py::arg("other"), "Matrix product, or the scalar product of two vectors.");
  cls.def(
      "clip",
      [](const Node& self, const py::object& min, const py::object& max) {
        const auto limit = [](const py::object& at) { return at.is_none() ? std::nullopt : std::optional(require_operand(at, "clip")); };
        return PyNode(frontend::clip(ref(self), limit(min), limit(max)));
      },
      py::arg("min") = py::none(), py::arg("max") = py::none(),
      "Values below min become min, values above max become max; None leaves that side open.");
}

}  // namespace

void bind_node_methods(Class& cls) {
  bind_functions(cls);
  bind_reductions(cls);
  bind_shapes(cls);
}

}  // namespace plait::bindings
