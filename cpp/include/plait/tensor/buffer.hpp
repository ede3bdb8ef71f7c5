// Owning, aligned memory.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace plait::tensor {

constexpr std::size_t kAlignment = 64;  ///< one cache line, one AVX-512 register

struct FreeDeleter {
  void operator()(void* p) const { std::free(p); }
};
using Bytes = std::unique_ptr<std::byte[], FreeDeleter>;

/// Uninitialised memory, 64-byte aligned; at least one line even for 0 bytes.
inline Bytes allocate_bytes(std::size_t bytes) {
  const std::size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* p = std::aligned_alloc(kAlignment, rounded == 0 ? kAlignment : rounded);
  if (p == nullptr) throw std::bad_alloc();
  return Bytes(static_cast<std::byte*>(p));
}

}  // namespace plait::tensor
