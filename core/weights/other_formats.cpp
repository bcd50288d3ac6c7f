#include "core/weights/other_formats.h"

#include <algorithm>
#include <cctype>

namespace panicle {
namespace {

constexpr char kRead[] = "Weights are read from .safetensors, PyTorch's .pth, .pt and .bin, and NumPy's .npz";
constexpr std::size_t kLooked = 512;
constexpr std::size_t kTarMark = 257;  // where a tar's first header says "ustar"

struct Signature {
  std::string_view start;
  const char* sentence;
};

constexpr Signature kSignatures[] = {
    {"version https://git-lfs",
     "is a Git LFS pointer, not the file itself: run 'git lfs pull' where it was cloned, or download the "
     "file"},
    {"\x89HDF\r\n\x1a\n",
     "is an HDF5 file, as Keras writes; no conversion of it is known here. Look for a PyTorch or safetensors "
     "file of the model"},
    {"\x1f\x8b", "is packed by gzip: unpack it with gunzip (or tar xzf, where it is a .tar.gz) first"},
    {"BZh", "is packed by bzip2: unpack it with bunzip2 first"},
    {"\xfd"
     "7zXZ",
     "is packed by xz: unpack it with unxz first"},
    {"\x28\xb5\x2f\xfd", "is packed by zstd: unpack it with unzstd first"},
    {"7z\xbc\xaf\x27\x1c", "is a 7-Zip archive: unpack it first"},
    {"Rar!", "is a RAR archive: unpack it first"},
    {"\x89PNG", "is a PNG image"},
    {"\xff\xd8\xff", "is a JPEG image"},
    {"GGUF", "is a GGUF file, of llama.cpp. Look for a safetensors file of the model"},
    {"\x93NUMPY", "is a single NumPy array; weights come as an .npz of named ones"},
    {"TFL3", "is a TensorFlow Lite model. Look for a PyTorch or safetensors file of it"},
    {"%PDF", "is a PDF document"},
    {"PK\x05\x06", "is an empty ZIP archive: the download or copy of it failed; fetch it again"},
};

bool startsAsText(std::string_view text, std::string_view wanted) {
  return text.size() >= wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), text.begin(),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

// An ONNX model is a protocol buffer: its version (field 1), then who made it (field 2).
bool looksLikeOnnx(std::string_view start) {
  return start.size() > 4 && start[0] == 0x08 && start[1] < 0x20 && start[2] == 0x12 &&
         start.find("torch") != std::string_view::npos;
}

}  // namespace

Error unknownFormat(Bytes file, const std::filesystem::path& path) {
  const std::string_view start = asText(file.first(std::min(file.size(), kLooked)));
  for (const Signature& known : kSignatures) {
    if (start.starts_with(known.start)) return fileError(path, known.sentence);
  }
  const std::string_view text =
      start.substr(std::min(start.find_first_not_of(" \t\r\n\xef\xbb\xbf"), start.size()));
  if (startsAsText(text, "<!doctype") || startsAsText(text, "<html") || startsAsText(text, "<?xml")) {
    return fileError(
        path,
        "is a web page: the download gave a page instead of the file. Download it again by its direct link");
  }
  if (text.starts_with('{') || text.starts_with('[')) {
    return fileError(path, std::string("is a JSON text, perhaps a model's configuration. ") + kRead);
  }
  if (start.size() > kTarMark + 5 && start.substr(kTarMark, 5) == "ustar") {
    return fileError(path,
                     "is a tar archive (PyTorch wrote such before 0.1.10, too). Unpack it if it holds "
                     "weights, else save them again with a newer PyTorch");
  }
  if (looksLikeOnnx(start))
    return fileError(path, "is an ONNX model. Look for a PyTorch or safetensors file of the model");
  const bool zeros = std::all_of(file.begin(), file.end(), [](std::byte b) { return b == std::byte{0}; });
  if (zeros)
    return fileError(path, "holds nothing but zeros: the download or copy of it failed; fetch it again");
  return fileError(path, std::string("is in no format that is known here. ") + kRead);
}

Error unknownArchive(const ZipArchive& archive, const std::filesystem::path& path) {
  const auto ends = [&](std::string_view suffix) {
    const auto& names = archive.names();
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const std::string& name) { return name.ends_with(suffix); });
    return found == names.end() ? std::string() : *found;
  };
  if (!ends("model.weights.h5").empty()) {
    return fileError(path,
                     "is a Keras model; no conversion of it is known here. Look for a PyTorch or safetensors "
                     "file of the model");
  }
  for (const char* suffix : {".safetensors", ".pth", ".pt", ".bin", ".npz"}) {
    if (const std::string name = ends(suffix); !name.empty())
      return fileError(path, "is a ZIP archive with " + inQuotes(name) + " in it: unpack it first");
  }
  return fileError(path, std::string("is a ZIP archive without weights in it. ") + kRead);
}

}  // namespace panicle
