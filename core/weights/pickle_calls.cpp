#include "core/weights/pickle_calls.h"

#include <map>
#include <optional>

namespace panicle {
namespace {

constexpr std::size_t kMaxSides = 64;       // of a tensor, as in torch
constexpr std::size_t kMaxKeyBytes = 1000;  // of a storage's name: torch numbers them

Error damaged(const std::filesystem::path& path, const std::string& what) {
  return fileError(path, "is damaged, or was not written by torch.save: " + what);
}

const std::map<std::string, PickleCall>& calls() {
  static const std::map<std::string, PickleCall> known{
      {"collections.OrderedDict", PickleCall::OrderedDict},
      {"collections.Counter", PickleCall::Counter},
      {"builtins.set", PickleCall::Set},
      {"builtins.frozenset", PickleCall::Set},
      {"__builtin__.set", PickleCall::Set},
      {"__builtin__.frozenset", PickleCall::Set},
      {"_codecs.encode", PickleCall::Encode},
      {"torch.Size", PickleCall::Size},
      {"torch.device", PickleCall::Device},
      {"torch._utils._rebuild_tensor", PickleCall::RebuildTensor},
      {"torch._utils._rebuild_tensor_v2", PickleCall::RebuildTensorV2},
      {"torch._utils._rebuild_tensor_v3", PickleCall::RebuildTensorV3},
      {"torch._utils._rebuild_parameter", PickleCall::RebuildParameter},
      {"fastcore.foundation.L", PickleCall::FastcoreList},
      {"numpy.dtype", PickleCall::NumpyDtype},
      {"numpy.core.multiarray.scalar", PickleCall::NumpyScalar},
      {"numpy._core.multiarray.scalar", PickleCall::NumpyScalar},
  };
  return known;
}

// A storage without a type counts bytes: its tensors say what they are (_rebuild_tensor_v3).
const std::map<std::string, std::string>& storageTypes() {
  static const std::map<std::string, std::string> known{
      {"torch.DoubleStorage", "F64"},       {"torch.FloatStorage", "F32"},
      {"torch.HalfStorage", "F16"},         {"torch.BFloat16Storage", "BF16"},
      {"torch.LongStorage", "I64"},         {"torch.IntStorage", "I32"},
      {"torch.ShortStorage", "I16"},        {"torch.CharStorage", "I8"},
      {"torch.ByteStorage", "U8"},          {"torch.BoolStorage", "BOOL"},
      {"torch.ComplexFloatStorage", "C64"}, {"torch.storage.UntypedStorage", ""}};
  return known;
}

const std::map<std::string, std::string>& dtypes() {
  static const std::map<std::string, std::string> known{{"torch.float64", "F64"},
                                                        {"torch.float32", "F32"},
                                                        {"torch.float16", "F16"},
                                                        {"torch.bfloat16", "BF16"},
                                                        {"torch.int64", "I64"},
                                                        {"torch.int32", "I32"},
                                                        {"torch.int16", "I16"},
                                                        {"torch.int8", "I8"},
                                                        {"torch.uint8", "U8"},
                                                        {"torch.uint16", "U16"},
                                                        {"torch.uint32", "U32"},
                                                        {"torch.uint64", "U64"},
                                                        {"torch.bool", "BOOL"},
                                                        {"torch.complex64", "C64"},
                                                        {"torch.float8_e4m3fn", "F8_E4M3"},
                                                        {"torch.float8_e5m2", "F8_E5M2"},
                                                        {"torch.float8_e8m0fnu", "F8_E8M0"}};
  return known;
}

// The arguments of one call, taken by place and kind.
class Arguments {
 public:
  Arguments(const Pickle& pickle, PickleId tuple, std::string what, const std::filesystem::path& path)
      : pickle_(pickle), what_(std::move(what)), path_(path) {
    const auto* list = pickle.get<PickleList>(tuple);
    if (list == nullptr || !list->tuple) throw wrong();
    items_ = &list->items;
  }

  std::size_t size() const { return items_->size(); }
  Error wrong() const { return damaged(path_, "the arguments of " + what_ + " do not fit"); }
  PickleId id(std::size_t i) const {
    if (i >= items_->size()) throw wrong();
    return (*items_)[i];
  }
  template <typename T>
  const T& get(std::size_t i) const {
    const T* value = pickle_.get<T>(id(i));
    if (value == nullptr) throw wrong();
    return *value;
  }
  std::uint64_t count(std::size_t i) const {
    const auto value = get<std::int64_t>(i);
    if (value < 0) throw wrong();
    return static_cast<std::uint64_t>(value);
  }
  std::vector<std::int64_t> counts(std::size_t i) const {
    if (get<PickleList>(i).items.size() > kMaxSides) throw wrong();
    std::vector<std::int64_t> numbers;
    for (const PickleId item : get<PickleList>(i).items) {
      const auto* value = pickle_.get<std::int64_t>(item);
      if (value == nullptr || *value < 0) throw wrong();
      numbers.push_back(*value);
    }
    return numbers;
  }

