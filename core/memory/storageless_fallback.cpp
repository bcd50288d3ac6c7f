// What an operator without a rule does on storageless tensors.
#include <ATen/EmptyTensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/memory/storageless.h"
#include "core/memory/storageless_rules.h"

namespace panicle {
namespace {

using torch::jit::Stack;

enum class Way {
  Real,       // views, and whatever is not below
  Untouched,  // in place or out=
  Meta,       // torch's meta kernel knows the result's shape
};

// Written to is a tensor's shape and memory, and not its numbers alone.
bool reshapes(std::string_view name) {
  constexpr std::array kNames{"aten::resize_",    "aten::resize_as_", "aten::set_",       "aten::squeeze_",
                              "aten::unsqueeze_", "aten::t_",         "aten::transpose_", "aten::as_strided_",
                              "aten::detach_",    "aten::arange",     "aten::swapaxes_"};
  return std::ranges::find(kNames, name) != kNames.end();
}

bool isWritten(const c10::Argument& argument) {
  return argument.alias_info() && argument.alias_info()->isWrite();
}

Way wayOf(const c10::OperatorHandle& op) {
  const auto& schema = op.schema();
  if (std::ranges::any_of(schema.arguments(), isWritten)) {
    const bool returnsMore =
        std::ranges::any_of(schema.returns(), [](const auto& value) { return !isWritten(value); });
    return returnsMore || reshapes(schema.name()) ? Way::Real : Way::Untouched;
  }
  if (std::ranges::any_of(schema.returns(), [](const auto& value) { return value.alias_info() != nullptr; }))
    return Way::Real;
  return op.hasKernelForDispatchKey(c10::DispatchKey::Meta) ? Way::Meta : Way::Real;
}

Way rememberedWayOf(const c10::OperatorHandle& op) {
  thread_local std::unordered_map<c10::OperatorName, Way> ways;
  const auto [way, isNew] = ways.try_emplace(op.operator_name(), Way::Real);
  if (isNew) way->second = wayOf(op);
  return way->second;
}

// Each returned tensor is one of the arguments that are written, in their order.
void returnWritten(const c10::OperatorHandle& op, Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const auto given = torch::jit::last(*stack, arguments.size());
  Stack results;
  for (std::size_t i = 0; i < arguments.size() && results.size() < op.schema().returns().size(); ++i) {
    if (isWritten(arguments[i])) results.push_back(given[i]);
  }
  torch::jit::drop(*stack, arguments.size());
  stack->insert(stack->end(), results.begin(), results.end());
}

at::Tensor metaOf(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  at::Tensor meta = at::detail::empty_strided_meta(tensor.sizes(), tensor.strides(), tensor.scalar_type());
  meta.unsafeGetTensorImpl()->set_wrapped_number(tensor.unsafeGetTensorImpl()->is_wrapped_number());
  return meta;
}

c10::IValue toMeta(const c10::IValue& value) {
  if (value.isTensor()) return metaOf(value.toTensor());
  if (value.isDevice()) return c10::Device(c10::kMeta);
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(metaOf(tensor));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<c10::optional<at::Tensor>> list;
    for (const c10::optional<at::Tensor>& tensor : value.toOptionalTensorList().vec()) {
      list.push_back(tensor ? c10::optional<at::Tensor>(metaOf(*tensor)) : c10::nullopt);
    }
    return list;
  }
  return value;
}

c10::IValue fromMeta(const c10::IValue& value) {
  const auto made = [](const at::Tensor& meta) -> at::Tensor {
    return meta.defined()
               ? at::Tensor(at::detail::empty_strided_cpu(meta.sizes(), meta.strides(), meta.scalar_type()))
               : meta;
  };
  if (value.isTensor()) return made(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(made(tensor));
    return list;
  }
  return value;
}

template <c10::DispatchKey key>
void askMeta(const c10::OperatorHandle& op, Stack* stack) {
  const std::size_t count = op.schema().arguments().size();
  Stack own;
  for (const c10::IValue& argument : torch::jit::last(*stack, count)) own.push_back(toMeta(argument));
  {
    const c10::impl::ExcludeDispatchKeyGuard ordinary(key);
    op.callBoxed(&own);
  }
  torch::jit::drop(*stack, count);
  for (const c10::IValue& result : own) stack->push_back(fromMeta(result));
}

template <c10::DispatchKey key>
void fallBack(const c10::OperatorHandle& op, Stack* stack) {
  switch (rememberedWayOf(op)) {
    case Way::Untouched:
      return returnWritten(op, stack);
    case Way::Meta:
      return askMeta<key>(op, stack);
    // What the kernel calls in its turn comes here again.
    case Way::Real:
      return op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  }
}

template <c10::DispatchKey key>
void install(void (*addRules)(torch::Library&)) {
  static torch::Library fallback(torch::Library::IMPL, "_", key, __FILE__, __LINE__);
  fallback.fallback(torch::CppFunction::makeFromBoxedFunction<&fallBack<key>>());
  static torch::Library rules(torch::Library::IMPL, "aten", key, __FILE__, __LINE__);
  addSharedRules(rules);
  addRules(rules);
}

}  // namespace

void installStoragelessRules() {
  install<kStoragelessCpuKey>(&addCpuRules);
  install<kStoragelessCudaKey>(&addCudaRules);
}

}  // namespace panicle
