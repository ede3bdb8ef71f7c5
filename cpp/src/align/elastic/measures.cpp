#include <algorithm>
#include <cmath>

#include "align/elastic/measure.hpp"
#include "plait/align/elastic.hpp"
#include "plait/base/error.hpp"

namespace plait::align {

using namespace detail;

std::unique_ptr<Method> make_elastic(const std::string& key, std::vector<double> parameters, const ElasticOptions& options) {
  Measure measure;
  while (measure.cost != Cost::count && measure.traits().key != key) measure.cost = static_cast<Cost>(static_cast<int>(measure.cost) + 1);
  PLAIT_REQUIRE(measure.cost != Cost::count, "elastic: there is no measure ", key);
  const CostTraits& traits = measure.traits();
  const auto finite = [](double value) { return std::isfinite(value); };
  if (traits.per_value) {
    PLAIT_REQUIRE(!parameters.empty() && std::all_of(parameters.begin(), parameters.end(), finite), traits.parameters[0],
                  ": expected a finite number, or one for each value of an element");
  } else {
    const auto expected = std::count_if(traits.parameters, traits.parameters + 2, [](const char* name) { return name != nullptr; });
    PLAIT_REQUIRE(static_cast<std::ptrdiff_t>(parameters.size()) == expected, traits.name, ": expected ", expected, " parameters, got ",
                  parameters.size());
    // Early abandoning requires non-negative costs.
    for (std::size_t k = 0; k < parameters.size(); ++k) {
      PLAIT_REQUIRE(parameters[k] >= 0 && std::isfinite(parameters[k]), traits.parameters[k], ": expected a finite number of at least 0, got ",
                    parameters[k]);
    }
  }
  measure.name = traits.name;
  measure.window = options.window;
  measure.slanted = options.slanted && options.window;  // without a window there is no band to slant
  measure.propagate_nan = options.propagate_nan;
  measure.parameters = std::move(parameters);
  return make_method(std::move(measure));
}

}  // namespace plait::align
