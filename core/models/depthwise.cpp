#include "core/models/depthwise.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/models/autocast.h"
#include "core/models/kernels.h"
#include "core/models/storageless.h"

namespace panicle {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kSide = kDepthwiseSide;
constexpr std::int64_t kPadding = kSide / 2;
constexpr std::int64_t kLanes = 16;  // channels that are worked on together

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
typedef std::uint16_t HalfLanes __attribute__((vector_size(kLanes * sizeof(std::uint16_t))));
typedef std::uint32_t BitLanes __attribute__((vector_size(kLanes * sizeof(float))));

// Maps in channels-last order.
template <typename Number>
struct Maps {
  const Number* x;
  const Number* gradient;  // of the convolution's result
  std::int64_t images, height, width, channels;
};

#define PANICLE_INLINE [[gnu::always_inline]] inline

PANICLE_INLINE void load(const float* from, Lanes& to) {
  std::memcpy(&to, from, sizeof(to));
}

PANICLE_INLINE void load(const c10::BFloat16* from, Lanes& to) {
  HalfLanes half;
  std::memcpy(&half, from, sizeof(half));
  const BitLanes bits = __builtin_convertvector(half, BitLanes) << 16;
  std::memcpy(&to, &bits, sizeof(to));
}

PANICLE_INLINE void store(const Lanes& from, float* to) {
  std::memcpy(to, &from, sizeof(from));
}

// Adds to `sums` the products of one row of the gradient with the row of x that a row of the weights meets
// there. `padded` holds that row of x with kPadding zeros before it and after it.
PANICLE_INLINE void addRow(const float* padded, const float* gradient, std::int64_t width, Lanes* sums) {
  Lanes sum[kSide];
  std::memcpy(sum, sums, sizeof(sum));
  for (std::int64_t column = 0; column < width; ++column) {
    Lanes g, x;
    load(gradient + column * kLanes, g);
    for (std::int64_t k = 0; k < kSide; ++k) {
      load(padded + (column + k) * kLanes, x);
      sum[k] += g * x;
    }
  }
  std::memcpy(sums, sum, sizeof(sum));
}

// The sums of one row of the weights, of kLanes channels from `channel`, and (from the middle row alone,
// which meets every row) of the bias.
template <typename Number>
PANICLE_INLINE void sumRow(const Maps<Number>& maps, std::int64_t channel, std::int64_t row, float* room,
                           Lanes* sums, Lanes& bias) {
  float* const padded = room;
  float* const gradient = room + (maps.width + 2 * kPadding) * kLanes;
  std::fill(padded, gradient, 0.0f);
  const std::int64_t rowNumbers = maps.width * maps.channels;
  for (std::int64_t image = 0; image < maps.images; ++image) {
    Lanes ofImage[kSide] = {}, biasOfImage = {};  // short sums first: float32 loses less
    for (std::int64_t y = 0; y < maps.height; ++y) {
      const std::int64_t other = y + row - kPadding;
      if (other < 0 || other >= maps.height) continue;
      const Number* x = maps.x + (image * maps.height + other) * rowNumbers + channel;
      const Number* g = maps.gradient + (image * maps.height + y) * rowNumbers + channel;
      for (std::int64_t column = 0; column < maps.width; ++column) {
        Lanes lanes;
        load(x + column * maps.channels, lanes);
        store(lanes, padded + (kPadding + column) * kLanes);
        load(g + column * maps.channels, lanes);
        store(lanes, gradient + column * kLanes);
        biasOfImage += lanes;
      }
      addRow(padded, gradient, maps.width, ofImage);
    }
    for (std::int64_t k = 0; k < kSide; ++k) sums[k] += ofImage[k];
    bias += biasOfImage;
  }
}

// One task of a thread: a row of the weights of kLanes channels.
template <typename Number>
struct Task {
  const Maps<Number>* maps;
  std::int64_t channel, row;
  float* room;    // for two rows of kLanes channels, one of them padded
  float* weight;  // (C, 7, 7)
  float* bias;    // (C)
};

template <typename Number>
PANICLE_INLINE void perform(const Task<Number>& task) {
  Lanes sums[kSide] = {}, bias = {};
  sumRow(*task.maps, task.channel, task.row, task.room, sums, bias);
  for (std::int64_t lane = 0; lane < kLanes; ++lane) {
    float* weight = task.weight + ((task.channel + lane) * kSide + task.row) * kSide;
    for (std::int64_t k = 0; k < kSide; ++k) weight[k] = sums[k][lane];
    if (task.row == kPadding) task.bias[task.channel + lane] = bias[lane];
  }
}

template <typename Number>
void performPortable(const Task<Number>& task) {
  perform(task);
}
#ifdef __x86_64__
template <typename Number>
[[gnu::target("avx2,fma")]] void performAvx2(const Task<Number>& task) {
  perform(task);
}
template <typename Number>
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,fma")]] void performAvx512(const Task<Number>& task) {
  perform(task);
}
#endif

