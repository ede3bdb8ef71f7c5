// Whether derivatives that the user gives are those of the values.
#pragma once

#include "evaluation.hpp"

namespace plait::optimize {

struct WrongDerivative {
  double by = 0;  ///< relative difference
  int row = -1;   ///< -1: the objective
};

/// Compares derivatives at a point with a difference of values along one direction; `steepest` is the steepest slope of the run.
bool derivatives_agree_at(Evaluation& e, Point& at, double steepest, WrongDerivative& wrong);

}  // namespace plait::optimize
