// Matrix products with digits, whose pixels are mostly background: four of five in MNIST. A pixel that differs from the
// background by d adds d times its row of the weights; what the background adds is the same for every digit, and is
// computed once. So the work shrinks to the share of ink, which no dense product knows of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "crew.h"

namespace ink {

// A product and its sum in one instruction: the rest of the binding is compiled without, to round as TensorFlow does.
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")

// Places in a list of ink are 16 bits wide.
constexpr int64_t LONGEST = 65536;

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
      int64_t results, const float *start, float *result, int64_t from, int64_t to) {              \
    add_rows_everywhere<width>(rows, stride, at, difference, counts, most, results, start, result, from, to);        \
  }
ADD_ROWS(add_rows_avx512, "avx512f,fma", 5)
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

// Columns of a part of the product, and pixels of a part of its gradient: few enough that the second cache holds what a
// part reads, and that threads share evenly.
constexpr int64_t COLUMNS_A_PART = 5 * LANES;
constexpr int64_t PIXELS_A_PART = 14;

// y = x · w. x [digits, pixels], w [pixels, units], y [digits, units]; pixels at most LONGEST.
inline void product(const float *x, const float *w, float *y, int64_t digits, int64_t pixels, int64_t units,
                    float background) {
  Crew &crew = Crew::shared();
  static thread_local std::vector<uint16_t> lists;
  static thread_local std::vector<float> differences;
  static thread_local std::vector<int> counts;
  lists.resize(digits * pixels);
  differences.resize(digits * pixels);
  counts.resize(digits);
  // Those of the thread that called, not of the one that runs a part.
  uint16_t *const all_places = lists.data();
  float *const all_values = differences.data();
  int *const all_counts = counts.data();
  crew.run(parts_of(digits, 16), [&](int part) {
    for (int64_t digit = part * 16; digit < std::min<int64_t>(part * 16 + 16, digits); digit++) {
      const float *row = x + digit * pixels;
      uint16_t *places = all_places + digit * pixels;
      float *values = all_values + digit * pixels;
      int found = 0;
      for (int64_t pixel = 0; pixel < pixels; pixel++) {
        const float value = row[pixel] - background;
        places[found] = static_cast<uint16_t>(pixel);
        values[found] = value;
        found += value != 0.0f;
      }
      all_counts[digit] = found;
    }
  });
  // A part's columns of w are read once, for what the background adds, and then lie in the cache for every digit.
  crew.run(parts_of(units, COLUMNS_A_PART), [&](int part) {
    const int64_t from = part * COLUMNS_A_PART, columns = std::min(COLUMNS_A_PART, units - from);
    float start[COLUMNS_A_PART] = {};
    if (background != 0.0f) {
      for (int64_t pixel = 0; pixel < pixels; pixel++) {
        for (int64_t column = 0; column < columns; column++) start[column] += w[pixel * units + from + column];
      }
      for (float &sum : start) sum *= background;
    }
    best()(w + from, units, all_places, all_values, all_counts, pixels, digits, start, y + from, 0, columns);
  });
}

// dw = xᵀ · dy, some rows at a time: finish(first, count, rows) is called once for every part, on the thread that has just
// computed it. x [digits, pixels], dy [digits, units], rows [count, units]; digits at most LONGEST.
// sums [units]: dy summed over the digits.
template <typename Finish>
void product_gradient(const float *x, const float *dy, const float *sums, int64_t digits, int64_t pixels, int64_t units,
                      float background, const Finish &finish) {
  std::vector<float> start;
  if (background != 0.0f) {
    start.resize(units);
    for (int64_t unit = 0; unit < units; unit++) start[unit] = background * sums[unit];
  }
  Crew::shared().run(parts_of(pixels, PIXELS_A_PART), [&](int part) {
    const int64_t first = part * PIXELS_A_PART, count = std::min(PIXELS_A_PART, pixels - first);
    static thread_local std::vector<uint16_t> at;
    static thread_local std::vector<float> difference, rows;
    at.resize(PIXELS_A_PART * digits);
    difference.resize(PIXELS_A_PART * digits);
    rows.resize(PIXELS_A_PART * units);
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
           rows.data(), 0, units);
    finish(first, count, rows.data());
  });
}

}  // namespace ink
