// The base of aligners of symbols: `score` and `nearest` of plain text in the interpreter's own calling convention.
// A short pair takes less time than entering a Python function or converting arguments by pybind11.
// Arguments other than two str or two bytes are passed to the methods `_score` and `_nearest_of` of the
// Python class.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#include "align.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

/// Nanoseconds of work below which the GIL is kept: releasing it costs more than it gains.
constexpr double kShort = 10'000, kLong = 1e6;
/// Time that a list is searched before other threads may run, and estimated nanoseconds for the next block: of the order of Python's switch interval.
constexpr std::chrono::milliseconds kLongest{1};
constexpr double kTurn = 5e6;
using Clock = std::chrono::steady_clock;

struct TextAligner {
  PyObject_HEAD PyObject* built;  // the bound Method, kept alive; null until first used
  const Method* method;           // the Method in `built`
};

TextAligner& as_aligner(PyObject* self) { return *reinterpret_cast<TextAligner*>(self); }

void forget(TextAligner& aligner) {
  aligner.method = nullptr;
  Py_CLEAR(aligner.built);
}

/// The method for the current parameters; null with an error set.
const Method* method_of(PyObject* self) {
  TextAligner& aligner = as_aligner(self);
  if (aligner.method != nullptr) return aligner.method;
  const auto built = py::reinterpret_steal<py::object>(PyObject_CallMethod(self, "_method", nullptr));
  if (!built) return nullptr;
  aligner.method = built.cast<const Method*>();
  Py_XSETREF(aligner.built, built.inc_ref().ptr());
  return aligner.method;
}

