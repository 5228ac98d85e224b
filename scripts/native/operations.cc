// Operations of the lab's own for the processor, linked into the binding: what surrounds the matrix products of a step,
// each in one pass over memory where TensorFlow's own operations take three or four, and the products with digits.
// src-core/tensorflow/fused.ts calls them and says what they compute; elsewhere the same is put together from
// TensorFlow's operations, with the same results.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "crew.h"
#include "dense.h"
#include "ink.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

// From tensorflow/c/kernels.h, which includes headers of the C++ side that the lab does not unpack.
extern "C" {
typedef struct TF_KernelBuilder TF_KernelBuilder;
typedef struct TF_OpKernelConstruction TF_OpKernelConstruction;
typedef struct TF_OpKernelContext TF_OpKernelContext;
TF_KernelBuilder *TF_NewKernelBuilder(const char *op_name, const char *device_name,
                                      void *(*create_func)(TF_OpKernelConstruction *),
                                      void (*compute_func)(void *, TF_OpKernelContext *),
                                      void (*delete_func)(void *));
void TF_RegisterKernelBuilder(const char *kernel_name, TF_KernelBuilder *builder, TF_Status *status);
void TF_GetInput(TF_OpKernelContext *ctx, int i, TF_Tensor **tensor, TF_Status *status);
TF_Tensor *TF_AllocateOutput(TF_OpKernelContext *context, int index, TF_DataType dtype, const int64_t *dims,
                             int num_dims, size_t len, TF_Status *status);
void TF_OpKernelConstruction_GetAttrFloat(TF_OpKernelConstruction *ctx, const char *attr_name, float *val,
                                          TF_Status *status);
void TF_OpKernelConstruction_Failure(TF_OpKernelConstruction *ctx, TF_Status *status);
void TF_OpKernelContext_Failure(TF_OpKernelContext *ctx, TF_Status *status);
}

#if defined(__x86_64__) && defined(__GNUC__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif

namespace {

// Bit 31 of word 0 belongs to value 0, bit 30 to value 1, and so on. Values past the last whole word are the
// caller's to leave out: `count` need not be a multiple of 32.
WIDEST void keep_scaled(float *values, const int32_t *kept, int64_t count, float scale) {
  for (int64_t start = 0; start < count; start += 32) {
    const uint32_t word = static_cast<uint32_t>(kept[start / 32]);
    const int64_t end = count - start < 32 ? count - start : 32;
    for (int64_t index = 0; index < end; index++) {
      const float scaled = values[start + index] * scale;
      values[start + index] = (word << index) & 0x80000000u ? scaled : 0.0f;
    }
  }
}

WIDEST void bias_relu(const float *x, const float *bias, float *y, int64_t rows, int64_t units) {
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t unit = 0; unit < units; unit++) {
      const float sum = x[row * units + unit] + bias[unit];
      // Not-a-number goes through, as in TensorFlow's Relu: a diverged network must not look alive.
      y[row * units + unit] = sum < 0.0f ? 0.0f : sum;
    }
  }
}

WIDEST void bias_relu_gradient(const float *gradient, const float *y, float *dx, float *dbias, int64_t rows,
                               int64_t units, float scale) {
  for (int64_t unit = 0; unit < units; unit++) dbias[unit] = 0.0f;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t unit = 0; unit < units; unit++) {
      const int64_t at = row * units + unit;
      const float passed = y[at] > 0.0f ? gradient[at] * scale : 0.0f;
      dx[at] = passed;
      dbias[unit] += passed;
    }
  }
}

// One image, shifted: `right` and `down` are less than a side either way. What comes into view is the table's first.
WIDEST void draw(const uint8_t *bytes, const float *table, float *y, int64_t side, int64_t right, int64_t down) {
  const int64_t left = std::max<int64_t>(0, right), end = std::min(side, side + right);
  for (int64_t row = 0; row < side; row++) {
    float *pixels = y + row * side;
    if (row < down || row >= side + down) {
      std::fill(pixels, pixels + side, table[0]);
      continue;
    }
    const uint8_t *from = bytes + (row - down) * side - right;
    std::fill(pixels, pixels + left, table[0]);
    for (int64_t column = left; column < end; column++) pixels[column] = table[from[column]];
    std::fill(pixels + end, pixels + side, table[0]);
  }
}

