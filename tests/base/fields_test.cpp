#include "core/base/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "core/base/error.h"

namespace panicle {

enum class Colour { Red, Green };

template <>
struct EnumNames<Colour> {
  static constexpr std::array names{"red", "green"};
};

// A value with a form of its own in JSON: a number of days, or "3 weeks".
struct Age {
  int days = 7;
  bool weeks = false;
};

Json leafToJson(const Age& age) {
  if (age.weeks) return std::to_string(age.days / 7) + " weeks";
  return age.days;
}

std::string leafFromJson(Age& out, const Json& json, const FieldInfo& info) {
  const bool weeks = json.is_string();
  const int days = weeks              ? 7 * std::atoi(json.get<std::string>().c_str())
                   : json.is_number() ? json.get<int>()
                                      : -1;
  if (days < info.min) return "must be days or weeks";
  out = {days, weeks};
  return "";
}

struct Leaf {
  double length = 1.5;
  std::optional<int> veins;
};

struct Plant {
  int height = 10;
  std::uint64_t seed = 42;
  bool wet = false;
  std::string name = "rice";
  Colour colour = Colour::Green;
  Size pot{20, 30};
  std::vector<std::string> friends{"duck"};
  std::optional<std::string> note;
  Leaf flag_leaf;
  std::optional<Leaf> spare;
  std::vector<Leaf> leaves{Leaf{}};
  std::vector<double> shades{0.5};
  Age age;
  std::optional<Age> bloom;
};

std::span<const Field<Leaf>> fieldTable(const Leaf*) {
  static const std::array table{
      field<&Leaf::length>({.name = "length", .label = "Length", .min = 0.0, .max = 2.0}),
      field<&Leaf::veins>({.name = "veins", .label = "Veins", .min = 1}),
  };
  return table;
}

std::span<const Field<Plant>> fieldTable(const Plant*) {
  static const std::array table{
      field<&Plant::height>({.name = "height", .label = "Height", .unit = "cm", .min = 1, .max = 99}),
      field<&Plant::seed>({.name = "seed"}),
      field<&Plant::wet>({.name = "wet"}),
      field<&Plant::name>({.name = "name"}),
      field<&Plant::colour>({.name = "colour"}),
      field<&Plant::pot>({.name = "pot", .min = 8}),
      field<&Plant::friends>({.name = "friends"}),
      field<&Plant::note>({.name = "note"}),
      field<&Plant::flag_leaf>({.name = "flag_leaf"}),
      field<&Plant::spare>({.name = "spare"}),
      field<&Plant::leaves>({.name = "leaves"}),
      field<&Plant::shades>({.name = "shades", .min = 0, .max = 1}),
      field<&Plant::age>({.name = "age", .min = 1}),
      field<&Plant::bloom>({.name = "bloom", .min = 1}),
  };
  return table;
}

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  Plant plant;
  std::vector<std::string> problems;
};

Read read(const char* json) {
  Read result;
  fromJson(result.plant, Json::parse(json), "", result.problems);
  return result;
}

// The one problem that reading `json` gives.
std::string problem(const char* json) {
  const auto problems = read(json).problems;
  EXPECT_EQ(problems.size(), 1u) << json;
  return problems.empty() ? "" : problems.front();
}

TEST(Fields, DefaultsWriteInTableOrder) {
  EXPECT_EQ(
      toJson(Plant{}).dump(),
      R"({"height":10,"seed":42,"wet":false,"name":"rice","colour":"green","pot":[20,30],"friends":["duck"],)"
      R"("note":null,"flag_leaf":{"length":1.5,"veins":null},"spare":null,"leaves":[{"length":1.5,"veins":null}],)"
      R"("shades":[0.5],"age":7,"bloom":null})");
}

TEST(Fields, EverythingReadsBack) {
  const char* text =
      R"({"height":11,"seed":18446744073709551615,"wet":true,"name":"wild","colour":"red","pot":[9,8],"friends":["a","b"],)"
      R"("note":"n","flag_leaf":{"length":0.25,"veins":3},"spare":{"length":2.0,"veins":1},)"
      R"("leaves":[{"length":1.0,"veins":null},{"length":0.0,"veins":7}],"shades":[0.25,1.0],"age":"2 weeks","bloom":9})";
  const Read result = read(text);
  EXPECT_THAT(result.problems, IsEmpty());
  EXPECT_EQ(toJson(result.plant).dump(), text);
}

