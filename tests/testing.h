// What tests of core share: a folder of their own, reference data, real photos.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "core/base/json.h"

namespace panicle::testing {

// An empty folder named after the running test, removed with the object.
class TempFolder {
 public:
  TempFolder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("panicle-") + test->test_suite_name() + "-" + test->name() + "-" + std::to_string(::getpid());
    for (char& c : name) c = c == '/' ? '_' : c;
    path_ = std::filesystem::temp_directory_path() / name;
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline std::filesystem::path reference(const std::string& name) {
  return std::filesystem::path(PANICLE_REFERENCE_DIR) / name;
}

inline std::filesystem::path sharedData(const std::string& name) {
  return std::filesystem::path(PANICLE_SHARED_DATA) / name;
}

}  // namespace panicle::testing

// Skips a test that needs the real photos where they are not.
#define PANICLE_NEEDS_SHARED_DATA(name)                                                       \
  if (!std::filesystem::exists(::panicle::testing::sharedData(name))) {                        \
    GTEST_SKIP() << "SKIPPED: the real photos are not at " << ::panicle::testing::sharedData(name); \
  }
