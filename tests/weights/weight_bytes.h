// What the tests of weight files share: reading from memory that ends where the file ends, refusals, known
// values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/weights/weight_contents.h"
#include "tests/testing.h"

namespace panicle::testing {

// A file's bytes in a block of their own size, so that a sanitizer sees a read past the end (a mapped file's
// last page goes on), read.
class ReadBytes {
 public:
  explicit ReadBytes(const std::string& bytes, const std::filesystem::path& name = "made.file")
      : name_(name),
        size_(bytes.size()),
        copy_(std::make_unique<std::byte[]>(size_)),
        contents_(read(bytes)) {}

  const WeightContents& contents() const { return contents_; }
  const TensorEntry& at(const std::string& name) const {
    const auto found = std::find_if(contents_.tensors.begin(), contents_.tensors.end(),
                                    [&](const TensorEntry& t) { return t.name == name; });
    if (found == contents_.tensors.end()) throw Error("no tensor " + name);
    return *found;
  }

 private:
  WeightContents read(const std::string& bytes) {
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), size_, copy_.get());
    return readWeights({copy_.get(), size_}, name_);
  }

  std::filesystem::path name_;
  std::size_t size_;
  std::unique_ptr<std::byte[]> copy_;
  WeightContents contents_;
};

// The message that reading gives, "" where it gives none.
inline std::string refusal(const std::string& bytes, const std::filesystem::path& name = "made.file") {
  try {
    ReadBytes(bytes, name);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

inline std::string weightBytes(const std::string& name) {
  return readText(reference("weights/" + name));
}

template <typename T>
T valueAt(const TensorEntry& tensor, std::size_t k) {
  T value;
  std::memcpy(&value, tensor.bytes.data() + k * sizeof(T), sizeof(T));
  return value;
}

inline double halfValue(std::uint16_t bits) {  // IEEE 754 binary16, finite
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -size : size;
}

inline double bfloatValue(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

inline double elementAt(const TensorEntry& tensor, std::size_t k) {
  const std::string& type = tensor.dtype;
  if (type == "F64") return valueAt<double>(tensor, k);
  if (type == "F32") return valueAt<float>(tensor, k);
  if (type == "F16") return halfValue(valueAt<std::uint16_t>(tensor, k));
  if (type == "BF16") return bfloatValue(valueAt<std::uint16_t>(tensor, k));
  if (type == "I64") return static_cast<double>(valueAt<std::int64_t>(tensor, k));
  if (type == "I32") return valueAt<std::int32_t>(tensor, k);
  if (type == "I16") return valueAt<std::int16_t>(tensor, k);
  if (type == "I8") return valueAt<std::int8_t>(tensor, k);
  return valueAt<std::uint8_t>(tensor, k);  // U8, BOOL
}

// The rule of tests/reference/make_weight_files.py.
inline double ruleAt(const std::string& dtype, std::size_t k) {
  const auto number = static_cast<double>(k);
  if (dtype == "BOOL") return k % 3 == 0 ? 1 : 0;
  if (dtype == "U8") return 3 * number;
  return dtype[0] == 'I' ? 3 * number - 5 : number / 4 - 1;
}

inline void expectRule(const TensorEntry& tensor, const std::string& dtype,
                       const std::vector<std::int64_t>& shape) {
  SCOPED_TRACE(tensor.name);
  EXPECT_EQ(tensor.dtype, dtype);
  EXPECT_EQ(tensor.shape, shape);
  std::size_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::size_t>(side);
  ASSERT_EQ(tensor.bytes.size(), count * dtypeSize(dtype));
  for (std::size_t k = 0; k < count; ++k)
    EXPECT_EQ(elementAt(tensor, k), ruleAt(dtype, k)) << "element " << k;
}

}  // namespace panicle::testing
