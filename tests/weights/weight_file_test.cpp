// Telling formats apart, ZIP archives that are no good, and files that are something else altogether.
#include "core/weights/weight_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "core/weights/safetensors.h"
#include "tests/weights/weight_bytes.h"
#include "tests/weights/zip_bytes.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using testing::refusal;
using testing::TempFolder;
using testing::weightBytes;
using testing::zipBytes;

std::string openRefusal(const std::filesystem::path& path) {
  try {
    WeightFile::open(path);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(WeightFile, TellsTheFormatByTheBytesNotTheName) {
  const TempFolder folder;
  const std::pair<const char*, WeightFormat> cases[] = {{"kinds.pth", WeightFormat::TorchZip},
                                                        {"kinds_legacy.pth", WeightFormat::TorchLegacy},
                                                        {"stored.npz", WeightFormat::Npz}};
  for (const auto& [name, format] : cases) {
    writeAtomically(folder / "w.safetensors", weightBytes(name));
    EXPECT_EQ(WeightFile::open(folder / "w.safetensors").format(), format) << name;
  }
  writeSafetensors(folder / "w.pth", {});
  EXPECT_EQ(WeightFile::open(folder / "w.pth").format(), WeightFormat::Safetensors);
}

// The first byte of a safetensors file is the lowest of its header's length, which may be a pickle's first byte, or a ZIP's.
TEST(WeightFile, ReadsSafetensorsWithHeadersOfAnyLength) {
  const TempFolder folder;
  bool pickleLike = false;
  for (std::size_t note = 1; note < 600; note += 7) {
    writeSafetensors(folder / "w.safetensors", {}, {{"note", std::string(note, 'x')}});
    pickleLike = pickleLike || readText(folder / "w.safetensors").starts_with('\x80');
    EXPECT_EQ(openRefusal(folder / "w.safetensors"), "") << note;
  }
  EXPECT_TRUE(pickleLike) << "the case that this is about";
}

TEST(WeightFile, SaysWhyItCannotOpen) {
  const TempFolder folder;
  EXPECT_THAT(openRefusal(folder / "absent.pth"), HasSubstr("absent.pth: cannot be opened: No such file"));
  EXPECT_THAT(openRefusal(folder.path()), HasSubstr("is a folder"));
  writeAtomically(folder / "empty", "");
  EXPECT_THAT(openRefusal(folder / "empty"), HasSubstr("is empty"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(openRefusal(folder / "pipe"), HasSubstr("not a file that can be mapped"));
}

TEST(WeightFile, NamesWhatElseAFileIs) {
  const std::string tar = std::string("resnet/") + std::string(250, '\0') + "ustar" + std::string(300, '\0');
  const std::pair<std::string, const char*> cases[] = {
      {"<!DOCTYPE html><html>", "web page"},
      {"\n <HTML><body>Not found", "web page"},
      {"<?xml version='1.0'?><Error>", "web page"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"},
      {"\x89HDF\r\n\x1a\n.......", "HDF5"},
      {std::string("\x08\x07\x12\x07pytorch\x1a\x06"
                   "1.13.1",
                   19),
       "ONNX"},
      {"\x1f\x8b\x08.....", "gunzip"},
      {tar, "tar archive"},
      {"\x89PNG\r\n\x1a\n", "PNG image"},
      {"\xff\xd8\xff\xe0", "JPEG image"},
      {"GGUF\3", "GGUF"},
      {"\x93NUMPY\1", "single NumPy array"},
      {"{\"architecture\": \"resnet18\"}", "JSON text"},
      {std::string(1000, '\0'), "nothing but zeros"},
      {zipBytes({}), "empty ZIP archive"},
      {"hello", "in no format that is known"},
      {zipBytes({{"weights/model.pth", "x"}}), "'weights/model.pth' in it: unpack it first"},
      {zipBytes({{"config.json", "{}"}, {"model.weights.h5", "x"}}), "Keras"},
      {zipBytes({{"readme.txt", "x"}}), "without weights"},
  };
  for (const auto& [bytes, expected] : cases)
    EXPECT_THAT(refusal(bytes), HasSubstr(expected)) << bytes.substr(0, 20);
  EXPECT_THAT(refusal("hello", "w.safetensors"), HasSubstr("safetensors file: too short"));
}

TEST(ZipArchive, RefusesWhatIsDamaged) {
  const std::string pickle("\x80\x02}.", 4);
  EXPECT_THAT(refusal(zipBytes({{"a/data.pkl", pickle}})), HasSubstr("no tensors"));
  EXPECT_THAT(refusal(zipBytes({{"a/data.pkl", pickle}, {"a/data.pkl", pickle}})), HasSubstr("twice"));
  EXPECT_THAT(refusal(zipBytes({{.name = "a/data.pkl", .data = pickle, .method = 12}})),
              HasSubstr("only stored and deflated"));
  EXPECT_THAT(refusal(zipBytes({{.name = "a/data.pkl", .data = pickle, .flags = 1}})),
              HasSubstr("encrypted"));
  EXPECT_THAT(refusal(zipBytes({{.name = "a/data.pkl", .data = pickle, .size = 5}})),
              HasSubstr("only stored and deflated"));
  EXPECT_THAT(refusal(zipBytes({{.name = "a/data.pkl", .data = pickle, .method = 8}})),
              HasSubstr("cannot be inflated"));
  EXPECT_THAT(refusal(zipBytes({{.name = "a/data.pkl", .data = pickle, .method = 8, .size = 0x7fffffff}})),
              HasSubstr("impossible size"));
  EXPECT_THAT(refusal(zipBytes({{"a/data.pkl", pickle}, {"a/byteorder", "big"}})), HasSubstr("big-endian"));
  EXPECT_THAT(refusal(zipBytes({{"a/data.pkl", pickle}, {"a/constants.pkl", ""}})), HasSubstr("TorchScript"));
  EXPECT_THAT(refusal(weightBytes("kinds.pth").substr(0, 2000)), HasSubstr("cut off"));
}

// Raw deflate of a gigabyte and more of zeros in a megabyte: what it claims is possible, and still too much
// for a file so small.
TEST(ZipArchive, DoesNotUnpackWithoutMeasure) {
  const std::string small(1 << 20, '\0');
  const std::int64_t claim = std::int64_t{1000} << 20;
  EXPECT_THAT(refusal(zipBytes({{.name = "a/data.pkl", .data = small, .method = 8, .size = claim}})),
              HasSubstr("made to harm"));
}

std::size_t residentFileBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssFile:")) return std::stoul(line.substr(8)) * 1024;
  }
  return 0;
}

TEST(WeightFile, GivesBackTheMemoryOfReleasedTensors) {
  constexpr std::size_t kTensor = 4 << 20;
  constexpr int kCount = 16;
  const TempFolder folder;
  const std::vector<std::byte> bytes(kTensor, std::byte{7});
  std::vector<TensorEntry> entries;
  for (int i = 0; i < kCount; ++i) entries.push_back({"t" + std::to_string(i), "U8", {kTensor}, bytes});
  writeSafetensors(folder / "w.safetensors", entries);
  const WeightFile file = WeightFile::open(folder / "w.safetensors");
  const std::size_t before = residentFileBytes();
  std::size_t most = 0;
  for (const TensorEntry& tensor : file.tensors()) {
    EXPECT_EQ(std::count(tensor.bytes.begin(), tensor.bytes.end(), std::byte{7}),
              static_cast<std::ptrdiff_t>(kTensor));
    most = std::max(most, residentFileBytes());
    file.release(tensor);
  }
  EXPECT_LT(most, before + 3 * kTensor) << "of " << kCount << " tensors";
  EXPECT_EQ(file.tensors()[3].bytes[5], std::byte{7}) << "released bytes stay readable";
}

}  // namespace
}  // namespace panicle
