// Check of user-supplied derivatives against finite differences.
#pragma once

#include "evaluation.hpp"

namespace plait::optimize {

struct WrongDerivative {
  double by = 0;  ///< relative difference
  int row = -1;   ///< -1: the objective
};

/// Compares derivatives at a point with finite differences along one direction; `steepest`: the largest slope of the run.
bool derivatives_agree_at(Evaluation& e, Point& at, double steepest, WrongDerivative& wrong);

}  // namespace plait::optimize
