// FASTA text as sequences of codes, read piece by piece for database search.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "plait/tensor/shape.hpp"

namespace plait::align {

using namespace tensor;

/// The table maps a byte of a sequence to a code below kFastaSkipped, kFastaSkipped or kFastaRefused.
constexpr std::uint8_t kFastaSkipped = 254, kFastaRefused = 255;
using FastaTable = std::array<std::uint8_t, 256>;

/// The complete records in a piece of text.
struct FastaPiece {
  std::vector<std::uint8_t> codes;  ///< of all records, concatenated
  std::vector<Index> begins;        ///< record k has codes[begins[k]] … codes[begins[k + 1] - 1]
  std::vector<Index> headers;       ///< two for each record: its header is text[first] … text[second - 1], without '>' and the line's end
  Index consumed = 0;               ///< end of the last record
};

/// `last`: this is the end of the file, so the last record is complete. Lines that begin with ';' are comments. Throws FormatError for a refused
/// byte, naming the record, and for text before the first header.
FastaPiece read_fasta(std::span<const char> text, const FastaTable& table, bool last);

}  // namespace plait::align
