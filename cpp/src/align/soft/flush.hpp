// Numbers below 2^-1022 count as zero while one of these lives, on its thread.
#pragma once

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace plait::align::detail {

/// Soft-DTW's scaling takes weights and shares that no longer matter through the subnormal numbers on their way to zero, for which many
/// processors leave their pipeline, a hundred cycles each.
class FlushSubnormals {
 public:
  FlushSubnormals() { set(); }
  ~FlushSubnormals() { restore(); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

  /// f() in the mode that the caller had.
  template <class F>
  void pause(F&& f) {
    struct Again {
      FlushSubnormals& mode;
      ~Again() { mode.set(); }
    } again{*this};
    restore();
    f();
  }

 private:
#if defined(__SSE2__)
  static constexpr unsigned kFlushResults = 1U << 15, kFlushOperands = 1U << 6;
  void set() { _mm_setcsr(saved_ | kFlushResults | kFlushOperands); }
  void restore() { _mm_setcsr(saved_); }
  unsigned saved_ = _mm_getcsr();
#else
  void set() {}
  void restore() {}
#endif
};

}  // namespace plait::align::detail
