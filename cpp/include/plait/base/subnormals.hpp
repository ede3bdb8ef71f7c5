// Subnormal numbers (below 2^-126 in float32, 2^-1022 in float64) as zero, and the switch that says where.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace plait {

/// How the calling thread treats subnormal numbers, with its other floating-point settings: the register that holds them.
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

/// `mode` with subnormal results and operands as zero, or as IEEE 754 has them.
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

/// A mode on the calling thread while one of these lives; then the mode from before.
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

/// Whether programs and tables treat subnormal numbers as zero. On at the start: one costs many processors a hundred cycles and more, and
/// gradients that vanish make them by the million.
bool flush_subnormals();
void set_flush_subnormals(bool on);

}  // namespace plait
