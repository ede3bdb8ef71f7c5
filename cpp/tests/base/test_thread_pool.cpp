#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "plait/base/thread_pool.hpp"

using namespace plait;

TEST_CASE("parallel_for runs every task once, also nested and from several threads") {
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        std::vector<std::atomic<int>> hits(37);
        parallel_for(37, [&](std::int64_t i, int) { parallel_for(2, [&](std::int64_t, int) { hits[static_cast<std::size_t>(i)]++; }, 2); }, 3);
        for (auto& h : hits) wrong += h != 2;
      }
    });
  for (auto& c : callers) c.join();
  CHECK(wrong == 0);
}

TEST_CASE("an exception in a task reaches the caller and the pool goes on") {
  for (int round = 0; round < 50; ++round)
    CHECK_THROWS_AS(parallel_for(
                        100,
                        [](std::int64_t i, int) {
                          if (i == 7) throw std::runtime_error("seven");
                        },
                        2),
                    std::runtime_error);
  std::atomic<int> n{0};
  parallel_for(10, [&](std::int64_t, int) { ++n; }, 2);
  CHECK(n == 10);
}
