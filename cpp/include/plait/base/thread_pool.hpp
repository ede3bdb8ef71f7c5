// One pool for the whole library. Tasks come from a queue; results never depend on the number of threads
// because callers cut work by shape, not by thread.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace plait {

/// Threads used by parallel_for, the caller included. Default: PLAIT_NUM_THREADS, else the cores this process may use.
int get_num_threads();
void set_num_threads(int threads);  ///< >= 1

/// A non-owning reference to a callable void(int64 task, int worker).
class TaskRef {
 public:
  template <class F, class = std::enable_if_t<!std::is_same_v<std::remove_cvref_t<F>, TaskRef>>>
  TaskRef(F&& f)  // NOLINT(google-explicit-constructor): a function reference converts
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, std::int64_t task, int worker) { (*static_cast<std::remove_reference_t<F>*>(object))(task, worker); }) {}
  void operator()(std::int64_t task, int worker) const { call_(object_, task, worker); }

 private:
  void* object_;
  void (*call_)(void*, std::int64_t, int);
};

/// While one is alive, idle workers spin a little longer before they sleep, because several parallel steps follow closely.
class ParallelSession {
 public:
  explicit ParallelSession(bool wanted);
  ~ParallelSession();
  ParallelSession(const ParallelSession&) = delete;
  ParallelSession& operator=(const ParallelSession&) = delete;

 private:
  bool active_;
};

/// Runs f(task, worker) for task in [0, tasks); worker in [0, threads) names a thread for scratch space. At most `threads` threads
/// (0: get_num_threads()). Runs inline when tasks < 2, when one thread is asked for, from inside another parallel_for, or when the pool
/// is busy for another caller. After the first exception no more tasks start, and it is rethrown here; Ctrl-C likewise.
void parallel_for(std::int64_t tasks, TaskRef f, int threads = 0);

}  // namespace plait
