#include "core/data/folder_scan.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "tests/data/made_images.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using testing::TempFolder;

void touch(const std::filesystem::path& path) {
  testing::writeBytes(path, {});
}

std::vector<std::string> filesBelow(const std::filesystem::path& folder, const std::string& excluded = "") {
  return scanFolder(folder, excluded, {}, {}).files;
}

TEST(FolderScan, FindsImagesOfAnyCaseAndSkipsTheRest) {
  const TempFolder folder;
  for (const char* name : {"b/2.JPG", "b/1.jpeg", "a/x.Png", "c/deep/er/y.TIFF", "z.webp", "q.bmp", "t.tif",
                           "notes.txt", "a/pic.gif", "noextension", ".hidden.jpg", ".git/x.jpg", "b/.jpg"}) {
    touch(folder / name);
  }
  const FolderScan scan = scanFolder(folder.path(), "", {}, {});
  EXPECT_THAT(scan.files,
              ElementsAre("a/x.Png", "b/1.jpeg", "b/2.JPG", "c/deep/er/y.TIFF", "q.bmp", "t.tif", "z.webp"));
  EXPECT_EQ(scan.others, (std::map<std::string, std::size_t>{{".txt", 1}, {".gif", 1}, {"", 1}}));
}

TEST(FolderScan, OrderIsThatOfPathsPartByPart) {
  const TempFolder folder;
  for (const char* name :
       {"a/b.jpg", "a.jpg", "a b/1.jpg", "a-b/1.jpg", "a/b/1.jpg", "A/1.jpg", "ab/1.jpg", "a/10.jpg",
        "a/2.jpg", "ä/1.jpg", "稲/1.jpg", "a/b-c/1.jpg", "a/b c/1.jpg", "10/1.jpg", "2/1.jpg"}) {
    touch(folder / name);
  }
  const auto files = filesBelow(folder.path());
  ASSERT_EQ(files.size(), 15u);
  std::vector<std::filesystem::path> paths(files.rbegin(), files.rend());
  std::sort(paths.begin(), paths.end());
  for (std::size_t i = 0; i < files.size(); ++i) EXPECT_EQ(files[i], paths[i].string());
  EXPECT_TRUE(std::is_sorted(files.begin(), files.end(), pathLess));
}

TEST(FolderScan, FollowsLinksButNotInCircles) {
  const TempFolder folder;
  touch(folder / "elsewhere/1.jpg");
  touch(folder / "images/a/2.jpg");
  const auto images = folder / "images";
  std::filesystem::create_directory_symlink(folder / "elsewhere", images / "b");
  std::filesystem::create_symlink(folder / "elsewhere" / "1.jpg", images / "a" / "linked.jpg");
  std::filesystem::create_directory_symlink(images, images / "a" / "circle");
  std::filesystem::create_directory_symlink(".", images / "self");
  std::filesystem::create_symlink("nowhere", images / "a" / "broken.jpg");
  EXPECT_THAT(filesBelow(images), ElementsAre("a/2.jpg", "a/broken.jpg", "a/linked.jpg", "b/1.jpg"));
}

TEST(FolderScan, LeavesOutTheExcludedFolderOnly) {
  const TempFolder folder;
  for (const char* name : {"a/1.jpg", "test/1.jpg", "a/test/2.jpg"}) touch(folder / name);
  EXPECT_THAT(filesBelow(folder.path(), "test"), ElementsAre("a/1.jpg", "a/test/2.jpg"));
  EXPECT_THAT(filesBelow(folder.path(), "a/test"), ElementsAre("a/1.jpg", "test/1.jpg"));
}

TEST(FolderScan, StopsAndReports) {
  const TempFolder folder;
  for (int i = 0; i < 2100; ++i) touch(folder / (std::to_string(i) + ".jpg"));
  std::vector<std::uint64_t> reports;
  scanFolder(folder.path(), "", {}, [&](std::uint64_t done, std::uint64_t) { reports.push_back(done); });
  EXPECT_THAT(reports, ElementsAre(1024, 2048));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(scanFolder(folder.path(), "", stop.get_token(), {}), Cancelled);
  EXPECT_THROW(filesBelow(folder / "none"), Error);
}

TEST(FolderScan, ImagePaths) {
  EXPECT_TRUE(isImagePath("a/b.JPG"));
  EXPECT_TRUE(isImagePath("x.tar.webp"));
  EXPECT_FALSE(isImagePath("a.jpg/b"));
  EXPECT_FALSE(isImagePath(".jpg"));
  EXPECT_FALSE(isImagePath("a.gif"));
}

}  // namespace
}  // namespace panicle
