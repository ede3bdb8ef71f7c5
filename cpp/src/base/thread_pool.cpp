#include "plait/base/thread_pool.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

#include "plait/base/error.hpp"
#include "plait/base/interrupt.hpp"
#include "plait/base/subnormals.hpp"
#include "thread_pool_internal.hpp"

namespace plait {
namespace {

// A worker spins this long for the next job before it sleeps: long enough to bridge the gap between two steps of a program,
// short enough to cost nothing on a busy machine.
constexpr auto kSpin = std::chrono::microseconds(30);
// While a program with parallel steps runs, the next job is near: waking a sleeping thread takes longer than many of the serial steps in between.
constexpr auto kSpinInSession = std::chrono::milliseconds(2);

int default_threads() {
  if (const char* wish = std::getenv("PLAIT_NUM_THREADS"); wish != nullptr && *wish != '\0') {
    char* end = nullptr;
    const long n = std::strtol(wish, &end, 10);
    PLAIT_REQUIRE(*end == '\0' && n >= 1 && n <= 4096, "PLAIT_NUM_THREADS=", wish, ": expected a whole number from 1 to 4096");
    return static_cast<int>(n);
  }
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  const unsigned n = std::thread::hardware_concurrency();
  return n == 0 ? 1 : static_cast<int>(n);
}

// Schedulers tend to wake a thread on the core of the thread that woke it. A worker spinning there for the caller's next job and a caller spinning
// for the worker then alternate instead of running in parallel, possibly for seconds; so the worker moves to another core.
int current_core() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}
void leave_core([[maybe_unused]] int core) {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) < 2) return;
  cpu_set_t others = allowed;
  CPU_CLR(core, &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof allowed, &allowed);  // moved; all allowed cores are available to the scheduler again
#endif
}

struct Job {
  Job(TaskRef f, std::int64_t n) : function(f), tasks(n) {}
  TaskRef function;
  std::int64_t tasks;
  std::uint64_t mode = float_mode();  // the caller's: results must not depend on who runs a task
  std::atomic<std::int64_t> next{0};
  std::atomic<int> running{0};      // workers inside the job, the caller not counted
  std::atomic<bool> joined{false};  // true once a worker has joined
  std::atomic<bool> cancelled{false};
  std::mutex error_mutex;
  std::exception_ptr error;

  void fail(std::exception_ptr e) {
    const std::lock_guard lock(error_mutex);
    if (!error) error = std::move(e);
    cancelled.store(true);
  }
};

thread_local bool t_worker = false;
thread_local Job* t_job = nullptr;

void run_tasks(Job& job, int worker, bool caller) {
  const FloatModeScope mode(job.mode);
  Job* const outer = t_job;
  t_job = &job;
  try {
    while (!job.cancelled.load(std::memory_order_relaxed)) {
      const std::int64_t task = job.next.fetch_add(1, std::memory_order_relaxed);
      if (task >= job.tasks) break;
      job.function(task, worker);
      if (caller) poll_interrupt();
    }
  } catch (...) {
    job.fail(std::current_exception());
  }
  t_job = outer;
}

class Pool {
 public:
  static Pool& instance() {
    static Pool* pool = make();  // never destroyed: worker threads may outlive static destructors
    return *pool;
  }

  int threads() const { return threads_.load(); }
  void set_threads(int n) { threads_.store(n); }

  void begin_session() {
    sessions_.fetch_add(1, std::memory_order_relaxed);
    if (sleeping_.load(std::memory_order_relaxed) == 0) return;
    {
      const std::lock_guard lock(mutex_);
      ++calls_;
    }
    wake_.notify_all();
    std::this_thread::yield();  // lets a worker that was woken on this core run, so that it can move away
  }
  void end_session() { sessions_.fetch_sub(1, std::memory_order_relaxed); }