/// Translates C++ exceptions to Python's.
template <class F>
PyObject* translated(F&& body) {
  try {
    return body();
  } catch (py::error_already_set& error) {
    error.restore();
  } catch (const Interrupted&) {
    if (PyErr_Occurred() == nullptr) PyErr_SetNone(PyExc_KeyboardInterrupt);
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (...) {
    py::detail::try_translate_exceptions();
  }
  return nullptr;
}

/// Forwards the call to another method of the instance.
PyObject* pass_on(PyObject* self, const char* name, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  return translated([&] {
    const Py_ssize_t all = count + (names == nullptr ? 0 : PyTuple_GET_SIZE(names));
    std::vector<PyObject*> with_self(static_cast<std::size_t>(all) + 1, self);
    std::copy(arguments, arguments + all, with_self.begin() + 1);
    const auto method = py::reinterpret_steal<py::object>(PyUnicode_InternFromString(name));
    if (!method) return static_cast<PyObject*>(nullptr);
    return PyObject_VectorcallMethod(method.ptr(), with_self.data(), static_cast<std::size_t>(count + 1), names);
  });
}

bool same_kind_of_text(PyObject* x, PyObject* y) {
  return PyUnicode_CheckExact(x) ? PyUnicode_CheckExact(y) : PyBytes_CheckExact(x) && PyBytes_CheckExact(y);
}

bool as_plain_number(PyObject* object, double& out) {
  if (PyFloat_CheckExact(object)) out = PyFloat_AS_DOUBLE(object);
  else if (PyLong_CheckExact(object)) out = PyLong_AsDouble(object);
  else return false;
  if (PyErr_Occurred() != nullptr) PyErr_Clear();  // an integer too large for a float
  else return out == out;
  return false;
}

/// Compares a keyword with a name: identifiers are interned, so that comparing pointers nearly always suffices.
bool is_name(PyObject* keyword, const char* name, PyObject* interned) {
  return keyword == interned || PyUnicode_CompareWithASCIIString(keyword, name) == 0;
}
bool is_cutoff(PyObject* keyword) {
  static PyObject* const interned = PyUnicode_InternFromString("cutoff");
  return is_name(keyword, "cutoff", interned);
}

PyObject* score(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  double cutoff = 0;
  bool cut = false, plain = count == 2 && same_kind_of_text(arguments[0], arguments[1]);
  if (names != nullptr && plain)
    plain = cut = PyTuple_GET_SIZE(names) == 1 && is_cutoff(PyTuple_GET_ITEM(names, 0)) && as_plain_number(arguments[2], cutoff);
  if (!plain) return pass_on(self, "_score", arguments, count, names);
  return translated([&]() -> PyObject* {
    const Method* method = method_of(self);
    if (method == nullptr) return nullptr;
    const Sequence a = as_sequence(arguments[0], "x"), b = as_sequence(arguments[1], "y");
    if (!cut) cutoff = method->worst();
    const py::object kept = py::reinterpret_borrow<py::object>(as_aligner(self).built);  // keeps it alive: a parameter may be changed during the call
    double found;
    if (method->cost(a, b) < kShort) {
      found = method->score(a, b, cutoff, thread_workspace());
    } else {
      const py::gil_scoped_release release;
      found = method->score(a, b, cutoff, thread_workspace());
    }
    return PyFloat_FromDouble(method->is_better(cutoff, found) ? method->worst() : found);
  });
}

bool all_are_as(PyObject* query, PyObject* const* items, Py_ssize_t count) {
  // Without a branch per object: objects are scattered in memory, and their cache misses should overlap.
  const auto type = reinterpret_cast<std::uintptr_t>(Py_TYPE(query));
  std::uintptr_t different = 0;
  for (Py_ssize_t k = 0; k < count; ++k) different |= reinterpret_cast<std::uintptr_t>(Py_TYPE(items[k])) ^ type;
  return different == 0;
}

/// Reads the sequences of a list or tuple up to the first whose type is not the query's; returns their number.
Py_ssize_t read(PyObject* query, PyObject* const* items, Py_ssize_t count, Sequence* out) {
  if (!all_are_as(query, items, count)) {
    Py_ssize_t same = 0;
    while (Py_TYPE(items[same]) == Py_TYPE(query)) ++same;
    count = same;
  }
  // Field by field: a whole copy of an object written in parts would stall on store forwarding.
  if (PyUnicode_CheckExact(query)) {
    for (Py_ssize_t k = 0; k < count; ++k) {
      PyObject* const item = items[k];
      const auto kind = PyUnicode_KIND(item) == PyUnicode_1BYTE_KIND   ? Sequence::Kind::u8
                        : PyUnicode_KIND(item) == PyUnicode_2BYTE_KIND ? Sequence::Kind::u16
                                                                       : Sequence::Kind::u32;
      std::construct_at(out + k, PyUnicode_DATA(item), PyUnicode_GET_LENGTH(item), Index{1}, kind);
    }
  } else {
    for (Py_ssize_t k = 0; k < count; ++k)
      std::construct_at(out + k, PyBytes_AS_STRING(items[k]), PyBytes_GET_SIZE(items[k]), Index{1}, Sequence::Kind::u8);
  }
  return count;
}

/// An array of shape (count,) and a pointer to its values; cheaper than py::array_t.
template <class T>
py::object vector_of(py::ssize_t count, T*& values) {
  const py::detail::npy_api& api = py::detail::npy_api::get();
  Py_intptr_t shape = count;
  const auto array = py::reinterpret_steal<py::object>(api.PyArray_NewFromDescr_(
      api.PyArray_Type_, api.PyArray_DescrFromType_(py::detail::npy_format_descriptor<T>::value), 1, &shape, nullptr, nullptr, 0, nullptr));
  if (!array) throw py::error_already_set();
  values = reinterpret_cast<T*>(py::detail::array_proxy(array.ptr())->data);
  return array;
}

PyObject* as_arrays(const std::vector<Neighbour>& found) {
  std::int64_t* indices;
  double* scores;
  const py::object first = vector_of(static_cast<py::ssize_t>(found.size()), indices),
                   second = vector_of(static_cast<py::ssize_t>(found.size()), scores);
  for (std::size_t k = 0; k < found.size(); ++k) indices[k] = found[k].index, scores[k] = found[k].score;
  return PyTuple_Pack(2, first.ptr(), second.ptr());
}

constexpr Py_ssize_t kFirstBlock = 8, kBlock = 64;

/// Objects that are kept alive.
class HeldObjects {
 public:
  HeldObjects(PyObject* const* objects, Py_ssize_t count) : count_(count) {
    for (Py_ssize_t k = 0; k < count; ++k) Py_INCREF(objects_[k] = objects[k]);
  }
  ~HeldObjects() {
    for (Py_ssize_t k = 0; k < count_; ++k) Py_DECREF(objects_[k]);
  }
  HeldObjects(const HeldObjects&) = delete;
  HeldObjects& operator=(const HeldObjects&) = delete;

 private:
  PyObject* objects_[kBlock];
  Py_ssize_t count_;
};

/// nearest() among plain texts that were not prepared; null without an error if the Python side must do it.
PyObject* nearest_text(PyObject* self, PyObject* query, PyObject* references, Index k, const double* cutoff) {
  const Method* method = method_of(self);
  if (method == nullptr) return nullptr;
  const Sequence x = as_sequence(query, "query");
  const std::unique_ptr<Search> search = method->search(x, k, cutoff == nullptr ? method->worst() : *cutoff);
  if (!search) return nullptr;
  const Py_ssize_t size = PySequence_Fast_GET_SIZE(references);
  Sequence y = x;
  if (size > 0 && read(query, PySequence_Fast_ITEMS(references), 1, &y) == 0) return nullptr;
  const double each = std::max(method->cost(x, x), method->cost(x, y));
  const bool takes_long = each * static_cast<double>(size) > kLong;
  const auto begin = takes_long ? Clock::now() : Clock::time_point{};
  Py_ssize_t at = 0;
  bool open = true;
  // The search stops after k perfect matches, which may be among the first: the first blocks are small.
  alignas(Sequence) std::byte room[kBlock * sizeof(Sequence)];  // uninitialised
  auto* const block = std::launder(reinterpret_cast<Sequence*>(room));
  for (Py_ssize_t most = kFirstBlock; at < size && open; most = std::min(2 * most, kBlock)) {
    // A signal handler may run between two blocks and change the list.
    if (PySequence_Fast_GET_SIZE(references) != size) throw std::runtime_error("nearest: references were changed while they were searched");
    if (takes_long && (each > kTurn || Clock::now() - begin > kLongest)) break;
    const Py_ssize_t count = std::min({most, size - at, std::max<Py_ssize_t>(1, static_cast<Py_ssize_t>(kTurn / each))});
    PyObject* const* const items = PySequence_Fast_ITEMS(references) + at;
    const Py_ssize_t texts = read(query, items, count, block);
    const HeldObjects held(items, texts);
    open = search->offer({block, static_cast<std::size_t>(texts)}, at, thread_workspace());
    if (open && texts < count) return nullptr;
    at += count;
  }
  if (open && at < size) {
    // A slice keeps the strings alive: other threads may change the list.
    const auto owned = py::reinterpret_steal<py::object>(PySequence_GetSlice(references, at, size));
    if (!owned) throw py::error_already_set();
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(owned.ptr());
    std::vector<Sequence> rest(static_cast<std::size_t>(count));
    const Py_ssize_t texts = read(query, PySequence_Fast_ITEMS(owned.ptr()), count, rest.data());
    const py::object kept = py::reinterpret_borrow<py::object>(as_aligner(self).built);
    {
      const py::gil_scoped_release release;
      open = search->offer({rest.data(), static_cast<std::size_t>(texts)}, at, thread_workspace());
    }
    if (open && texts < count) return nullptr;
  }
  return as_arrays(search->take());
}

PyObject* nearest(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
  double cutoff = 0;
  Py_ssize_t k = 1;
  bool cut = false, plain = (count == 2 || count == 3) && (PyUnicode_CheckExact(arguments[0]) || PyBytes_CheckExact(arguments[0])) &&
                            (PyList_CheckExact(arguments[1]) || PyTuple_CheckExact(arguments[1]));
  if (plain && names != nullptr) {
    for (Py_ssize_t n = 0; n < PyTuple_GET_SIZE(names) && plain; ++n) {
      PyObject* const name = PyTuple_GET_ITEM(names, n);
      PyObject* const value = arguments[count + n];
      if (is_cutoff(name)) plain = value == Py_None || (cut = as_plain_number(value, cutoff));
      else if (PyUnicode_CompareWithASCIIString(name, "k") == 0 && count == 2 && PyLong_CheckExact(value)) k = PyLong_AsSsize_t(value);
      else plain = false;
    }
  }
  if (plain && count == 3) plain = PyLong_CheckExact(arguments[2]) && ((k = PyLong_AsSsize_t(arguments[2])), true);
  if (PyErr_Occurred() != nullptr) PyErr_Clear(), plain = false;
  if (plain && k >= 1 && k <= PySequence_Fast_GET_SIZE(arguments[1])) {
    PyObject* const found = translated([&] { return nearest_text(self, arguments[0], arguments[1], k, cut ? &cutoff : nullptr); });
    if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  }
  return pass_on(self, "_nearest_of", arguments, count, names);
}

PyObject* forget_method(PyObject* self, PyObject*) {
  forget(as_aligner(self));
  Py_RETURN_NONE;
}

/// Whether a list or tuple holds only str, or only bytes.
PyObject* are_texts(PyObject*, PyObject* values) {
  if (!PyList_CheckExact(values) && !PyTuple_CheckExact(values)) Py_RETURN_FALSE;
  const Py_ssize_t count = PySequence_Fast_GET_SIZE(values);
  PyObject* const* const items = PySequence_Fast_ITEMS(values);
  return PyBool_FromLong(count > 0 && (PyUnicode_CheckExact(items[0]) || PyBytes_CheckExact(items[0])) && all_are_as(items[0], items, count));
}

template <class F>
PyCFunction as_function(F* f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}

constexpr const char* kScoreText =
    "score($self, x, y, *, cutoff=None)\n--\n\n"
    "The score of the best alignment.\n\n"
    "Parameters\n----------\n"
    "x, y : sequence\n    What is aligned. Two `str` or two `bytes` are the quickest.\n"
    "cutoff : float, optional\n"
    "    A score worse than this comes back as the worst of all (inf for costs, -inf for similarities), which is quicker.\n\n"
    "Returns\n-------\nfloat\n    The least cost, or the greatest similarity.";

constexpr const char* kNearestText =
    "nearest($self, query, references, k=1, *, cutoff=None)\n--\n\n"
    "The best references for a query, exactly.\n\n"
    "Parameters\n----------\n"
    "query : sequence\n    What is looked for.\n"
    "references : array, list or mapping of sequences\n"
    "    Among these; of a mapping the values. A `str` among a list of them (or bytes) is the quickest; for many queries see `match` and "
    "`WordIndex`.\n"
    "    Of such a list no more is looked at than is needed, as by ``in``: nothing after `k` that are equal to the query.\n"
    "k : int\n    How many; at most the number of references.\n"
    "cutoff : float, optional\n    None whose score is worse, so that there may be fewer than `k`.\n\n"
    "Returns\n-------\n"
    "indices : ndarray of int64, shape (k,)\n    Best first; among equals the first. Of a mapping their keys, an array of objects.\n"
    "scores : ndarray of float64, shape (k,)\n    Theirs.";

PyMethodDef kMethods[] = {
    {"score", as_function(&score), METH_FASTCALL | METH_KEYWORDS, kScoreText},
    {"nearest", as_function(&nearest), METH_FASTCALL | METH_KEYWORDS, kNearestText},
    {"_are_texts", as_function(&are_texts), METH_O,
     "_are_texts($self, values, /)\n--\n\nWhether a list holds nothing but str, or nothing but bytes."},
    {"_forget", as_function(&forget_method), METH_NOARGS, "_forget($self, /)\n--\n\nLet go of what was prepared of the query and the references."},
    {nullptr, nullptr, 0, nullptr}};

void deallocate(PyObject* self) {
  PyTypeObject* const type = Py_TYPE(self);
  forget(as_aligner(self));
  type->tp_free(self);
  Py_DECREF(type);
}

PyType_Slot kSlots[] = {{Py_tp_methods, kMethods}, {Py_tp_dealloc, reinterpret_cast<void*>(&deallocate)}, {0, nullptr}};
PyType_Spec kSpec = {"plait._core.TextAligner", sizeof(TextAligner), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, kSlots};

}  // namespace

void bind_align_text(py::module_& m) {
  const auto type = py::reinterpret_steal<py::object>(PyType_FromSpec(&kSpec));
  if (!type) throw py::error_already_set();
  m.attr("TextAligner") = type;
}
