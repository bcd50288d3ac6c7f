// A reader of Python pickles that runs nothing: it knows the opcodes for plain values and, of the functions
// that a pickle may ask Python to call, the handful that torch.save writes for tensors, and those of the
// optimizer's settings in what fastai's Learner.save writes. Every other one is refused by name. Internal to
// core/weights.
//
// The opcodes are those of Python's pickletools (PEPs 307, 3154, 574); of protocols 0 and 1, which torch.save
// does not write, the text ones are refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/weights/weight_contents.h"

namespace panicle {

using PickleId =
    std::uint32_t;  // of a value in its Pickle: values may be shared, and may even hold themselves

enum class PickleCall {
  OrderedDict,
  Counter,
  Set,
  Encode,
  Size,
  Device,
  RebuildTensor,
  RebuildTensorV2,
  RebuildTensorV3,
  RebuildParameter,
  FastcoreList,
  NumpyDtype,
  NumpyScalar,
};

struct PickleText {
  std::string text;  // UTF-8 by the format's rules, but nobody has looked
};
struct PickleBytes {
  std::string bytes;
};
struct PickleLong {
  std::string bytes;  // an integer over 64 bits: little endian, two's complement
};
struct PickleList {  // lists, tuples, sets
  std::vector<PickleId> items;
  bool tuple = false;
};
struct PickleDict {
  std::vector<std::pair<PickleId, PickleId>> items;
};
struct PickleDtype {
  std::string dtype;  // safetensors' name
};
struct PickleNumpyDtype {};  // of a single number, whose value nobody asks for
struct PickleStorageType {
  std::string dtype;
};
struct PickleStorage {
  std::string key;
  std::string dtype;        // of its elements
  std::uint64_t count = 0;  // of elements, of the storage that `key` names
  std::uint64_t view = 0;   // where in it this one begins (files before torch 0.4), in elements
};
struct PickleTensor {
  PickleStorage storage;
  std::string dtype;
  std::uint64_t offset = 0;           // in elements
  std::vector<std::int64_t> shape;    // >= 0
  std::vector<std::int64_t> strides;  // >= 0, in elements, as many as sides
};

using PickleValue =
    std::variant<std::monostate, bool, std::int64_t, double, PickleText, PickleBytes, PickleLong, PickleList,
                 PickleDict, PickleDtype, PickleNumpyDtype, PickleStorageType, PickleCall,
                 std::unique_ptr<PickleStorage>, std::unique_ptr<PickleTensor>>;

struct Pickle {
  std::vector<PickleValue> values;
  PickleId root = 0;

  template <typename T>
  const T* get(PickleId id) const {
    return std::get_if<T>(&values[id]);
  }
  // The value of a text key of a dict, null where there is none.
  const PickleValue* find(const PickleDict& dict, std::string_view key) const;
};

// Reads one pickle, up to its STOP, from where `in` stands. Throws Error: cut off, opcodes that there are not
// or that do not fit what came before, over eight million steps, and anything but plain values and tensors.
Pickle readPickle(ByteReader& in);

}  // namespace panicle