// The one attribute that every operation here has: what it multiplies with, or the digits' background.
struct Factor {
  float value;
};

void *create(TF_OpKernelConstruction *construction) {
  auto *factor = new Factor{1.0f};
  TF_Status *status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrFloat(construction, "factor", &factor->value, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return factor;
}

void destroy(void *kernel) { delete static_cast<Factor *>(kernel); }

// The inputs and outputs of one call; released when it ends.
class Call {
 public:
  static constexpr int MOST_INPUTS = 12;
  static constexpr int MOST_OUTPUTS = 3;

  explicit Call(TF_OpKernelContext *context) : context_(context), status_(TF_NewStatus()) {}

  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor *tensor : tensors_) {
      if (tensor) TF_DeleteTensor(tensor);
    }
    TF_DeleteStatus(status_);
  }

  template <typename Value>
  const Value *input(int index, int64_t *count) {
    TF_GetInput(context_, index, &tensors_[index], status_);
    if (TF_GetCode(status_) != TF_OK) return nullptr;
    *count = TF_TensorElementCount(tensors_[index]);
    return static_cast<const Value *>(TF_TensorData(tensors_[index]));
  }

  // The length of an input that has been asked for along one axis; 0 where it has no such axis.
  int64_t length(int index, int axis) const {
    return axis < TF_NumDims(tensors_[index]) ? TF_Dim(tensors_[index], axis) : 0;
  }

  // An output of the given lengths; a scalar where there are none.
  float *output(int index, std::initializer_list<int64_t> lengths) {
    int64_t count = 1;
    for (const int64_t length : lengths) count *= length;
    TF_Tensor *&tensor = tensors_[MOST_INPUTS + index];
    tensor = TF_AllocateOutput(context_, index, TF_FLOAT, lengths.begin(), static_cast<int>(lengths.size()),
                               count * sizeof(float), status_);
    return TF_GetCode(status_) == TF_OK ? static_cast<float *>(TF_TensorData(tensor)) : nullptr;
  }

  bool demand(bool held, const char *what) {
    if (TF_GetCode(status_) != TF_OK) return false;
    if (!held) TF_SetStatus(status_, TF_INVALID_ARGUMENT, what);
    return held;
  }

 private:
  TF_OpKernelContext *context_;
  TF_Status *status_;
  std::array<TF_Tensor *, MOST_INPUTS + MOST_OUTPUTS> tensors_ = {};
};

void compute_bias_relu(void *kernel, TF_OpKernelContext *context) {
  Call call(context);
  int64_t count = 0, units = 0, words = 0;
  const float *x = call.input<float>(0, &count);
  const float *bias = call.input<float>(1, &units);
  const int32_t *kept = call.input<int32_t>(2, &words);
  if (!call.demand(units > 0 && count > 0 && count % units == 0, "x must be [rows, units] and bias [units]")) return;
  if (!call.demand(words == 0 || words * 32 >= count, "kept must be empty or hold a bit a value")) return;
  float *y = call.output(0, {count / units, units});
  if (!y) return;
  bias_relu(x, bias, y, count / units, units);
  if (words > 0) keep_scaled(y, kept, count, static_cast<Factor *>(kernel)->value);
}

void compute_bias_relu_gradient(void *kernel, TF_OpKernelContext *context) {
  Call call(context);
  int64_t count = 0, same = 0, units = 0;
  const float *gradient = call.input<float>(0, &count);
  const float *y = call.input<float>(1, &same);
  call.input<float>(2, &units);
  if (!call.demand(count > 0 && count == same && units > 0 && count % units == 0, "gradient and y must be [rows, units]"))
    return;
  float *dx = call.output(0, {count / units, units});
  float *dbias = call.output(1, {units});
  if (!dx || !dbias) return;
  bias_relu_gradient(gradient, y, dx, dbias, count / units, units, static_cast<Factor *>(kernel)->value);
}

