// C4.5 decision trees: from arrays to a Tree. Shapes and dtypes are checked here, all else in the core.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "modules.hpp"
#include "plait/base/error.hpp"
#include "plait/tree/fit.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;
using plait::tree::Index;
using plait::tree::Tree;

template <class T>
using In = py::array_t<T, py::array::c_style>;

template <class T>
py::array_t<T> array_of(const std::vector<T>& values) {
  return py::array_t<T>(static_cast<py::ssize_t>(values.size()), values.data());
}
template <class T>
std::vector<T> vector_of(const In<T>& array) {
  return std::vector<T>(array.data(), array.data() + array.size());
}

Tree make_tree(std::int32_t classes, const In<std::int32_t>& categories, const In<std::int32_t>& attribute, const In<double>& threshold,
               const In<std::int32_t>& first, const In<std::int32_t>& branches, const In<std::int32_t>& map, const In<double>& weight,
               const In<double>& counts, const In<std::int32_t>& maps) {
  Tree tree;
  tree.classes = classes;
  tree.categories = vector_of(categories);
  tree.features = static_cast<std::int32_t>(tree.categories.size());
  tree.attribute = vector_of(attribute);
  tree.threshold = vector_of(threshold);
  tree.first = vector_of(first);
  tree.branches = vector_of(branches);
  tree.map = vector_of(map);
  tree.weight = vector_of(weight);
  tree.counts = vector_of(counts);
  tree.maps = vector_of(maps);
  tree.validate();
  return tree;
}

Index rows_of(const In<double>& values, std::int32_t features) {
  PLAIT_REQUIRE_AS(ShapeError, values.ndim() == 2 && values.shape(1) == features, "values: expected (rows, ", features, ")");
  return values.shape(0);
}

py::array_t<double> histogram(const In<std::uint16_t>& codes, const In<std::uint16_t>& labels, const std::optional<In<double>>& weights,
                              const In<std::int32_t>& offsets, std::int32_t classes) {
  PLAIT_REQUIRE_AS(
      ShapeError,
      codes.ndim() == 2 && labels.size() == codes.shape(0) && offsets.size() == codes.shape(1) + 1 && (!weights || weights->size() == labels.size()),
      "histogram: arrays do not fit");
  const Index d = codes.shape(1), cells = offsets.data()[d];
  for (Index i = 0; i < codes.shape(0); ++i) {
    PLAIT_REQUIRE(labels.data()[i] < classes, "histogram: label ", labels.data()[i]);
    for (Index f = 0; f < d; ++f)
      PLAIT_REQUIRE(codes.data()[i * d + f] < offsets.data()[f + 1] - offsets.data()[f], "histogram: code ", codes.data()[i * d + f]);
  }
  py::array_t<double> out({cells, static_cast<Index>(classes)});
  double* to = out.mutable_data();
  std::fill(to, to + out.size(), 0.0);
  tree::add_histogram(
      {codes.data(), labels.data(), weights ? weights->data() : nullptr, codes.shape(0), static_cast<std::int32_t>(d), classes, offsets.data()}, to);
  return out;
}

Tree fit(const In<double>& values, const In<std::uint16_t>& labels, std::int32_t classes, const std::optional<In<double>>& weights,
         const std::vector<std::int32_t>& categories, double min_leaf, double confidence, bool prune, bool raising, bool subsets, int max_depth,
         int max_bins, int threads, const py::object& collect) {
  PLAIT_REQUIRE_AS(ShapeError, values.ndim() == 2 && labels.size() == values.shape(0) && (!weights || weights->size() == labels.size()),
                   "fit: arrays do not fit");
  tree::Samples samples;
  samples.values = values.data();
  samples.rows = values.shape(0);
  samples.features = static_cast<std::int32_t>(values.shape(1));
  samples.labels = labels.data();
  samples.classes = classes;
  samples.weights = weights ? weights->data() : nullptr;
  samples.categories = categories;
  tree::Options options;
  options.min_leaf = min_leaf;
  options.confidence = confidence;
  options.prune = prune;
  options.subtree_raising = raising;
  options.subsets = subsets;
  options.max_depth = max_depth;
  options.max_bins = max_bins;
  options.threads = threads;
  if (!collect.is_none())
    options.collect = [&collect](const tree::HistogramRequest& request, double* out) {
      const py::gil_scoped_acquire gil;
      const py::array_t<std::uint16_t> codes({request.cases, static_cast<Index>(request.features)}, request.codes);
      const py::array_t<std::uint16_t> classes_of(request.cases, request.labels);
      const py::object weights_of = request.weights == nullptr ? py::object(py::none()) : py::array_t<double>(request.cases, request.weights);
      const py::array_t<std::int32_t> offsets(request.features + 1, request.offsets);
      const auto sums = py::cast<In<double>>(collect(codes, classes_of, weights_of, offsets, request.classes));
      PLAIT_REQUIRE_AS(ShapeError, sums.size() == static_cast<Index>(request.offsets[request.features]) * request.classes,
                       "executor: histograms of another size came back");
      std::copy_n(sums.data(), sums.size(), out);
    };
  const py::gil_scoped_release release;
  return tree::fit(samples, options);
}