template <typename Number>
auto bestPerform() {
#ifdef __x86_64__
  if (processorVectors() >= Vectors::Avx512) return &performAvx512<Number>;
  if (processorVectors() >= Vectors::Avx2) return &performAvx2<Number>;
#endif
  return &performPortable<Number>;
}

template <typename Number>
void sumGradients(const torch::Tensor& x, const torch::Tensor& gradient, torch::Tensor& weight,
                  torch::Tensor& bias) {
  if (storageless() != Storageless::No) return;
  const Maps<Number> maps{
      x.data_ptr<Number>(), gradient.data_ptr<Number>(), x.size(0), x.size(2), x.size(3), x.size(1)};
  const auto perform = bestPerform<Number>();
  at::parallel_for(0, maps.channels / kLanes * kSide, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> room(static_cast<std::size_t>(2 * (maps.width + kPadding) * kLanes));
    for (std::int64_t task = begin; task < end; ++task) {
      perform({&maps, task / kSide * kLanes, task % kSide, room.data(), weight.data_ptr<float>(),
               bias.data_ptr<float>()});
    }
  });
}

class DepthwiseConv : public torch::autograd::Function<DepthwiseConv> {
 public:
  // x is float32 or bf16, weight and bias are float32.
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight,
                               const torch::Tensor& bias) {
    const torch::Tensor map = x.contiguous(at::MemoryFormat::ChannelsLast);
    const torch::Tensor rounded = weight.to(x.scalar_type());
    context->save_for_backward({map, rounded});
    return at::conv2d(map, rounded, bias.to(x.scalar_type()), {1, 1}, {kPadding, kPadding}, {1, 1}, x.size(1));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1];
    const torch::Tensor gradient =
        gradients[0].to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    variable_list result(3);
    if (context->needs_input_grad(0)) {
      result[0] = std::get<0>(at::convolution_backward(gradient, x, weight, at::OptionalIntArrayRef(), {1, 1},
                                                       {kPadding, kPadding}, {1, 1}, false, {0, 0}, x.size(1),
                                                       {true, false, false}));
    }
    if (context->needs_input_grad(1) || context->needs_input_grad(2)) {
      result[1] = torch::empty(weight.sizes(), torch::kFloat32);
      result[2] = torch::empty({x.size(1)}, torch::kFloat32);
      x.scalar_type() == torch::kFloat32 ? sumGradients<float>(x, gradient, result[1], result[2])
                                         : sumGradients<c10::BFloat16>(x, gradient, result[1], result[2]);
    }
    return result;
  }
};

}  // namespace

torch::Tensor depthwiseConv(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  const bool ours = x.is_cpu() && storageless() != Storageless::Cuda && x.size(1) % kLanes == 0 &&
                    weight.scalar_type() == torch::kFloat32 && torch::GradMode::is_enabled();
  if (!ours) return at::conv2d(x, weight, bias, {1, 1}, {kPadding, kPadding}, {1, 1}, x.size(1));
  const bool half = Autocast::current(c10::kCPU) == Precision::Bf16;
  return DepthwiseConv::apply(half ? x.to(torch::kBFloat16) : x, weight, bias);
}

}  // namespace panicle
