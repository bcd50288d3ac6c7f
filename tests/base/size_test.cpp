#include "core/base/size.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace panicle {
namespace {

TEST(Size, OneNumberIsASquareTwoAreHeightAndWidth) {
  EXPECT_EQ(parseSize("480"), (Size{480, 480}));
  EXPECT_EQ(parseSize("640,480"), (Size{.height = 640, .width = 480}));
  EXPECT_EQ(parseSize(" 640 , 480 "), (Size{640, 480}));
}

TEST(Size, TextReadsBack) {
  for (const Size size : {Size{1, 1}, Size{480, 480}, Size{640, 480}, Size{71, 355}}) {
    EXPECT_EQ(parseSize(toString(size)), size);
  }
  EXPECT_EQ(toString({480, 480}), "480");
  EXPECT_EQ(toString({640, 480}), "640,480");
}

TEST(Size, AnythingElseIsAnErrorThatShowsIt) {
  for (const char* wrong :
       {"", ",", "0", "-3", "4.5", "480x640", "480,", ",480", "1,2,3", "480px", "99999999999", "١٢"}) {
    try {
      parseSize(wrong);
      FAIL() << wrong;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("'" + std::string(wrong) + "' is not a size"),
                std::string::npos);
    }
  }
}

}  // namespace
}  // namespace panicle