void compute_draw(void *kernel, TF_OpKernelContext *context) {
  Call call(context);
  int64_t bytes = 0, batch = 0, shifts = 0, entries = 0, words = 0;
  const auto *images = call.input<uint8_t>(0, &bytes);
  const int32_t *positions = call.input<int32_t>(1, &batch);
  const int32_t *moved = call.input<int32_t>(2, &shifts);
  const float *table = call.input<float>(3, &entries);
  const int32_t *kept = call.input<int32_t>(4, &words);
  if (!call.demand(bytes > 0 && batch > 0 && shifts == 2 * batch && entries == 256,
                   "images must not be empty, shifts be [positions, 2] and table have 256 entries"))
    return;
  const int64_t images_in_all = call.length(0, 0), side = call.length(0, 1), pixels = side * side;
  bool inside = images_in_all * pixels == bytes;
  for (int64_t row = 0; row < batch; row++) {
    inside = inside && positions[row] >= 0 && positions[row] < images_in_all;
    for (const int64_t shift : {moved[2 * row], moved[2 * row + 1]}) inside = inside && shift > -side && shift < side;
  }
  if (!call.demand(inside, "images must be [images, side, side], positions theirs, and shifts less than a side")) return;
  if (!call.demand(words == 0 || words * 32 >= batch * pixels, "kept must be empty or hold a bit a value")) return;
  float *y = call.output(0, {batch, pixels});
  if (!y) return;
  Crew::shared().run(parts_of(batch, 16), [&](int part) {
    const int64_t first = part * 16, end = std::min<int64_t>(first + 16, batch);
    // The images of a batch lie anywhere: without this each is waited for by itself.
    for (int64_t row = first; row < end; row++) {
      for (int64_t at = 0; at < pixels; at += 64) __builtin_prefetch(images + positions[row] * pixels + at);
    }
    for (int64_t row = first; row < end; row++) {
      draw(images + positions[row] * pixels, table, y + row * pixels, side, moved[2 * row], moved[2 * row + 1]);
    }
  });
  if (words > 0) keep_scaled(y, kept, batch * pixels, static_cast<Factor *>(kernel)->value);
}

// What one term of a weighted sum of cross-entropies is made of; `offsets` may be null.
struct CrossEntropyTerm {
  const float *targets, *offsets;
  float temperature, weight, scale;
};

// The mean of (cross-entropy + offset), times the scale. Adds the gradient of weight times that with respect to the
// logits. In double precision throughout, since a divergence is a small difference of large numbers.
double cross_entropy(const float *logits, const CrossEntropyTerm &term, double *gradient, int64_t rows,
                     int64_t classes) {
  std::vector<double> shares(classes);
  const double factor = static_cast<double>(term.weight) * term.scale / (term.temperature * rows);
  double total = 0.0;
  for (int64_t row = 0; row < rows; row++) {
    const float *z = logits + row * classes, *targets = term.targets + row * classes;
    double largest = z[0], sum = 0.0;
    for (int64_t label = 1; label < classes; label++) largest = std::max<double>(largest, z[label]);
    for (int64_t label = 0; label < classes; label++) {
      shares[label] = std::exp((z[label] - largest) / term.temperature);
      sum += shares[label];
    }
    const double logarithm = std::log(sum);
    double loss = term.offsets ? term.offsets[row] : 0.0;
    for (int64_t label = 0; label < classes; label++) {
      loss += targets[label] * (logarithm - (z[label] - largest) / term.temperature);
      gradient[row * classes + label] += factor * (shares[label] / sum - targets[label]);
    }
    total += loss;
  }
  return term.scale * total / rows;
}

