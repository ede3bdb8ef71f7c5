#include "plait/align/fasta.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"

namespace plait::align {
namespace {

constexpr Index kPoll = Index{1} << 20;  ///< bytes between two polls for Ctrl-C

/// The byte as shown in a message.
std::string shown(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  if (code >= 32 && code < 127) return std::string("'") + byte + "'";
  constexpr const char* kDigits = "0123456789abcdef";
  return std::string("byte 0x") + kDigits[code >> 4] + kDigits[code & 15];
}

/// ASCII, so that a message is valid text.
std::string plain(std::span<const char> bytes) {
  std::string text(bytes.begin(), bytes.end());
  for (char& c : text) c = c >= 32 && c < 127 ? c : '?';
  return text;
}

std::string name_of(std::span<const char> header) {
  const std::string text = plain(header);
  const std::size_t begin = text.find_first_not_of(" \t"), end = text.find_first_of(" \t", begin);
  return begin == std::string::npos ? "" : text.substr(begin, end == std::string::npos ? end : end - begin).substr(0, 60);
}

}  // namespace

FastaPiece read_fasta(std::span<const char> text, const FastaTable& table, bool last) {
  FastaPiece out;
  const char* const data = text.data();
  const Index size = static_cast<Index>(text.size());
  out.codes.resize(text.size());
  std::uint8_t* codes = out.codes.data();
  Index used = 0, polled = 0, header = -1;  // header: the offset of the current record
  for (Index at = 0; at < size;) {
    const void* found = std::memchr(data + at, '\n', static_cast<std::size_t>(size - at));
    const Index end = found != nullptr ? static_cast<const char*>(found) - data : size;
    if (data[at] == '>') {
      if (found == nullptr && !last) break;  // incomplete
      header = at;
      out.begins.push_back(used);
      Index stop = end;
      while (stop > at + 1 && (data[stop - 1] == '\r' || data[stop - 1] == ' ')) --stop;
      out.headers.insert(out.headers.end(), {at + 1, stop});
    } else if (data[at] != ';') {
      bool refused = false;
      for (Index k = at; k < end; ++k) {
        const std::uint8_t code = table[static_cast<unsigned char>(data[k])];
        codes[used] = code;
        used += code == kFastaSkipped ? 0 : 1;
        refused = refused || code == kFastaRefused;
      }
      // Text before the first header is an error, gap symbols included.
      if (header < 0 && std::any_of(data + at, data + end, [](char c) { return c != ' ' && c != '\t' && c != '\r'; })) {
        throw FormatError(message("expected a header that begins with '>', got ", plain({data + at, data + std::min(end, at + 40)})));
      }
      if (refused) {
        Index k = at;
        while (table[static_cast<unsigned char>(data[k])] != kFastaRefused) ++k;
        const std::span<const char> name(data + out.headers[out.headers.size() - 2], data + out.headers.back());
        throw FormatError(message("record '", name_of(name), "': ", shown(data[k]), " is not a letter of a sequence"));
      }
    }
    at = end + 1;
    if (at - polled > kPoll) {
      poll_interrupt();
      polled = at;
    }
  }
  out.consumed = size;
  if (!last) {
    out.consumed = std::max<Index>(header, 0);
    if (header >= 0) {
      used = out.begins.back();
      out.begins.pop_back();
      out.headers.resize(out.headers.size() - 2);
    }
  }
  out.begins.push_back(used);
  out.codes.resize(static_cast<std::size_t>(used));
  return out;
}

}  // namespace plait::align
