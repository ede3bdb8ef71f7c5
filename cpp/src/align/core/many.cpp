// All pairs and nearest neighbours over any Method.
#include <algorithm>
#include <cmath>

#include "align/tuning.hpp"
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

double Ranking::cutoff() const {
  if (best_.size() == k_ && !best_.empty() && !std::isnan(best_.back().score)) return best_.back().score;
  return bound_;
}

bool Ranking::comes_first(const Neighbour& a, const Neighbour& b) const {
  if (a.score < b.score || b.score < a.score) return order_ == Order::minimum ? a.score < b.score : a.score > b.score;
  if (std::isnan(a.score) != std::isnan(b.score)) return std::isnan(b.score);
  return a.index < b.index;
}

void Ranking::offer(Index index, double score) {
  const Neighbour fresh{index, score};
  if (order_ == Order::minimum ? bound_ < kWorst<Order::minimum> && !(score <= bound_) : bound_ > kWorst<Order::maximum> && !(score >= bound_))
    return;
  const auto first = [this](const Neighbour& a, const Neighbour& b) { return comes_first(a, b); };
  if (best_.size() == k_) {
    if (k_ == 0 || !comes_first(fresh, best_.back())) return;
    best_.pop_back();
  }
  best_.insert(std::upper_bound(best_.begin(), best_.end(), fresh, first), fresh);
}

std::unique_ptr<Search> Method::search(const Sequence&, Index, double) const { return nullptr; }

std::vector<Neighbour> Method::nearest(const Sequence& x, const References& references, Index k, double cutoff, Workspace& workspace) const {
  Ranking ranking(order(), k, cutoff);
  std::vector<double> found(static_cast<std::size_t>(batch()));
  for (Index begin = 0; begin < references.size(); begin += batch()) {
    const Index end = std::min(references.size(), begin + batch());
    scores(x, references, begin, end, ranking.cutoff(), found.data(), workspace);
    for (Index r = begin; r < end; ++r) ranking.offer(r, found[static_cast<std::size_t>(r - begin)]);
  }
  return ranking.take();
}

namespace {

/// A sequence of the average length, for cost estimates.
Sequence average(std::span<const Sequence> sequences) {
  Sequence out = sequences.empty() ? Sequence{} : sequences.front();
  double sum = 0;
  for (const Sequence& s : sequences) sum += static_cast<double>(s.length);
  out.length = sequences.empty() ? 0 : static_cast<Index>(sum / static_cast<double>(sequences.size()));
  return out;
}

/// Copies the upper triangle to the lower one, in tiles: rows of a large matrix are on different pages.
void mirror(double* out, Index n) {
  constexpr Index kTile = tuning::kMirrorTile;
  for (Index row = 0; row < n; row += kTile) {
    for (Index column = 0; column <= row; column += kTile) {
      for (Index i = row; i < std::min(n, row + kTile); ++i) {
        for (Index k = column; k < std::min(i, column + kTile); ++k) out[i * n + k] = out[k * n + i];
      }
    }
  }
}

/// Branch-free, because scores are unpredictable.
void apply_cutoff(double* scores, Index count, double cutoff, bool minimum, double worst) {
  if (minimum) {
    for (Index k = 0; k < count; ++k) scores[k] = cutoff < scores[k] ? worst : scores[k];
  } else {
    for (Index k = 0; k < count; ++k) scores[k] = cutoff > scores[k] ? worst : scores[k];
  }
}

}  // namespace

void pairwise(const Method& method, std::span<const Sequence> x, const References& y, bool same, double cutoff, double* out, int threads) {
  const Index rows = static_cast<Index>(x.size()), columns = y.size();
  if (rows == 0 || columns == 0) return;
  const bool half = same && method.symmetric(), cut = cutoff != method.worst(), minimum = method.order() == Order::minimum;
  // Tasks are rows, or pieces of rows if there are few (also for one against many), large enough for the dispatch overhead: first longer pieces,
  // for sequential stores, then several rows.
  const Index least = method.piece();
  const double pairs = tuning::kTaskNs / std::max(method.cost(average(x), average(y.sequences())), 1e-3);
  // In a long piece more references have similar lengths, as those that share a vector should; so pieces are long if enough tasks remain.
  const Index workers = threads > 0 ? threads : get_num_threads(), shares = columns / (workers > 1 ? 8 * workers : 1);
  const double worth = std::max(pairs, static_cast<double>(shares));
  const Index piece = rows < 64 ? least * static_cast<Index>(std::clamp(worth / static_cast<double>(least), 1.0, 8.0)) : columns;
  const Index height = static_cast<Index>(std::clamp(pairs / static_cast<double>(piece), 1.0, static_cast<double>(rows)));
  const Index pieces = (columns + piece - 1) / piece, blocks = (rows + height - 1) / height;
  parallel_for(
      blocks * pieces,
      [&](std::int64_t task, int) {
        const Index begin = task % pieces * piece, end = std::min(columns, begin + piece);
        const Index top = task / pieces * height, bottom = std::min(rows, top + height);
        Workspace& workspace = thread_workspace();
        for (Index i = top; i < bottom; ++i) {
          const Index first = half ? std::max(begin, i) : begin;
          if (first >= end) break;
          double* row = out + i * columns;
          method.scores(x[static_cast<std::size_t>(i)], y, first, end, cutoff, row + first, workspace);
          if (cut) apply_cutoff(row + first, end - first, cutoff, minimum, method.worst());
        }
      },
      threads);
  if (half) mirror(out, rows);
}

void nearest_of_each(const Method& method, std::span<const Sequence> queries, const References& references, Index k, double cutoff, Neighbour* out,
                     int threads) {
  parallel_for(
      static_cast<std::int64_t>(queries.size()),
      [&](std::int64_t q, int) {
        const std::vector<Neighbour> found = method.nearest(queries[static_cast<std::size_t>(q)], references, k, cutoff, thread_workspace());
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
