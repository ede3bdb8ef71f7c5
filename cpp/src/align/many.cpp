// All pairs and nearest neighbours over any Method.
#include <algorithm>

#include "plait/align/method.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"

namespace plait::align {

Workspace& thread_workspace() {
  thread_local Workspace workspace;
  return workspace;
}

std::unique_ptr<References> Method::prepare(std::vector<Sequence> sequences) const { return std::make_unique<References>(std::move(sequences)); }

void Method::scores(const Sequence& x, const References& references, Index begin, Index end, double cutoff, double* out, Workspace& workspace) const {
  for (Index k = begin; k < end; ++k) {
    out[k - begin] = score(x, references[k], cutoff, workspace);
    poll_interrupt();
  }
}

std::vector<Neighbour> Method::nearest(const Sequence& x, const References& references, Index k, Workspace& workspace) const {
  std::vector<Neighbour> best;  // in order; the last one is what a newcomer must beat
  for (Index r = 0; r < references.size(); ++r) {
    const bool full = static_cast<Index>(best.size()) == k;
    const double s = score(x, references[r], full ? best.back().score : worst(), workspace);
    poll_interrupt();
    if (full && !is_better(s, best.back().score)) continue;
    if (full) best.pop_back();
    const auto at = std::upper_bound(best.begin(), best.end(), s, [this](double value, const Neighbour& n) { return is_better(value, n.score); });
    best.insert(at, {r, s});
  }
  return best;
}

void pairwise(const Method& method, std::span<const Sequence> x, const References& y, bool same, double cutoff, double* out, int threads) {
  const Index rows = static_cast<Index>(x.size()), columns = y.size();
  const bool half = same && method.symmetric();
  // Tasks are pieces of rows, so that one row against many also has several.
  const Index piece = method.piece();
  const Index pieces = (columns + piece - 1) / piece;
  parallel_for(
      rows * pieces,
      [&](std::int64_t task, int) {
        const Index i = task / pieces, begin = task % pieces * piece, end = std::min(columns, begin + piece);
        const Index first = half ? std::max(begin, i) : begin;
        if (first >= end) return;
        double* row = out + i * columns;
        method.scores(x[static_cast<std::size_t>(i)], y, first, end, cutoff, row + first, thread_workspace());
        for (Index k = first; k < end; ++k) {
          if (method.is_better(cutoff, row[k])) row[k] = method.worst();
        }
      },
      threads);
  if (!half) return;
  for (Index i = 0; i < rows; ++i) {
    for (Index k = 0; k < i; ++k) out[i * columns + k] = out[k * columns + i];
  }
}

void nearest_of_each(const Method& method, std::span<const Sequence> queries, const References& references, Index k, Neighbour* out, int threads) {
  parallel_for(
      static_cast<std::int64_t>(queries.size()),
      [&](std::int64_t q, int) {
        const std::vector<Neighbour> found = method.nearest(queries[static_cast<std::size_t>(q)], references, k, thread_workspace());
        Neighbour* at = std::copy(found.begin(), found.end(), out + q * k);
        std::fill(at, out + (q + 1) * k, Neighbour{-1, method.worst()});
      },
      threads);
}

std::vector<Path> paths(const Method& method, const Sequence& x, const References& references, std::size_t memory_limit, int threads) {
  std::vector<Path> out(static_cast<std::size_t>(references.size()));
  parallel_for(
      references.size(),
      [&](std::int64_t k, int) {
        out[static_cast<std::size_t>(k)] = method.path(x, references[k], memory_limit, thread_workspace());
        poll_interrupt();
      },
      threads);
  return out;
}

}  // namespace plait::align
