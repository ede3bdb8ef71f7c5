// Edit distances: every kernel at every level against plain matrices, and the methods against the definition (template.hpp).
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "align/edit/bits.hpp"
#include "align/edit/diagonals.hpp"
#include "align/edit/lanes.hpp"
#include "plait/align/edit.hpp"
#include "plait/align/word_index.hpp"
#include "plait/base/random.hpp"

using namespace plait;
using namespace plait::tensor;
using namespace plait::align;
using namespace plait::align::detail;

namespace {

template <class Table>
struct Level {
  const char* name;
  const Table* table;
};
#if defined(__x86_64__)
#define LEVELS(Table, name) levels_of(Level<Table>{"v2", &v2::name()}, Level<Table>{"v3", &v3::name()}, Level<Table>{"v4", &v4::name()})
#else
#define LEVELS(Table, name) levels_of(Level<Table>{"v2", &v2::name()})
#endif
template <class L, class... More>
std::vector<L> levels_of(L first, More... more) {
  const std::vector<L> all{first, more...};
  std::vector<L> found{first};
  if (all.size() > 1 && isa_supported(Isa::v3)) found.push_back(all[1]);
  if (all.size() > 2 && isa_supported(Isa::v4)) found.push_back(all[2]);
  return found;
}

/// A small generator of whole numbers: the tests need no good one.
struct Dice {
  std::uint64_t state;
  std::uint32_t operator()(std::uint32_t sides) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::uint32_t>(state >> 33) % sides;
  }
  std::vector<std::uint32_t> symbols(Index n, std::uint32_t kinds, std::uint32_t first = 1) {
    std::vector<std::uint32_t> out(static_cast<std::size_t>(n));
    for (auto& s : out) s = first + (*this)(kinds);
    return out;
  }
};

using Symbols = std::vector<std::uint32_t>;
using Matrix = std::vector<std::vector<Index>>;

/// Unit costs below any first row whose neighbours differ by at most 1.
Matrix unit_matrix(const Symbols& x, const Symbols& y, const std::vector<Index>& top, bool restricted) {
  Matrix d(x.size() + 1, std::vector<Index>(y.size() + 1));
  d[0] = top;
  for (std::size_t i = 1; i <= x.size(); ++i) {
    d[i][0] = d[i - 1][0] + 1;
    for (std::size_t j = 1; j <= y.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j - 1] + (x[i - 1] != y[j - 1]), d[i][j - 1] + 1, d[i - 1][j] + 1});
      if (restricted && i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1]) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d;
}

}  // namespace

TEST_CASE("blocks of bits are the matrix") {
  for (const auto& level : LEVELS(BitBlockTable, bit_block_table)) {
    const Index words = level.table->words, n = 64 * words;
    Dice dice{static_cast<std::uint64_t>(words)};
    for (int round = 0; round < 60; ++round) {
      const bool restricted = round % 2 == 1;
      const Index m = dice(round % 3 == 0 ? 12 : 300);
      const std::uint32_t kinds = 2 + dice(5);
      const Symbols x = dice.symbols(n, kinds), y = dice.symbols(m, kinds + 1);
      std::vector<std::uint64_t> masks(static_cast<std::size_t>((kinds + 3) * words)), plus(words), minus(words);
      for (Index i = 0; i < n; ++i) masks[x[i] * words + i / 64] |= std::uint64_t{1} << (i % 64);
      std::vector<std::uint16_t> rows(static_cast<std::size_t>(m + 2 * words));
      std::copy(y.begin(), y.end(), rows.begin() + words);
      std::vector<std::uint8_t> edge(static_cast<std::size_t>(m + 2 * words));
      std::vector<Index> top(static_cast<std::size_t>(m + 1));
      for (Index j = 0; j < m; ++j) {
        const Index step = static_cast<Index>(dice(3)) - 1;
        top[j + 1] = top[j] + step;
        edge[j] = step > 0 ? kPlus : step < 0 ? kMinus : 0;
      }
      const Matrix d = unit_matrix(x, y, top, restricted);
      std::vector<std::uint64_t> diagonal(static_cast<std::size_t>((m + words) * words)), right(diagonal.size());
      const bool keeps = round % 4 < 2;
      const BitBlock block{
          masks.data(), rows.data() + words, m, edge.data(), edge.data(), plus.data(), minus.data(), keeps ? diagonal.data() : nullptr, right.data(),
          [] {}};
      (restricted ? level.table->restricted : level.table->levenshtein)(block);
      bool good = true;
      for (Index i = 1; i <= n; ++i) {
        const Index w = (i - 1) / 64, b = (i - 1) % 64;
        good &= static_cast<Index>(plus[w] >> b & 1) - static_cast<Index>(minus[w] >> b & 1) == d[i][m] - d[i - 1][m];
        for (Index j = 1; keeps && j <= m; ++j) {
          const Index at = (j - 1 + w) * words + w;
          good &= (diagonal[at] >> b & 1) == (d[i][j] == d[i - 1][j - 1]);
          good &= (right[at] >> b & 1) == (d[i][j] == d[i][j - 1] + 1);
        }
      }
      for (Index j = 1; j <= m; ++j) good &= (edge[j - 1] & 1) - (edge[j - 1] >> 1 & 1) == d[n][j] - d[n][j - 1];
      CHECK_MESSAGE(good, level.name, ", round ", round);
    }
  }
}

