// Options named once. Each options struct has one table of fields (member, name, range, unit, help, fastai's name);
// the table drives the JSON of a RunSpec, its validation and error messages, the command line's --set KEY=VALUE, the
// form in the window and its tooltips. A new option is one member and one row.
//
//   struct ResizeOptions { ResizeMethod method = ResizeMethod::Crop; Size size{224, 224}; };
//   std::span<const Field<ResizeOptions>> fieldTable(const ResizeOptions*);        // found by argument-dependent lookup
//
// Members may be int, std::uint64_t, double, bool, std::string, Size, an enum with EnumNames, std::vector<std::string>,
// std::vector<double>, a type that says itself how JSON writes it (JsonLeaf), another struct with a table, a std::vector of such
// structs, or a std::optional of any of these (JSON null).
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/size.h"

namespace panicle {

// Specialise with `static constexpr std::array<const char*, N> names` in the order of the enumerators (from 0).
template <typename E>
struct EnumNames;

template <typename E>
const char* enumName(E value) {
  return EnumNames<E>::names[static_cast<std::size_t>(value)];
}

struct FieldInfo {
  const char* name;          // the JSON key
  const char* label = "";    // in the form, sentence case; empty: not shown in the form
  const char* help = "";     // what it does and when to change it
  const char* fastai = "";   // what fastai calls it, where the name alone does not say
  const char* unit = "";
  double min = std::numeric_limits<double>::lowest();
  double max = std::numeric_limits<double>::max();
};

// Leaf: a number or a text, as the type reads it.
enum class FieldKind { Integer, Real, Boolean, Text, Choice, Size, TextList, RealList, Leaf, Object, List };

// One leaf (or a nullable object) of a struct, found at a dotted path: what a form needs to show and edit it.
struct FieldDescription {
  std::string path;  // "stages.0.schedule.epochs"
  FieldInfo info;
  FieldKind kind = FieldKind::Text;
  bool nullable = false;
  std::vector<std::string> choices;  // of a Choice
  Json value;
};

template <typename T>
struct Field {
  FieldInfo info;
  Json (*get)(const T&);
  // Appends to `problems` ("stages.0.batch: must be ...") and leaves the member alone when the value does not fit.
  void (*set)(T&, const Json&, const FieldInfo&, const std::string& path, std::vector<std::string>& problems);
  void (*describe)(const T&, const FieldInfo&, const std::string& path, std::vector<FieldDescription>& out);
};

template <typename T>
concept HasFields = requires { fieldTable(static_cast<const T*>(nullptr)); };

// A value that JSON holds as a number or a text of its own form; leafFromJson() returns what is wrong, or "".
template <typename T>
concept JsonLeaf = requires(T& value, const T& constant, const Json& json, const FieldInfo& info) {
  { leafToJson(constant) } -> std::same_as<Json>;
  { leafFromJson(value, json, info) } -> std::same_as<std::string>;
};

// The known name nearest to `wrong` by edit distance (in any case), or "" when none is near.
std::string nearestName(const std::string& wrong, const std::vector<std::string>& known);

template <HasFields T>
Json toJson(const T& value);

// Reads `json` into `value`: absent keys keep what `value` holds, unknown keys are problems that name the nearest known
// key. `path` is the dotted path of `value` itself ("" at the top).
template <HasFields T>
void fromJson(T& value, const Json& json, const std::string& path, std::vector<std::string>& problems);

template <HasFields T>
void describeFields(const T& value, const std::string& path, std::vector<FieldDescription>& out);

// Throws Error listing all problems, one a line, under `title`.
void throwProblems(const std::string& title, const std::vector<std::string>& problems);

// ---------------------------------------------------------------------------------------------------------------

namespace fields_detail {

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename Class, typename Member>
Class classOf(Member Class::*);
template <typename Class, typename Member>
Member memberOf(Member Class::*);

std::string joinPath(const std::string& path, const std::string& name);

// The leaves' conversions; each returns what is wrong, or "".
std::string readInteger(std::int64_t& out, const Json& json, const FieldInfo& info);
std::string readUnsigned(std::uint64_t& out, const Json& json);
std::string readReal(double& out, const Json& json, const FieldInfo& info);
std::string readBoolean(bool& out, const Json& json);
std::string readText(std::string& out, const Json& json);
std::string readSize(Size& out, const Json& json, const FieldInfo& info);
std::string readTextList(std::vector<std::string>& out, const Json& json);
std::string readRealList(std::vector<double>& out, const Json& json, const FieldInfo& info);
std::string readChoice(std::size_t& out, const Json& json, std::span<const char* const> names);

template <typename M>
Json get(const M& member) {
  if constexpr (IsOptional<M>::value) {
    return member ? get(*member) : Json(nullptr);
  } else if constexpr (JsonLeaf<M>) {
    return leafToJson(member);
  } else if constexpr (HasFields<M>) {
    return toJson(member);
  } else if constexpr (std::is_enum_v<M>) {
    return enumName(member);
  } else if constexpr (std::is_same_v<M, Size>) {
    return Json::array({member.height, member.width});
  } else if constexpr (IsVector<M>::value) {
    Json list = Json::array();
    for (const auto& element : member) list.push_back(get(element));
    return list;
  } else {
    return member;
  }
}

template <typename M>
void set(M& member, const Json& json, const FieldInfo& info, const std::string& path, std::vector<std::string>& problems) {
  std::string wrong;
  if constexpr (IsOptional<M>::value) {
    if (json.is_null()) {
      member.reset();
    } else {
      const std::size_t before = problems.size();
      auto value = member.value_or(typename M::value_type{});
      set(value, json, info, path, problems);
      if (problems.size() == before) member = std::move(value);
    }
  } else if constexpr (JsonLeaf<M>) {
    wrong = leafFromJson(member, json, info);
  } else if constexpr (HasFields<M>) {
    fromJson(member, json, path, problems);
  } else if constexpr (std::is_enum_v<M>) {
    auto index = static_cast<std::size_t>(member);
    wrong = readChoice(index, json, EnumNames<M>::names);
    member = static_cast<M>(index);
  } else if constexpr (std::is_same_v<M, bool>) {
    wrong = readBoolean(member, json);
  } else if constexpr (std::is_same_v<M, std::uint64_t>) {
    wrong = readUnsigned(member, json);
  } else if constexpr (std::is_integral_v<M>) {
    std::int64_t value = member;
    wrong = readInteger(value, json, info);
    member = static_cast<M>(value);
  } else if constexpr (std::is_floating_point_v<M>) {
    double value = member;
    wrong = readReal(value, json, info);
    member = static_cast<M>(value);
  } else if constexpr (std::is_same_v<M, std::string>) {
    wrong = readText(member, json);
  } else if constexpr (std::is_same_v<M, Size>) {
    wrong = readSize(member, json, info);
  } else if constexpr (std::is_same_v<M, std::vector<std::string>>) {
    wrong = readTextList(member, json);
  } else if constexpr (std::is_same_v<M, std::vector<double>>) {
    wrong = readRealList(member, json, info);
  } else {  // a vector of structs
    if (!json.is_array() || json.empty()) {
      wrong = "must be a list with at least one element";
    } else {
      const std::size_t before = problems.size();
      M list(json.size());
      for (std::size_t i = 0; i < json.size(); ++i) {
        fromJson(list[i], json[i], joinPath(path, std::to_string(i)), problems);
      }
      if (problems.size() == before) member = std::move(list);
    }
  }
  if (!wrong.empty()) problems.push_back(path + " " + wrong);
}

template <typename M>
void describe(const M& member, const FieldInfo& info, const std::string& path, std::vector<FieldDescription>& out) {
  FieldDescription field{path, info, FieldKind::Text, false, {}, get(member)};
  if constexpr (IsOptional<M>::value) {
    using Inner = typename M::value_type;
    const std::size_t first = out.size();
    if constexpr (HasFields<Inner>) {
      field.kind = FieldKind::Object;
      field.nullable = true;
      out.push_back(std::move(field));
      if (member) describeFields(*member, path, out);
    } else {
      describe(member.value_or(Inner{}), info, path, out);
      out[first].nullable = true;
      out[first].value = get(member);
    }
    return;
  } else if constexpr (JsonLeaf<M>) {
    field.kind = FieldKind::Leaf;
  } else if constexpr (HasFields<M>) {
    describeFields(member, path, out);
    return;
  } else if constexpr (std::is_enum_v<M>) {
    field.kind = FieldKind::Choice;
    field.choices.assign(EnumNames<M>::names.begin(), EnumNames<M>::names.end());
  } else if constexpr (std::is_same_v<M, bool>) {
    field.kind = FieldKind::Boolean;
  } else if constexpr (std::is_integral_v<M>) {
    field.kind = FieldKind::Integer;
  } else if constexpr (std::is_floating_point_v<M>) {
    field.kind = FieldKind::Real;
  } else if constexpr (std::is_same_v<M, Size>) {
    field.kind = FieldKind::Size;
  } else if constexpr (std::is_same_v<M, std::vector<std::string>>) {
    field.kind = FieldKind::TextList;
  } else if constexpr (std::is_same_v<M, std::vector<double>>) {
    field.kind = FieldKind::RealList;
  } else if constexpr (IsVector<M>::value) {
    for (std::size_t i = 0; i < member.size(); ++i) describeFields(member[i], joinPath(path, std::to_string(i)), out);
    return;
  }
  out.push_back(std::move(field));
}

}  // namespace fields_detail

// One row: field<&ResizeOptions::method>({.name = "method", .label = "Method", .help = "..."}).
template <auto Member>
constexpr auto field(FieldInfo info) {
  using T = decltype(fields_detail::classOf(Member));
  return Field<T>{
      info,
      [](const T& value) { return fields_detail::get(value.*Member); },
      [](T& value, const Json& json, const FieldInfo& i, const std::string& path, std::vector<std::string>& problems) {
        fields_detail::set(value.*Member, json, i, path, problems);
      },
      [](const T& value, const FieldInfo& i, const std::string& path, std::vector<FieldDescription>& out) {
        fields_detail::describe(value.*Member, i, path, out);
      }};
}

template <HasFields T>
Json toJson(const T& value) {
  Json object = Json::object();
  for (const auto& row : fieldTable(&value)) object[row.info.name] = row.get(value);
  return object;
}

template <HasFields T>
void fromJson(T& value, const Json& json, const std::string& path, std::vector<std::string>& problems) {
  if (!json.is_object()) {
    problems.push_back((path.empty() ? "the document" : path) + " must be an object {...}");
    return;
  }
  const auto table = fieldTable(&value);
  for (const auto& [key, member] : json.items()) {
    const std::string memberPath = fields_detail::joinPath(path, key);
    bool known = false;
    for (const auto& row : table) {
      if (key != row.info.name) continue;
      row.set(value, member, row.info, memberPath, problems);
      known = true;
    }
    if (known) continue;
    std::vector<std::string> names;
    for (const auto& row : table) names.emplace_back(row.info.name);
    const std::string near = nearestName(key, names);
    problems.push_back("unknown key '" + memberPath + "'" +
                       (near.empty() ? std::string() : "; did you mean '" + fields_detail::joinPath(path, near) + "'?"));
  }
}

template <HasFields T>
void describeFields(const T& value, const std::string& path, std::vector<FieldDescription>& out) {
  for (const auto& row : fieldTable(&value)) {
    row.describe(value, row.info, fields_detail::joinPath(path, row.info.name), out);
  }
}

}  // namespace panicle
