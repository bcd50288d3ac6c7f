#include "core/weights/safetensors_header.h"

#include <algorithm>
#include <unordered_set>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/weights/weight_contents.h"

namespace panicle {
namespace {

// Follows the parser: the whole object, in it one object a tensor, in that at most a list of numbers. Every
// function answers whether parsing goes on; `problem` says why not.
class HeaderReader {
 public:
  SafetensorsHeader header;
  std::string problem;

  bool null() { return misplaced(); }
  bool boolean(bool) { return misplaced(); }
  bool number_integer(std::int64_t) { return misplaced(); }  // negative ones only
  bool number_float(double, const std::string&) { return misplaced(); }
  bool binary(std::vector<std::uint8_t>&) { return misplaced(); }

  bool number_unsigned(std::uint64_t value) {
    if (place_ == Place::Shape) {
      if (value > INT64_MAX) return fail(tensor() + " has a shape that overflows");
      row_.entry.shape.push_back(static_cast<std::int64_t>(value));
      return true;
    }
    if (place_ != Place::Offsets) return misplaced();
    if (offsets_ == 2) return fail(tensor() + " must have two data_offsets");
    (offsets_ == 0 ? row_.begin : row_.end) = value;
    ++offsets_;
    return true;
  }

  bool string(std::string& value) {
    if (place_ == Place::Metadata) {
      header.metadata[key_] = std::move(value);
      return true;
    }
    if (place_ != Place::Row || key_ != "dtype") return misplaced();
    row_.entry.dtype = std::move(value);
    return true;
  }

  bool start_object(std::size_t) {
    if (place_ == Place::Outside) {
      place_ = Place::Header;
      return true;
    }
    if (place_ != Place::Header) return misplaced();
    if (key_ == "__metadata__") {
      place_ = Place::Metadata;
      return true;
    }
    place_ = Place::Row;
    row_ = {};
    row_.entry.name = key_;
    rowKeys_.clear();
    offsets_ = 0;
    return true;
  }

  bool key(std::string& value) {
    key_ = std::move(value);
    if (place_ == Place::Header)
      return names_.insert(key_).second || fail("names " + inQuotes(key_) + " twice in its header");
    if (place_ == Place::Metadata)
      return header.metadata.count(key_) == 0 || fail("names " + inQuotes(key_) + " twice in its metadata");
    const bool known = key_ == "dtype" || key_ == "shape" || key_ == "data_offsets";
    if (!known || std::find(rowKeys_.begin(), rowKeys_.end(), key_) != rowKeys_.end()) return incomplete();
    rowKeys_.push_back(key_);
    return true;
  }

  bool end_object() {
    if (place_ == Place::Row) {
      if (rowKeys_.size() != 3) return incomplete();
      if (!checkRow()) return false;
      header.rows.push_back(std::move(row_));
    }
    place_ = place_ == Place::Header ? Place::Outside : Place::Header;
    return true;
  }

  bool start_array(std::size_t) {
    if (place_ != Place::Row || key_ == "dtype") return misplaced();
    place_ = key_ == "shape" ? Place::Shape : Place::Offsets;
    return true;
  }

  bool end_array() {
    if (place_ == Place::Offsets && offsets_ != 2) return fail(tensor() + " must have two data_offsets");
    place_ = Place::Row;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
    return fail("is not a safetensors file, or it is damaged: byte " + std::to_string(position) +
                " of its header is not JSON");
  }

 private:
  enum class Place { Outside, Header, Metadata, Row, Shape, Offsets };

  bool fail(std::string what) {
    problem = std::move(what);
    return false;
  }
  std::string tensor() const { return "tensor " + inQuotes(row_.entry.name); }
  bool incomplete() { return fail(tensor() + " must have exactly dtype, shape and data_offsets"); }

  bool misplaced() {
    switch (place_) {
      case Place::Outside:
        return fail("is not a safetensors file: its header is not a JSON object");
      case Place::Header:
        return fail("has " + inQuotes(key_) + " in its header, which is no tensor");
      case Place::Metadata:
        return fail("has metadata that is not text");
      case Place::Row:
        return fail(tensor() + (key_ == "dtype" ? " has a dtype that is not a text"
                                                : " has a " + key_ + " that is not a list"));
      case Place::Shape:
        return fail(tensor() + " has a malformed shape");
      case Place::Offsets:
        return fail(tensor() + " has malformed data_offsets");
    }
    return false;
  }

  bool checkRow() {
    const TensorEntry& entry = row_.entry;
    if (dtypeSize(entry.dtype) == 0)
      return fail(tensor() + " has the unknown dtype " + inQuotes(entry.dtype));
    const auto bytes = tensorBytes(entry.dtype, entry.shape);
    if (!bytes) return fail(tensor() + " has a shape that overflows or has more than 64 sides");
    if (row_.begin > row_.end || row_.end - row_.begin != *bytes) {
      return fail(tensor() + " has data_offsets that do not agree with its dtype and shape");
    }
    return true;
  }

  Place place_ = Place::Outside;
  std::string key_;
  SafetensorsRow row_;
  std::vector<std::string> rowKeys_;
  int offsets_ = 0;
  std::unordered_set<std::string> names_;
};

}  // namespace

SafetensorsHeader parseSafetensorsHeader(std::string_view text, const std::filesystem::path& path) {
  if (text.empty() || text.front() != '{')
    throw fileError(path, "is not a safetensors file: its header is not a JSON object");
  HeaderReader reader;
  if (!Json::sax_parse(text, &reader)) throw fileError(path, reader.problem);
  return std::move(reader.header);
}

}  // namespace panicle
