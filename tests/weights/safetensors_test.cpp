// Our writer by a parser of the test's own, our reader, and what the reader refuses.
#include "core/weights/safetensors.h"

#include <gmock/gmock.h>

#include "core/base/json.h"
#include "core/weights/weight_file.h"
#include "tests/weights/weight_bytes.h"
#include "tests/weights/zip_bytes.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using testing::little;
using testing::refusal;
using testing::TempFolder;

std::string safetensors(const std::string& header, const std::string& data) {
  return little(header.size(), 8) + header + data;
}

struct Sample {
  std::vector<float> a{1.5f, -2, 3};
  std::vector<std::int64_t> b{7};
  std::vector<std::uint8_t> c{1, 2, 3, 4, 5};
  std::vector<TensorEntry> entries{{"c", "U8", {5}, std::as_bytes(std::span(c))},
                                   {"a \"\\\u00e9", "F32", {3, 1}, std::as_bytes(std::span(a))},
                                   {"none", "F16", {0, 2}, {}},
                                   {"b", "I64", {}, std::as_bytes(std::span(b))}};
};

TEST(Safetensors, RoundTrips) {
  const TempFolder folder;
  const Sample sample;
  writeSafetensors(folder / "w.safetensors", sample.entries, {{"arch", "x"}, {"format", "pt"}});
  const WeightFile file = WeightFile::open(folder / "w.safetensors");
  EXPECT_EQ(file.format(), WeightFormat::Safetensors);
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"arch", "x"}, {"format", "pt"}}));
  ASSERT_EQ(file.tensors().size(), sample.entries.size());
  for (std::size_t i = 0; i < sample.entries.size(); ++i) {
    const TensorEntry& read = file.tensors()[i];
    const TensorEntry& written = sample.entries[i];
    EXPECT_EQ(read.name, written.name) << "in the order given";
    EXPECT_EQ(read.dtype, written.dtype);
    EXPECT_EQ(read.shape, written.shape);
    EXPECT_TRUE(std::equal(read.bytes.begin(), read.bytes.end(), written.bytes.begin(), written.bytes.end()));
    EXPECT_EQ(file.find(written.name), &read);
  }
}

// As Python's safetensors does it: the header's length, JSON, then slices of the rest that torch views as
// their dtype, for which they have to begin at a multiple of the element's size.
TEST(Safetensors, WrittenFilesAreWhatPythonReads) {
  const TempFolder folder;
  const Sample sample;
  writeSafetensors(folder / "w.safetensors", sample.entries);
  const std::string bytes = readText(folder / "w.safetensors");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ((8 + length) % 8, 0u);
  const Json header = Json::parse(bytes.substr(8, length));
  EXPECT_EQ(header.size(), sample.entries.size());
  std::size_t total = 0;
  for (const TensorEntry& entry : sample.entries) {
    const Json& row = header.at(entry.name);
    const std::size_t begin = row.at("data_offsets").at(0), end = row.at("data_offsets").at(1);
    EXPECT_EQ(begin % dtypeSize(entry.dtype), 0u) << entry.name;
    const auto* data = reinterpret_cast<const char*>(entry.bytes.data());
    EXPECT_EQ(bytes.substr(8 + length + begin, end - begin), std::string(data, entry.bytes.size()));
    total += end - begin;
  }
  EXPECT_EQ(8 + length + total, bytes.size());
}

