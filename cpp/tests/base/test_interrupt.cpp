#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/thread_pool.hpp"

using namespace plait;

namespace {

std::atomic<int> asked{0};
std::atomic<bool> stop{false};

// Installs the hook for one test and takes it away again, also when a check throws.
struct Hook {
  Hook() {
    asked = 0;
    stop = false;
    set_interrupt_hook([] {
      ++asked;
      return stop.load();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(25));  // past the period of an earlier test on this thread
  }
  ~Hook() { set_interrupt_hook(nullptr); }
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;
};

}  // namespace

TEST_CASE("poll_interrupt: nothing without a hook; with one it asks, but not at every call") {
  set_interrupt_hook(nullptr);
  poll_interrupt();
  const Hook hook;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 100000; ++i) poll_interrupt();
  const auto periods = (std::chrono::steady_clock::now() - start) / std::chrono::milliseconds(20);
  CHECK(asked >= 1);
  CHECK(asked <= periods + 1);
}

TEST_CASE("poll_interrupt throws when the host says so, and goes on afterwards") {
  const Hook hook;
  stop = true;
  CHECK_THROWS_AS(poll_interrupt(), Interrupted);
  stop = false;
  std::this_thread::sleep_for(std::chrono::milliseconds(25));
  poll_interrupt();
  CHECK(asked == 2);
}

TEST_CASE("an interrupt of the calling thread ends the tasks of the others") {
  const Hook hook;
  stop = true;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::atomic<int> gave_up{0};
  const auto forever = [&](std::int64_t, int) {
    while (std::chrono::steady_clock::now() < deadline) poll_interrupt();
    ++gave_up;
  };
  CHECK_THROWS_AS(parallel_for(4, forever, 2), Interrupted);
  CHECK(gave_up == 0);
}
