// What NumPy 1.24 has written (tests/reference/make_weight_files.py), and headers made by hand.
#include <gmock/gmock.h>

#include "core/weights/weight_file.h"
#include "tests/weights/weight_bytes.h"
#include "tests/weights/zip_bytes.h"

namespace panicle {
namespace {

using testing::expectRule;
using ::testing::HasSubstr;
using testing::ReadBytes;
using testing::refusal;
using testing::weightBytes;
using testing::zipBytes;

class Npz : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Packing, Npz, ::testing::Values("stored", "compressed"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Npz, EveryKindOfArray) {
  const ReadBytes file(weightBytes(std::string(GetParam()) + ".npz"));
  EXPECT_EQ(file.contents().format, WeightFormat::Npz);
  EXPECT_EQ(file.contents().tensors.size(), 9u);
  expectRule(file.at("Transformer/encoderblock_0/MlpBlock_3/Dense_0/kernel"), "F32", {3, 4});
  expectRule(file.at("fortran"), "F32", {2, 3, 4});
  expectRule(file.at("half"), "F16", {3});
  expectRule(file.at("double"), "F64", {3});
  expectRule(file.at("long"), "I64", {3});
  expectRule(file.at("bytes"), "U8", {3});
  expectRule(file.at("truths"), "BOOL", {4});
  expectRule(file.at("scalar"), "F32", {});
  expectRule(file.at("empty"), "F32", {0, 4});
}

TEST(NpzRefusals, WhatIsNoWeights) {
  EXPECT_THAT(refusal(weightBytes("big_endian.npz")), HasSubstr("big-endian"));
  EXPECT_THAT(refusal(weightBytes("objects.npz")), HasSubstr("Python objects"));
  EXPECT_THAT(refusal(weightBytes("records.npz")), HasSubstr("records of several fields"));
}

std::string npy(const std::string& header, const std::string& data, int version = 1) {
  const std::size_t size = header.size();
  std::string bytes("\x93NUMPY", 6);
  bytes += {static_cast<char>(version), 0, static_cast<char>(size & 255), static_cast<char>(size >> 8)};
  if (version > 1) bytes += std::string(2, '\0');
  return bytes + header + data;
}

std::string npzRefusal(const std::string& header, const std::string& data, int version = 1) {
  return refusal(zipBytes({{"a.npy", npy(header, data, version)}}));
}

TEST(NpzRefusals, HeadersThatNumpyDoesNotWrite) {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }          \n";
  for (const int version : {1, 2, 3}) EXPECT_EQ(npzRefusal(good, "1234", version), "") << version;
  EXPECT_THAT(npzRefusal(good, "1234", 4), HasSubstr("version 4"));
  EXPECT_THAT(npzRefusal(good, "123"), HasSubstr("not as long as its shape"));
  EXPECT_THAT(npzRefusal(good, "12345"), HasSubstr("not as long as its shape"));
  EXPECT_THAT(refusal(zipBytes({{"a.npy", "\x93NUMPX\1\0\0\0"}})), HasSubstr("not a NumPy array"));
  EXPECT_THAT(refusal(zipBytes({{"a.npy", npy(good, "1234")}, {"b.txt", ""}})), HasSubstr("'b.txt' among"));
  const std::pair<const char*, const char*> cases[] = {
      {"", "not one of NumPy's"},
      {"{'descr': '<f4', 'shape': (1,)}", "not one of NumPy's"},
      {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "not one of NumPy's"},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "not one of NumPy's"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "not one of NumPy's"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1", "not one of NumPy's"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "not one of NumPy's"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", "not one of NumPy's"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "not as long"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4, 0)}", "not as long"},
      {"{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}", "no numbers"},
      {"{'descr': '', 'fortran_order': False, 'shape': (1,)}", "no numbers"},
      {"{'descr': '?f4', 'fortran_order': False, 'shape': (1,)}", "has the dtype"},
  };
  for (const auto& [header, expected] : cases)
    EXPECT_THAT(npzRefusal(header, "1234"), HasSubstr(expected)) << header;
}

}  // namespace
}  // namespace panicle