TEST_CASE("patterns in lanes are the matrix") {
  for (const auto& level : LEVELS(PatternTable, pattern_table)) {
    Dice dice{3};
    for (int round = 0; round < 80; ++round) {
      const int size = round % 4, count = kLaneBytes >> size;
      const std::size_t bytes = std::size_t{1} << size;
      const Symbols text = dice.symbols(dice(100), 5);
      std::vector<std::uint8_t> masks(6 * kLaneBytes), patterns(kLaneBytes);
      std::vector<Symbols> all;
      for (int lane = 0; lane < count; ++lane) {
        all.push_back(dice.symbols(dice((8u << size) + 1), 4));
        for (std::size_t i = 0; i < all.back().size(); ++i) {
          const std::size_t at = static_cast<std::size_t>(lane) * bytes + i / 8;
          masks[all.back()[i] * kLaneBytes + at] |= static_cast<std::uint8_t>(1 << (i % 8));
          patterns[at] |= static_cast<std::uint8_t>(1 << (i % 8));
        }
      }
      const std::vector<std::uint16_t> rows(text.begin(), text.end());
      double out[kLaneBytes];
      const PatternLanes lanes{masks.data(), rows.data(), static_cast<Index>(text.size()), patterns.data(), 0.5, out};
      for (const bool restricted : {false, true}) {
        (restricted ? level.table->restricted : level.table->levenshtein)[size](lanes);
        for (int lane = 0; lane < count; ++lane) {
          std::vector<Index> top(text.size() + 1);
          for (std::size_t j = 0; j < top.size(); ++j) top[j] = static_cast<Index>(j);
          const Matrix d = unit_matrix(all[lane], text, top, restricted);
          CHECK_MESSAGE(out[lane] == 0.5 * static_cast<double>(d.back().back()), level.name, ", lanes of ", bytes, " bytes");
        }
      }
    }
  }
}

TEST_CASE("differences along diagonals are the matrix") {
  for (const auto& level : LEVELS(DifferenceTable, difference_table)) {
    Dice dice{5};
    for (int round = 0; round < 60; ++round) {
      const EditWeights w{static_cast<std::int32_t>(dice(9)), static_cast<std::int32_t>(dice(9)), static_cast<std::int32_t>(dice(18))};
      const Index lanes = kLaneGroup * (1 + dice(3)), n = 1 + dice(static_cast<std::uint32_t>(lanes)), m = 1 + dice(200);
      const Symbols x = dice.symbols(n, 4), y = dice.symbols(m, 5, 0);
      Matrix d(static_cast<std::size_t>(n + 1), std::vector<Index>(static_cast<std::size_t>(m + 1)));
      for (Index j = 1; j <= m; ++j) d[0][j] = d[0][j - 1] + w.insert;
      for (Index i = 1; i <= n; ++i) {
        d[i][0] = d[i - 1][0] + w.remove;
        for (Index j = 1; j <= m; ++j) {
          d[i][j] = std::min({d[i - 1][j - 1] + (x[i - 1] == y[j - 1] ? 0 : w.substitute), d[i][j - 1] + w.insert, d[i - 1][j] + w.remove});
        }
      }
      const auto run = [&](auto number, auto symbol, int size) {
        using T = decltype(number);
        using Symbol = decltype(symbol);
        std::vector<Symbol> a(static_cast<std::size_t>(lanes), static_cast<Symbol>(-1)), b(static_cast<std::size_t>(m + 2 * lanes));
        std::vector<T> u(a.size(), static_cast<T>(w.remove)), v(b.size(), static_cast<T>(w.insert)), bottom(static_cast<std::size_t>(m));
        std::copy(x.begin(), x.end(), a.begin());
        for (Index j = 0; j < m; ++j) b[lanes + m - 1 - j] = static_cast<Symbol>(y[j]);
        std::fill(v.begin() + lanes + m, v.end(), static_cast<T>(-w.remove));
        std::vector<std::uint8_t> moves(static_cast<std::size_t>((m + n) * lanes));
        level.table->run[size]({a.data(), b.data(), u.data(), v.data(), lanes, m, n - 1, bottom.data(), moves.data(), w, [] {}});
        bool good = true;
        for (Index j = 1; j <= m; ++j) {
          good &= bottom[j - 1] == d[n][j] - d[n][j - 1];
          for (Index i = 1; i <= n; ++i) {
            const bool match = d[i][j] == d[i - 1][j - 1] + (x[i - 1] == y[j - 1] ? 0 : w.substitute), left = d[i][j] == d[i][j - 1] + w.insert;
            good &= static_cast<Move>(moves[(i + j - 2) * lanes + i - 1]) == (match ? Move::match : left ? Move::deletion : Move::insertion);
          }
        }
        CHECK_MESSAGE(good, level.name, ", ", 8 << size, " bits, round ", round);
      };
      run(std::int8_t{}, std::uint8_t{}, 0);
      run(std::int16_t{}, std::uint16_t{}, 1);
      run(std::int32_t{}, std::uint32_t{}, 2);
    }
  }
}

