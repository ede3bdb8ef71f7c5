// Errors: misuse throws with the shapes and names in the message; our own bugs are asserted.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>

namespace plait {

/// A wrong shape. Python: plait.ShapeError, a ValueError.
struct ShapeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};
/// A wrong dtype. Python: plait.DTypeError, a TypeError.
struct DTypeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};
/// A graph that cannot be built, differentiated or run as asked. Python: plait.GraphError, a ValueError.
struct GraphError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};
/// A file that is corrupt or of another format. Python: plait.FormatError, a ValueError.
struct FormatError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The user pressed Ctrl-C; the bindings turn it into the pending Python exception.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

/// Concatenates its arguments as a stream would: message("row ", 3, " of ", name).
template <class... Parts>
std::string message(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

}  // namespace plait

/// Misuse by the caller: throws std::invalid_argument (a ValueError in Python).
#define PLAIT_REQUIRE(condition, ...)                                             \
  do {                                                                            \
    if (!(condition)) throw std::invalid_argument(::plait::message(__VA_ARGS__)); \
  } while (false)

/// The same with a named error type: PLAIT_REQUIRE_AS(ShapeError, n > 0, "n is ", n).
#define PLAIT_REQUIRE_AS(Error, condition, ...)                   \
  do {                                                            \
    if (!(condition)) throw Error(::plait::message(__VA_ARGS__)); \
  } while (false)

/// A bug of ours; gone in release builds.
#ifdef NDEBUG
#define PLAIT_ASSERT(condition) ((void)0)
#else
#include <cassert>
#define PLAIT_ASSERT(condition) assert(condition)
#endif
