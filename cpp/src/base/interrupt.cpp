#include "plait/base/interrupt.hpp"

#include <atomic>
#include <chrono>

#include "plait/base/error.hpp"
#include "plait/base/subnormals.hpp"
#include "thread_pool_internal.hpp"

namespace plait {
namespace {

std::atomic<InterruptHook> g_hook{nullptr};
constexpr auto kPeriod = std::chrono::milliseconds(20);

}  // namespace

void set_interrupt_hook(InterruptHook hook) { g_hook.store(hook); }

void poll_interrupt() {
  if (on_worker_thread()) {
    if (current_job_cancelled()) throw Interrupted();
    return;
  }
  const InterruptHook hook = g_hook.load(std::memory_order_relaxed);
  if (hook == nullptr) return;
  thread_local std::chrono::steady_clock::time_point last{};
  const auto now = std::chrono::steady_clock::now();
  if (now - last < kPeriod) return;
  last = now;
  const FloatModeScope ieee(flushing(float_mode(), false));  // signal handlers are the host's code
  if (hook()) throw Interrupted();
}

}  // namespace plait
