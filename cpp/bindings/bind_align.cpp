// align: one class for all methods, with conversion, checks and the GIL in one place.
#include <pybind11/stl.h>

#include <span>

#include "align.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

/// Below this many cells (about 10 µs) the GIL is kept: releasing it costs more than it gains.
constexpr Index kReleaseCells = 20'000;

struct PyReferences {
  std::unique_ptr<References> references;
  py::list owners;
};

std::vector<Sequence> as_sequences(const py::list& objects, const char* name) {
  std::vector<Sequence> out;
  out.reserve(objects.size());
  for (const py::handle object : objects) out.push_back(as_sequence(object.ptr(), name));
  return out;
}

template <class F>
auto without_gil(Index cells, F&& f) {
  if (cells < kReleaseCells) return f();
  const py::gil_scoped_release release;
  return f();
}

/// check() for all pairs; the error message names the pair.
void check_pairs(const Method& method, const std::vector<Sequence>& x, const References& y) {
  if (method.takes_any_pair()) return;
  for (std::size_t i = 0; i < x.size(); ++i) {
    poll_interrupt();
    for (Index k = 0; k < y.size(); ++k) {
      try {
        method.check(x[i], y[k]);
      } catch (const ShapeError& error) {
        throw ShapeError(message(error.what(), " (row ", i, ", column ", k, ")"));
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(message(error.what(), " (row ", i, ", column ", k, ")"));
      }
    }
  }
}

/// Whether paths exist between a series of length n and series of other lengths; other errors, as of empty series, are left to check().
std::vector<bool> reaches(const Method& method, Index n, const std::vector<Index>& lengths, Index width) {
  std::vector<bool> out(lengths.size(), true);
  for (std::size_t k = 0; k < lengths.size() && n > 0; ++k) {
    try {
      if (lengths[k] > 0) method.check({nullptr, n, width}, {nullptr, lengths[k], width});
    } catch (const ShapeError&) {
      out[k] = true;  // an error independent of the length: left to check()
    } catch (const std::invalid_argument&) {
      out[k] = false;
    }
  }
  return out;
}

double score(const Method& method, const py::object& x, const py::object& y, double cutoff) {
  const Sequence a = as_sequence(x.ptr(), "x"), b = as_sequence(y.ptr(), "y");
  method.check(a, b);
  const double found = without_gil(a.length * b.length, [&] { return method.score(a, b, cutoff, thread_workspace()); });
  return method.is_better(cutoff, found) ? method.worst() : found;
}

py::tuple as_tuple(const Path& found) {
  py::array_t<std::int64_t> pairs({static_cast<py::ssize_t>(found.pairs.size() / 2), py::ssize_t{2}});
  std::copy(found.pairs.begin(), found.pairs.end(), pairs.mutable_data());
  return py::make_tuple(found.score, pairs);
}

py::tuple path(const Method& method, const py::object& x, const py::object& y, std::size_t memory_limit) {
  const Sequence a = as_sequence(x.ptr(), "x"), b = as_sequence(y.ptr(), "y");
  method.check(a, b);
  return as_tuple(without_gil(a.length * b.length, [&] { return method.path(a, b, memory_limit, thread_workspace()); }));
}

py::list path_of_each(const Method& method, const py::object& query, const PyReferences& against, std::size_t memory_limit, int threads) {
  const Sequence x = as_sequence(query.ptr(), "query");
  std::vector<Path> found;
  {
    const py::gil_scoped_release release;
    check_pairs(method, {x}, *against.references);
    found = paths(method, x, *against.references, memory_limit, threads);
  }
  py::list out;
  for (const Path& path : found) out.append(as_tuple(path));
  return out;
}

double count(const Method& method, const py::object& x, const py::object& y) {
  const Sequence a = as_sequence(x.ptr(), "x"), b = as_sequence(y.ptr(), "y");
  method.check(a, b);
  return without_gil(a.length * b.length, [&] { return method.count(a, b); });
}

std::unique_ptr<PyReferences> prepare(const Method& method, const py::list& objects) {
  auto out = std::make_unique<PyReferences>();
  out->owners = py::list(objects.size());  // a copy: the caller may change the list
  for (py::size_t k = 0; k < objects.size(); ++k) out->owners[k] = objects[k];
  out->references = method.prepare(as_sequences(out->owners, "Y"));
  return out;
}

/// The same for codes in one array: sequence k is codes[begins[k]] … codes[begins[k] + lengths[k] - 1].
std::unique_ptr<PyReferences> prepare_parts(const Method& method, const py::array_t<std::uint8_t, py::array::c_style>& codes,
                                            const py::array_t<std::int64_t, py::array::c_style>& begins,
                                            const py::array_t<std::int64_t, py::array::c_style>& lengths) {
  PLAIT_REQUIRE(begins.size() == lengths.size(), "prepare_parts: ", begins.size(), " begins and ", lengths.size(), " lengths");
  std::vector<Sequence> sequences;
  sequences.reserve(static_cast<std::size_t>(begins.size()));
  for (py::ssize_t k = 0; k < begins.size(); ++k) {
    const Index begin = begins.data()[k], length = lengths.data()[k];
    PLAIT_REQUIRE(begin >= 0 && length >= 0 && begin + length <= codes.size(), "prepare_parts: sequence ", k, " is outside of the codes");
    sequences.push_back({codes.data() + begin, length, 1, Sequence::Kind::u8});
  }
  auto out = std::make_unique<PyReferences>();
  out->owners.append(codes);
  out->references = method.prepare(std::move(sequences));
  return out;
}

