#include "plait/tensor/copy.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "plait/base/error.hpp"

namespace plait::tensor {
namespace {

struct Dim {
  Index size, to, from;  // strides in elements
};

// Outermost first by the stride of the destination, so that writes are sequential, whatever the order of the caller's dimensions; then adjacent
// dimensions that are contiguous in both are merged. Sizes of 1 are dropped; an empty list is a single element.
std::vector<Dim> plan(const Shape& to, const Shape& from, const Shape& space) {
  std::vector<Dim> dims;
  dims.reserve(space.size());
  for (std::size_t k = 0; k < space.size(); ++k)
    if (space[k] != 1) dims.push_back({space[k], to[k], from[k]});
  const auto magnitude = [](Index v) { return v < 0 ? -v : v; };
  std::stable_sort(dims.begin(), dims.end(), [&](const Dim& a, const Dim& b) { return magnitude(a.to) > magnitude(b.to); });
  std::size_t kept = 0;
  for (std::size_t k = 0; k < dims.size(); ++k) {
    if (kept > 0) {
      Dim& outer = dims[kept - 1];
      if (outer.to == dims[k].to * dims[k].size && outer.from == dims[k].from * dims[k].size) {
        outer = {outer.size * dims[k].size, dims[k].to, dims[k].from};
        continue;
      }
    }
    dims[kept++] = dims[k];
  }
  dims.resize(kept);
  return dims;
}

// Elements are copied by memcpy: the arrays hold floats, integers or booleans, and access through another type would be undefined.
template <std::size_t kBytes>
struct Word;
template <>
struct Word<1> {
  using type = std::uint8_t;
};
template <>
struct Word<4> {
  using type = std::uint32_t;
};
template <>
struct Word<8> {
  using type = std::uint64_t;
};

template <std::size_t kBytes>
struct Strided {
  using T = typename Word<kBytes>::type;
  std::byte* to;
  const std::byte* from;

