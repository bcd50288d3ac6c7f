#include "core/base/json.h"

#include <gmock/gmock.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string messageOf(std::string_view text) {
  try {
    parseJson(text, "spec.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Json, KeysKeepTheirOrder) {
  EXPECT_EQ(parseJson(R"({"z":1,"a":2,"m":3})", "x").dump(), R"({"z":1,"a":2,"m":3})");
}

TEST(Json, ErrorsTellLineColumnAndReason) {
  const std::string message = messageOf("{\n  \"a\": 1,\n  \"b\": }\n");
  EXPECT_THAT(message, StartsWith("spec.json:3:8: not valid JSON: "));
  EXPECT_THAT(message, HasSubstr("unexpected '}'"));
  EXPECT_THAT(message, ::testing::Not(HasSubstr("json.exception")));
}

TEST(Json, AnythingMalformedIsAnError) {
  for (const char* text :
       {"", " ", "{", "[1,]", "nul", "\"open", "{\"a\" 1}", "1e999", "\"\xFF\"", "[1] 2", "\xFF\xFE{"}) {
    EXPECT_THAT(messageOf(text), StartsWith("spec.json:")) << text;
  }
}

TEST(Json, FilesAreNamed) {
  const testing::TempFolder folder;
  writeAtomically(folder / "a.json", "[1,\n");
  EXPECT_THROW(readJson(folder / "none.json"), Error);
  try {
    readJson(folder / "a.json");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), StartsWith((folder / "a.json").string() + ":2:"));
  }
}

}  // namespace
}  // namespace panicle
