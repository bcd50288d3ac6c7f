#include "core/base/held_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "core/base/file.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

std::string numbered(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761u) >> 11);
  return text;
}

std::size_t filesIn(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

// Around the blocks in which it goes to the disk, and the pieces in which it is read back.
TEST(HeldFile, KeepsEveryByteOfAnyLength) {
  const TempFolder folder;
  for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, (1u << 20) - 1, (1u << 20) + 1, (2u << 20) + 4096, (3u << 20) + 77}) {
    const std::string content = numbered(size);
    HeldFile file(folder / "a", size);
    file.write(content.data(), size / 3);
    file.write(content.data() + size / 3, size - size / 3);
    file.commit();
    EXPECT_TRUE(readText(folder / "a") == content) << size;
    struct stat info {};
    ASSERT_EQ(::stat((folder / "a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0644u);
    EXPECT_EQ(filesIn(folder.path()), 1u);
  }
}

TEST(HeldFile, MemoryIsUsedAgainOnceNoFileHasIt) {
  const TempFolder folder;
  std::shared_ptr<HeldMemory> last;
  const auto save = [&](const char* name, const std::string& content) {
    auto file = std::make_unique<HeldFile>(folder / name, content.size(), memoryForNext(last));
    file->write(content.data(), content.size());
    return file;
  };
  const std::string large = numbered(70'000), small = numbered(5000), larger = numbered(5 << 20);
  save("a", large)->commit();
  const HeldMemory* first = last.get();
  save("b", small)->commit();
  EXPECT_EQ(last.get(), first);
  // Two at a time: neither writes over the other.
  auto one = save("c", larger), other = save("d", large);
  EXPECT_NE(last.get(), first);
  one->commit();
  other->commit();
  EXPECT_TRUE(readText(folder / "a") == large);
  EXPECT_TRUE(readText(folder / "b") == small);
  EXPECT_TRUE(readText(folder / "c") == larger);
  EXPECT_TRUE(readText(folder / "d") == large);
}

TEST(HeldFile, WithoutCommitTheOldFileStaysAndNothingIsLeft) {
  const TempFolder folder;
  writeAtomically(folder / "a", "old");
  {
    HeldFile file(folder / "a", 3);
    file.write("new", 3);
    EXPECT_EQ(readText(folder / "a"), "old");
  }
  EXPECT_EQ(readText(folder / "a"), "old");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(HeldFile, RefusesMoreAndLessThanItsSize) {
  const TempFolder folder;
  HeldFile file(folder / "a", 3);
  EXPECT_THAT(message([&] { file.write("four", 4); }), HasSubstr("longer than it was said to be"));
  file.write("ne", 2);
  EXPECT_THAT(message([&] { file.commit(); }), HasSubstr("shorter than it was said to be"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(HeldFile, SaysWhereItCannotBe) {
  const TempFolder folder;
  EXPECT_THAT(message([&] { HeldFile(folder / "none" / "a", 3); }), HasSubstr("No such file or directory"));
  // More than any disk, or file system, takes: nothing is left behind.
  EXPECT_THAT(message([&] { HeldFile(folder / "a", std::size_t{1} << 62); }), HasSubstr("a: "));
  EXPECT_EQ(filesIn(folder.path()), 0u);
  std::filesystem::create_directory(folder / "taken");
  writeAtomically(folder / "taken" / "x", "");
  HeldFile file(folder / "taken", 3);
  file.write("new", 3);
  EXPECT_THAT(message([&] { file.commit(); }), HasSubstr("taken: cannot be put in place"));
}

}  // namespace
}  // namespace panicle
