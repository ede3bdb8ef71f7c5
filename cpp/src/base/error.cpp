#include "plait/base/error.hpp"

#include <sstream>

namespace plait {

std::string join_message(std::initializer_list<MessagePart> parts) {
  using enum MessagePart::Kind;
  std::ostringstream out;
  for (const MessagePart& part : parts) {
    switch (part.kind_) {
      case text: out << static_cast<const char*>(part.address_); break;
      case string: out << *static_cast<const std::string*>(part.address_); break;
      case view: out << *static_cast<const std::string_view*>(part.address_); break;
      case integer: out << part.integer_; break;
      case natural: out << part.natural_; break;
      case real: out << part.real_; break;
    }
  }
  return out.str();
}

}  // namespace plait
