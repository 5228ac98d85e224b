// The gradient of a dense product with respect to its weights, computed where it is used: some rows at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "crew.h"

namespace dense {

#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")

// `height` rows and `width` groups of columns of the result, held in registers: Σ over the depth of a's columns times a
// panel's rows. a [depth, stride]: the rows of the result are neighbours in it. panel [depth, width groups].
template <int height, int width>
INLINE void tile(const float *a, int64_t stride, const float *panel, int64_t depth, float *result,
                 int64_t result_stride) {
  Lanes sums[height][width];
#pragma GCC unroll 8
  for (int row = 0; row < height; row++) {
#pragma GCC unroll 3
    for (int group = 0; group < width; group++) sums[row][group] = Lanes{};
  }
  for (int64_t at = 0; at < depth; at++) {
    Lanes entries[width];
#pragma GCC unroll 3
    for (int group = 0; group < width; group++) {
      entries[group] = *reinterpret_cast<const Lanes *>(panel + (at * width + group) * LANES);
    }
#pragma GCC unroll 8
    for (int row = 0; row < height; row++) {
      const float factor = a[at * stride + row];
#pragma GCC unroll 3
      for (int group = 0; group < width; group++) sums[row][group] += factor * entries[group];
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < height; row++) {
#pragma GCC unroll 3
    for (int group = 0; group < width; group++) {
      *reinterpret_cast<Lanes *>(result + row * result_stride + group * LANES) = sums[row][group];
    }
  }
}

// All panels side by side: `count` rows of the result, as wide as the panels together.
template <int height, int width>
INLINE void rows_of_tiles(const float *a, int64_t stride, const float *panels, int64_t number, int64_t depth,
                          int64_t count, float *result) {
  const int64_t result_stride = number * width * LANES;
  for (int64_t panel = 0; panel < number; panel++) {
    const float *entries = panels + panel * depth * width * LANES;
    float *columns = result + panel * width * LANES;
    int64_t row = 0;
    for (; row + height <= count; row += height) {
      tile<height, width>(a + row, stride, entries, depth, columns + row * result_stride, result_stride);
    }
    for (; row < count; row++) {
      tile<1, width>(a + row, stride, entries, depth, columns + row * result_stride, result_stride);
    }
  }
}

// How an instruction set does it: as many sums as its registers hold.
struct Way {
  void (*rows)(const float *a, int64_t stride, const float *panels, int64_t number, int64_t depth, int64_t count,
               float *result);
  // columns of a panel
  int64_t columns;
};

#if defined(__x86_64__)
__attribute__((target("avx512f,fma"))) inline void rows_avx512(const float *a, int64_t stride, const float *panels,
                                                              int64_t number, int64_t depth, int64_t count,
                                                              float *result) {
  rows_of_tiles<8, 3>(a, stride, panels, number, depth, count, result);
}
__attribute__((target("avx512f,fma"))) inline void rows_avx512_narrow(const float *a, int64_t stride,
                                                                     const float *panels, int64_t number,
                                                                     int64_t depth, int64_t count, float *result) {
  rows_of_tiles<8, 1>(a, stride, panels, number, depth, count, result);
}
__attribute__((target("avx2,fma"))) inline void rows_avx2(const float *a, int64_t stride, const float *panels,
                                                         int64_t number, int64_t depth, int64_t count, float *result) {
  rows_of_tiles<6, 1>(a, stride, panels, number, depth, count, result);
}
#endif

#pragma GCC pop_options

// Null where TensorFlow's own product is the better one.
inline const Way *best(int64_t units) {
#if defined(__x86_64__)
  static const Way avx512{rows_avx512, 3 * LANES}, avx512_narrow{rows_avx512_narrow, LANES}, avx2{rows_avx2, LANES};
  if (__builtin_cpu_supports("avx512f")) return units > LANES ? &avx512 : &avx512_narrow;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#endif
  return nullptr;
}

// Inputs of a part: few enough that its rows stay in the second cache.
constexpr int64_t INPUTS_A_PART = 24;

// dw = xᵀ · dy, some rows at a time: finish(first, count, rows, stride) is called once for every part, on the thread that
// has just computed it; rows lie `stride` apart. x [batch, inputs], dy [batch, units].
template <typename Finish>
void product_gradient(const float *x, const float *dy, int64_t batch, int64_t inputs, int64_t units,
                      const Finish &finish) {
  const Way *way = best(units);
  const int64_t columns = way->columns;
  const int number = parts_of(units, columns);
  const int64_t stride = number * columns;
  static thread_local std::vector<float> packed;
  packed.resize(number * batch * columns);
  float *panels = packed.data();
  Crew::shared().run(number, [&](int panel) {
    const int64_t first = panel * columns, there = std::min(columns, units - first);
    for (int64_t row = 0; row < batch; row++) {
      float *to = panels + (panel * batch + row) * columns;
      std::copy(dy + row * units + first, dy + row * units + first + there, to);
      std::fill(to + there, to + columns, 0.0f);
    }
  });
  Crew::shared().run(parts_of(inputs, INPUTS_A_PART), [&](int part) {
    const int64_t first = part * INPUTS_A_PART, count = std::min(INPUTS_A_PART, inputs - first);
    static thread_local std::vector<float> rows;
    rows.resize(INPUTS_A_PART * stride);
    way->rows(x + first, inputs, panels, number, batch, count, rows.data());
    finish(first, count, rows.data(), stride);
  });
}

}  // namespace dense
