// What torch's autocast does to the inputs of operators on CUDA, for tensors that are planned for CUDA and
// say they are the CPU's. Source: aten/src/ATen/autocast_mode.cpp, the lists of CUDA.
#include "core/memory/cuda_autocast.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/_softmax.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <array>
#include <string_view>

#include "core/models/autocast.h"

namespace panicle {
namespace {

using torch::jit::Stack;

// Of torch 1.13 and 2.6; a name that one of them does not have does nothing there.
constexpr std::array kLower{"_convolution.deprecated",
                            "_convolution",
                            "conv1d",
                            "conv2d",
                            "conv3d",
                            "conv_tbc",
                            "conv_transpose1d",
                            "conv_transpose2d.input",
                            "conv_transpose3d.input",
                            "convolution",
                            "prelu",
                            "addmm",
                            "addmv",
                            "addr",
                            "matmul",
                            "einsum",
                            "mm",
                            "mv",
                            "linear",
                            "addbmm",
                            "baddbmm",
                            "bmm",
                            "chain_matmul",
                            "linalg_multi_dot",
                            "scaled_dot_product_attention"};
constexpr std::array kFloat{"acos",
                            "asin",
                            "cosh",
                            "erfinv",
                            "exp",
                            "expm1",
                            "log",
                            "log10",
                            "log2",
                            "log1p",
                            "reciprocal",
                            "rsqrt",
                            "sinh",
                            "tan",
                            "pow.Tensor_Scalar",
                            "pow.Tensor_Tensor",
                            "pow.Scalar",
                            "softplus",
                            "layer_norm",
                            "group_norm",
                            "frobenius_norm.dim",
                            "nuclear_norm",
                            "nuclear_norm.dim",
                            "cosine_similarity",
                            "poisson_nll_loss",
                            "cosine_embedding_loss",
                            "nll_loss",
                            "nll_loss2d",
                            "hinge_embedding_loss",
                            "kl_div",
                            "l1_loss",
                            "smooth_l1_loss",
                            "huber_loss",
                            "mse_loss",
                            "margin_ranking_loss",
                            "multilabel_margin_loss",
                            "soft_margin_loss",
                            "triplet_margin_loss",
                            "multi_margin_loss",
                            "binary_cross_entropy_with_logits",
                            "dist",
                            "cdist",
                            "renorm",
                            "logsumexp"};
constexpr std::array kFloatResult{"prod",   "prod.dim_int", "softmax.int", "log_softmax.int",
                                  "cumprod", "cumsum",      "sum",         "sum.dim_IntList"};
constexpr std::array kPromote{"addcdiv", "addcmul",      "atan2",     "bilinear",   "cross",
                              "dot",     "grid_sampler", "index_put", "scatter_add"};

bool isCast(const at::Tensor& tensor) {
  return tensor.defined() && tensor.is_floating_point() && tensor.scalar_type() != at::kDouble;
}

// A weight's copy of 16 bits is kept for the next operator that asks for it.
at::Tensor cast(const at::Tensor& tensor, at::ScalarType to) {
  if (!isCast(tensor) || tensor.scalar_type() == to) return tensor;
  const bool isWeight = to != at::kFloat && tensor.scalar_type() == at::kFloat && tensor.requires_grad() &&
                        tensor.is_leaf() && !tensor.is_view();
  if (!isWeight) return tensor.to(to);
  at::Tensor& copy = plannedCopies()[tensor.unsafeGetTensorImpl()];
  if (!copy.defined() || copy.scalar_type() != to) copy = tensor.to(to);
  return copy;
}

c10::IValue cast(const c10::IValue& value, at::ScalarType to) {
  if (value.isTensor()) return cast(value.toTensor(), to);
  if (!value.isTensorList()) return value;
  c10::List<at::Tensor> list;
  for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(cast(tensor, to));
  return list;
}

// With every tensor argument cast.
void callCast(const c10::OperatorHandle& op, Stack* stack, at::ScalarType to) {
  const std::size_t count = op.schema().arguments().size();
  for (std::size_t i = stack->size() - count; i < stack->size(); ++i) (*stack)[i] = cast((*stack)[i], to);
  op.callBoxed(stack);
}

at::ScalarType lowerType() {
  return Autocast::current(c10::kCUDA) == Precision::Fp16 ? at::kHalf : at::kBFloat16;
}

void toLower(const c10::OperatorHandle& op, Stack* stack) {
  const c10::impl::ExcludeDispatchKeyGuard off(kPlannedAutocastKey);
  callCast(op, stack, lowerType());
}

void toFloat(const c10::OperatorHandle& op, Stack* stack) {
  const c10::impl::ExcludeDispatchKeyGuard off(kPlannedAutocastKey);
  callCast(op, stack, at::kFloat);
}

void toWidest(const c10::OperatorHandle& op, Stack* stack) {
  const c10::impl::ExcludeDispatchKeyGuard off(kPlannedAutocastKey);
  at::ScalarType widest = lowerType();
  const auto look = [&widest](const at::Tensor& tensor) {
    if (isCast(tensor) && tensor.scalar_type() == at::kFloat) widest = at::kFloat;
  };
  for (const c10::IValue& value : torch::jit::last(*stack, op.schema().arguments().size())) {
    if (value.isTensor()) look(value.toTensor());
    if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) look(tensor);
    }
  }
  callCast(op, stack, widest);
}

// Its result is float32 unless the caller says otherwise. Softmax of fp16 writes float32 in one go on CUDA;
// the CPU would copy its input first.
void toFloatResult(const c10::OperatorHandle& op, Stack* stack) {
  const c10::impl::ExcludeDispatchKeyGuard off(kPlannedAutocastKey);
  const auto& schema = op.schema();
  const std::size_t first = stack->size() - schema.arguments().size();
  const auto place = schema.argumentIndexWithName("dtype");
  const c10::IValue input = (*stack)[first];
  if (!place || !input.isTensor() || !isCast(input.toTensor()) || !(*stack)[first + *place].isNone())
    return op.callBoxed(stack);
  if (schema.name() == "aten::softmax" && input.toTensor().scalar_type() == at::kHalf) {
    const at::Tensor result =
        at::_softmax(input.toTensor(), (*stack)[first + 1].toInt(), /*half_to_float=*/true);
    torch::jit::drop(*stack, schema.arguments().size());
    return stack->push_back(result);
  }
  (*stack)[first + *place] = static_cast<std::int64_t>(at::kFloat);
  op.callBoxed(stack);
}

template <void (*cast)(const c10::OperatorHandle&, Stack*), typename Names>
void add(torch::Library& operators, const Names& names) {
  for (const char* name : names) {
    operators.impl(name, torch::CppFunction::makeFromBoxedFunction<cast>());
  }
}

}  // namespace

void installPlannedAutocast() {
  static torch::Library others(torch::Library::IMPL, "_", kPlannedAutocastKey, __FILE__, __LINE__);
  others.fallback(torch::CppFunction::makeFallthrough());
  static torch::Library operators(torch::Library::IMPL, "aten", kPlannedAutocastKey, __FILE__, __LINE__);
  add<&toLower>(operators, kLower);
  add<&toFloat>(operators, kFloat);
  add<&toFloatResult>(operators, kFloatResult);
  add<&toWidest>(operators, kPromote);
}

}  // namespace panicle
