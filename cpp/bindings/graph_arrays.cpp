// NumPy arrays as tensors and back, dtypes and shapes as Python writes them.
#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "graph.hpp"
#include "plait/base/error.hpp"

namespace plait::bindings {
namespace {

using Api = py::detail::npy_api;

// NumPy's own descriptor of each dtype. They are singletons, so comparing pointers settles nearly every check.
PyObject* descriptor(DType dtype) {
  static const auto table = [] {
    std::array<PyObject*, 5> t{};
    const Api& api = Api::get();
    constexpr std::array<int, 5> kNumbers{Api::NPY_BOOL_, Api::NPY_INT32_, Api::NPY_INT64_, Api::NPY_FLOAT_, Api::NPY_DOUBLE_};
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = api.PyArray_DescrFromType_(kNumbers[i]);
    return t;
  }();
  return table[static_cast<std::size_t>(dtype)];
}

std::string dtype_text(PyObject* descr) { return py::str(py::handle(descr)); }

struct Native {
  std::optional<DType> dtype;  // nullopt: not supported
  bool narrow = false;
};

Native native(const py::dtype& dtype) {
  const char kind = dtype.kind();
  const auto bytes = dtype.itemsize();
  if (kind == 'b') return {DType::boolean};
  if (kind == 'i' && bytes == 8) return {DType::int64};
  if (kind == 'i') return {DType::int32, bytes < 4};
  if (kind == 'u' && bytes < 4) return {DType::int32, true};
  if (kind == 'u' && bytes == 4) return {DType::int64};
  if (kind == 'u') return {DType::int64};  // checked by value
  if (kind == 'f' && bytes <= 4) return {DType::float32};
  if (kind == 'f' && bytes == 8) return {DType::float64};
  return {};
}

[[noreturn]] void refuse(const std::string& what, PyObject* descr) {
  throw DTypeError(
      message(what, ": dtype ", dtype_text(descr), " is not one of bool, int32, int64, float32, float64; convert the array with .astype(...)"));
}

py::object steal(PyObject* object) {
  if (object == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(object);
}

bool is_masked(py::handle array) {
  return Py_TYPE(array.ptr()) != Api::get().PyArray_Type_ && py::hasattr(array, "mask") && py::bool_(array.attr("mask").attr("any")());
}

py::object as_array(py::handle object, const std::string& what) {
  // Conversion would expose the hidden values of a masked array, also of one in a list.
  const bool is_list = PyList_Check(object.ptr()) || PyTuple_Check(object.ptr());
  const bool masked_inside = is_list && py::bool_(py::module_::import("plait._masks").attr("holds_masked")(object));
  py::object array = masked_inside ? py::object() : steal(Api::get().PyArray_FromAny_(object.ptr(), nullptr, 0, 0, 0, nullptr));
  if (masked_inside || is_masked(array)) throw std::invalid_argument(what + ": a masked array with masked values; fill them first (.filled(...))");
  return array;
}

// Integers must be representable in the narrower dtype.
void require_range(const py::object& array, DType dtype, const std::string& what) {
  if (py::cast<py::ssize_t>(array.attr("size")) == 0) return;
  const py::int_ low(dtype == DType::int32 ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int64_t>::min());
  const py::int_ high(dtype == DType::int32 ? std::numeric_limits<std::int32_t>::max() : std::numeric_limits<std::int64_t>::max());
  if (py::int_(array.attr("min")()) < low || py::int_(array.attr("max")()) > high)
    throw DTypeError(message(what, ": integers that do not fit into ", name_of(dtype)));
}

py::object converted(const py::object& array, DType dtype) {
  PyObject* const descr = descriptor(dtype);
  Py_INCREF(descr);  // stolen by the call
  return steal(Api::get().PyArray_FromAny_(
      array.ptr(), descr, 0, 0, Api::NPY_ARRAY_C_CONTIGUOUS_ | Api::NPY_ARRAY_ALIGNED_ | Api::NPY_ARRAY_FORCECAST_ | Api::NPY_ARRAY_ENSUREARRAY_,
      nullptr));
}

py::object cast_array(const py::object& array, const std::string& what, DType wanted) {
  const py::dtype from = py::reinterpret_borrow<py::dtype>(py::detail::array_proxy(array.ptr())->descr);
  const char kind = from.kind();
  if (std::strchr("biuf", kind) == nullptr) refuse(what, from.ptr());
  const bool fits = is_float(wanted) || (wanted == DType::boolean ? kind == 'b' : kind != 'f');
  PLAIT_REQUIRE_AS(DTypeError, fits, what, ": expected ", name_of(wanted), ", got ", dtype_text(from.ptr()), "; convert the array with .astype(\"",
                   name_of(wanted), "\")");
  const auto bytes = static_cast<std::size_t>(from.itemsize());
  if ((kind == 'i' && bytes > size_of(wanted)) || (kind == 'u' && bytes >= size_of(wanted))) {
    if (!is_float(wanted)) require_range(array, wanted, what);
  }
  return converted(array, wanted);
}

}  // namespace

py::dtype numpy_dtype(DType dtype) { return py::reinterpret_borrow<py::dtype>(descriptor(dtype)); }

DType parse_dtype(py::handle dtype, const char* what) {
  PyObject* raw = nullptr;
  if (Api::get().PyArray_DescrConverter_(dtype.ptr(), &raw) == 0) throw py::error_already_set();
  py::dtype descr = py::reinterpret_steal<py::dtype>(raw);
  if (!py::cast<bool>(descr.attr("isnative"))) descr = descr.attr("newbyteorder")("=");  // graphs use the native byte order
  for (const DType t : {DType::boolean, DType::int32, DType::int64, DType::float32, DType::float64})
    if (Api::get().PyArray_EquivTypes_(descr.ptr(), descriptor(t))) return t;
  refuse(what, descr.ptr());
}

Shape parse_shape(py::handle shape, const char* what, bool allow_any) {
  const auto size = [&](py::handle item) -> Index {
    if (item.is_none() && allow_any) return kAny;
    if (PyIndex_Check(item.ptr()) == 0 || node_of(item) != nullptr)
      throw py::type_error(message(what, ": a shape is made of integers", allow_any ? " and None" : "", ", got ", std::string(py::repr(item))));
    const auto n = PyNumber_AsSsize_t(item.ptr(), PyExc_OverflowError);
    if (n == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    PLAIT_REQUIRE_AS(ShapeError, n >= 0, what, ": size ", n, " is negative");
    return n;
  };
  if (PyIndex_Check(shape.ptr()) != 0 || shape.is_none()) return {size(shape)};
  Shape sizes;
  for (const py::handle item : shape) sizes.push_back(size(item));
  PLAIT_REQUIRE_AS(ShapeError, sizes.size() <= 32, what, ": ", sizes.size(), " dimensions; at most 32 are possible");
  return sizes;
}

ShapeTuple shape_tuple(const Shape& shape) {
  py::tuple sizes(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) sizes[i] = shape[i] == kAny ? py::object(py::none()) : py::int_(shape[i]);
  return py::reinterpret_steal<ShapeTuple>(sizes.release());
}

std::vector<Index> parse_axes(py::handle axis, std::size_t rank, const char* what) {
  std::vector<Index> axes;
  if (axis.is_none()) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), Index{0});
    return axes;
  }
  const auto one = [&](py::handle item) {
    const auto n = PyNumber_AsSsize_t(item.ptr(), PyExc_OverflowError);
    if (n == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    axes.push_back(normalize_axis(n, rank, what));
  };
  if (PyIndex_Check(axis.ptr()) != 0) one(axis);
  else
    for (const py::handle item : axis) one(item);
  std::sort(axes.begin(), axes.end());
  const auto twice = std::adjacent_find(axes.begin(), axes.end());
  PLAIT_REQUIRE_AS(ShapeError, twice == axes.end(), what, ": axis ", *twice, " is named twice");
  return axes;
}

bool array_is_plain(py::handle object, DType dtype) {
  if (Py_TYPE(object.ptr()) != Api::get().PyArray_Type_) return false;
  const auto* array = py::detail::array_proxy(object.ptr());
  constexpr int kPlain = Api::NPY_ARRAY_C_CONTIGUOUS_ | Api::NPY_ARRAY_ALIGNED_;
  return array->descr == descriptor(dtype) && (array->flags & kPlain) == kPlain;
}

py::object array_as(py::handle object, const std::string& what, DType wanted) {
  if (array_is_plain(object, wanted)) return py::reinterpret_borrow<py::object>(object);
  return cast_array(as_array(object, what), what, wanted);
}

TensorRef tensor_from(py::handle object, const std::string& what, std::optional<DType> wanted) {
  py::object array = as_array(object, what);
  if (!wanted) {
    const py::dtype dtype = py::reinterpret_borrow<py::dtype>(py::detail::array_proxy(array.ptr())->descr);
    wanted = native(dtype).dtype;
    if (!wanted) refuse(what, dtype.ptr());
  }
  array = cast_array(array, what, *wanted);
  auto tensor = std::make_shared<Tensor>(Spec{array_shape(array), *wanted});
  if (tensor->bytes() > 0) std::memcpy(tensor->data.get(), array_data(array), tensor->bytes());
  return tensor;
}

bool array_is_narrow(py::handle object) {
  if (!Api::get().PyArray_Check_(object.ptr())) return false;
  return native(py::reinterpret_borrow<py::dtype>(py::detail::array_proxy(object.ptr())->descr)).narrow;
}

py::object new_array(const Shape& shape, DType dtype) {
  PyObject* const descr = descriptor(dtype);
  Py_INCREF(descr);  // stolen by the call
  static_assert(sizeof(Index) == sizeof(Py_intptr_t));
  const auto* sizes = reinterpret_cast<const Py_intptr_t*>(shape.data());
  const Api& api = Api::get();
  return steal(api.PyArray_NewFromDescr_(api.PyArray_Type_, descr, static_cast<int>(shape.size()), sizes, nullptr, nullptr, 0, nullptr));
}

ArrayObject array_from(const Tensor& tensor) {
  py::object array = new_array(tensor.spec.shape, tensor.spec.dtype);
  if (tensor.bytes() > 0) std::memcpy(array_data(array), tensor.data.get(), tensor.bytes());
  return py::reinterpret_steal<ArrayObject>(array.release());
}

void* array_data(py::handle array) { return py::detail::array_proxy(array.ptr())->data; }

Shape array_shape(py::handle array) {
  const auto* a = py::detail::array_proxy(array.ptr());
  return {a->dimensions, a->dimensions + a->nd};
}

}  // namespace plait::bindings
