// train: the loops over data. Arrays are not copied: a Loop keeps them alive.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "graph.hpp"
#include "plait/base/error.hpp"
#include "plait/train/loop.hpp"
#include "plait/train/steps.hpp"

namespace {

using namespace plait;
using namespace plait::bindings;

SourceType source_of(const py::array& array) {
  const py::dtype type = array.dtype();
  if (type.is(py::dtype::of<bool>()) || type.kind() == 'b') return SourceType::boolean;
  if (type.kind() == 'u' && type.itemsize() == 1) return SourceType::uint8;
  if (type.kind() == 'i' && type.itemsize() == 4) return SourceType::int32;
  if (type.kind() == 'i' && type.itemsize() == 8) return SourceType::int64;
  if (type.kind() == 'f' && type.itemsize() == 4) return SourceType::float32;
  if (type.kind() == 'f' && type.itemsize() == 8) return SourceType::float64;
  throw DTypeError(message("data: dtype ", py::str(type).cast<std::string>(), " is none that a batch can be gathered from"));
}

Rows rows_of(const py::array& array, bool fixed) {
  PLAIT_REQUIRE((array.flags() & py::array::c_style) != 0, "data: expected a contiguous array");
  Rows rows{.data = array.data(), .type = source_of(array), .count = kAny, .shape = Shape(array.shape(), array.shape() + array.ndim())};
  if (!fixed) {
    PLAIT_REQUIRE_AS(ShapeError, array.ndim() > 0, "data: an array without axes has no rows");
    rows.count = rows.shape[0];
    rows.shape.erase(rows.shape.begin());
  }
  return rows;
}

using BatchProgram = std::shared_ptr<Program>;

/// All parameters that nodes depend on, oldest first.
py::list parameters_of(const py::object& nodes) {
  std::vector<NodeRef> found;
  for (Node* node : ancestors(require_nodes(nodes, "parameters")))
    if (node->op == &ops::parameter) found.emplace_back(node);
  return to_python(found);
}

/// EpochResult for Python.
struct BoundResult {
  std::string status;
  Index steps;
  double bad_loss;
  std::vector<double> means;
  std::string bad_parameter;
};

/// A Loop and the arrays that it reads.
class BoundLoop {
 public:
  BoundLoop(BatchProgram program, std::vector<py::object> arrays, const std::vector<bool>& fixed, Index batch_size) : arrays_(std::move(arrays)) {
    PLAIT_REQUIRE(fixed.size() == arrays_.size() && arrays_.size() == program->inputs().size(), "Loop: ", program->inputs().size(), " inputs, ",
                  arrays_.size(), " arrays");
    std::vector<Rows> rows;
    for (std::size_t i = 0; i < arrays_.size(); ++i)
      rows.push_back(program->inputs()[i]->op->opaque ? sparse_rows(arrays_[i], *program->inputs()[i]) : rows_of(arrays_[i], fixed[i]));
    const py::gil_scoped_release release;
    loop_ = std::make_unique<Loop>(std::move(program), std::move(rows), batch_size);
  }

  BoundResult run(Index epoch, bool shuffle, std::uint64_t shuffle_seed, std::uint64_t seed, std::uint64_t first_run, bool stop_at_not_finite,
                  const py::object& progress, int threads) {
    const EpochOptions options{epoch, shuffle, shuffle_seed, seed, first_run, stop_at_not_finite, threads};
    ProgressCallback callback;
    if (!progress.is_none())
      callback = [&progress](const Progress& p) {
        const py::gil_scoped_acquire gil;
        progress(p.epoch, p.step, p.steps, p.loss);
      };
    EpochResult result;
    {
      const py::gil_scoped_release release;
      result = loop_->run(options, callback);
    }
    constexpr const char* kStatus[] = {"done", "loss", "parameter"};
    return {kStatus[static_cast<int>(result.status)], result.steps, result.bad_loss, result.means,
            result.bad_parameter ? result.bad_parameter->label() : ""};
  }

  std::vector<py::array> predict(std::uint64_t seed, std::uint64_t first_run, int threads) {
    std::vector<py::array> results;
    std::vector<void*> destinations;
    for (const Spec& spec : loop_->predicted()) {
      results.push_back(py::reinterpret_borrow<py::array>(new_array(spec.shape, spec.dtype)));
      destinations.push_back(results.back().mutable_data());
    }
    const py::gil_scoped_release release;
    loop_->predict(destinations.data(), seed, first_run, threads);
    return results;
  }