TEST(Safetensors, WriterRefusesWhatCouldNotBeRead) {
  const TempFolder folder;
  const auto path = folder / "w.safetensors";
  const std::vector<std::byte> four(4);
  const auto refused = [&](const std::vector<TensorEntry>& entries,
                           const std::map<std::string, std::string>& notes = {}) {
    try {
      writeSafetensors(path, entries, notes);
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  EXPECT_THAT(refused({{"a", "U8", {4}, four}, {"a", "U8", {4}, four}}), HasSubstr("'a' twice"));
  EXPECT_THAT(refused({{"a", "F33", {1}, four}}), HasSubstr("not one of the format"));
  EXPECT_THAT(refused({{"a", "F32", {2}, four}}), HasSubstr("do not agree"));
  EXPECT_THAT(refused({{"a\xff", "F32", {1}, four}}), HasSubstr("not UTF-8"));
  EXPECT_THAT(refused({{"__metadata__", "F32", {1}, four}}), HasSubstr("__metadata__"));
  EXPECT_THAT(refused({}, {{"a", "\xff"}}), HasSubstr("not UTF-8"));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "no part of it is left behind";
}

TEST(Safetensors, RefusesWhatTheFormatForbids) {
  const std::string one = R"("dtype":"F32","shape":[1],"data_offsets":[0,4])";
  const std::pair<std::string, const char*> cases[] = {
      {"{\"a\":{" + one + "},\"a\":{" + one + "}}", "twice"},
      {"{\"a\":{" + one + ",\"dtype\":\"F32\"}}", "exactly"},
      {"{\"a\":{" + one + ",\"x\":1}}", "exactly"},
      {R"({"a":{"dtype":"U8","shape":[4]}})", "exactly"},
      {R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", "unknown dtype 'F33'"},
      {R"({"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}})", "dtype that is not a text"},
      {R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "do not agree"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", "do not agree"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}})", "overflows"},
      {R"({"a":{"dtype":"F32","shape":[4611686018427387904,4,0],"data_offsets":[0,0]}})", "overflows"},
      {R"({"a":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]}})", "overflows"},
      {R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", "malformed shape"},
      {R"({"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}})", "malformed shape"},
      {R"({"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}})", "malformed shape"},
      {R"({"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}})", "shape that is not a list"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}})", "two data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}})", "two data_offsets"},
      {R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,[4]]}})", "malformed data_offsets"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "behind its last tensor"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}})", "gap"},
      {R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
       "overlaps"},
      {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})",
       "overlaps"},
      {R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})", "cut off"},
      {R"({"a":1})", "which is no tensor"},
      {R"({"__metadata__":1})", "which is no tensor"},
      {R"({"__metadata__":{"a":1}})", "metadata that is not text"},
      {R"({"__metadata__":{"a":"1","a":"2"}})", "twice in its metadata"},
      {"{\"a\xff\":{" + one + "}}", "is not JSON"},
      {"{\"a\":{" + one + "}} x", "is not JSON"},
      {"{\"a\"", "is not JSON"},
  };
  for (const auto& [header, expected] : cases)
    EXPECT_THAT(refusal(safetensors(header, "1234")), HasSubstr(expected)) << header;
  EXPECT_THAT(refusal(safetensors("[1]", ""), "w.safetensors"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal(safetensors(" {}", ""), "w.safetensors"), HasSubstr("not a JSON object"));
  EXPECT_THAT(refusal("short", "w.safetensors"), HasSubstr("too short"));
  EXPECT_THAT(refusal(little(100'000'001, 8) + "{}"), HasSubstr("100 MB"));
  EXPECT_THAT(refusal(little(~0ull, 8) + "{}"), HasSubstr("100 MB"));
  EXPECT_THAT(refusal(little(3, 8) + "{}"), HasSubstr("cut off"));
}

TEST(Safetensors, TakesWhatTheFormatAllows) {
  EXPECT_EQ(refusal(safetensors("{}", "")), "");
  EXPECT_EQ(refusal(safetensors("{}       ", "")), "");
  EXPECT_EQ(
      refusal(safetensors(
          R"({"b":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[2,4]},"a":{"data_offsets":[0,2],"shape":[1],"dtype":"BF16"}})",
          "1234")),
      "");
  EXPECT_EQ(
      refusal(safetensors(
          R"({"z":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]}})",
          "1234")),
      "");
}

TEST(Safetensors, NeitherDepthNorNumberIsAMatter) {
  std::string objects, lists = R"({"a":{"shape":)";
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(refusal(safetensors(objects, "")), HasSubstr("exactly"));
  EXPECT_THAT(refusal(safetensors(lists + std::string(1'000'000, '['), "")), HasSubstr("malformed shape"));

  std::string sides = R"({"a":{"dtype":"U8","data_offsets":[0,1],"shape":[1)";
  for (int i = 0; i < 1'000'000; ++i) sides += ",1";
  EXPECT_THAT(refusal(safetensors(sides + "]}}", "x")), HasSubstr("more than 64 sides"));

  std::string many = "{";
  constexpr int kCount = 300'000;
  for (int i = 0; i < kCount; ++i) {
    const std::string at = std::to_string(i);
    many += (i > 0 ? ",\"t" : "\"t") + at + R"(":{"dtype":"U8","shape":[1],"data_offsets":[)" + at + "," +
            std::to_string(i + 1) + "]}";
  }
  EXPECT_EQ(refusal(safetensors(many + "}", std::string(kCount, 'x'))), "");
}

}  // namespace
}  // namespace panicle
