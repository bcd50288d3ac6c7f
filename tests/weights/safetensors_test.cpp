// Our reader and writer, and what the reader refuses.
#include "core/weights/safetensors.h"

#include <cstring>
#include <fstream>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using testing::TempFolder;

void writeRaw(const std::filesystem::path& path, const std::string& header, const std::string& data) {
  std::uint64_t length = header.size();
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(&length), 8);
  out << header << data;
}

std::string refusal(const std::filesystem::path& path) {
  try {
    SafetensorsFile file(path);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Safetensors, RoundTrips) {
  const TempFolder folder;
  const std::vector<float> a{1.5f, -2, 3};
  const std::vector<std::int64_t> b{7};
  writeSafetensors(folder / "w.safetensors",
                   {{"a", "F32", {3}, std::as_bytes(std::span(a))}, {"b", "I64", {}, std::as_bytes(std::span(b))}}, {{"arch", "x"}});
  const SafetensorsFile file(folder / "w.safetensors");
  ASSERT_EQ(file.entries().size(), 2u);
  EXPECT_EQ(file.metadata().at("arch"), "x");
  EXPECT_EQ(file.find("a")->shape, std::vector<std::int64_t>{3});
  EXPECT_EQ(std::memcmp(file.find("a")->bytes.data(), a.data(), 12), 0);
  EXPECT_EQ(std::memcmp(file.find("b")->bytes.data(), b.data(), 8), 0);
  EXPECT_EQ(file.find("c"), nullptr);
}

TEST(Safetensors, RefusesWhatTheFormatForbids) {
  const TempFolder folder;
  const auto path = folder / "bad.safetensors";
  const std::string four(4, 'x');
  const std::pair<std::string, std::string> cases[] = {
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "twice"},
      {R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", "unknown dtype"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "do not agree"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}})", "overflows"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "malformed"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "behind its last tensor"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", "gap"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})", "overlaps"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", "cut off"},
      {R"({"a":{"dtype":"U8","shape":[4]}})", "exactly"},
      {R"([1])", "not a JSON object"},
      {R"({"a")", "not a JSON object"},
  };
  for (const auto& [header, expected] : cases) {
    writeRaw(path, header, four);
    EXPECT_NE(refusal(path).find(expected), std::string::npos) << header << " -> " << refusal(path);
  }
  writeAtomically(path, "short");
  EXPECT_NE(refusal(path).find("too short"), std::string::npos);
  writeAtomically(path, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f{}", 10));
  EXPECT_NE(refusal(path).find("claims"), std::string::npos);
  EXPECT_NE(refusal(folder / "absent").find("absent"), std::string::npos);
}

// Any file made from a good one by cutting it or changing a byte of its header either reads, or is refused with an Error.
TEST(Safetensors, SurvivesMutation) {
  const TempFolder folder;
  const auto path = folder / "w.safetensors";
  const std::vector<float> a(16, 1.0f);
  writeSafetensors(path, {{"layer.weight", "F32", {4, 4}, std::as_bytes(std::span(a))}, {"bias", "F32", {16}, std::as_bytes(std::span(a))}});
  const std::string good = readText(path);
  RandomStream random(3);
  for (int i = 0; i < 300; ++i) {
    std::string bad = good;
    if (i % 3 == 0) {
      bad.resize(random.below(bad.size()));
    } else {
      bad[random.below(good.size() - 128)] = static_cast<char>(random.below(256));
    }
    writeAtomically(path, bad);
    refusal(path);
    if (i % 3 == 0) {
      EXPECT_NE(refusal(path), "");
    }
  }
}

}  // namespace
}  // namespace panicle
