#include "core/base/file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <thread>

#include "core/base/error.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

std::size_t filesIn(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

std::string messageOf(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(File, WritesAndReadsBackEveryByte) {
  const TempFolder folder;
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += static_cast<char>(i * 31);
  writeAtomically(folder / "Blätter 稲.bin", content);
  EXPECT_EQ(readText(folder / "Blätter 稲.bin"), content);
  const auto bytes = readBytes(folder / "Blätter 稲.bin");
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), content.begin(), content.end(),
                         [](std::byte a, char b) { return a == static_cast<std::byte>(b); }));
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(File, ReplacesAnOlderFileAndKeepsItReadable) {
  const TempFolder folder;
  writeAtomically(folder / "a", "old and long");
  writeAtomically(folder / "a", "new");
  EXPECT_EQ(readText(folder / "a"), "new");
  struct stat info {};
  ASSERT_EQ(::stat((folder / "a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

TEST(File, WithoutCommitTheOldFileStaysAndNothingIsLeft) {
  const TempFolder folder;
  writeAtomically(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write("new", 3);
    EXPECT_EQ(readText(folder / "a"), "old");
  }
  EXPECT_EQ(readText(folder / "a"), "old");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(File, AFailedCommitLeavesNothing) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "taken");
  writeAtomically(folder / "taken" / "x", "");
  EXPECT_THAT(messageOf([&] { writeAtomically(folder / "taken", "new"); }),
              HasSubstr("taken: cannot be put in place"));
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(File, ErrorsNameThePathAndTheReason) {
  const TempFolder folder;
  EXPECT_EQ(messageOf([&] { readText(folder / "none"); }),
            (folder / "none").string() + ": No such file or directory");
  EXPECT_THAT(messageOf([&] { readBytes(folder.path()); }), HasSubstr("is a folder, not a file"));
  EXPECT_THAT(messageOf([&] { writeAtomically(folder / "no" / "such", ""); }),
              HasSubstr("such: cannot be written: No such"));
}

TEST(File, ReadsAPipeToItsEnd) {
  const TempFolder folder;
  const std::string pipe = (folder / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string content(200'000, 'x');
  std::jthread writer([&] {
    FILE* file = std::fopen(pipe.c_str(), "wb");
    std::fwrite(content.data(), 1, content.size(), file);
    std::fclose(file);
  });
  EXPECT_EQ(readText(pipe), content);
}

}  // namespace
}  // namespace panicle
