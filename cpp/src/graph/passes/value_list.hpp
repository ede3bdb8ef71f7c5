// The values of a module: a vector in pieces. It does not copy elements when it grows, and a pass that builds a new module frees the pieces it has
// read, so that two whole modules are never in memory.
#pragma once

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace plait::graph {

template <class T>
class PiecewiseVector {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T& operator[](std::size_t i) { return pieces_[i / kPiece][i % kPiece]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return pieces_[i / kPiece][i % kPiece]; }

  /// Invalidates references while the list still fits in the first piece.
  void push_back(T value) {
    if (size_ % kPiece == 0) {
      pieces_.emplace_back();
      if (size_ > 0) pieces_.back().reserve(kPiece);
    }
    pieces_.back().push_back(std::move(value));
    ++size_;
  }
  /// Keeps the first n.
  void truncate(std::size_t n) {
    pieces_.resize((n + kPiece - 1) / kPiece);
    if (n % kPiece != 0) pieces_.back().erase(pieces_.back().begin() + static_cast<std::ptrdiff_t>(n % kPiece), pieces_.back().end());
    size_ = n;
  }
  /// Frees the whole pieces before element i, which must not be read any more; other indices stay valid.
  void release_before(std::size_t i) {
    if (i > 0 && i % kPiece == 0) release_piece(i / kPiece - 1);
  }
  [[nodiscard]] std::size_t piece_count() const { return pieces_.size(); }
  static std::size_t piece_of(std::size_t i) { return i / kPiece; }
  /// Frees the elements of a piece, which must not be read any more.
  void release_piece(std::size_t piece) { std::vector<T>().swap(pieces_[piece]); }

  template <class List, class Element>
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = Element*;
    using reference = Element&;
    Iterator(List* list, std::size_t i) : list_(list), i_(i) {}
    Element& operator*() const { return (*list_)[i_]; }
    Element* operator->() const { return &(*list_)[i_]; }
    Iterator& operator++() {
      ++i_;
      return *this;
    }
    Iterator operator++(int) { return std::exchange(*this, Iterator(list_, i_ + 1)); }
    bool operator==(const Iterator&) const = default;

   private:
    List* list_;
    std::size_t i_;
  };
  [[nodiscard]] auto begin() { return Iterator<PiecewiseVector, T>(this, 0); }
  [[nodiscard]] auto end() { return Iterator<PiecewiseVector, T>(this, size_); }
  [[nodiscard]] auto begin() const { return Iterator<const PiecewiseVector, const T>(this, 0); }
  [[nodiscard]] auto end() const { return Iterator<const PiecewiseVector, const T>(this, size_); }

 private:
  static constexpr std::size_t kPiece = 1024;

  std::vector<std::vector<T>> pieces_;  // of kPiece elements but for the last
  std::size_t size_ = 0;
};

}  // namespace plait::graph
