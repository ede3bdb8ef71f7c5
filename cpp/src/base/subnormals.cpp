#include "plait/base/subnormals.hpp"

#include <atomic>

namespace plait {
namespace {
std::atomic<bool> g_flush{true};
}  // namespace

bool flush_subnormals() { return g_flush.load(std::memory_order_relaxed); }
void set_flush_subnormals(bool on) { g_flush.store(on, std::memory_order_relaxed); }

}  // namespace plait
