// Matrix products with digits, whose pixels are mostly background: four of five in MNIST. A pixel that differs from the
// background by d adds d times its row of the weights; what the background adds is the same for every digit, and is
// computed once. So the work shrinks to the share of ink, which no dense product knows of.
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
#include <vector>

namespace ink {

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

// A product and its sum in one instruction: the rest of the binding is compiled without, to round as TensorFlow does.
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")

// Sixteen columns: one register of AVX-512, two of AVX2, four of the smallest.
typedef float Lanes __attribute__((vector_size(64), aligned(4), may_alias));
constexpr int64_t LANES = 16;

// Places in a list of ink are 16 bits wide.
constexpr int64_t LONGEST = 65536;

#define INLINE static inline __attribute__((always_inline))

// One row of the result, `width` groups of columns of it: start + Σ difference[i] · rows[at[i]].
template <int width>
INLINE void add_rows(const float *rows, int64_t stride, const uint16_t *at, const float *difference, int count,
                     const float *start, float *result) {
  Lanes sums[width];
  for (int group = 0; group < width; group++) {
    sums[group] = start ? *reinterpret_cast<const Lanes *>(start + group * LANES) : Lanes{};
  }
  for (int index = 0; index < count; index++) {
    const float *row = rows + at[index] * stride;
    const float factor = difference[index];
    for (int group = 0; group < width; group++) {
      sums[group] += factor * *reinterpret_cast<const Lanes *>(row + group * LANES);
    }
  }
  for (int group = 0; group < width; group++) *reinterpret_cast<Lanes *>(result + group * LANES) = sums[group];
}

INLINE void add_rows_narrow(const float *rows, int64_t stride, const uint16_t *at, const float *difference, int count,
                            const float *start, float *result, int64_t columns) {
  for (int64_t column = 0; column < columns; column++) {
    float sum = start ? start[column] : 0.0f;
    for (int index = 0; index < count; index++) sum += difference[index] * rows[at[index] * stride + column];
    result[column] = sum;
  }
}

// All columns from `from` to `to` of several rows of the result; the lists of row r are the `most` entries from r · most.
template <int width>
INLINE void add_rows_everywhere(const float *rows, int64_t stride, const uint16_t *at, const float *difference,
                                const int *counts, int64_t most, int64_t results, const float *start, float *result,
                                int64_t from, int64_t to) {
  int64_t column = from;
  for (; column + width * LANES <= to; column += width * LANES) {
    for (int64_t row = 0; row < results; row++) {
      add_rows<width>(rows + column, stride, at + row * most, difference + row * most, counts[row],
                      start ? start + column : nullptr, result + row * stride + column);
    }
  }
  for (; column + LANES <= to; column += LANES) {
    for (int64_t row = 0; row < results; row++) {
      add_rows<1>(rows + column, stride, at + row * most, difference + row * most, counts[row],
                  start ? start + column : nullptr, result + row * stride + column);
    }
  }
  for (int64_t row = 0; row < results && column < to; row++) {
    add_rows_narrow(rows + column, stride, at + row * most, difference + row * most, counts[row],
                    start ? start + column : nullptr, result + row * stride + column, to - column);
  }
}

typedef void AddRows(const float *rows, int64_t stride, const uint16_t *at, const float *difference, const int *counts,
                     int64_t most, int64_t results, const float *start, float *result, int64_t from, int64_t to);

#if defined(__x86_64__)
#define ADD_ROWS(name, target_name, width)                                                                           \
  __attribute__((target(target_name))) inline void name(                                                             \
      const float *rows, int64_t stride, const uint16_t *at, const float *difference, const int *counts, int64_t most, \
      int64_t results, const float *start, float *result, int64_t from, int64_t to) {                                \
    add_rows_everywhere<width>(rows, stride, at, difference, counts, most, results, start, result, from, to);        \
  }
ADD_ROWS(add_rows_avx512, "avx512f,fma", 10)
ADD_ROWS(add_rows_avx2, "avx2,fma", 5)
#undef ADD_ROWS
#endif

inline void add_rows_plain(const float *rows, int64_t stride, const uint16_t *at, const float *difference,
                           const int *counts, int64_t most, int64_t results, const float *start, float *result,
                           int64_t from, int64_t to) {
  add_rows_everywhere<4>(rows, stride, at, difference, counts, most, results, start, result, from, to);
}

#pragma GCC pop_options

inline AddRows *pick() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return add_rows_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return add_rows_avx2;
#endif
  return add_rows_plain;
}

