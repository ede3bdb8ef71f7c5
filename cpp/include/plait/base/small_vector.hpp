// A vector that stores its first few elements inline. Each of millions of graph nodes holds lists of one to four numbers, and an allocation for each
// list costs more than all work on them.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait {

/// The part of std::vector's interface that is used, for trivially copyable elements. Up to N of them need no allocation.
template <class T, std::uint32_t N>
class SmallVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using iterator = T*;
  using const_iterator = const T*;

  SmallVector() noexcept {}  // NOLINT(modernize-use-equals-default): few_ stays unwritten
  explicit SmallVector(std::size_t n, const T& value = T{}) { resize(n, value); }
  SmallVector(std::initializer_list<T> list) { assign_from(list.begin(), list.size()); }
  template <std::input_iterator It>
  SmallVector(It first, It last) {
    insert(end(), first, last);
  }
  SmallVector(std::span<const T> list) { assign_from(list.data(), list.size()); }     // NOLINT(google-explicit-constructor): the same elements
  SmallVector(const std::vector<T>& list) { assign_from(list.data(), list.size()); }  // NOLINT(google-explicit-constructor): the same elements
  SmallVector(const SmallVector& other) : size_(other.size_) {
    if (other.capacity_ <= N) {
      std::memcpy(static_cast<void*>(few_), other.few_, sizeof few_);
      return;
    }
    size_ = 0;
    assign_from(other.data(), other.size_);
  }
  SmallVector(SmallVector&& other) noexcept { take(other); }
  SmallVector& operator=(const SmallVector& other) {
    if (this != &other) assign_from(other.data(), other.size_);
    return *this;
  }
  SmallVector& operator=(SmallVector&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  ~SmallVector() { release(); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T* data() { return capacity_ > N ? many_ : few_; }
  [[nodiscard]] const T* data() const { return capacity_ > N ? many_ : few_; }
  [[nodiscard]] T* begin() { return data(); }
  [[nodiscard]] T* end() { return data() + size_; }
  [[nodiscard]] const T* begin() const { return data(); }
  [[nodiscard]] const T* end() const { return data() + size_; }
  [[nodiscard]] T& operator[](std::size_t i) { return data()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return data()[i]; }
  [[nodiscard]] T& front() { return data()[0]; }
  [[nodiscard]] const T& front() const { return data()[0]; }
  [[nodiscard]] T& back() { return data()[size_ - 1]; }
  [[nodiscard]] const T& back() const { return data()[size_ - 1]; }

  void reserve(std::size_t n) {
    if (n > capacity_) grow(n);
  }
  void clear() { size_ = 0; }
  void push_back(const T& value) {
    const T copy = value;  // `value` may be an element of this vector
    if (size_ == capacity_) grow(2 * static_cast<std::size_t>(size_));
    data()[size_++] = copy;
  }
  void pop_back() { --size_; }
  void resize(std::size_t n, const T& value = T{}) {
    const T copy = value;
    reserve(n);
    for (std::size_t i = size_; i < n; ++i) data()[i] = copy;
    size_ = static_cast<std::uint32_t>(n);
  }
  void assign(std::size_t n, const T& value) {
    const T copy = value;
    clear();
    resize(n, copy);
  }
  template <std::input_iterator It>
  void assign(It first, It last) {
    clear();
    insert(end(), first, last);
  }
  /// The inserted range must not be part of this vector.
  template <std::input_iterator It>
  T* insert(const T* where, It first, It last) {
    T* const gap = open(where, static_cast<std::size_t>(std::distance(first, last)));
    std::copy(first, last, gap);
    return gap;
  }
  T* insert(const T* where, const T& value) {
    const T copy = value;
    T* const gap = open(where, 1);
    *gap = copy;
    return gap;
  }
  T* insert(const T* where, std::size_t n, const T& value) {
    const T copy = value;
    T* const gap = open(where, n);
    std::fill_n(gap, n, copy);
    return gap;
  }
  T* erase(const T* where) { return erase(where, where + 1); }
  T* erase(const T* first, const T* last) {
    T* const at = begin() + (first - begin());
    std::memmove(static_cast<void*>(at), last, static_cast<std::size_t>(end() - last) * sizeof(T));
    size_ -= static_cast<std::uint32_t>(last - first);
    return at;
  }

  friend bool operator==(const SmallVector& a, const SmallVector& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }
  friend auto operator<=>(const SmallVector& a, const SmallVector& b) {
    return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  void assign_from(const T* from, std::size_t n) {
    size_ = 0;
    reserve(n);
    if (n > 0) std::memcpy(static_cast<void*>(data()), from, n * sizeof(T));
    size_ = static_cast<std::uint32_t>(n);
  }
  // Opens a gap of n elements before `where`; size() includes them.
  T* open(const T* where, std::size_t n) {
    const auto at = static_cast<std::size_t>(where - begin());
    reserve(size_ + n);
    std::memmove(static_cast<void*>(begin() + at + n), begin() + at, (size_ - at) * sizeof(T));
    size_ += static_cast<std::uint32_t>(n);
    return begin() + at;
  }
  [[gnu::noinline]] void grow(std::size_t capacity) {
    T* const more = static_cast<T*>(::operator new(capacity * sizeof(T)));
    if (size_ > 0) std::memcpy(static_cast<void*>(more), data(), size_ * sizeof(T));
    release();
    many_ = more;
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  void take(SmallVector& other) noexcept {
    size_ = std::exchange(other.size_, 0U);
    capacity_ = std::exchange(other.capacity_, N);
    if (capacity_ > N) many_ = other.many_;
    else std::memcpy(static_cast<void*>(few_), other.few_, sizeof few_);  // constant size: a few moves instead of a call
  }
  void release() noexcept {
    if (capacity_ > N) ::operator delete(many_);
    capacity_ = N;
  }

  union {
    T few_[N];
    T* many_ = nullptr;
  };
  std::uint32_t size_ = 0, capacity_ = N;
};

}  // namespace plait
