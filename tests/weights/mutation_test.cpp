// Files made from good ones by damage. Each either reads, every byte of its tensors with it, or is refused
// with an Error; never another exception, a crash, a leak or a look past the file, which the sanitizers watch
// for.
#include <iostream>

#include "core/base/random.h"
#include "core/weights/safetensors.h"
#include "tests/weights/weight_bytes.h"

namespace panicle {
namespace {

using testing::ReadBytes;
using testing::TempFolder;
using testing::weightBytes;

bool reads(const std::string& bytes, const std::filesystem::path& name, unsigned& sum) {
  try {
    const ReadBytes file(bytes, name);
    for (const TensorEntry& tensor : file.contents().tensors) {
      EXPECT_EQ(tensor.bytes.size(), tensorBytes(tensor.dtype, tensor.shape));
      for (const std::byte byte : tensor.bytes) sum += std::to_integer<unsigned>(byte);
    }
    return true;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(name.string()), std::string::npos)
        << "names the file: " << error.what();
    return false;
  }
}

class Mutation : public ::testing::TestWithParam<std::string> {
 protected:
  // A sample of the family, and a name that keeps its reader in charge.
  std::string good() const {
    if (GetParam() != "safetensors") return weightBytes(GetParam());
    const TempFolder folder;
    const std::vector<float> a(16, 1.0f);
    const auto bytes = std::as_bytes(std::span(a));
    writeSafetensors(folder / "w",
                     {{"layer.weight", "F32", {4, 4}, bytes},
                      {"half", "F16", {16, 2}, bytes},
                      {"bias", "F32", {16}, bytes},
                      {"no", "I64", {0}, {}}},
                     {{"format", "pt"}});
    return readText(folder / "w");
  }

  void check(const std::string& bytes) {
    ++cases_;
    if (!reads(bytes, GetParam(), sum_)) ++refused_;
  }
  void TearDown() override {
    std::cout << "[   damage ] " << GetParam() << ": " << cases_ << " cases, " << refused_ << " refused\n";
    EXPECT_GE(cases_, 200);
  }

  int cases_ = 0;
  int refused_ = 0;
  unsigned sum_ = 0;
};

std::string testName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, Mutation,
                         ::testing::Values("safetensors", "kinds.pth", "nested.pth", "strided.pth",
                                           "protocol4.pth", "kinds_legacy.pth", "nested_legacy.pth",
                                           "strided_legacy.pth", "stored.npz", "compressed.npz"),
                         testName);

TEST_P(Mutation, CutOffAnywhereIsRefused) {
  const std::string bytes = good();
  for (std::size_t size = 0; size < bytes.size(); ++size) check(bytes.substr(0, size));
  EXPECT_EQ(refused_, cases_);
}

TEST_P(Mutation, EveryByteChanged) {
  const std::string bytes = good();
  RandomStream random(1, GetParam());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string bad = bytes;
    bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8)));
    check(bad);
    bad[at] = static_cast<char>(random.below(256));
    check(bad);
  }
}

// Lengths, counts and offsets of the sizes that break sums.
TEST_P(Mutation, HugeNumbersAnywhere) {
  const std::string bytes = good();
  RandomStream random(2, GetParam());
  const std::uint64_t numbers[] = {~0ull,        1ull << 63,      (1ull << 63) - 1, 1ull << 62,
                                   0xffffffff,   0x7fffffff,      1ull << 32,       0,
                                   bytes.size(), bytes.size() + 1};
  for (int i = 0; i < 1500; ++i) {
    std::string bad = bytes;
    const std::uint64_t number = numbers[random.below(std::size(numbers))];
    const std::size_t width = std::size_t{1} << random.below(4);
    std::memcpy(bad.data() + random.below(bad.size() - width), &number, width);
    check(bad);
  }
}

TEST_P(Mutation, PiecesLostDoubledAndMoved) {
  const std::string bytes = good();
  RandomStream random(3, GetParam());
  for (int i = 0; i < 1000; ++i) {
    std::string bad = bytes;
    const std::size_t at = random.below(bad.size());
    const std::size_t size = 1 + random.below(std::min<std::size_t>(64, bad.size() - at));
    const std::string piece = bad.substr(at, size);
    const auto kind = random.below(3);
    if (kind != 1) bad.erase(at, size);
    if (kind != 0) bad.insert(random.below(bad.size()), piece);
    check(bad);
  }
}

class PickleMutation : public Mutation {};
INSTANTIATE_TEST_SUITE_P(Files, PickleMutation,
                         ::testing::Values("kinds.pth", "nested.pth", "strided.pth", "protocol4.pth",
                                           "kinds_legacy.pth", "nested_legacy.pth", "strided_legacy.pth"),
                         testName);

// Opcodes that are known in place of good ones: random bytes would end at the first.
TEST_P(PickleMutation, RandomOpcodes) {
  const std::string bytes = good();
  const std::size_t begin = bytes.find("collections") - 1;
  const std::string opcodes =
      "\x80\x02]})NKM(tldau\x85\x86\x87qh0123RQbs.e\x88\x89\x8a\x8cUXGJ\x8f\x90\x93\x94";
  RandomStream random(4, GetParam());
  for (int i = 0; i < 1500; ++i) {
    std::string bad = bytes;
    const std::size_t from = begin + random.below(300);
    const std::size_t count = 1 + random.below(i % 2 == 0 ? 3 : 60);
    for (std::size_t k = from; k < std::min(from + count, bad.size()); ++k)
      bad[k] = opcodes[random.below(opcodes.size())];
    check(bad);
  }
}

}  // namespace
}  // namespace panicle