  [[nodiscard]] T load(Index offset) const {
    T value;
    std::memcpy(&value, from + offset * static_cast<Index>(kBytes), kBytes);
    return value;
  }
  void store(Index offset, T value) const { std::memcpy(to + offset * static_cast<Index>(kBytes), &value, kBytes); }
  [[nodiscard]] Strided at(Index to_offset, Index from_offset) const {
    return {to + to_offset * static_cast<Index>(kBytes), from + from_offset * static_cast<Index>(kBytes)};
  }
};

// A run of 16 to 256 bytes, for which a call of memcpy costs more than the copy: whole vectors, the last of which may overlap the one before.
inline void copy_short_run(std::byte* to, const std::byte* from, std::size_t bytes) {
  using Line = std::uint64_t __attribute__((vector_size(16)));
  Line line;
  for (std::size_t i = 0; i + sizeof line <= bytes; i += sizeof line) {
    std::memcpy(&line, from + i, sizeof line);
    std::memcpy(to + i, &line, sizeof line);
  }
  std::memcpy(&line, from + bytes - sizeof line, sizeof line);
  std::memcpy(to + bytes - sizeof line, &line, sizeof line);
}

template <std::size_t kBytes>
void copy_row(Strided<kBytes> p, const Dim& d) {
  const std::size_t bytes = static_cast<std::size_t>(d.size) * kBytes;
  if (d.to == 1 && d.from == 1 && bytes >= 16 && bytes <= 256) {
    copy_short_run(p.to, p.from, bytes);
  } else if (d.to == 1 && d.from == 1 && bytes > 256) {
    std::memcpy(p.to, p.from, bytes);
  } else if (d.to == 1 && d.from == 1) {
    for (Index i = 0; i < d.size; ++i) p.store(i, p.load(i));
  } else if (d.to == 1 && d.from == 0) {
    const auto value = p.load(0);
    for (Index i = 0; i < d.size; ++i) p.store(i, value);
  } else {
    for (Index i = 0; i < d.size; ++i) p.store(i * d.to, p.load(i * d.from));
  }
}

// Four or two rows at a time in registers; by vector extensions, because compilers do not vectorise transposes.
constexpr Index kSide4 = 4, kSide8 = 2;
using Four = std::uint32_t __attribute__((vector_size(16)));
using Two = std::uint64_t __attribute__((vector_size(16)));

template <class V, std::size_t kBytes>
V load_vector(Strided<kBytes> p, Index offset) {
  V v;
  std::memcpy(&v, p.from + offset * static_cast<Index>(kBytes), sizeof v);
  return v;
}
template <class V, std::size_t kBytes>
void store_vector(Strided<kBytes> p, Index offset, V v) {
  std::memcpy(p.to + offset * static_cast<Index>(kBytes), &v, sizeof v);
}

inline void transpose_block(Strided<4> p, Index to_row, Index from_column) {
  const auto a = load_vector<Four>(p, 0), b = load_vector<Four>(p, from_column), c = load_vector<Four>(p, 2 * from_column),
             d = load_vector<Four>(p, 3 * from_column);
  const Four ac0 = __builtin_shufflevector(a, c, 0, 4, 1, 5), ac1 = __builtin_shufflevector(a, c, 2, 6, 3, 7);
  const Four bd0 = __builtin_shufflevector(b, d, 0, 4, 1, 5), bd1 = __builtin_shufflevector(b, d, 2, 6, 3, 7);
  store_vector<Four>(p, 0, __builtin_shufflevector(ac0, bd0, 0, 4, 1, 5));
  store_vector<Four>(p, to_row, __builtin_shufflevector(ac0, bd0, 2, 6, 3, 7));
  store_vector<Four>(p, 2 * to_row, __builtin_shufflevector(ac1, bd1, 0, 4, 1, 5));
  store_vector<Four>(p, 3 * to_row, __builtin_shufflevector(ac1, bd1, 2, 6, 3, 7));
}
inline void transpose_block(Strided<8> p, Index to_row, Index from_column) {
  const auto a = load_vector<Two>(p, 0), b = load_vector<Two>(p, from_column);
  store_vector<Two>(p, 0, __builtin_shufflevector(a, b, 0, 2));
  store_vector<Two>(p, to_row, __builtin_shufflevector(a, b, 1, 3));
}

// rows: stride 1 in the source; columns: stride 1 in the destination. A tile touches 32 lines of each and fits the first-level cache.
template <std::size_t kBytes>
void transpose(Strided<kBytes> p, const Dim& rows, const Dim& columns) {
  constexpr Index kTile = 32;
  for (Index r0 = 0; r0 < rows.size; r0 += kTile) {
    const Index r1 = std::min(r0 + kTile, rows.size);
    for (Index c0 = 0; c0 < columns.size; c0 += kTile) {
      const Index c1 = std::min(c0 + kTile, columns.size);
      Index r = r0;
      if constexpr (kBytes != 1) {
        constexpr Index kSide = kBytes == 4 ? kSide4 : kSide8;
        for (; r + kSide <= r1; r += kSide) {
          Index c = c0;
          for (; c + kSide <= c1; c += kSide) transpose_block(p.at(r * rows.to + c, r + c * columns.from), rows.to, columns.from);
          for (; c < c1; ++c)
            for (Index k = r; k < r + kSide; ++k) p.store(k * rows.to + c, p.load(k + c * columns.from));
        }
      }
      for (; r < r1; ++r)
        for (Index c = c0; c < c1; ++c) p.store(r * rows.to + c, p.load(r + c * columns.from));
    }
  }
}

template <std::size_t kBytes>
void copy_planned(Strided<kBytes> p, std::vector<Dim> dims) {
  if (dims.empty()) return p.store(0, p.load(0));
  const Dim inner = dims.back();
  dims.pop_back();
  if (dims.empty()) return copy_row(p, inner);

  // The second loop: the dimension along which the source is contiguous if that makes a transpose, else the next one out.
  bool transposed = false;
  auto second = dims.end() - 1;
  if (inner.to == 1 && inner.from != 1 && inner.from != 0) {
    const auto unit = std::find_if(dims.begin(), dims.end(), [](const Dim& d) { return d.from == 1; });
    if (unit != dims.end()) second = unit, transposed = true;
  }
  const Dim outer = *second;
  dims.erase(second);

  std::vector<Index> at(dims.size(), 0);
  Index to = 0, from = 0;
  while (true) {
    if (transposed) transpose(p.at(to, from), outer, inner);
    else
      for (Index i = 0; i < outer.size; ++i) copy_row(p.at(to + i * outer.to, from + i * outer.from), inner);
    std::size_t k = dims.size();
    for (; k > 0; --k) {
      const Dim& d = dims[k - 1];
      to += d.to;
      from += d.from;
      if (++at[k - 1] < d.size) break;
      to -= d.size * d.to;
      from -= d.size * d.from;
      at[k - 1] = 0;
    }
    if (k == 0) return;
  }
}

}  // namespace

void copy_strided(void* destination, const Shape& destination_strides, const void* source, const Shape& source_strides, const Shape& space,
                  std::size_t bytes) {
  PLAIT_ASSERT(destination_strides.size() == space.size() && source_strides.size() == space.size());
  if (std::find(space.begin(), space.end(), Index{0}) != space.end()) return;
  auto* to = static_cast<std::byte*>(destination);
  const auto* from = static_cast<const std::byte*>(source);
  std::vector<Dim> dims = plan(destination_strides, source_strides, space);
  switch (bytes) {
    case 1: return copy_planned(Strided<1>{to, from}, std::move(dims));
    case 4: return copy_planned(Strided<4>{to, from}, std::move(dims));
    case 8: return copy_planned(Strided<8>{to, from}, std::move(dims));
    default: throw std::invalid_argument(message("copy_strided: elements of ", bytes, " bytes; expected 1, 4 or 8"));
  }
}

}  // namespace plait::tensor
