// Threads of the lab's own, for operations whose work is worth sharing: TensorFlow's C interface does not lend its pool.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

// Threads that share the parts of one product; the caller is one of them. They sleep between products.
class Crew {
 public:
  static Crew &shared() {
    // Never destroyed: a thread may still wait in it when the process ends.
    static Crew *crew = new Crew();
    return *crew;
  }

  // Calls work(part) for every part from 0 to parts, each once, and returns when all are done.
  void run(int parts, const std::function<void(int)> &work) {
    std::unique_lock<std::mutex> alone(busy_, std::try_to_lock);
    if (!alone.owns_lock() || helpers_ == 0 || parts < 2) {
      for (int part = 0; part < parts; part++) work(part);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      work_ = &work;
      parts_ = parts;
      next_.store(0);
      round_.fetch_add(1);
    }
    wake_.notify_all();
    take(work, parts);
    {
      // Whoever has not woken by now is not waited for.
      std::lock_guard<std::mutex> lock(mutex_);
      work_ = nullptr;
    }
    // The others are on their last parts: asleep, one would be woken too late.
    while (running_.load() != 0) std::this_thread::yield();
  }

 private:
  Crew() {
    const char *asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = asked ? std::atoi(asked) : 0;
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    helpers_ = std::max(0, std::min(wanted > 0 ? wanted : cores, 16) - 1);
    // Signals are the main thread's: see signals.cc.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (int helper = 0; helper < helpers_; helper++) std::thread([this] { help(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void take(const std::function<void(int)> &work, int parts) {
    for (int part = next_.fetch_add(1); part < parts; part = next_.fetch_add(1)) work(part);
  }

  void help() {
    uint64_t seen = 0;
    while (true) {
      // One product often follows another at once.
      for (int tries = 0; tries < TRIES && round_.load() == seen; tries++) pause();
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return round_.load() != seen; });
      seen = round_.load();
      if (!work_) continue;
      running_.fetch_add(1);
      const auto *work = work_;
      const int parts = parts_;
      lock.unlock();
      take(*work, parts);
      running_.fetch_sub(1);
    }
  }

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  // Some ten microseconds.
  static constexpr int TRIES = 200;

  std::mutex busy_, mutex_;
  std::condition_variable wake_;
  const std::function<void(int)> *work_ = nullptr;
  std::atomic<int> next_{0}, running_{0};
  std::atomic<uint64_t> round_{0};
  int parts_ = 0, helpers_ = 0;
};

// Sixteen columns: one register of AVX-512, two of AVX2, four of the smallest.
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int64_t LANES = 16;

#define INLINE static inline __attribute__((always_inline))

// Parts of an array of `whole`: how many parts of `size` it takes.
inline int parts_of(int64_t whole, int64_t size) { return static_cast<int>((whole + size - 1) / size); }
