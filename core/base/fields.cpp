#include "core/base/fields.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>

#include "core/base/error.h"

namespace panicle {
namespace {

bool sameLetter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

std::size_t editDistance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (sameLetter(a[i], b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, substituted});
    }
  }
  return row.back();
}

std::string number(double value) {
  std::string text = Json(value).dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

// " from 1 to 10", " of at least 1", or "".
std::string rangeText(const FieldInfo& info) {
  const bool low = info.min != std::numeric_limits<double>::lowest();
  const bool high = info.max != std::numeric_limits<double>::max();
  if (low && high) return " from " + number(info.min) + " to " + number(info.max);
  if (low) return " of at least " + number(info.min);
  if (high) return " of at most " + number(info.max);
  return "";
}

std::string notThis(const Json& json) { return ", not " + json.dump(); }

}  // namespace

std::string nearestName(const std::string& wrong, const std::vector<std::string>& known) {
  std::string best;
  std::size_t bestDistance = std::max<std::size_t>(2, wrong.size() / 2) + 1;
  for (const auto& name : known) {
    const std::size_t distance = editDistance(wrong, name);
    // A name that shares no letter is not near, however short both are.
    if (distance < bestDistance && distance < std::max(wrong.size(), name.size())) {
      bestDistance = distance;
      best = name;
    }
  }
  return best;
}

void throwProblems(const std::string& title, const std::vector<std::string>& problems) {
  if (problems.empty()) return;
  std::string message = title;
  for (const auto& problem : problems) message += "\n  " + problem;
  throw Error(message);
}

namespace fields_detail {

std::string joinPath(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

std::string readInteger(std::int64_t& out, const Json& json, const FieldInfo& info) {
  const double value = json.is_number() ? json.get<double>() : NAN;
  if (!(value >= info.min && value <= info.max) || std::trunc(value) != value || std::abs(value) > 2147483647.0) {
    return "must be a whole number" + rangeText(info) + notThis(json);
  }
  out = static_cast<std::int64_t>(value);
  return "";
}

std::string readUnsigned(std::uint64_t& out, const Json& json) {
  if (!json.is_number_unsigned() && !(json.is_number_integer() && json.get<std::int64_t>() >= 0)) {
    return "must be a whole number of at least 0" + notThis(json);
  }
  out = json.get<std::uint64_t>();
  return "";
}

std::string readReal(double& out, const Json& json, const FieldInfo& info) {
  const double value = json.is_number() ? json.get<double>() : NAN;
  if (!(value >= info.min && value <= info.max)) return "must be a number" + rangeText(info) + notThis(json);
  out = value;
  return "";
}

std::string readBoolean(bool& out, const Json& json) {
  if (!json.is_boolean()) return "must be true or false" + notThis(json);
  out = json.get<bool>();
  return "";
}

std::string readText(std::string& out, const Json& json) {
  if (!json.is_string()) return "must be a text in quotes" + notThis(json);
  out = json.get<std::string>();
  return "";
}

// 0, which is no side, for what is not a whole number or too large for one.
int sideOf(const Json& json) {
  const double value = json.is_number_integer() ? json.get<double>() : 0.0;
  return std::abs(value) <= 2147483647.0 ? static_cast<int>(value) : 0;
}

std::string readSize(Size& out, const Json& json, const FieldInfo& info) {
  Size size;
  try {
    if (json.is_string()) {
      size = parseSize(json.get<std::string>());
    } else if (json.is_number_integer()) {
      size = {sideOf(json), sideOf(json)};
    } else if (json.is_array() && json.size() == 2) {
      size = {sideOf(json[0]), sideOf(json[1])};
    }
  } catch (const Error&) {
    size = {};
  }
  const auto fits = [&](int side) { return side >= std::max(info.min, 1.0) && side <= info.max; };
  if (!fits(size.height) || !fits(size.width)) {
    return "must be a size such as 480 or [640, 480] (height, width), each side a whole number" + rangeText(info) +
           notThis(json);
  }
  out = size;
  return "";
}

std::string readTextList(std::vector<std::string>& out, const Json& json) {
  const bool fits = json.is_array() && std::all_of(json.begin(), json.end(), [](const Json& e) { return e.is_string(); });
  if (!fits) return "must be a list of texts" + notThis(json);
  out = json.get<std::vector<std::string>>();
  return "";
}

std::string readRealList(std::vector<double>& out, const Json& json, const FieldInfo& info) {
  const auto fits = [&](const Json& e) {
    return e.is_number() && e.get<double>() >= info.min && e.get<double>() <= info.max;
  };
  if (!json.is_array() || !std::all_of(json.begin(), json.end(), fits)) {
    return "must be a list of numbers such as [1, 0.5], each" + rangeText(info) + notThis(json);
  }
  out = json.get<std::vector<double>>();
  return "";
}

std::string readChoice(std::size_t& out, const Json& json, std::span<const char* const> names) {
  if (json.is_string()) {
    const auto found = std::find(names.begin(), names.end(), json.get<std::string>());
    if (found != names.end()) {
      out = static_cast<std::size_t>(found - names.begin());
      return "";
    }
  }
  std::string all;
  for (const char* name : names) all += (all.empty() ? "" : ", ") + std::string(name);
  return "must be one of " + all + notThis(json);
}

}  // namespace fields_detail
}  // namespace panicle
