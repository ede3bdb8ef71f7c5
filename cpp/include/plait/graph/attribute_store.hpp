// Attributes: the parameters of an operation besides its inputs, as one struct per family of ops (attributes.hpp), or none. Most nodes have none: a
// null pointer. A struct is stored once and shared by all nodes and values that copy these attributes.
//
// A family is a plain struct with ==, and with `fields`, which lists its fields in the order of the file format. Reading, writing and hashing follow
// from that. Not a closed std::variant: modules that register ops of their own define their own structs.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "plait/base/small_vector.hpp"
#include "plait/tensor/tensor.hpp"

namespace plait::graph {

using namespace tensor;

struct Op;
struct Scan;
class NodeRef;

/// A slice bound that is left out (None).
constexpr Index kOpen = std::numeric_limits<Index>::min();

/// The range of one axis, as Python's slice.
struct SliceRange {
  Index start = kOpen, stop = kOpen, step = 1;
  /// First index and number of elements on an axis of that size, as slice.indices. |step| is limited to the size of the axis: one element is still
  /// taken, and nothing overflows.
  struct Taken {
    Index start, step, count;
  };
  [[nodiscard]] Taken of_size(Index size) const;
  bool operator==(const SliceRange&) const = default;
};
using SliceList = SmallVector<SliceRange, 2>;

/// As stored in files: integers, reals, and the step graph of loops.
struct AttributeLists {
  std::vector<Index> ints;
  std::vector<double> reals;
  std::shared_ptr<const Scan> scan{};
};

/// Appends the fields of a struct to lists.
class AttributeWriter {
 public:
  explicit AttributeWriter(AttributeLists& to) : to_(to) {}
  void number(Index x) { to_.ints.push_back(x); }
  void flag(bool x) { number(x ? 1 : 0); }
  void dtype(DType x) { number(static_cast<Index>(x)); }
  void bits(std::uint64_t x) { number(static_cast<Index>(x)); }
  void real(double x) { to_.reals.push_back(x); }
  void rest(const Shape& list) { to_.ints.insert(to_.ints.end(), list.begin(), list.end()); }
  void rest(const SliceList& list) {
    for (const SliceRange& r : list) to_.ints.insert(to_.ints.end(), {r.start, r.stop, r.step});
  }
  void last_flag(bool x) {
    if (x) number(1);
  }
  void real_flag(bool x) {
    if (x) real(1);
  }
  void loop(const std::shared_ptr<const Scan>& x) { to_.scan = x; }

 private:
  AttributeLists& to_;
};

/// Reads the fields of a struct from unchecked lists. GraphError: "<op>: attributes that do not fit".
class AttributeReader {
 public:
  AttributeReader(const Op& of, std::span<const NodeRef> to_read, const AttributeLists& from) : op(of), inputs(to_read), from_(from) {}

  const Op& op;
  const std::span<const NodeRef> inputs;  ///< of the op

  void number(Index& x);
  void flag(bool& x);  ///< 0 or 1
  void dtype(DType& x);
  void bits(std::uint64_t& x);
  void real(double& x);
  void rest(Shape& list);      ///< all remaining integers
  void rest(SliceList& list);  ///< all remaining integers, three for each axis
  void last_flag(bool& x);     ///< a 1 at the end, or nothing
  void real_flag(bool& x);     ///< any real, or nothing
  void loop(std::shared_ptr<const Scan>& x);
  [[nodiscard]] bool whole_numbers_left() const { return left() > 0; }

  /// The struct; the lists must hold exactly its fields.
  template <class T>
  T take() {
    T value{};
    T::fields(value, *this);
    finish();
    return value;
  }
  void finish() const;

  // ---- checks, for the families' read functions ----
  void require(bool ok) const;
  [[nodiscard]] Index rank(std::size_t input = 0) const;
  void axis(Index axis, Index low, Index high) const { require(axis >= low && axis < high); }
  void sizes(const Shape& shape) const;  ///< of a shape: no dimension too many, sizes from kAny on
  void ascending_axes(std::span<const Index> list) const;

 private:
  [[nodiscard]] std::size_t left() const { return from_.ints.size() - taken_; }

  const AttributeLists& from_;
  std::size_t taken_ = 0, reals_taken_ = 0;
  bool loop_taken_ = false;
};

template <class T>
concept AttributeFamily = requires(const T& value, AttributeWriter& writer) { T::fields(value, writer); };

class Attributes {
 public:
  Attributes() = default;
  template <AttributeFamily T>
  Attributes(T value) : stored_(new StoredAs<T>(std::move(value))) {}  // NOLINT(google-explicit-constructor): a struct is what attributes are
  Attributes(const Attributes& other) : stored_(other.stored_) {
    if (stored_ != nullptr) stored_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Attributes(Attributes&& other) noexcept : stored_(std::exchange(other.stored_, nullptr)) {}
  Attributes& operator=(Attributes other) noexcept {
    std::swap(stored_, other.stored_);
    return *this;
  }
  ~Attributes() {
    if (stored_ != nullptr && stored_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) stored_->family->destroy(stored_);
  }

  [[nodiscard]] bool empty() const { return stored_ == nullptr; }
  /// The struct, or null if it has another type.
  template <AttributeFamily T>
  [[nodiscard]] const T* get_if() const {
    return stored_ != nullptr && stored_->family == &kFamily<T> ? &static_cast<const StoredAs<T>*>(stored_)->value : nullptr;
  }
  /// The struct; GraphError if there is none or it has another type. It lives as long as any copy of these attributes.
  template <AttributeFamily T>
  [[nodiscard]] const T& as() const {
    const T* const value = get_if<T>();
    if (value == nullptr) throw_other();
    return *value;
  }

  /// The same struct with the same fields.
  friend bool operator==(const Attributes& a, const Attributes& b) {
    if (a.stored_ == b.stored_) return true;
    return a.stored_ != nullptr && b.stored_ != nullptr && a.stored_->family == b.stored_->family && a.stored_->family->equal(a.stored_, b.stored_);
  }
  /// As stored in a file.
  [[nodiscard]] AttributeLists lists() const;

 private:
  struct Stored;
  struct Family {
    bool (*equal)(const Stored* a, const Stored* b);
    void (*write)(const Stored* stored, AttributeWriter& writer);
    void (*destroy)(const Stored* stored);
  };
  struct Stored {
    const Family* family;
    mutable std::atomic<std::size_t> references{1};
    explicit Stored(const Family* f) : family(f) {}
  };
  template <class T>
  struct StoredAs : Stored {
    T value;
    explicit StoredAs(T v) : Stored(&kFamily<T>), value(std::move(v)) {}
  };
  template <class T>
  static constexpr Family kFamily{
      [](const Stored* a, const Stored* b) { return static_cast<const StoredAs<T>*>(a)->value == static_cast<const StoredAs<T>*>(b)->value; },
      [](const Stored* stored, AttributeWriter& writer) { T::fields(static_cast<const StoredAs<T>*>(stored)->value, writer); },
      [](const Stored* stored) { delete static_cast<const StoredAs<T>*>(stored); }};
  [[noreturn]] static void throw_other();

  const Stored* stored_ = nullptr;
};

/// The attributes of an op from a file: GraphError unless the op's own functions could have made them.
Attributes read_attributes(const Op& op, std::span<const NodeRef> inputs, const AttributeLists& lists);

}  // namespace plait::graph