void all_pairs(const Method& method, const py::list& rows, const PyReferences& columns, bool same, double cutoff, py::array_t<double> out,
               int threads) {
  const std::vector<Sequence> x = as_sequences(rows, "X");
  const References& y = *columns.references;
  PLAIT_REQUIRE(
      out.ndim() == 2 && out.shape(0) == static_cast<py::ssize_t>(x.size()) && out.shape(1) == y.size() && (out.flags() & py::array::c_style) != 0,
      "pairwise: out must be a contiguous float64 array of shape (", x.size(), ", ", y.size(), ")");
  double* data = out.mutable_data();
  const py::gil_scoped_release release;
  check_pairs(method, x, y);
  pairwise(method, x, y, same, cutoff, data, threads);
}

py::tuple nearest(const Method& method, const py::list& objects, const PyReferences& against, Index k, double cutoff, int threads) {
  const std::vector<Sequence> queries = as_sequences(objects, "query");
  const Index rows = static_cast<Index>(queries.size());
  std::vector<Neighbour> found(static_cast<std::size_t>(rows * k));
  {
    const py::gil_scoped_release release;
    check_pairs(method, queries, *against.references);
    nearest_of_each(method, queries, *against.references, k, cutoff, found.data(), threads);
  }
  py::array_t<std::int64_t> indices({rows, k});
  py::array_t<double> scores({rows, k});
  for (std::size_t at = 0; at < found.size(); ++at) {
    indices.mutable_data()[at] = found[at].index;
    scores.mutable_data()[at] = found[at].score;
  }
  return py::make_tuple(indices, scores);
}

}  // namespace

Sequence as_sequence(PyObject* object, const char* name) {
  Sequence out;
  if (PyUnicode_Check(object)) {
    out = {PyUnicode_DATA(object), PyUnicode_GET_LENGTH(object), 1, Sequence::Kind::u8};
    const int kind = PyUnicode_KIND(object);
    if (kind != PyUnicode_1BYTE_KIND) out.kind = kind == PyUnicode_2BYTE_KIND ? Sequence::Kind::u16 : Sequence::Kind::u32;
    return out;
  }
  if (PyBytes_Check(object)) return {PyBytes_AS_STRING(object), PyBytes_GET_SIZE(object), 1, Sequence::Kind::u8};
  if (!py::isinstance<py::array>(object)) throw py::type_error(message(name, ": expected an array, got ", Py_TYPE(object)->tp_name));
  const auto array = py::reinterpret_borrow<py::array>(object);
  const py::dtype dtype = array.dtype();
  const bool numbers = dtype.kind() == 'f' && dtype.itemsize() == 8;
  const bool symbols = dtype.kind() == 'u' && dtype.itemsize() <= 4;
  if ((array.flags() & py::array::c_style) == 0 || !(numbers ? array.ndim() == 1 || array.ndim() == 2 : symbols && array.ndim() == 1)) {
    throw py::type_error(message(name, ": the core takes contiguous arrays of float64 (n,), (n, d) or unsigned symbols (n,)"));
  }
  out.data = array.data();
  out.length = array.shape(0);
  out.width = array.ndim() == 2 ? array.shape(1) : 1;
  if (symbols) out.kind = dtype.itemsize() == 1 ? Sequence::Kind::u8 : dtype.itemsize() == 2 ? Sequence::Kind::u16 : Sequence::Kind::u32;
  return out;
}

void bind_align(py::module_& m) {
  py::class_<PyReferences>(m, "References").def("__len__", [](const PyReferences& self) { return self.references->size(); });
  py::class_<Method>(m, "Method")
      .def("score", &score, py::arg("x"), py::arg("y"), py::arg("cutoff"), py::pos_only())
      .def(
          "score", [](const Method& self, const py::object& x, const py::object& y) { return score(self, x, y, self.worst()); }, py::arg("x"),
          py::arg("y"), py::pos_only())
      .def("path", &path, py::arg("x"), py::arg("y"), py::arg("memory_limit"), py::pos_only())
      .def("paths", &path_of_each, py::arg("query"), py::arg("references"), py::arg("memory_limit"), py::arg("threads"), py::pos_only())
      .def("count", &count, py::arg("x"), py::arg("y"), py::pos_only())
      .def("reaches", &reaches, py::arg("n"), py::arg("lengths"), py::arg("width"), py::pos_only())
      .def("prepare", &prepare, py::arg("sequences"), py::pos_only())
      .def("prepare_parts", &prepare_parts, py::arg("codes"), py::arg("begins"), py::arg("lengths"), py::pos_only())
      .def("pairwise", &all_pairs, py::arg("X"), py::arg("Y"), py::arg("same"), py::arg("cutoff"), py::arg("out"), py::arg("threads"), py::pos_only())
      .def("nearest", &nearest, py::arg("queries"), py::arg("references"), py::arg("k"), py::arg("cutoff"), py::arg("threads"), py::pos_only())
      .def_property_readonly("symmetric", &Method::symmetric)
      .def_property_readonly("worst", &Method::worst);
  bind_align_elastic(m);
  bind_align_edit(m);
  bind_align_text(m);
  bind_align_index(m);
  bind_align_custom(m);
  bind_align_soft(m);
  bind_align_pairwise(m);
  bind_align_database(m);
}