void compute_cross_entropies(void *, TF_OpKernelContext *context) {
  Call call(context);
  int64_t count = 0, numbers = 0;
  const float *logits = call.input<float>(0, &count);
  const float *settings = call.input<float>(1, &numbers);
  const int64_t terms = numbers / 3;
  const bool few = terms > 0 && 2 + 2 * terms <= Call::MOST_INPUTS;
  if (!call.demand(count > 0 && few && numbers == 3 * terms, "settings must hold three numbers for each of a few terms"))
    return;
  const int64_t rows = call.length(0, 0), classes = call.length(0, 1);
  float *total = call.output(0, {});
  float *values = call.output(1, {1 + terms});
  float *dlogits = call.output(2, {rows, classes});
  if (!total || !values || !dlogits) return;
  std::vector<double> gradient(count, 0.0);
  double sum = 0.0;
  for (int64_t index = 0; index < terms; index++) {
    int64_t shares = 0, added = 0;
    const float *targets = call.input<float>(static_cast<int>(2 + index), &shares);
    const float *offsets = call.input<float>(static_cast<int>(2 + terms + index), &added);
    if (!call.demand(shares == count && (added == 0 || added == rows),
                     "targets must be [rows, classes] as the logits, and offsets empty or [rows]"))
      return;
    const float *of_term = settings + 3 * index;
    const CrossEntropyTerm term{targets, added == 0 ? nullptr : offsets, of_term[0], of_term[1], of_term[2]};
    const double value = cross_entropy(logits, term, gradient.data(), rows, classes);
    values[1 + index] = static_cast<float>(value);
    sum += term.weight * value;
  }
  *total = values[0] = static_cast<float>(sum);
  for (int64_t at = 0; at < count; at++) dlogits[at] = static_cast<float>(gradient[at]);
}

void compute_ink_product(void *kernel, TF_OpKernelContext *context) {
  Call call(context);
  int64_t pixels_in_all = 0, weights = 0;
  const float *x = call.input<float>(0, &pixels_in_all);
  const float *w = call.input<float>(1, &weights);
  if (!call.demand(pixels_in_all > 0 && weights > 0, "x and w must not be empty")) return;
  const int64_t digits = call.length(0, 0), pixels = call.length(0, 1), units = call.length(1, 1);
  if (!call.demand(pixels == call.length(1, 0) && units > 0 && pixels <= ink::LONGEST,
                   "x must be [digits, pixels] and w [pixels, units]"))
    return;
  float *y = call.output(0, {digits, units});
  if (y) ink::product(x, w, y, digits, pixels, units, static_cast<Factor *>(kernel)->value);
}

void compute_ink_product_gradient(void *kernel, TF_OpKernelContext *context) {
  Call call(context);
  int64_t pixels_in_all = 0, count = 0, units = 0;
  const float *x = call.input<float>(0, &pixels_in_all);
  const float *dy = call.input<float>(1, &count);
  const float *sums = call.input<float>(2, &units);
  if (!call.demand(pixels_in_all > 0 && count > 0, "x and dy must not be empty")) return;
  const int64_t digits = call.length(0, 0), pixels = call.length(0, 1);
  if (!call.demand(pixels > 0 && digits == call.length(1, 0) && units == call.length(1, 1) && digits <= ink::LONGEST,
                   "x must be [digits, pixels], dy [digits, units] and sums [units]"))
    return;
  float *dw = call.output(0, {pixels, units});
  if (!dw) return;
  ink::product_gradient(x, dy, sums, digits, pixels, units, static_cast<Factor *>(kernel)->value,
                        [&](int64_t first, int64_t count, const float *rows) {
                          std::copy(rows, rows + count * units, dw + first * units);
                        });
}

// v ← momentum·v + of_gradient·g; w ← w + of_velocity·(nesterov ? momentum·v + of_gradient·g : v).
struct Momentum {
  float momentum, of_gradient, of_velocity, nesterov;
};

WIDEST void descend(float *w, float *v, const float *g, int64_t count, Momentum by) {
  if (by.nesterov == 0.0f) {
    for (int64_t at = 0; at < count; at++) {
      v[at] = by.momentum * v[at] + by.of_gradient * g[at];
      w[at] += by.of_velocity * v[at];
    }
    return;
  }
  for (int64_t at = 0; at < count; at++) {
    const float step = by.of_gradient * g[at];
    v[at] = by.momentum * v[at] + step;
    w[at] += by.of_velocity * (by.momentum * v[at] + step);
  }
}

// What both products with momentum take.
struct Descent {
  const float *x, *dy, *sums;
  // what the variables hold: written in place
  float *w, *v;
  Momentum by;
  int64_t batch, inputs, units;
};

