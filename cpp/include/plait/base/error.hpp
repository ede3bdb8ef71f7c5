// Errors: misuse throws with the shapes and names in the message; our own bugs are asserted.
#pragma once

#include <concepts>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

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

/// One part of a message: text, or a number that is written as a stream would. Refers to what it is made from, so it lives as long as that.
class MessagePart {
 public:
  MessagePart(const char* text) : kind_(Kind::text), address_(text) {}
  MessagePart(const std::string& text) : kind_(Kind::string), address_(&text) {}
  MessagePart(const std::string_view& text) : kind_(Kind::view), address_(&text) {}
  template <std::signed_integral T>
  MessagePart(T number) : kind_(Kind::integer), integer_(number) {}
  template <std::unsigned_integral T>
  MessagePart(T number) : kind_(Kind::natural), natural_(number) {}
  MessagePart(double number) : kind_(Kind::real), real_(number) {}
  MessagePart(char) = delete;

 private:
  friend std::string join_message(std::initializer_list<MessagePart> parts);
  enum class Kind : unsigned char { text, string, view, integer, natural, real } kind_;
  union {
    const void* address_;
    long long integer_;
    unsigned long long natural_;
    double real_;
  };
};

/// The parts one after the other. Out of line, like raise: a few hundred places call them, and none in a loop.
[[gnu::cold]] std::string join_message(std::initializer_list<MessagePart> parts);

/// Concatenates its arguments as a stream would: message("row ", 3, " of ", name).
template <class... Parts>
[[gnu::always_inline]] inline std::string message(const Parts&... parts) {
  return join_message({parts...});
}

template <class Error>
[[noreturn, gnu::cold, gnu::noinline]] void raise(std::initializer_list<MessagePart> parts) {
  throw Error(join_message(parts));
}

}  // namespace plait

/// Misuse by the caller: throws std::invalid_argument (a ValueError in Python).
#define PLAIT_REQUIRE(condition, ...)                                       \
  do {                                                                      \
    if (!(condition)) ::plait::raise<std::invalid_argument>({__VA_ARGS__}); \
  } while (false)

/// The same with a named error type: PLAIT_REQUIRE_AS(ShapeError, n > 0, "n is ", n).
#define PLAIT_REQUIRE_AS(Error, condition, ...)             \
  do {                                                      \
    if (!(condition)) ::plait::raise<Error>({__VA_ARGS__}); \
  } while (false)

/// A bug of ours; gone in release builds.
#ifdef NDEBUG
#define PLAIT_ASSERT(condition) ((void)0)
#else
#include <cassert>
#define PLAIT_ASSERT(condition) assert(condition)
#endif