template <class T, class F>
py::array_t<T> for_rows(const Tree& tree, const In<double>& values, Index columns, F&& f) {
  const Index rows = rows_of(values, tree.features);
  py::array_t<T> out = columns > 0 ? py::array_t<T>({rows, columns}) : py::array_t<T>(rows);
  T* to = out.mutable_data();
  const py::gil_scoped_release release;
  f(values.data(), rows, to);
  return out;
}

}  // namespace

void bind_tree(py::module_& m) {
  auto submodule = m.def_submodule("tree", "C4.5 decision trees.");
  py::class_<Tree>(submodule, "Tree", "A decision tree as flat arrays.")
      .def(py::init(&make_tree), py::arg("classes"), py::arg("categories"), py::arg("attribute"), py::arg("threshold"), py::arg("first"),
           py::arg("branches"), py::arg("map"), py::arg("weight"), py::arg("counts"), py::arg("maps"))
      .def(py::pickle(
          [](const Tree& t) {
            return py::make_tuple(t.classes, array_of(t.categories), array_of(t.attribute), array_of(t.threshold), array_of(t.first),
                                  array_of(t.branches), array_of(t.map), array_of(t.weight), array_of(t.counts), array_of(t.maps));
          },
          [](const py::tuple& s) {
            PLAIT_REQUIRE(s.size() == 10, "Tree: ", s.size(), " parts in a pickle, 10 were expected");
            using Ints = In<std::int32_t>;
            using Floats = In<double>;
            return make_tree(s[0].cast<std::int32_t>(), s[1].cast<Ints>(), s[2].cast<Ints>(), s[3].cast<Floats>(), s[4].cast<Ints>(),
                             s[5].cast<Ints>(), s[6].cast<Ints>(), s[7].cast<Floats>(), s[8].cast<Floats>(), s[9].cast<Ints>());
          }))
      .def_readonly("classes", &Tree::classes)
      .def_property_readonly("categories", [](const Tree& t) { return array_of(t.categories); })
      .def_property_readonly("attribute", [](const Tree& t) { return array_of(t.attribute); })
      .def_property_readonly("threshold", [](const Tree& t) { return array_of(t.threshold); })
      .def_property_readonly("first", [](const Tree& t) { return array_of(t.first); })
      .def_property_readonly("branches", [](const Tree& t) { return array_of(t.branches); })
      .def_property_readonly("map", [](const Tree& t) { return array_of(t.map); })
      .def_property_readonly("weight", [](const Tree& t) { return array_of(t.weight); })
      .def_property_readonly("maps", [](const Tree& t) { return array_of(t.maps); })
      .def_property_readonly("counts", [](const Tree& t) { return array_of(t.counts).reshape({t.size(), static_cast<Index>(t.classes)}); })
      .def(
          "predict",
          [](const Tree& t, const In<double>& x, int threads) {
            return for_rows<std::int32_t>(t, x, 0, [&](const double* v, Index n, std::int32_t* out) { t.predict(v, n, out, threads); });
          },
          py::arg("values"), py::arg("threads") = 0)
      .def(
          "apply",
          [](const Tree& t, const In<double>& x, int threads) {
            return for_rows<std::int32_t>(t, x, 0, [&](const double* v, Index n, std::int32_t* out) { t.apply(v, n, out, threads); });
          },
          py::arg("values"), py::arg("threads") = 0)
      .def(
          "probabilities",
          [](const Tree& t, const In<double>& x, int threads) {
            return for_rows<double>(t, x, t.classes, [&](const double* v, Index n, double* out) { t.probabilities(v, n, out, threads); });
          },
          py::arg("values"), py::arg("threads") = 0);
  submodule.def("fit", &fit, py::arg("values"), py::arg("labels"), py::arg("classes"), py::arg("weights"), py::arg("categories"), py::arg("min_leaf"),
                py::arg("confidence"), py::arg("prune"), py::arg("subtree_raising"), py::arg("subsets"), py::arg("max_depth"), py::arg("max_bins"),
                py::arg("threads"), py::arg("collect"));
  submodule.def("histogram", &histogram, py::arg("codes"), py::arg("labels"), py::arg("weights"), py::arg("offsets"), py::arg("classes"),
                "Sums of weights by (bin, class), the bins of all features one after the other.");
  submodule.def("added_errors", &tree::added_errors, py::arg("weight"), py::arg("errors"), py::arg("confidence"));
}