  [[nodiscard]] Index rows() const { return loop_->rows(); }
  [[nodiscard]] Index steps() const { return loop_->steps(); }

 private:
  std::vector<py::object> arrays_;
  std::unique_ptr<Loop> loop_;
};

/// A StepLoop and the arrays that it reads.
class BoundSteps {
 public:
  BoundSteps(BatchProgram program, std::vector<py::array> arrays, Index batch_size) : arrays_(std::move(arrays)) {
    std::vector<Rows> rows;
    for (const py::array& array : arrays_) rows.push_back(rows_of(array, false));
    const py::gil_scoped_release release;
    loop_ = std::make_unique<StepLoop>(std::move(program), std::move(rows), batch_size);
  }

  Index run(std::uint64_t seed, std::uint64_t first, const py::array_t<double, py::array::c_style>& record) {
    PLAIT_REQUIRE_AS(ShapeError, record.ndim() == 2 && record.shape(1) == loop_->width(), "StepLoop: expected a record of rows of ", loop_->width(),
                     " numbers");
    py::array_t<double, py::array::c_style> into = record;
    double* const data = into.mutable_data();
    const Index n = into.shape(0);
    Index done = 0;
    const py::gil_scoped_release release;
    loop_->run(n, seed, first, data, done);
    return done;
  }

  [[nodiscard]] Index width() const { return loop_->width(); }

 private:
  std::vector<py::array> arrays_;
  std::unique_ptr<StepLoop> loop_;
};

}  // namespace

void bind_train(py::module_& m) {
  py::class_<Program, BatchProgram>(m, "BatchProgram", "Outputs and updates compiled for a Loop, which feeds it itself.")
      .def(py::init([](const py::object& outputs, const py::dict& updates) {
             Updates pairs;
             for (const auto& [parameter, value] : updates) pairs.emplace_back(require_node(parameter, "updates"), require_node(value, "updates"));
             return std::make_shared<Program>(require_nodes(outputs, "outputs"), std::move(pairs));
           }),
           py::arg("outputs"), py::arg("updates") = py::dict())
      .def_property_readonly("inputs", [](const Program& p) { return to_python(p.inputs()); });
  m.def("parameters_of", &parameters_of, py::arg("nodes"), "All parameters that the nodes depend on, oldest first.");
  py::class_<BoundResult>(m, "LoopResult", "How an epoch went.")
      .def_readonly("status", &BoundResult::status, "'done'; 'loss' or 'parameter', whichever is not finite.")
      .def_readonly("steps", &BoundResult::steps)
      .def_readonly("bad_loss", &BoundResult::bad_loss)
      .def_readonly("means", &BoundResult::means, "Of every output, over rows.")
      .def_readonly("bad_parameter", &BoundResult::bad_parameter);
  py::class_<BoundSteps>(m, "StepLoop", "A program run many times in a row, its outputs kept.")
      .def(py::init<BatchProgram, std::vector<py::array>, Index>(), py::arg("program"), py::arg("arrays"), py::arg("batch_size"))
      .def("run", &BoundSteps::run, py::arg("seed"), py::arg("first"), py::arg("record"), "A run for each row of the record; how many.")
      .def_property_readonly("width", &BoundSteps::width);
  py::class_<BoundLoop>(m, "Loop", "A program, the arrays that feed its inputs in batches, and the loops over them.")
      .def(py::init<BatchProgram, std::vector<py::object>, const std::vector<bool>&, Index>(), py::arg("program"), py::arg("arrays"),
           py::arg("fixed"), py::arg("batch_size"))
      .def("run", &BoundLoop::run, py::arg("epoch"), py::arg("shuffle"), py::arg("shuffle_seed"), py::arg("seed"), py::arg("first_run"),
           py::arg("stop_at_not_finite"), py::arg("progress"), py::arg("threads") = 0, "Every batch once.")
      .def("predict", &BoundLoop::predict, py::arg("seed"), py::arg("first_run"), py::arg("threads") = 0,
           "Every batch in order, the outputs' rows one after the other.")
      .def_property_readonly("rows", &BoundLoop::rows)
      .def_property_readonly("steps", &BoundLoop::steps);
}
