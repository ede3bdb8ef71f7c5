// WordIndex: words indexed for queries within a few edits; single and batch queries.
#include <algorithm>
#include <vector>

#include "align.hpp"
#include "plait/align/word_index.hpp"
#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using namespace plait::align;

/// An index, and the words that it keeps alive.
struct PyWordIndex {
  PyWordIndex(const py::list& given, Index edits) : words(given.size()) {
    std::vector<Sequence> sequences;
    sequences.reserve(given.size());
    for (py::size_t k = 0; k < given.size(); ++k) {
      words[k] = given[k];
      sequences.push_back(as_sequence(words[k].ptr(), "words"));
    }
    const py::gil_scoped_release release;
    index = std::make_unique<WordIndex>(std::move(sequences), edits);
  }
  py::list words;
  std::unique_ptr<WordIndex> index;
};

/// The best matches of all queries concatenated, and the offset of each query's.
py::tuple within_of_each(const PyWordIndex& self, const Method& method, const py::list& objects, Index k, double cutoff, double least, int threads) {
  std::vector<Sequence> queries;
  for (const py::handle object : objects) queries.push_back(as_sequence(object.ptr(), "queries"));
  std::vector<std::vector<Neighbour>> found(queries.size());
  {
    const py::gil_scoped_release release;
    constexpr Index kTask = 16;
    const Index size = static_cast<Index>(queries.size());
    parallel_for((size + kTask - 1) / kTask,
                 [&](std::int64_t task, int) {
                   for (Index q = task * kTask; q < std::min(size, (task + 1) * kTask); ++q) {
                     found[static_cast<std::size_t>(q)] =
                         self.index->nearest(method, queries[static_cast<std::size_t>(q)], k, cutoff, least, thread_workspace());
                   }
                   poll_interrupt();
                 },
                 threads);
  }
  py::array_t<std::int64_t> begin(static_cast<py::ssize_t>(found.size()) + 1);
  begin.mutable_data()[0] = 0;
  for (std::size_t q = 0; q < found.size(); ++q) begin.mutable_data()[q + 1] = begin.data()[q] + static_cast<std::int64_t>(found[q].size());
  const std::int64_t all = begin.data()[found.size()];
  py::array_t<std::int64_t> indices(all);
  py::array_t<double> scores(all);
  std::int64_t* at = indices.mutable_data();
  double* score = scores.mutable_data();
  for (const std::vector<Neighbour>& of_one : found) {
    for (const Neighbour& neighbour : of_one) *at++ = neighbour.index, *score++ = neighbour.score;
  }
  return py::make_tuple(begin, indices, scores);
}

py::tuple within(const PyWordIndex& self, const Method& method, const py::object& query, Index k, double cutoff, double least) {
  const std::vector<Neighbour> found = self.index->nearest(method, as_sequence(query.ptr(), "query"), k, cutoff, least, thread_workspace());
  const py::ssize_t count = static_cast<py::ssize_t>(found.size());
  py::array_t<std::int64_t> indices(count);
  py::array_t<double> scores(count);
  for (std::size_t n = 0; n < found.size(); ++n) indices.mutable_data()[n] = found[n].index, scores.mutable_data()[n] = found[n].score;
  return py::make_tuple(indices, scores);
}

}  // namespace

void bind_align_index(py::module_& m) {
  py::class_<PyWordIndex>(m, "WordIndex")
      .def(py::init<const py::list&, Index>(), py::arg("words"), py::arg("edits"), py::pos_only())
      .def("within", &within, py::arg("method"), py::arg("query"), py::arg("k"), py::arg("cutoff"), py::arg("least"), py::pos_only())
      .def("within_of_each", &within_of_each, py::arg("method"), py::arg("queries"), py::arg("k"), py::arg("cutoff"), py::arg("least"),
           py::arg("threads"), py::pos_only())
      .def_property_readonly("bytes", [](const PyWordIndex& self) { return self.index->bytes(); })
      .def_property_readonly("prefix", [](const PyWordIndex& self) { return self.index->prefix(); })
      .def_property_readonly_static("most_edits", [](const py::object&) { return WordIndex::kMostEdits; });
}