inline AddRows *best() {
  static AddRows *const found = pick();
  return found;
}

// Digits of a part, and pixels of a part: small enough that two threads share evenly, large enough that a part's
// columns of weights, once in the cache, serve many.
constexpr int64_t DIGITS_A_PART = 16;
constexpr int64_t PIXELS_A_PART = 14;

// Parts of an array of `whole`: how many parts of `size` it takes.
inline int parts_of(int64_t whole, int64_t size) { return static_cast<int>((whole + size - 1) / size); }

// y = x · w. x [digits, pixels], w [pixels, units], y [digits, units]; pixels at most LONGEST.
inline void product(const float *x, const float *w, float *y, int64_t digits, int64_t pixels, int64_t units,
                    float background) {
  std::vector<float> start;
  Crew &crew = Crew::shared();
  if (background != 0.0f) {
    start.assign(units, 0.0f);
    crew.run(parts_of(units, 64), [&](int part) {
      const int64_t from = part * 64, to = std::min<int64_t>(from + 64, units);
      float *sums = start.data();
      for (int64_t pixel = 0; pixel < pixels; pixel++) {
        for (int64_t unit = from; unit < to; unit++) sums[unit] += w[pixel * units + unit];
      }
      for (int64_t unit = from; unit < to; unit++) sums[unit] *= background;
    });
  }
  crew.run(parts_of(digits, DIGITS_A_PART), [&](int part) {
    const int64_t first = part * DIGITS_A_PART, count = std::min(DIGITS_A_PART, digits - first);
    static thread_local std::vector<uint16_t> at;
    static thread_local std::vector<float> difference;
    at.resize(DIGITS_A_PART * pixels);
    difference.resize(DIGITS_A_PART * pixels);
    int counts[DIGITS_A_PART];
    for (int64_t digit = 0; digit < count; digit++) {
      const float *row = x + (first + digit) * pixels;
      uint16_t *places = at.data() + digit * pixels;
      float *values = difference.data() + digit * pixels;
      int found = 0;
      for (int64_t pixel = 0; pixel < pixels; pixel++) {
        const float value = row[pixel] - background;
        places[found] = static_cast<uint16_t>(pixel);
        values[found] = value;
        found += value != 0.0f;
      }
      counts[digit] = found;
    }
    best()(w, units, at.data(), difference.data(), counts, pixels, count, start.empty() ? nullptr : start.data(),
           y + first * units, 0, units);
  });
}

// dw = xᵀ · dy. x [digits, pixels], dy [digits, units], dw [pixels, units]; digits at most LONGEST.
// sums [units]: dy summed over the digits.
inline void product_gradient(const float *x, const float *dy, const float *sums, float *dw, int64_t digits,
                             int64_t pixels, int64_t units, float background) {
  std::vector<float> start;
  if (background != 0.0f) {
    start.resize(units);
    for (int64_t unit = 0; unit < units; unit++) start[unit] = background * sums[unit];
  }
  Crew::shared().run(parts_of(pixels, PIXELS_A_PART), [&](int part) {
    const int64_t first = part * PIXELS_A_PART, count = std::min(PIXELS_A_PART, pixels - first);
    static thread_local std::vector<uint16_t> at;
    static thread_local std::vector<float> difference;
    at.resize(PIXELS_A_PART * digits);
    difference.resize(PIXELS_A_PART * digits);
    int counts[PIXELS_A_PART] = {};
    for (int64_t digit = 0; digit < digits; digit++) {
      const float *row = x + digit * pixels + first;
      for (int64_t pixel = 0; pixel < count; pixel++) {
        const float value = row[pixel] - background;
        const int64_t place = pixel * digits + counts[pixel];
        at[place] = static_cast<uint16_t>(digit);
        difference[place] = value;
        counts[pixel] += value != 0.0f;
      }
    }
    best()(dy, units, at.data(), difference.data(), counts, digits, count, start.empty() ? nullptr : start.data(),
           dw + first * units, 0, units);
  });
}

#undef INLINE

}  // namespace ink
