// The interface of all aligners: a Method is an alignment method with fixed parameters. Implementations provide the fast kernels; the drivers in
// core/many.cpp (all pairs, nearest neighbours) use only this interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "plait/align/algebra.hpp"
#include "plait/tensor/buffer.hpp"

namespace plait::align {

using namespace tensor;

/// A view of one sequence: `length` elements of `width` doubles (row-major), or `length` symbols. Both sequences of a pair are of the same
/// family, but their symbols may be of different size.
struct Sequence {
  enum class Kind : std::uint8_t { f64, u8, u16, u32 };
  const void* data = nullptr;
  Index length = 0;
  Index width = 1;
  Kind kind = Kind::f64;

  [[nodiscard]] const double* values() const { return static_cast<const double*>(data); }
  [[nodiscard]] std::uint32_t symbol(Index i) const {
    switch (kind) {
      case Kind::u8: return static_cast<const std::uint8_t*>(data)[i];
      case Kind::u16: return static_cast<const std::uint16_t*>(data)[i];
      default: return static_cast<const std::uint32_t*>(data)[i];
    }
  }
};

/// Scratch memory of one thread, kept between calls.
class Workspace {
 public:
  /// At least `bytes`, 64-byte aligned, uninitialised; valid until the next take() of the same slot.
  std::byte* take(std::size_t bytes, int slot = 0) {
    Slot& s = slots_[slot];
    if (s.size < bytes) {
      s.bytes.reset();
      s.bytes = allocate_bytes(bytes);
      s.size = bytes;
    }
    return s.bytes.get();
  }
  template <class T>
  T* take_as(std::size_t count, int slot = 0) {
    return reinterpret_cast<T*>(take(count * sizeof(T), slot));
  }
  static constexpr int kSlots = 8;

 private:
  struct Slot {
    Bytes bytes;
    std::size_t size = 0;
  };
  Slot slots_[kSlots];
};
/// The workspace of the calling thread. Drivers pass it to the kernels; kernels do not call this.
Workspace& thread_workspace();

/// An alignment. `pairs` has two numbers for each column: 0-based (i, j), -1 for a gap; a cell of a warping path has both.
struct Path {
  double score = 0;
  std::vector<Index> pairs;
};

/// Sequences prepared to be compared with many: transposed for lanes, bit masks, envelopes. The sequences themselves must stay alive.
class References {
 public:
  explicit References(std::vector<Sequence> sequences) : sequences_(std::move(sequences)) {}
  virtual ~References() = default;
  References(const References&) = delete;
  References& operator=(const References&) = delete;
  [[nodiscard]] Index size() const { return static_cast<Index>(sequences_.size()); }
  [[nodiscard]] std::span<const Sequence> sequences() const { return sequences_; }
  [[nodiscard]] const Sequence& operator[](Index k) const { return sequences_[static_cast<std::size_t>(k)]; }

 private:
  std::vector<Sequence> sequences_;
};

struct Neighbour {
  Index index;
  double score;
};

/// Keeps the best k of the offered neighbours, offered in any order: by score, NaN last, ties by index.
class Ranking {
 public:
  /// Excludes scores worse than `bound`; NaN only if the bound is the worst score.
  Ranking(Order order, Index k, double bound) : order_(order), k_(static_cast<std::size_t>(k)), bound_(bound) {}
  Ranking(Order order, Index k) : Ranking(order, k, order == Order::minimum ? kWorst<Order::minimum> : kWorst<Order::maximum>) {}
  /// The score that a new neighbour must not exceed; the bound until there are k scores that are not NaN.
  [[nodiscard]] double cutoff() const;
  void offer(Index index, double score);
  [[nodiscard]] bool comes_first(const Neighbour& a, const Neighbour& b) const;
  std::vector<Neighbour> take() { return std::move(best_); }

