// The rules of batch_matmuls.cpp, but for the last two.
#include <algorithm>
#include <cstring>
#include <tuple>

#include "batch_matmuls.hpp"
#include "tuning.hpp"

namespace plait::graph {
namespace {

constexpr Index kRows[] = {0}, kAllOfMatrix[] = {0, 1};  // axes

bool is_matrix(const Value& value) { return value.spec.shape.size() == 2; }

bool is_flat_product(const Rewriter& graph, int v) {
  return graph.is(v, ops::matmul) && is_matrix(graph.at(v)) && is_matrix(graph.at(graph.input(v, 0))) && is_matrix(graph.at(graph.input(v, 1)));
}

// The terms of the tree of additions that ends in v: inner additions have one consumer and the same shape.
std::vector<int> terms_of(const Rewriter& graph, int v, const Consumers& consumers, std::vector<char>& inner) {
  std::vector<int> terms, open = {v};
  while (!open.empty()) {
    const int t = open.back();
    open.pop_back();
    const bool split = graph.is(t, ops::add) && graph.at(t).spec == graph.at(v).spec && (t == v || consumers[t].size() == 1);
    if (!split) {
      terms.push_back(t);
      continue;
    }
    inner[t] = 1;
    open.push_back(graph.input(t, 1));
    open.push_back(graph.input(t, 0));
  }
  return terms;
}

struct Sum {
  int value;
  std::vector<int> terms;
};

// Every maximal sum of two or more terms.
std::vector<Sum> sums_of(const Rewriter& graph, const Consumers& consumers) {
  const auto held = graph.live();
  const std::vector<int>& live = *held;
  std::vector<char> inner(consumers.size(), 0);
  std::vector<Sum> sums;
  for (std::size_t k = live.size(); k-- > 0;) {  // consumers first: an addition inside a larger sum is not visited again
    const int v = live[k];
    if (!graph.is(v, ops::add) || inner[v] != 0) continue;
    sums.push_back({v, terms_of(graph, v, consumers, inner)});
  }
  return sums;
}

void replace_terms(Rewriter& graph, const Sum& sum, const std::vector<int>& rest, const std::vector<int>& joined) {
  std::vector<int> terms = joined;
  terms.insert(terms.end(), rest.begin(), rest.end());
  int total = graph.now(terms[0]);
  for (std::size_t i = 1; i < terms.size(); ++i) total = graph.binary(ops::add, total, graph.now(terms[i]));
  graph.replace(sum.value, total);
}

}  // namespace

bool join_scattered(Rewriter& graph) {
  bool changed = false;
  for (const Sum& sum : sums_of(graph, *graph.consumers())) {
    // Which axis and range a slice gradient writes: that of a slice of its own shape.
    struct Piece : AxisSlice {
      int g;
    };
    std::vector<Piece> pieces;
    std::vector<int> rest;
    for (const int t : sum.terms) {
      if (!graph.is(t, ops::slice_gradient)) {
        rest.push_back(t);
        continue;
      }
      const int g = graph.input(t, 0);
      const auto range = slice_range(graph.at(t).spec, graph.at(g).spec, graph.at(t).attributes);
      if (range && (pieces.empty() || pieces[0].axis == range->axis)) pieces.push_back({*range, g});
      else rest.push_back(t);
    }
    if (pieces.size() < 2) continue;
    std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
    Index end = 0;
    bool tiles = true;
    std::vector<int> parts;
    for (const Piece& piece : pieces) {
      tiles = tiles && piece.begin == end;
      end = piece.end;
      parts.push_back(piece.g);
    }
    if (!tiles || end != graph.at(sum.value).spec.shape[static_cast<std::size_t>(pieces[0].axis)]) continue;
    replace_terms(graph, sum, rest, {graph.concatenate(parts, pieces[0].axis)});
    changed = true;
  }
  return changed;
}

namespace {

// Products by one of their operands, in order of appearance.
std::vector<std::vector<int>> products_by_operand(const Rewriter& graph, std::size_t which) {
  std::unordered_map<int, std::size_t> index;
  std::vector<std::vector<int>> groups;
  for (const auto live = graph.live(); const int v : *live) {
    if (!is_flat_product(graph, v)) continue;
    const auto [found, inserted] = index.emplace(graph.input(v, which), groups.size());
    if (inserted) groups.emplace_back();
    groups[found->second].push_back(v);
  }
  groups.erase(std::remove_if(groups.begin(), groups.end(), [](const auto& group) { return group.size() < 2; }), groups.end());
  return groups;
}

void replace_by_slices(Rewriter& graph, const std::vector<int>& values, int whole, Index axis) {
  Index begin = 0;
  for (const int v : values) {
    const Index end = begin + graph.at(v).spec.shape[static_cast<std::size_t>(axis)];
    graph.replace(v, graph.slice(whole, axis, begin, end));
    begin = end;
  }
}

}  // namespace

bool join_same_right(Rewriter& graph) {
  const auto groups = products_by_operand(graph, 1);
  if (groups.empty()) return false;
  // Terms of a sum could also become one product with the other terms (join_sums): the rule that joins more of them is applied.
  std::unordered_map<int, std::size_t> terms;
  const auto readers = graph.consumers();
  const Consumers& consumers = *readers;
  for (const Sum& sum : sums_of(graph, consumers)) {
    std::vector<int> products;
    for (const int t : sum.terms)
      if (is_flat_product(graph, t) && consumers[t].size() == 1) products.push_back(t);
    for (const int t : products) terms[t] = products.size();
  }
  bool changed = false;
  for (auto group : groups) {
    const std::size_t all = group.size();
    std::erase_if(group, [&](int v) {
      const auto found = terms.find(v);
      return found != terms.end() && found->second > all;
    });
    if (group.size() < 2) continue;
    std::vector<int> lefts;
    for (const int v : group)
      if (graph.at(v).spec.shape[0] <= tuning::kSmallProduct) lefts.push_back(graph.input(v, 0));
    if (lefts.size() != group.size() || graph.depend_on_each_other(group)) continue;
    const int product = graph.binary(ops::matmul, graph.concatenate(lefts, 0), graph.input(group[0], 1));
    replace_by_slices(graph, group, product, 0);
    changed = true;
  }
  return changed;
}

bool join_same_left(Rewriter& graph) {
  // Stacking weights costs a copy, so it must be used several times: the same weights for several left operands.
  std::map<std::vector<int>, std::vector<std::vector<int>>> by_rights;
  for (const auto& group : products_by_operand(graph, 0)) {
    std::vector<int> rights;
    bool small = true;
    for (const int v : group) {
      rights.push_back(graph.input(v, 1));
      small = small && graph.at(graph.input(v, 0)).spec.shape[0] <= tuning::kSmallProduct;
    }
    if (small && !graph.depend_on_each_other(group)) by_rights[rights].push_back(group);
  }
  bool changed = false;
  for (const auto& [rights, groups] : by_rights) {
    if (groups.size() < tuning::kWeightUses) continue;
    const int weights = graph.concatenate(rights, 1);
    for (const auto& group : groups) replace_by_slices(graph, group, graph.binary(ops::matmul, graph.input(group[0], 0), weights), 1);
    changed = true;
  }
  return changed;
}

namespace {

// Values whose rows are completely covered by slices that are read: the slices in order, by value.
std::vector<std::vector<int>> row_slices(const Rewriter& graph) {
  std::vector<std::tuple<int, Index, int>> found;  // of what, its first row, the slice
  for (const auto live = graph.live(); const int v : *live) {
    if (!is_matrix(graph.at(v))) continue;
    const auto slice = graph.as_slice(v);
    if (slice && slice->axis == 0) found.emplace_back(slice->of, slice->begin, v);
  }
  std::sort(found.begin(), found.end());
  std::vector<std::vector<int>> result;
  for (std::size_t first = 0, next = 0; first < found.size(); first = next) {
    const int of = std::get<0>(found[first]);
    const Spec& piece = graph.at(std::get<2>(found[first])).spec;
    std::vector<int> slices;
    Index end = 0;
    bool tiles = true;
    for (; next < found.size() && std::get<0>(found[next]) == of; ++next) {
      const auto [whole, begin, v] = found[next];
      tiles = tiles && begin == end && graph.at(v).spec.shape == piece.shape;
      end = begin + graph.at(v).spec.shape[0];
      slices.push_back(v);
    }
    if (tiles && slices.size() > 1 && end == graph.at(of).spec.shape[0]) result.push_back(std::move(slices));
  }
  return result;
}

// The stacked form of operand i of the values, if there is one: the same small operand for all, or pieces to stack.
std::optional<int> stacked_operand(Rewriter& graph, const std::vector<int>& values, std::size_t i) {
  const Spec piece = graph.at(values[0]).spec;
  const int first = graph.input(values[0], i);
  const bool same = std::all_of(values.begin(), values.end(), [&](int v) { return graph.input(v, i) == first; });
  const Shape& shape = graph.at(first).spec.shape;
  if (same) {
    if (shape.size() < 2 || shape[0] == 1) return first;
    return {};
  }
  std::vector<int> parts;
  for (const int v : values) {
    parts.push_back(graph.input(v, i));
    if (graph.at(parts.back()).spec != graph.at(first).spec || graph.at(first).spec.shape != piece.shape) return {};
  }
  return graph.concatenate(parts, 0);
}

bool join_consumers(Rewriter& graph, const std::vector<int>& slices, const Consumers& consumers) {
  bool changed = false;
  for (const int leader : consumers[slices[0]]) {
    if (graph.now(leader) != leader || graph.at(leader).op->kind != OpKind::elementwise ||
        graph.at(leader).spec.shape != graph.at(slices[0]).spec.shape)
      continue;
    std::vector<int> values;
    for (const int slice : slices) {
      // The consumer that does the same with this slice, in the same operand.
      int found = -1;
      for (const int c : consumers[slice]) {
        const Value &a = graph.at(c), &b = graph.at(leader);
        if (graph.now(c) != c || a.op != b.op || a.attributes != b.attributes || a.spec != b.spec) continue;
        bool same_role = true;
        for (std::size_t i = 0; i < a.inputs.size(); ++i)
          same_role = same_role && (graph.input(c, i) == slice) == (graph.input(leader, i) == slices[0]);
        if (same_role) {
          found = c;
          break;
        }
      }
      if (found < 0 || std::find(values.begin(), values.end(), found) != values.end()) break;
      values.push_back(found);
    }
    if (values.size() != slices.size() || graph.depend_on_each_other(values)) continue;
    Value stacked = graph.at(leader);
    bool fits = true;
    for (std::size_t i = 0; fits && i < stacked.inputs.size(); ++i) {
      const auto operand = stacked_operand(graph, values, i);
      fits = operand.has_value();
      if (fits) stacked.inputs[i] = *operand;
    }
    if (!fits) continue;
    stacked.spec.shape[0] *= static_cast<Index>(slices.size());
    replace_by_slices(graph, values, graph.add(std::move(stacked)), 0);
    changed = true;
  }
  return changed;
}

}  // namespace

bool join_slices(Rewriter& graph) {
  bool changed = false;
  for (bool more = true; more;) {
    more = false;
    const auto stacks = row_slices(graph);
    if (stacks.empty()) break;
    const auto consumers = graph.consumers();
    for (const auto& slices : stacks) more = join_consumers(graph, slices, *consumers) || more;
    changed = changed || more;
  }
  return changed;
}

namespace {

// The matrix whose elements t sums up, looking through reshapes of single elements; nullopt if t is no such sum.
std::optional<int> summed_matrix(const Rewriter& graph, int t) {
  if (graph.is(t, ops::sum) && graph.at(t).spec.shape.empty() && is_matrix(graph.at(graph.input(t, 0)))) return graph.input(t, 0);
  if (graph.is(t, ops::reshape) && graph.at(t).spec.shape.empty() && is_matrix(graph.at(graph.input(t, 0)))) return graph.input(t, 0);
  return {};
}

// The matrix of few rows whose rows a term sums: a sum over axis 0, perhaps behind a reshape (the gradient of a bias of shape (n,) comes as (1, n)),
// or such a reshape of a single row.
std::optional<int> summed_rows(const Rewriter& graph, int t, const Consumers& consumers) {
  const bool row = graph.is(t, ops::reshape) && graph.at(t).spec.shape.size() == 1;
  if (row) {
    t = graph.input(t, 0);
    const Shape& shape = graph.at(t).spec.shape;
    if (!graph.is(t, ops::sum)) return shape.size() == 2 && shape[0] == 1 ? std::optional(t) : std::nullopt;
    if (t >= static_cast<int>(consumers.size()) || consumers[t].size() != 1) return {};
  }
  if (!graph.is(t, ops::sum)) return {};
  const IndexSpan axes = graph.at(t).attributes.as<ReducedAxes>().axes;
  const int of = graph.input(t, 0);
  if (!is_matrix(graph.at(of)) || graph.at(of).spec.shape[0] > tuning::kSmallProduct || axes.size() != 1 || axes[0] != 0) return {};
  return of;
}

// Terms of one kind, joined into one.
template <class Pick, class Make>
bool join_terms(std::vector<int>& rest, std::vector<int>& joined, std::size_t least, Pick pick, Make make) {
  std::map<Shape, std::vector<int>> kinds;
  for (const int t : rest)
    if (const auto kind = pick(t)) kinds[*kind].push_back(t);
  bool any = false;
  for (const auto& [kind, terms] : kinds) {
    if (terms.size() < least) continue;
    const auto value = make(terms);
    if (!value) continue;
    joined.push_back(*value);
    rest.erase(std::remove_if(rest.begin(), rest.end(), [&](int t) { return std::find(terms.begin(), terms.end(), t) != terms.end(); }), rest.end());
    any = true;
  }
  return any;
}

}  // namespace

bool join_sums(Rewriter& graph) {
  using Kind = std::optional<Shape>;
  bool changed = false;
  const auto readers = graph.consumers();
  const Consumers& consumers = *readers;
  const auto alone = [&](int t) { return t < static_cast<int>(consumers.size()) && consumers[t].size() == 1; };
  for (const Sum& sum : sums_of(graph, consumers)) {
    std::vector<int> rest = sum.terms, joined;
    const auto operand = [&](int t, std::size_t i) { return graph.input(t, i); };
    // Products: A1 B1 + A2 B2, if the stacked operands have fewer elements than the sums that are saved.
    bool any = join_terms(
        rest, joined, 2,
        [&](int t) -> Kind {
          if (!is_flat_product(graph, t) || !alone(t)) return {};
          return graph.at(t).spec.shape;
        },
        [&](const std::vector<int>& terms) -> std::optional<int> {
          std::vector<int> a, b;
          Index k = 0;
          for (const int t : terms) {
            a.push_back(operand(t, 0));
            b.push_back(operand(t, 1));
            k += graph.at(a.back()).spec.shape[1];
          }
          const Index m = graph.at(terms[0]).spec.shape[0], n = graph.at(terms[0]).spec.shape[1];
          const Index stacked = (graph.is_free(a, 1) ? 0 : k * m) + (graph.is_free(b, 0) ? 0 : k * n);
          if (stacked > tuning::kStackedPerSaved * m * n * static_cast<Index>(terms.size())) return {};
          const int left = graph.concatenate(a, 1);
          return graph.binary(ops::matmul, left, graph.concatenate(b, 0));
        });
    // Sums over the rows of several matrices (gradients of a shared bias), and sums of all elements of pieces of one value.
    any = join_terms(
              rest, joined, 3,
              [&](int t) -> Kind {
                const auto matrix = alone(t) ? summed_rows(graph, t, consumers) : std::nullopt;
                if (!matrix) return {};
                const Shape& shape = graph.at(*matrix).spec.shape;
                return Shape{shape[0] == 1 ? 1 : 0, shape[1]};
              },
              [&](const std::vector<int>& terms) -> std::optional<int> {
                std::vector<int> parts;
                for (const int t : terms) parts.push_back(*summed_rows(graph, t, consumers));
                // Single rows are added one by one unless they are already adjacent in memory.
                if (graph.at(parts[0]).spec.shape[0] == 1 && !graph.is_free(parts, 0)) return {};
                const int stacked = graph.concatenate(parts, 0);
                Value value = make_reduction(graph.module(), ops::sum, stacked, kRows, true);
                value.node = graph.at(sum.value).node;
                return graph.reshape(graph.add(std::move(value)), graph.at(sum.value).spec.shape);
              }) ||
          any;
    any = join_terms(
              rest, joined, 2,
              [&](int t) -> Kind {
                const auto matrix = summed_matrix(graph, t);
                const auto slice = matrix ? graph.as_slice(*matrix) : std::nullopt;
                if (!slice || slice->axis != 0 || !alone(t)) return {};
                return Shape{slice->of};
              },
              [&](const std::vector<int>& terms) -> std::optional<int> {
                std::vector<std::pair<Index, int>> parts;
                for (const int t : terms) {
                  const int matrix = summed_matrix(graph, t).value();
                  parts.emplace_back(graph.as_slice(matrix).value().begin, matrix);
                }
                std::sort(parts.begin(), parts.end());
                std::vector<int> pieces;
                for (const auto& [begin, piece] : parts) pieces.push_back(piece);
                const int stacked = graph.concatenate(pieces, 0);
                Value value = make_reduction(graph.module(), ops::sum, stacked, kAllOfMatrix, false);
                value.node = graph.at(terms[0]).node;
                return graph.add(std::move(value));
              }) ||
          any;
    if (!any) continue;
    replace_terms(graph, sum, rest, joined);
    changed = true;
  }
  return changed;
}

}  // namespace plait::graph