TEST_CASE("methods give the scores and paths of the definition") {
  Dice dice{7};
  Workspace workspace;
  const EditOptions weights[] = {{1, 1, 1}, {2, 2, 2}, {1, 2, 2}, {1, 1, 3}, {3, 5, 4}, {0.5, 0.25, 0.5}, {100, 200, 150}, {40000, 1, 3}, {0, 1, 1}};
  for (int round = 0; round < 90; ++round) {
    const EditOptions o = weights[round % 9];
    const std::uint32_t most = round < 60 ? 90 : 1400, kinds = round % 5 == 0 ? 1000 : 2 + dice(6);
    Symbols x = dice.symbols(dice(most), kinds), y = dice.symbols(dice(most), kinds);
    if (round % 3 == 0) {  // much alike
      y = x;
      for (std::size_t k = 0; k + 20 < y.size(); k += 20) y.erase(y.begin() + static_cast<std::ptrdiff_t>(k + dice(20)));
    }
    const auto init = [o](Index i, Index j) { return static_cast<double>(i) * o.remove + static_cast<double>(j) * o.insert; };
    const auto rank = [o](const auto& insertion, const auto& match, const auto& deletion, std::uint32_t a, std::uint32_t b) {
      return choose(choose(match + (a == b ? 0.0 : o.substitute), deletion + o.insert), insertion + o.remove);
    };
    const Alignment<std::uint32_t, decltype(init), decltype(rank)> definition(init, rank);
    Traced<Order::minimum> traced;
    const auto end = definition.run(traced, x, y);
    std::vector<Index> pairs;
    for (const Step& s : traced.path(end)) {
      if (s.move != Move::none) pairs.insert(pairs.end(), {s.move == Move::deletion ? -1 : s.i - 1, s.move == Move::insertion ? -1 : s.j - 1});
    }
    const std::vector<std::uint16_t> narrow_x(x.begin(), x.end()), narrow_y(y.begin(), y.end());
    const Sequence a{narrow_x.data(), static_cast<Index>(x.size()), 1, Sequence::Kind::u16},
        b{round % 2 == 0 ? static_cast<const void*>(narrow_y.data()) : y.data(), static_cast<Index>(y.size()), 1,
          round % 2 == 0 ? Sequence::Kind::u16 : Sequence::Kind::u32};
    const auto method = make_levenshtein(o);
    CHECK(method->score(a, b, method->worst(), workspace) == end.score);
    CHECK(method->score(a, b, end.score, workspace) == end.score);
    if (end.score > 1) CHECK(method->score(a, b, end.score - 1, workspace) > end.score - 1);
    for (const std::size_t memory : {std::size_t{1} << 28, std::size_t{1}}) {
      const Path path = method->path(a, b, memory, workspace);
      CHECK(path.score == end.score);
      CHECK(path.pairs == pairs);
    }
  }
}