 private:
  Order order_;
  std::size_t k_;
  double bound_;
  std::vector<Neighbour> best_;  // in order
};

/// A query to a stream of references that are not stored; see Method::search.
class Search {
 public:
  Search() = default;
  virtual ~Search() = default;
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  /// `first` is the index of the first one; references must be offered in order. False once no later one can be among the best.
  virtual bool offer(std::span<const Sequence> references, Index first, Workspace& workspace) = 0;
  /// The best, as nearest() gives them.
  virtual std::vector<Neighbour> take() = 0;
};

class Method {
 public:
  Method() = default;
  virtual ~Method() = default;
  Method(const Method&) = delete;
  Method& operator=(const Method&) = delete;

  [[nodiscard]] virtual Order order() const { return Order::minimum; }
  /// The worst score, returned for pairs beyond a cutoff.
  [[nodiscard]] double worst() const { return order() == Order::minimum ? kWorst<Order::minimum> : kWorst<Order::maximum>; }
  [[nodiscard]] bool is_better(double a, double b) const { return order() == Order::minimum ? a < b : a > b; }

  /// Throws for a pair that cannot be aligned (window too narrow, different widths). Called before all other functions on every pair; it is cheap,
  /// and the others rely on it.
  virtual void check(const Sequence& x, const Sequence& y) const = 0;
  /// True if check() never throws, so that it need not be called for each of a million pairs.
  [[nodiscard]] virtual bool takes_any_pair() const { return false; }

  /// The score; `worst()` (or the true score) if that is worse than `cutoff`, which lets a kernel stop early.
  [[nodiscard]] virtual double score(const Sequence& x, const Sequence& y, double cutoff, Workspace& workspace) const = 0;
  /// Score and path; beyond `memory_limit` bytes, parts are recomputed instead of stored.
  [[nodiscard]] virtual Path path(const Sequence& x, const Sequence& y, std::size_t memory_limit, Workspace& workspace) const = 0;
  /// The number of paths with the best score.
  [[nodiscard]] virtual double count(const Sequence& x, const Sequence& y) const = 0;
  /// Whether score(x, y) == score(y, x), so that half of a matrix of all pairs suffices.
  [[nodiscard]] virtual bool symmetric() const { return true; }

  /// Prepares references; the default does no work.
  [[nodiscard]] virtual std::unique_ptr<References> prepare(std::vector<Sequence> sequences) const;
  /// scores[k - begin] for x against references [begin, end), as `score` would give them. The default calls `score` for each.
  virtual void scores(const Sequence& x, const References& references, Index begin, Index end, double cutoff, double* out,
                      Workspace& workspace) const;
  /// The k best references in order, as Ranking has it, none of them worse than `cutoff`; fewer if there are fewer. Exact. The default calls scores()
  /// for batch() references at a time, with the k-th best score so far as cutoff; methods with lower bounds override it.
  [[nodiscard]] virtual std::vector<Neighbour> nearest(const Sequence& x, const References& references, Index k, double cutoff,
                                                       Workspace& workspace) const;
  /// nearest() without prepared references; null if preparing them is better. `x` must stay alive.
  [[nodiscard]] virtual std::unique_ptr<Search> search(const Sequence& x, Index k, double cutoff) const;
  /// References that scores() computes together.
  [[nodiscard]] virtual Index batch() const { return 1; }
  /// The number of references for which scores() should be called at once, if there are that many.
  [[nodiscard]] virtual Index piece() const { return 128; }
  /// Rough nanoseconds for a pair, for the size of tasks.
  [[nodiscard]] virtual double cost(const Sequence& x, const Sequence& y) const {
    return 0.5 * static_cast<double>(x.length) * static_cast<double>(y.length);
  }
};

/// All pairs: out[i * columns + k] = score(X[i], Y[k]); with no Y, X against itself. Scores worse than `cutoff` become worst(). Rows are
/// tasks for up to `threads` threads; results do not depend on their number. May throw Interrupted.
void pairwise(const Method& method, std::span<const Sequence> x, const References& y, bool same, double cutoff, double* out, int threads);
/// nearest for each of `queries`; out holds k neighbours for each (fewer references: index -1 and worst()).
void nearest_of_each(const Method& method, std::span<const Sequence> queries, const References& references, Index k, double cutoff, Neighbour* out,
                     int threads);

/// Score and path of x and each reference.
std::vector<Path> paths(const Method& method, const Sequence& x, const References& references, std::size_t memory_limit, int threads);

}  // namespace plait::align