bool take_descent(Call &call, Descent *descent) {
  int64_t entries = 0, gradients = 0, units = 0, weights = 0, velocities = 0, numbers = 0;
  descent->x = call.input<float>(0, &entries);
  descent->dy = call.input<float>(1, &gradients);
  descent->sums = call.input<float>(2, &units);
  descent->w = const_cast<float *>(call.input<float>(3, &weights));
  descent->v = const_cast<float *>(call.input<float>(4, &velocities));
  const float *by = call.input<float>(5, &numbers);
  if (!call.demand(entries > 0 && gradients > 0 && numbers == 4, "x and dy must not be empty, and settings four numbers"))
    return false;
  descent->by = {by[0], by[1], by[2], by[3]};
  descent->batch = call.length(0, 0);
  descent->inputs = call.length(0, 1);
  descent->units = call.length(1, 1);
  return call.demand(descent->batch == call.length(1, 0) && descent->units == units && weights == velocities &&
                         weights == descent->inputs * units && descent->batch <= ink::LONGEST,
                     "x must be [batch, inputs], dy [batch, units], sums [units], weight and velocity [inputs, units]");
}

void compute_ink_momentum(void *kernel, TF_OpKernelContext *context) {
  Call call(context);
  Descent of;
  if (!take_descent(call, &of)) return;
  ink::product_gradient(of.x, of.dy, of.sums, of.batch, of.inputs, of.units, static_cast<Factor *>(kernel)->value,
                        [&](int64_t first, int64_t count, const float *rows) {
                          const int64_t from = first * of.units;
                          descend(of.w + from, of.v + from, rows, count * of.units, of.by);
                        });
}

void compute_dense_momentum(void *, TF_OpKernelContext *context) {
  Call call(context);
  Descent of;
  if (!take_descent(call, &of)) return;
  dense::product_gradient(of.x, of.dy, of.batch, of.inputs, of.units,
                          [&](int64_t first, int64_t count, const float *rows, int64_t stride) {
                            for (int64_t row = 0; row < count; row++) {
                              const int64_t from = (first + row) * of.units;
                              descend(of.w + from, of.v + from, rows + row * stride, of.units, of.by);
                            }
                          });
}

void define(const char *name, std::initializer_list<const char *> inputs, std::initializer_list<const char *> outputs,
            void (*compute)(void *, TF_OpKernelContext *)) {
  TF_Status *status = TF_NewStatus();
  TF_OpDefinitionBuilder *operation = TF_NewOpDefinitionBuilder(name);
  for (const char *input : inputs) TF_OpDefinitionBuilderAddInput(operation, input);
  for (const char *output : outputs) TF_OpDefinitionBuilderAddOutput(operation, output);
  for (const char *attribute : {"factor: float = 1.0", "N: int = 1"}) TF_OpDefinitionBuilderAddAttr(operation, attribute);
  // Without outputs there is an effect.
  if (outputs.size() == 0) TF_OpDefinitionBuilderSetIsStateful(operation, true);
  TF_RegisterOpDefinition(operation, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_KernelBuilder *kernel = TF_NewKernelBuilder(name, "CPU", create, compute, destroy);
    TF_RegisterKernelBuilder(name, kernel, status);
  }
  // Whether it worked is seen where the operation is first tried.
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void define_operations() {
  define("DistillLabBiasRelu", {"x: float", "bias: float", "kept: int32"}, {"y: float"}, compute_bias_relu);
  define("DistillLabBiasReluGrad", {"gradient: float", "y: float", "bias: float"}, {"dx: float", "dbias: float"},
         compute_bias_relu_gradient);
  // Bytes travel as bool, the one type of a byte that TensorFlow.js has.
  define("DistillLabDraw", {"images: bool", "positions: int32", "shifts: int32", "table: float", "kept: int32"},
         {"y: float"}, compute_draw);
  define("DistillLabCrossEntropies", {"logits: float", "settings: float", "targets: N * float", "offsets: N * float"},
         {"total: float", "values: float", "dlogits: float"}, compute_cross_entropies);
  define("DistillLabInkMatMul", {"x: float", "w: float"}, {"y: float"}, compute_ink_product);
  define("DistillLabInkMatMulGrad", {"x: float", "dy: float", "sums: float"}, {"dw: float"},
         compute_ink_product_gradient);
  const auto inputs = {"x: float", "dy: float", "sums: float", "weight: float", "velocity: float", "settings: float"};
  define("DistillLabInkMomentum", inputs, {}, compute_ink_momentum);
  if (dense::best(1)) define("DistillLabDenseMomentum", inputs, {}, compute_dense_momentum);
}

}  // namespace
