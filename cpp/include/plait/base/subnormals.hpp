// Flushing of subnormal numbers (below 2^-126 in float32, 2^-1022 in float64) to zero, and its switch.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace plait {

/// The floating-point control register of the calling thread, which also selects the treatment of subnormal numbers.
inline std::uint64_t float_mode() {
#if defined(__SSE2__)
  return _mm_getcsr();
#elif defined(__aarch64__)
  std::uint64_t mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}
inline void set_float_mode([[maybe_unused]] std::uint64_t mode) {
#if defined(__SSE2__)
  _mm_setcsr(static_cast<unsigned>(mode));
#elif defined(__aarch64__)
  asm volatile("msr fpcr, %0" : : "r"(mode));
#endif
}

/// `mode` with subnormal results and operands flushed to zero, or as in IEEE 754.
constexpr std::uint64_t flushing(std::uint64_t mode, bool on) {
#if defined(__SSE2__)
  constexpr std::uint64_t kBits = 1U << 15 | 1U << 6;  // FTZ: results; DAZ: operands
#elif defined(__aarch64__)
  constexpr std::uint64_t kBits = 1U << 24;  // FZ: both
#else
  constexpr std::uint64_t kBits = 0;
#endif
  return on ? mode | kBits : mode & ~kBits;
}

/// Sets a mode on the calling thread; the destructor restores the previous one.
class FloatModeScope {
 public:
  explicit FloatModeScope(std::uint64_t mode) : before_(float_mode()), changed_(mode != before_) {
    if (changed_) set_float_mode(mode);
  }
  ~FloatModeScope() {
    if (changed_) set_float_mode(before_);
  }
  FloatModeScope(const FloatModeScope&) = delete;
  FloatModeScope& operator=(const FloatModeScope&) = delete;

 private:
  std::uint64_t before_;
  bool changed_;
};

/// Whether programs and tables flush subnormal numbers to zero. On by default: one costs many processors over a hundred cycles, and vanishing
/// gradients produce them by the million.
bool flush_subnormals();
void set_flush_subnormals(bool on);

}  // namespace plait