TEST(Fields, AbsentKeysKeepTheirValues) {
  Plant plant;
  plant.height = 55;
  plant.flag_leaf.veins = 4;
  std::vector<std::string> problems;
  fromJson(plant, Json::parse(R"({"flag_leaf":{"length":1.0}})"), "", problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_EQ(plant.height, 55);
  EXPECT_EQ(plant.flag_leaf.veins, 4);
  EXPECT_EQ(plant.flag_leaf.length, 1.0);
}

TEST(Fields, NullEmptiesWhatMayBeEmptyOnly) {
  Plant plant;
  plant.note = "x";
  plant.spare = Leaf{};
  std::vector<std::string> problems;
  fromJson(plant, Json::parse(R"({"note":null,"spare":null})"), "", problems);
  EXPECT_THAT(problems, IsEmpty());
  EXPECT_FALSE(plant.note);
  EXPECT_FALSE(plant.spare);
  EXPECT_THAT(problem(R"({"name":null})"), HasSubstr("name must be a text"));
}

TEST(Fields, UnknownKeysNameTheNearestKnown) {
  EXPECT_EQ(problem(R"({"heigth":3})"), "unknown key 'heigth'; did you mean 'height'?");
  EXPECT_EQ(problem(R"({"flag_leaf":{"lenght":1.0}})"),
            "unknown key 'flag_leaf.lenght'; did you mean 'flag_leaf.length'?");
  EXPECT_EQ(problem(R"({"leaves":[{},{"vein":2}]})"),
            "unknown key 'leaves.1.vein'; did you mean 'leaves.1.veins'?");
  EXPECT_EQ(problem(R"({"temperature":3})"), "unknown key 'temperature'");
}

TEST(Fields, ValuesOutOfRangeSayTheRangeAndLeaveTheMemberAlone) {
  EXPECT_EQ(problem(R"({"height":100})"), "height must be a whole number from 1 to 99, not 100");
  EXPECT_EQ(problem(R"({"height":2.5})"), "height must be a whole number from 1 to 99, not 2.5");
  EXPECT_EQ(problem(R"({"height":"9"})"), "height must be a whole number from 1 to 99, not \"9\"");
  EXPECT_EQ(problem(R"({"flag_leaf":{"length":-1}})"),
            "flag_leaf.length must be a number from 0 to 2, not -1");
  EXPECT_EQ(problem(R"({"seed":-1})"), "seed must be a whole number of at least 0, not -1");
  EXPECT_EQ(problem(R"({"wet":1})"), "wet must be true or false, not 1");
  EXPECT_EQ(problem(R"({"colour":"blue"})"), "colour must be one of red, green, not \"blue\"");
  EXPECT_EQ(problem(R"({"friends":["a",1]})"), "friends must be a list of texts, not [\"a\",1]");
  EXPECT_EQ(problem(R"({"leaves":[]})"), "leaves must be a list with at least one element");
  EXPECT_EQ(problem(R"({"flag_leaf":3})"), "flag_leaf must be an object {...}");
  EXPECT_EQ(read(R"({"height":100})").plant.height, 10);
  EXPECT_EQ(read(R"({"colour":"blue"})").plant.colour, Colour::Green);
}

TEST(Fields, WhatDoesNotFitLeavesOptionalMembersAndListsAlone) {
  EXPECT_FALSE(read(R"({"note":3})").plant.note);
  EXPECT_FALSE(read(R"({"spare":{"length":5}})").plant.spare);
  EXPECT_EQ(read(R"({"leaves":[{"length":0.5},{"length":5}]})").plant.leaves.size(), 1u);
}

TEST(Fields, SizesReadInThreeForms) {
  EXPECT_EQ(read(R"({"pot":480})").plant.pot, (Size{480, 480}));
  EXPECT_EQ(read(R"({"pot":[640,480]})").plant.pot, (Size{640, 480}));
  EXPECT_EQ(read(R"({"pot":"640,480"})").plant.pot, (Size{640, 480}));
  for (const char* wrong : {R"({"pot":7})", R"({"pot":[1,2,3]})", R"({"pot":"big"})", R"({"pot":[8.5,9]})",
                            R"({"pot":4294967776})", R"({"pot":[8,4294967776]})", R"({"pot":-480})"}) {
    EXPECT_THAT(problem(wrong), HasSubstr("pot must be a size such as 480 or [640, 480] (height, width)"));
    EXPECT_EQ(read(wrong).plant.pot, (Size{20, 30}));
  }
}

TEST(Fields, ListsOfNumbersKeepToTheirRange) {
  EXPECT_THAT(read(R"({"shades":[0,1,0.5]})").plant.shades, ElementsAre(0.0, 1.0, 0.5));
  EXPECT_THAT(read(R"({"shades":[]})").plant.shades, IsEmpty());
  for (const char* wrong : {R"({"shades":[0.5,1.5]})", R"({"shades":[-1]})", R"({"shades":["0.5"]})",
                            R"({"shades":0.5})", R"({"shades":[null]})", R"({"shades":[[0.5]]})"}) {
    EXPECT_THAT(problem(wrong),
                HasSubstr("shades must be a list of numbers such as [1, 0.5], each from 0 to 1, not "));
    EXPECT_THAT(read(wrong).plant.shades, ElementsAre(0.5));
  }
}

TEST(Fields, ValuesOfTheirOwnFormSayWhatIsWrong) {
  EXPECT_EQ(read(R"({"age":"2 weeks"})").plant.age.days, 14);
  EXPECT_EQ(problem(R"({"age":"soon"})"), "age must be days or weeks");
  EXPECT_EQ(read(R"({"age":0})").plant.age.days, 7);
  EXPECT_EQ(read(R"({"bloom":"3 weeks"})").plant.bloom->days, 21);
  EXPECT_EQ(problem(R"({"bloom":0})"), "bloom must be days or weeks");
  EXPECT_FALSE(read(R"({"bloom":0})").plant.bloom);
}

TEST(Fields, AllProblemsAreToldAtOnce) {
  const auto result = read(R"({"height":0,"wet":"no","nam":"x"})");
  ASSERT_EQ(result.problems.size(), 3u);
  try {
    throwProblems("plant.json:", result.problems);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("plant.json:\n  height"));
    EXPECT_THAT(error.what(), HasSubstr("\n  wet"));
    EXPECT_THAT(error.what(), HasSubstr("\n  unknown key 'nam'"));
  }
  EXPECT_NO_THROW(throwProblems("plant.json:", {}));
}