TEST_CASE("one against many gives what one against one does") {
  Dice dice{11};
  Workspace workspace;
  std::vector<std::unique_ptr<Method>> methods;
  methods.push_back(make_levenshtein({}));
  methods.push_back(make_levenshtein({0.3, 0.3, 0.3, Transposition::restricted}));
  methods.push_back(make_levenshtein({1, 2, 3}));
  methods.push_back(make_lcs());
  for (int round = 0; round < 30; ++round) {
    const std::uint32_t kinds = round % 3 == 0 ? 100'000 : 4, longest = round % 2 == 0 ? 20 : 80;
    std::vector<Symbols> all;
    std::vector<Sequence> sequences;
    for (std::uint32_t k = dice(300); k > 0; --k) all.push_back(dice.symbols(dice(longest), kinds));
    for (const Symbols& s : all) sequences.push_back({s.data(), static_cast<Index>(s.size()), 1, Sequence::Kind::u32});
    const Symbols query = dice.symbols(dice(150), kinds);
    const Sequence x{query.data(), static_cast<Index>(query.size()), 1, Sequence::Kind::u32};
    for (const auto& method : methods) {
      const auto references = method->prepare(sequences);
      const Index size = references->size(), begin = size / 3;
      std::vector<double> scores(static_cast<std::size_t>(size - begin));
      method->scores(x, *references, begin, size, method->worst(), scores.data(), workspace);
      bool good = true;
      for (Index k = begin; k < size; ++k) good &= scores[k - begin] == method->score(x, (*references)[k], method->worst(), workspace);
      CHECK(good);
      const auto found = method->nearest(x, *references, 3, method->worst(), workspace),
                 plain = method->Method::nearest(x, *references, 3, method->worst(), workspace);
      REQUIRE(found.size() == plain.size());
      for (std::size_t k = 0; k < found.size(); ++k) {
        CHECK(found[k].index == plain[k].index);
        CHECK(found[k].score == plain[k].score);
      }
    }
  }
}

TEST_CASE("What is asked of a list, of an index and of prepared references is the same") {
  Dice dice(11);
  Workspace workspace;
  for (int round = 0; round < 60; ++round) {
    const std::uint32_t kinds = 2 + dice(20), longest = 1 + dice(round % 3 == 0 ? 200 : 20);
    std::vector<Symbols> all;
    std::vector<Sequence> sequences;
    const Symbols query = dice.symbols(dice(longest), kinds);
    for (std::uint32_t k = dice(200); k > 0; --k) {
      // Strangers, and relatives that a few symbols tell apart.
      Symbols s = dice(2) == 0 ? dice.symbols(dice(longest), kinds) : query;
      for (std::uint32_t edit = dice(4); edit > 0 && !s.empty(); --edit) {
        if (dice(2) == 0) s.erase(s.begin() + dice(static_cast<std::uint32_t>(s.size())));
        else s[dice(static_cast<std::uint32_t>(s.size()))] = dice(kinds);
      }
      all.push_back(std::move(s));
    }
    for (const Symbols& s : all) sequences.push_back({s.data(), static_cast<Index>(s.size()), 1, Sequence::Kind::u32});
    const Sequence x{query.data(), static_cast<Index>(query.size()), 1, Sequence::Kind::u32};
    const WordIndex index(sequences, 3);
    for (const Transposition transposition : {Transposition::none, Transposition::restricted, Transposition::unrestricted}) {
      const auto method = make_levenshtein({1, 1, 1, transposition});
      const References plain(sequences);
      const auto prepared = method->prepare(sequences);
      for (const double cutoff : {0.0, 1.0, 3.0, 12.0, method->worst()}) {
        std::vector<Neighbour> expected;
        for (Index k = 0; k < plain.size(); ++k) expected.push_back({k, method->score(x, plain[k], method->worst(), workspace)});
        std::erase_if(expected, [&](const Neighbour& n) { return n.score > cutoff; });
        std::stable_sort(expected.begin(), expected.end(), [](const Neighbour& a, const Neighbour& b) { return a.score < b.score; });
        const Index k = 5;
        const auto agrees = [&](const std::vector<Neighbour>& found, std::size_t most) {
          bool good = found.size() == std::min(expected.size(), most);
          for (std::size_t n = 0; good && n < found.size(); ++n) good = found[n].index == expected[n].index && found[n].score == expected[n].score;
          return good;
        };
        CHECK(agrees(method->nearest(x, *prepared, k, cutoff, workspace), 5));
        if (const auto search = method->search(x, k, cutoff)) {
          search->offer(sequences, 0, workspace);
          CHECK(agrees(search->take(), 5));
        }
        if (cutoff <= 3) {
          CHECK(agrees(index.nearest(*method, x, k, cutoff, 1, workspace), 5));
          CHECK(agrees(index.nearest(*method, x, -1, cutoff, 1, workspace), all.size()));
        }
      }
    }
  }
}
