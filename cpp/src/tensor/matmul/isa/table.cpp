// The table of the dense product's loops for one level.
#include "internal.hpp"

namespace plait::tensor {
namespace PLAIT_ISA_NS {
namespace {

template <class T>
constexpr MatmulKernels<T> kernels() {
  return {kLanes<T>, 1.0 / kLanes<T>, kLanes<T, kHalfBytes>, kTileRows,     kFewRows, kRowsByColumns, kChunkOfManyRows, panel_product<T>,
          dots<T>,   pack<T>,         row_times<T>,          row_streams<T>};
}

}  // namespace

const MatmulTable& matmul_table() {
  static constexpr MatmulTable table = {kernels<float>(), kernels<double>()};
  return table;
}

}  // namespace PLAIT_ISA_NS
}  // namespace plait::tensor
