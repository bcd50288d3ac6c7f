#include "core/weights/npz.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "core/base/error.h"
#include "core/weights/strided.h"

namespace panicle {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::string_view kSuffix = ".npy";

// The header is a Python literal, {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }, and nothing
// else is taken.
class HeaderParser {
 public:
  struct Header {
    std::string descr;
    bool fortran = false;
    std::vector<std::int64_t> shape;
  };

  HeaderParser(std::string_view text, const std::string& what, const std::filesystem::path& path)
      : rest_(text), what_(what), path_(path) {}

  Header parse() {
    Header header;
    bool seen[3] = {};
    expect('{');
    while (!skip('}')) {
      const std::string key = text();
      expect(':');
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (which < 0 || seen[which]) throw wrong();
      seen[which] = true;
      if (which == 0) header.descr = descr();
      if (which == 1) header.fortran = boolean();
      if (which == 2) header.shape = shape();
      if (skip('}')) break;
      expect(',');
    }
    space();
    if (!rest_.empty() || !seen[0] || !seen[1] || !seen[2]) throw wrong();
    return header;
  }

 private:
  Error wrong() const {
    return fileError(path_, "is damaged: the header of " + what_ + " is not one of NumPy's");
  }
  void space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }
  bool skip(char wanted) {
    space();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!skip(wanted)) throw wrong();
  }
  std::string text() {
    expect('\'');
    const auto end = rest_.find('\'');
    if (end == std::string_view::npos) throw wrong();
    const std::string value(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return value;
  }
  std::string descr() {
    space();
    if (rest_.starts_with('['))
      throw fileError(path_, what_ + " holds records of several fields, not numbers");
    return text();
  }
  bool boolean() {
    space();
    for (const std::string_view word : {"True", "False"}) {
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return word == "True";
    }
    throw wrong();
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> sides;
    expect('(');
    while (!skip(')')) {
      space();
      std::int64_t side = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), side);
      if (error != std::errc() || side < 0) throw wrong();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      skip('L');  // Python 2's long
      sides.push_back(side);
      if (skip(')')) break;
      expect(',');
    }
    return sides;
  }

  std::string_view rest_;
  const std::string& what_;
  const std::filesystem::path& path_;
};

std::string dtypeOf(const std::string& descr, const std::string& what, const std::filesystem::path& path) {
  static const std::map<std::string, std::string> known{
      {"f2", "F16"}, {"f4", "F32"},  {"f8", "F64"}, {"i1", "I8"},  {"i2", "I16"},
      {"i4", "I32"}, {"i8", "I64"},  {"u1", "U8"},  {"u2", "U16"}, {"u4", "U32"},
      {"u8", "U64"}, {"b1", "BOOL"}, {"c8", "C64"}};
  const char order = descr.empty() ? '\0' : descr[0];
  const auto found = descr.empty() ? known.end() : known.find(descr.substr(1));
  if (descr.ends_with('O'))
    throw fileError(path, what + " holds Python objects, which would have to be run; only numbers are read");
  if (found == known.end())
    throw fileError(path, what + " holds " + inQuotes(descr) + ", which are no numbers that weights come in");
  const bool single = dtypeSize(found->second) == 1;
  if (order == '>' && !single)
    throw fileError(path, what + " is big-endian; save it again with array.astype('<" + found->first + "')");
  if (order != '<' && order != '|' && order != '>')
    throw fileError(path, "is damaged: " + what + " has the dtype " + inQuotes(descr));
  return found->second;
}

// Fortran's order: the first side runs fastest.
std::vector<std::int64_t> fortranStrides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    strides[i] = stride;
    stride *= std::max<std::int64_t>(shape[i], 1);
  }
  return strides;
}

TensorEntry readArray(const std::string& name, Bytes array, const std::filesystem::path& path,
                      OwnedMemory& memory) {
  const std::string what = "array " + inQuotes(name);
  ByteReader in(array, path);
  if (array.size() < kMagic.size() || asText(in.take(kMagic.size())) != kMagic)
    throw fileError(path, what + " is not a NumPy array");
  const auto major = in.value<std::uint8_t>();
  in.value<std::uint8_t>();
  if (major < 1 || major > 3)
    throw fileError(
        path, what + " is of version " + std::to_string(major) + " of NumPy's format, which is not known");
  const std::uint64_t headerBytes = major == 1 ? in.value<std::uint16_t>() : in.value<std::uint32_t>();
  const auto header = HeaderParser(asText(in.take(headerBytes)), what, path).parse();

  TensorEntry entry{name, dtypeOf(header.descr, what, path), header.shape, {}};
  const auto bytes = tensorBytes(entry.dtype, entry.shape);
  if (!bytes || *bytes != in.left())
    throw fileError(path, "is damaged: " + what + " is not as long as its shape says");
  entry.bytes = in.take(*bytes);
  const auto strides = header.fortran ? fortranStrides(entry.shape) : std::vector<std::int64_t>{};
  if (header.fortran && !isRowMajor(entry.shape, strides)) {
    const std::span<std::byte> copy = memory.allocate(*bytes);
    copyRowMajor(entry.bytes.data(), entry.shape, strides, dtypeSize(entry.dtype), copy);
    entry.bytes = copy;
  }
  return entry;
}

}  // namespace

bool isNpz(const ZipArchive& archive) {
  return std::any_of(archive.names().begin(), archive.names().end(),
                     [](const std::string& name) { return name.ends_with(kSuffix); });
}

void readNpz(ZipArchive& archive, const std::filesystem::path& path, WeightContents& contents) {
  contents.format = WeightFormat::Npz;
  for (const std::string& entry : archive.names()) {
    if (!entry.ends_with(kSuffix))
      throw fileError(path, "holds " + inQuotes(entry) + " among its NumPy arrays, so it is no .npz");
    const std::string name = entry.substr(0, entry.size() - kSuffix.size());
    contents.tensors.push_back(readArray(name, archive.bytes(entry), path, contents.memory));
  }
  checkNames(contents.tensors, path);
}

}  // namespace panicle