  void run(Job& job, int threads) {
    std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) {
      run_tasks(job, 0, true);
      return;
    }
    ensure_workers(threads - 1);
    caller_core_.store(current_core(), std::memory_order_relaxed);
    {
      const std::lock_guard lock(mutex_);
      job_ = &job;
      seats_ = threads - 1;
      ++generation_;
      generation_hint_.store(generation_, std::memory_order_release);
    }
    wake_.notify_all();
    run_tasks(job, 0, true);
    {
      const std::lock_guard lock(mutex_);
      job_ = nullptr;  // no worker joins from here on
    }
    if (!job.joined.load(std::memory_order_relaxed)) make_way();
    for (const auto start = std::chrono::steady_clock::now(); job.running.load(std::memory_order_acquire) > 0;) {
      if (std::chrono::steady_clock::now() - start < (sessions_.load(std::memory_order_relaxed) > 0 ? kSpinInSession : kSpin)) continue;
      std::unique_lock lock(mutex_);
      done_.wait_for(lock, std::chrono::milliseconds(20), [&] { return job.running.load(std::memory_order_acquire) == 0; });
      lock.unlock();
      try {
        poll_interrupt();
      } catch (...) {
        job.fail(std::current_exception());
      }
    }
  }

 private:
  static Pool* make() {
#if defined(__linux__)
    // A forked child has no workers: it starts over with an empty pool.
    pthread_atfork(nullptr, nullptr, [] { new (&instance()) Pool(instance().threads()); });
#endif
    return new Pool(default_threads());
  }
  explicit Pool(int threads) : threads_(threads) {}

  void ensure_workers(int n) {
    while (static_cast<int>(workers_.size()) < n) {
      const int id = static_cast<int>(workers_.size()) + 1;
      workers_.emplace_back([this, id] { work(id); });
      workers_.back().detach();
    }
  }

  // No worker joined: perhaps they are queued on the caller's core. It yields now and then.
  static void make_way() {
    thread_local std::chrono::steady_clock::time_point last{};
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(2)) return;
    last = now;
    std::this_thread::yield();
  }

  void share_no_core() const {
    const int core = current_core();
    if (core >= 0 && core == caller_core_.load(std::memory_order_relaxed)) leave_core(core);
  }

  [[noreturn]] void work(int id) {
    t_worker = true;
    std::uint64_t seen = 0, called = 0;
    for (;;) {
      const auto start = std::chrono::steady_clock::now();
      for (auto awaited = start; generation_hint_.load(std::memory_order_acquire) == seen;) {
        share_no_core();
        const auto now = std::chrono::steady_clock::now();
        if (now - start > kSpin) std::this_thread::yield();  // to other threads on this core
        if (sessions_.load(std::memory_order_relaxed) > 0) awaited = now;
        if (now - awaited > kSpin || now - start > kSpinInSession) break;
      }
      Job* job = nullptr;
      {
        std::unique_lock lock(mutex_);
        sleeping_.fetch_add(1, std::memory_order_relaxed);
        wake_.wait(lock, [&] { return generation_ != seen || calls_ != called; });
        sleeping_.fetch_sub(1, std::memory_order_relaxed);
        called = calls_;
        if (generation_ == seen) continue;  // woken for a session: spin for its jobs
        seen = generation_;
        if (job_ != nullptr && id <= seats_) {
          job = job_;
          job->running.fetch_add(1, std::memory_order_relaxed);
          job->joined.store(true, std::memory_order_relaxed);
        }
      }
      if (job == nullptr) continue;
      share_no_core();
      run_tasks(*job, id, false);
      {
        // Under the mutex, so that the caller cannot miss the last notification; the job may be gone right after.
        const std::lock_guard lock(mutex_);
        job->running.fetch_sub(1, std::memory_order_release);
        done_.notify_all();
      }
    }
  }

  std::atomic<int> threads_;
  std::mutex busy_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> workers_;
  Job* job_ = nullptr;
  int seats_ = 0;
  std::uint64_t generation_ = 0;
  std::uint64_t calls_ = 0;  // wake-ups of sleeping workers for sessions
  std::atomic<int> sessions_{0}, sleeping_{0};
  std::atomic<int> caller_core_{-1};
  std::atomic<std::uint64_t> generation_hint_{0};
};

}  // namespace

bool on_worker_thread() { return t_worker; }
bool current_job_cancelled() { return t_job != nullptr && t_job->cancelled.load(std::memory_order_relaxed); }

int get_num_threads() { return Pool::instance().threads(); }

void set_num_threads(int threads) {
  PLAIT_REQUIRE(threads >= 1 && threads <= 4096, "set_num_threads: expected 1 to 4096 threads, got ", threads);
  Pool::instance().set_threads(threads);
}

ParallelSession::ParallelSession(bool wanted) : active_(wanted) {
  if (active_) Pool::instance().begin_session();
}
ParallelSession::~ParallelSession() {
  if (active_) Pool::instance().end_session();
}

void parallel_for(std::int64_t tasks, TaskRef f, int threads) {
  if (tasks <= 0) return;
  if (threads <= 0) threads = get_num_threads();
  if (threads > tasks) threads = static_cast<int>(tasks);
  if (threads == 1 || t_job != nullptr) {
    for (std::int64_t task = 0; task < tasks; ++task) {
      f(task, 0);
      poll_interrupt();
    }
    return;
  }
  Job job(f, tasks);
  Pool::instance().run(job, threads);
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace plait