TEST(Fields, DescriptionsHaveAPathAKindAndAValue) {
  Plant plant;
  plant.spare = Leaf{};
  std::vector<FieldDescription> fields;
  describeFields(plant, "data", fields);
  std::vector<std::string> paths;
  for (const auto& each : fields) paths.push_back(each.path);
  EXPECT_THAT(paths,
              ElementsAre("data.height", "data.seed", "data.wet", "data.name", "data.colour", "data.pot",
                          "data.friends", "data.note", "data.flag_leaf.length", "data.flag_leaf.veins",
                          "data.spare", "data.spare.length", "data.spare.veins", "data.leaves.0.length",
                          "data.leaves.0.veins", "data.shades", "data.age", "data.bloom"));
  EXPECT_EQ(fields[0].kind, FieldKind::Integer);
  EXPECT_STREQ(fields[0].info.unit, "cm");
  EXPECT_EQ(fields[4].kind, FieldKind::Choice);
  EXPECT_THAT(fields[4].choices, ElementsAre("red", "green"));
  EXPECT_EQ(fields[7].kind, FieldKind::Text);
  EXPECT_TRUE(fields[7].nullable);
  EXPECT_TRUE(fields[7].value.is_null());
  EXPECT_EQ(fields[10].kind, FieldKind::Object);
  EXPECT_TRUE(fields[10].nullable);
  EXPECT_EQ(fields[15].kind, FieldKind::RealList);
  EXPECT_EQ(fields[16].kind, FieldKind::Leaf);
  EXPECT_FALSE(fields[16].nullable);
  EXPECT_EQ(fields[16].value, Json(7));
  EXPECT_EQ(fields[17].kind, FieldKind::Leaf);
  EXPECT_TRUE(fields[17].nullable);
  EXPECT_TRUE(fields[17].value.is_null());
}

TEST(NearestName, FindsTyposInAnyCaseAndNothingFarAway) {
  const std::vector<std::string> known{"lr", "epochs", "base_lr", "valid_pct"};
  EXPECT_EQ(nearestName("epoch", known), "epochs");
  EXPECT_EQ(nearestName("epohcs", known), "epochs");
  EXPECT_EQ(nearestName("LR", known), "lr");
  EXPECT_EQ(nearestName("Base_LR", known), "base_lr");
  EXPECT_EQ(nearestName("zz", known), "");
  EXPECT_EQ(nearestName("something_else_altogether", known), "");
  EXPECT_EQ(nearestName("x", {}), "");
}

}  // namespace
}  // namespace panicle
