// Methods of nodes under NumPy's names, so that functions written for arrays can be traced as they stand.
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
          return PyNode(elementwise(name, x));
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
  cls.def(
      "mean", [](const Node& self, const py::object& axis, bool keepdims) { return PyNode(mean(ref(self), axis, keepdims)); },
      py::arg("axis") = py::none(), py::arg("keepdims") = false, "Mean over an axis, several axes, or everything (None).");
  const auto spread = [](const Node& self, const py::object& axis, double ddof, bool keepdims) {
    const NodeRef x = is_float(self.spec.dtype) ? ref(self) : build::cast(ref(self), DType::float64);
    const NodeRef squares = build::unary(ops::square, build::subtract(x, mean(x, axis, true)));
    if (ddof == 0) return mean(squares, axis, keepdims);
    Attributes counted{{static_cast<Index>(x->spec.dtype)}, {}};
    const auto axes = parse_axes(axis, x->spec.shape.size(), "var");
    counted.ints.insert(counted.ints.end(), axes.begin(), axes.end());
    return build::divide(build::reduce(ops::sum, squares, axes, keepdims), build::shift(apply(ops::axis_size, {x}, std::move(counted)), -ddof));
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

// x.reshape(2, 3) and x.reshape((2, 3)) mean the same.
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
    cls.def(name, [](const Node& self) { return PyNode(apply(ops::reshape, {ref(self)}, {{-1}, {}})); }, "All elements in one axis.");
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
        if (self.spec.shape.empty() || y->spec.shape.empty()) {
          const Operand both[] = {a, b};
          return PyNode(elementwise("multiply", both));
        }
        PLAIT_REQUIRE_AS(ShapeError, y->spec.shape.size() <= 2, "dot: ", self.label(), " ", to_string(self.spec.shape), " with ",
                         to_string(y->spec.shape), "; use @ for stacks of matrices");
        return PyNode(matrix_product(a, b));
      },
      py::arg("other"), "Matrix product, or the scalar product of two vectors.");
  cls.def(
      "clip",
      [](const Node& self, const py::object& min, const py::object& max) {
        Operand x = operand(self);
        if (!min.is_none()) {
          const Operand both[] = {x, require_operand(min, "clip")};
          x = {.node = elementwise("maximum", both), .tensor = {}};
        }
        if (!max.is_none()) {
          const Operand both[] = {x, require_operand(max, "clip")};
          x = {.node = elementwise("minimum", both), .tensor = {}};
        }
        return PyNode(x.node);
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
