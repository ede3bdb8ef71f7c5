// The inputs of a value: up to four stand in the record itself, so that most values cost no allocation for them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <utility>
#include <vector>

namespace plait::graph {

class InputList {
 public:
  InputList() = default;
  InputList(std::initializer_list<int> list) { assign(list.begin(), list.size()); }
  InputList(const std::vector<int>& list) { assign(list.data(), list.size()); }  // NOLINT(google-explicit-constructor): the same numbers
  InputList(const InputList& other) { assign(other.data(), other.size_); }
  InputList(InputList&& other) noexcept { take(other); }
  InputList& operator=(const InputList& other) {
    if (this != &other) assign(other.data(), other.size_);
    return *this;
  }
  InputList& operator=(InputList&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  ~InputList() { release(); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] int* data() { return capacity_ > kInline ? many_ : few_; }
  [[nodiscard]] const int* data() const { return capacity_ > kInline ? many_ : few_; }
  int* begin() { return data(); }
  int* end() { return data() + size_; }
  [[nodiscard]] const int* begin() const { return data(); }
  [[nodiscard]] const int* end() const { return data() + size_; }
  int& operator[](std::size_t i) { return data()[i]; }
  const int& operator[](std::size_t i) const { return data()[i]; }
  [[nodiscard]] int front() const { return data()[0]; }
  [[nodiscard]] int back() const { return data()[size_ - 1]; }

  void push_back(int value) {
    if (size_ == capacity_) grow(2 * size_);
    data()[size_++] = value;
  }
  void clear() { size_ = 0; }
  friend bool operator==(const InputList& a, const InputList& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

 private:
  static constexpr std::uint32_t kInline = 4;

  void assign(const int* from, std::size_t n) {
    size_ = 0;
    if (n > capacity_) grow(n);
    if (n > 0) std::memcpy(data(), from, n * sizeof(int));
    size_ = static_cast<std::uint32_t>(n);
  }
  void grow(std::size_t capacity) {
    int* const more = new int[capacity];
    if (size_ > 0) std::memcpy(more, data(), size_ * sizeof(int));
    release();
    many_ = more;
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  void take(InputList& other) noexcept {
    size_ = std::exchange(other.size_, 0U);
    capacity_ = std::exchange(other.capacity_, kInline);
    if (capacity_ > kInline) many_ = other.many_;
    else std::memcpy(few_, other.few_, sizeof few_);
  }
  void release() noexcept {
    if (capacity_ > kInline) delete[] many_;
    capacity_ = kInline;
  }

  union {
    int few_[kInline];
    int* many_;
  };
  std::uint32_t size_ = 0, capacity_ = kInline;
};

}  // namespace plait::graph