 private:
  const Pickle& pickle_;
  std::string what_;
  const std::filesystem::path& path_;
  const std::vector<PickleId>* items_ = nullptr;
};

PickleValue rebuildTensor(const Arguments& arguments, const std::string& dtype) {
  auto tensor = std::make_unique<PickleTensor>();
  tensor->storage = *arguments.get<std::unique_ptr<PickleStorage>>(0);
  tensor->dtype = dtype.empty() ? tensor->storage.dtype : dtype;
  tensor->offset = arguments.count(1);
  tensor->shape = arguments.counts(2);
  tensor->strides = arguments.counts(3);
  if (tensor->shape.size() != tensor->strides.size() || tensor->dtype.empty()) throw arguments.wrong();
  return tensor;
}

// OrderedDict(), OrderedDict([(key, value), ...]) as Python 2 writes it, Counter({...}).
PickleValue makeDict(const Pickle& pickle, const Arguments& arguments, const std::filesystem::path& path) {
  PickleDict dict;
  if (arguments.size() == 0) return dict;
  if (const auto* other = pickle.get<PickleDict>(arguments.id(0))) return *other;
  for (const PickleId item : arguments.get<PickleList>(0).items) {
    const auto* pair = pickle.get<PickleList>(item);
    if (pair == nullptr || pair->items.size() != 2) throw damaged(path, "a dict is not made of pairs");
    dict.items.emplace_back(pair->items[0], pair->items[1]);
  }
  return dict;
}

PickleValue makeSet(const Arguments& arguments) {
  return arguments.size() == 0 ? PickleList{} : PickleList{arguments.get<PickleList>(0).items, false};
}

// L(): its items follow as an attribute.
PickleValue makeFastcoreList(const Arguments& arguments) {
  if (arguments.size() != 0) throw arguments.wrong();
  return PickleList{};
}

PickleValue makeNumpyDtype(const Arguments& arguments) {
  arguments.get<PickleText>(0);
  return PickleNumpyDtype{};
}

// A single number, which is no tensor, is left out as Python's own numbers are. Of an object in its place
// there are no bytes.
PickleValue makeNumpyScalar(const Arguments& arguments) {
  arguments.get<PickleNumpyDtype>(0);
  arguments.get<PickleBytes>(1);
  return std::monostate{};
}

}  // namespace

Error pickleRefusal(const std::string& what, const std::filesystem::path& path) {
  return fileError(
      path, "asks Python to " + what +
                ", and here only tensors and plain containers are read, because a pickle can run "
                "anything. If you trust the file, save its tensors alone in Python: "
                "torch.save(torch.load(" +
                inQuotes(path.filename().string()) +
                ", map_location='cpu')['state_dict'], 'tensors.pth'), with the key that it keeps them under "
                "in place of 'state_dict', or model.state_dict() where it is a whole model");
}

PickleValue pickleGlobal(const std::string& module, const std::string& name,
                         const std::filesystem::path& path) {
  const std::string full = module + "." + name;
  if (const auto found = calls().find(full); found != calls().end()) return found->second;
  if (const auto found = storageTypes().find(full); found != storageTypes().end())
    return PickleStorageType{found->second};
  if (const auto found = dtypes().find(full); found != dtypes().end()) return PickleDtype{found->second};
  throw pickleRefusal("call " + inQuotes(full), path);
}

PickleValue pickleCall(const Pickle& pickle, PickleCall call, PickleId tuple,
                       const std::filesystem::path& path) {
  const auto of = [&](const char* name) { return Arguments(pickle, tuple, name, path); };
  switch (call) {
    case PickleCall::OrderedDict:
      return makeDict(pickle, of("OrderedDict"), path);
    case PickleCall::Counter:
      return makeDict(pickle, of("Counter"), path);
    case PickleCall::Set:
      return makeSet(of("set"));
    case PickleCall::Encode:
      return PickleBytes{of("encode").get<PickleText>(0).text};
    case PickleCall::Size:
      return PickleList{of("torch.Size").get<PickleList>(0).items, true};
    case PickleCall::Device:
      return PickleText{of("torch.device").get<PickleText>(0).text};
    case PickleCall::RebuildTensor:
      return rebuildTensor(of("_rebuild_tensor"), "");
    case PickleCall::RebuildTensorV2:
      return rebuildTensor(of("_rebuild_tensor_v2"), "");
    case PickleCall::RebuildTensorV3: {
      const Arguments arguments = of("_rebuild_tensor_v3");
      return rebuildTensor(arguments, arguments.get<PickleDtype>(6).dtype);
    }
    case PickleCall::RebuildParameter:
      return std::make_unique<PickleTensor>(*of("_rebuild_parameter").get<std::unique_ptr<PickleTensor>>(0));
    case PickleCall::FastcoreList:
      return makeFastcoreList(of("fastcore.foundation.L"));
    case PickleCall::NumpyDtype:
      return makeNumpyDtype(of("numpy.dtype"));
    case PickleCall::NumpyScalar:
      return makeNumpyScalar(of("numpy's scalar"));
  }
  throw damaged(path, "it calls what is no function");
}

PickleValue pickleStorage(const Pickle& pickle, PickleId id, const std::filesystem::path& path) {
  const Arguments arguments(pickle, id, "a storage", path);
  const std::string& kind = arguments.get<PickleText>(0).text;
  if (kind != "storage") throw pickleRefusal("load a " + inQuotes(kind), path);
  auto storage = std::make_unique<PickleStorage>();
  storage->dtype = arguments.get<PickleStorageType>(1).dtype;
  const std::string& key = arguments.get<PickleText>(2).text;
  if (key.size() > kMaxKeyBytes) throw arguments.wrong();
  storage->key = key;
  storage->count = arguments.count(4);
  if (arguments.size() > 5 && pickle.get<std::monostate>(arguments.id(5)) == nullptr) {
    const Arguments view(pickle, arguments.id(5), "a storage's view", path);
    storage->view = view.count(1);
  }
  return storage;
}

}  // namespace panicle
