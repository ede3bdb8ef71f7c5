// For database search: FASTA text as codes.
#include <algorithm>
#include <memory>

#include "align.hpp"
#include "plait/align/fasta.hpp"
#include "plait/base/error.hpp"

namespace {

using namespace plait;
using namespace plait::align;

template <class T>
py::array_t<T> as_array(std::vector<T>&& values) {
  auto* held = new std::vector<T>(std::move(values));
  const py::capsule owner(held, [](void* pointer) { delete static_cast<std::vector<T>*>(pointer); });
  return py::array_t<T>(static_cast<py::ssize_t>(held->size()), held->data(), owner);
}

/// (codes, begins, headers, consumed) of the complete records in the text.
py::tuple read_records(const py::bytes& text, const py::bytes& table, bool last) {
  char *data = nullptr, *codes = nullptr;
  py::ssize_t size = 0, count = 0;
  if (PyBytes_AsStringAndSize(text.ptr(), &data, &size) != 0 || PyBytes_AsStringAndSize(table.ptr(), &codes, &count) != 0)
    throw py::error_already_set();
  PLAIT_REQUIRE(count == 256, "table: expected 256 bytes, got ", count);
  FastaTable lookup;
  std::copy(codes, codes + count, reinterpret_cast<char*>(lookup.data()));
  FastaPiece found;
  {
    const py::gil_scoped_release release;
    found = read_fasta({data, static_cast<std::size_t>(size)}, lookup, last);
  }
  const Index consumed = found.consumed;
  return py::make_tuple(as_array(std::move(found.codes)), as_array(std::move(found.begins)), as_array(std::move(found.headers)), consumed);
}

}  // namespace

void bind_align_database(py::module_& m) {
  m.attr("FASTA_SKIPPED") = kFastaSkipped;
  m.attr("FASTA_REFUSED") = kFastaRefused;
  m.def("read_fasta", &read_records, py::arg("text"), py::arg("table"), py::arg("last"), py::pos_only());
}
