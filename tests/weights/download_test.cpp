// Against a server on this machine that behaves well, and badly.
#include "core/weights/download.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdlib>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/weights/sha256.h"
#include "tests/testing.h"
#include "tests/weights/http_server.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using testing::fileAnswer;
using ::testing::HasSubstr;
using testing::httpAnswer;
using testing::HttpServer;
using testing::TempFolder;
using Answer = HttpServer::Answer;
using Request = HttpServer::Request;

constexpr std::size_t kSize = 300'000;  // more than one buffer of libcurl's
constexpr std::size_t kCut = 120'000;   // of the answer, headers included

std::string content(char salt) {
  std::string text(kSize, salt);
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(salt + i * i % 251);
  return text;
}

class Download : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("no_proxy", "127.0.0.1,localhost", 1);
    for (const char* name :
         {"http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
      ::unsetenv(name);
  }

  void fetch(const std::string& url, std::optional<std::string> sha256 = {}, std::stop_token stop = {},
             const Progress& progress = {}) {
    download({.url = url, .file = file_, .sha256 = std::move(sha256), .stall = std::chrono::seconds(1)},
             std::move(stop), progress);
  }
  std::string failure(const std::string& url, std::optional<std::string> sha256 = {}) {
    try {
      fetch(url, std::move(sha256));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  bool partThere() const {
    return std::filesystem::exists(part_) || std::filesystem::exists(file_.string() + ".part.json");
  }
  std::uint64_t partSize() const { return std::filesystem::file_size(part_); }

  TempFolder folder_;
  std::filesystem::path file_ = folder_ / "model.safetensors";
  std::filesystem::path part_ = folder_ / "model.safetensors.part";
};

TEST_F(Download, WholeFile) {
  HttpServer server(
      [](const Request& request) { return Answer{fileAnswer(request, content('a'), "\"one\"")}; });
  std::uint64_t done = 0, total = 0;
  fetch(server.url("/m"), {}, {}, [&](std::uint64_t d, std::uint64_t t) {
    EXPECT_GT(d, done);
    done = d;
    total = t;
  });
  EXPECT_EQ(readText(file_), content('a'));
  EXPECT_EQ(done, kSize);
  EXPECT_EQ(total, kSize);
  EXPECT_FALSE(partThere());
  EXPECT_THAT(server.requests()[0].headers.at("user-agent"), ::testing::StartsWith("panicle/"));
}

TEST_F(Download, GoesOnWhereTheServerClosedEarly) {
  std::atomic<bool> cut = true;
  HttpServer server([&](const Request& request) {
    const std::string whole = fileAnswer(request, content('a'), "\"one\"");
    return Answer{cut ? whole.substr(0, kCut) : whole};
  });
  EXPECT_THAT(failure(server.url("/m")), AllOf(HasSubstr("cut off"), HasSubstr("are kept")));
  EXPECT_FALSE(std::filesystem::exists(file_));
  const std::uint64_t came = partSize();
  EXPECT_GT(came, 0u);
  cut = false;
  std::uint64_t first = 0;
  fetch(server.url("/m"), {}, {}, [&](std::uint64_t done, std::uint64_t total) {
    if (first == 0) first = done;
    EXPECT_EQ(total, kSize);
  });
  EXPECT_EQ(readText(file_), content('a'));
  EXPECT_GT(first, came);
  const auto headers = server.requests().at(1).headers;
  EXPECT_EQ(headers.at("range"), "bytes=" + std::to_string(came) + "-");
  EXPECT_EQ(headers.at("if-range"), "\"one\"");
  EXPECT_FALSE(partThere());
}

TEST_F(Download, StartsAnewWhenTheFileChangedOnTheServer) {
  std::atomic<bool> changed = false;
  HttpServer server([&](const Request& request) {
    return changed ? Answer{fileAnswer(request, content('b'), "\"two\"")}
                   : Answer{fileAnswer(request, content('a'), "\"one\"").substr(0, kCut)};
  });
  EXPECT_THAT(failure(server.url("/m")), HasSubstr("cut off"));
  changed = true;
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), content('b'));
}

TEST_F(Download, APartOfAnotherUrlIsNotGoneOnWith) {
  HttpServer server([&](const Request& request) {
    const std::string whole = fileAnswer(request, content(request.target == "/a" ? 'a' : 'b'), "\"same\"");
    return Answer{request.target == "/a" ? whole.substr(0, kCut) : whole};
  });
  EXPECT_NE(failure(server.url("/a")), "");
  fetch(server.url("/b"));
  EXPECT_EQ(readText(file_), content('b'));
}

TEST_F(Download, WithoutAStrongEtagItStartsAnew) {
  std::atomic<bool> cut = true;
  HttpServer server([&](const Request& request) {
    const std::string whole = fileAnswer(request, content('a'), "W/\"weak\"");
    return Answer{cut ? whole.substr(0, kCut) : whole};
  });
  EXPECT_THAT(failure(server.url("/m")), AllOf(HasSubstr("cut off"), ::testing::Not(HasSubstr("kept"))));
  cut = false;
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), content('a'));
  EXPECT_FALSE(server.requests().at(1).headers.contains("range"));
}

TEST_F(Download, AServerThatIgnoresIfRangeIsSeenThrough) {
  int request = 0;
  HttpServer server([&](Request asked) {
    if (++request == 1) return Answer{fileAnswer(asked, content('a'), "\"one\"").substr(0, kCut)};
    asked.headers.erase("if-range");
    return Answer{fileAnswer(asked, content('b'), "\"two\"")};
  });
  EXPECT_NE(failure(server.url("/m")), "");
  EXPECT_THAT(failure(server.url("/m")), HasSubstr("changed on the server"));
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), content('b'));
}

TEST_F(Download, APartThatIsWholeIsTaken) {
  std::atomic<bool> stall = true;
  HttpServer server([&](const Request& request) {
    // One byte more is announced than there is, so that the first attempt ends with all that there is.
    std::string answer = fileAnswer(request, content('a'), "\"one\"");
    if (stall) answer.replace(answer.find(std::to_string(kSize)), 6, std::to_string(kSize + 1));
    return Answer{answer};
  });
  EXPECT_NE(failure(server.url("/m")), "");
  EXPECT_EQ(partSize(), kSize);
  stall = false;
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), content('a'));
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(Download, MissingFileIsSaidAndLeavesNothing) {
  HttpServer server([](const Request&) { return Answer{httpAnswer(404, {}, "<html>no</html>")}; });
  EXPECT_THAT(failure(server.url("/absent")), AllOf(HasSubstr("/absent"), HasSubstr("404")));
  EXPECT_FALSE(partThere());
  EXPECT_FALSE(std::filesystem::exists(file_));
}

TEST_F(Download, OtherAnswersAreSaid) {
  std::atomic<int> status = 503;
  HttpServer server([&](const Request&) { return Answer{httpAnswer(status, {}, "no")}; });
  EXPECT_THAT(failure(server.url("/m")), HasSubstr("503"));
  status = 403;
  EXPECT_THAT(failure(server.url("/m")), HasSubstr("does not give this file to everybody"));
}

TEST_F(Download, WrongChecksumRemovesWhatCame) {
  HttpServer server([](const Request& request) { return Answer{fileAnswer(request, "abc", "\"one\"")}; });
  const std::string right =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // FIPS 180-4's example
  EXPECT_THAT(failure(server.url("/m"), std::string(64, '0')), AllOf(HasSubstr(right), HasSubstr("removed")));
  EXPECT_FALSE(partThere());
  EXPECT_FALSE(std::filesystem::exists(file_));
  fetch(server.url("/m"), right);
  EXPECT_EQ(readText(file_), "abc");
}

TEST_F(Download, ChecksumComesWithTheHubsRedirect) {
  std::string linked = std::string(64, '1');
  HttpServer server([&](const Request& request) {
    if (request.target == "/cdn") return Answer{fileAnswer(request, "abc", "\"one\"")};
    return Answer{
        httpAnswer(302, {{"Location", "/cdn"}, {"X-Linked-ETag", "\"" + linked + "\""}}, "elsewhere")};
  });
  EXPECT_THAT(failure(server.url("/m")), HasSubstr(linked));
  linked = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), "abc");
}

TEST_F(Download, ResumesBehindARedirect) {
  std::atomic<bool> cut = true;
  HttpServer server([&](const Request& request) {
    if (request.target == "/m")
      return Answer{
          httpAnswer(302, {{"Location", "/cdn?signed=" + std::to_string(cut.load())}}, "elsewhere")};
    const std::string whole = fileAnswer(request, content('a'), "\"one\"");
    return Answer{cut ? whole.substr(0, kCut) : whole};
  });
  EXPECT_THAT(failure(server.url("/m")), HasSubstr("are kept"));
  cut = false;
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), content('a'));
  EXPECT_TRUE(server.requests().back().headers.contains("range"));
}

TEST_F(Download, RedirectsAreNotFollowedEverywhere) {
  HttpServer server([](const Request& request) {
    return Answer{httpAnswer(
        301, {{"Location", request.target == "/out" ? "http://example.org/m" : request.target}}, "")};
  });
  EXPECT_THAT(failure(server.url("/out")), HasSubstr("https only"));
  EXPECT_THAT(failure(server.url("/round")), HasSubstr("without end"));
  EXPECT_FALSE(partThere());
}

TEST_F(Download, OnlyHttpsFromElsewhere) {
  for (const std::string url : {"http://example.org/m", "ftp://example.org/m", "file:///etc/passwd",
                                "http://127.0.0.1.example.org/m"}) {
    EXPECT_THAT(failure(url), HasSubstr("https only")) << url;
  }
  EXPECT_THAT(failure("https://me:secret@example.org/m"),
              AllOf(HasSubstr("user name"), ::testing::Not(HasSubstr("secret"))));
  EXPECT_THAT(failure("not a url"), HasSubstr("no URL"));
}

TEST_F(Download, AStalledServerIsGivenUpOn) {
  HttpServer server([](const Request& request) {
    return Answer{fileAnswer(request, content('a'), "\"one\"").substr(0, kCut), true};
  });
  EXPECT_THAT(failure(server.url("/m")), AllOf(HasSubstr("nothing came for 1 s"), HasSubstr("are kept")));
  EXPECT_GT(partSize(), 0u);
}

TEST_F(Download, AServerThatNeverAnswersIsGivenUpOn) {
  HttpServer server([](const Request&) { return Answer{"", true}; });
  EXPECT_THAT(failure(server.url("/m")), HasSubstr("nothing came for 1 s"));
  EXPECT_FALSE(partThere());
}

TEST_F(Download, CancelKeepsThePart) {
  std::atomic<bool> stall = true;
  HttpServer server([&](const Request& request) {
    const std::string whole = fileAnswer(request, content('a'), "\"one\"");
    return stall ? Answer{whole.substr(0, kCut), true} : Answer{whole};
  });
  std::stop_source source;
  EXPECT_THROW(fetch(server.url("/m"), {}, source.get_token(),
                     [&](std::uint64_t, std::uint64_t) { source.request_stop(); }),
               Cancelled);
  EXPECT_GT(partSize(), 0u);
  EXPECT_FALSE(std::filesystem::exists(file_));
  stall = false;
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), content('a'));
  EXPECT_TRUE(server.requests().back().headers.contains("range"));
}

TEST_F(Download, WithoutANetworkItSaysWhatToDo) {
  std::string url;
  {
    HttpServer server([](const Request&) { return Answer{}; });
    url = server.url("/m");
  }
  EXPECT_THAT(failure(url), AllOf(HasSubstr("no network"), HasSubstr(url), HasSubstr(file_.string())));
  EXPECT_FALSE(partThere());
}

TEST_F(Download, TwoAtOnceDoNotMix) {
  HttpServer server(
      [](const Request& request) { return Answer{fileAnswer(request, content('a'), "\"one\"")}; });
  std::string second;
  fetch(server.url("/m"), {}, {}, [&](std::uint64_t, std::uint64_t) {
    if (second.empty()) second = failure(server.url("/m"));
  });
  EXPECT_THAT(second, HasSubstr("is being downloaded already"));
  EXPECT_EQ(readText(file_), content('a'));
}

TEST_F(Download, AFullDiskIsSaidAndThePartKept) {
  HttpServer server(
      [](const Request& request) { return Answer{fileAnswer(request, content('a'), "\"one\"")}; });
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string what = failure(server.url("/m"));
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(what, AllOf(HasSubstr("cannot be written"), HasSubstr("is kept")));
  EXPECT_GT(partSize(), 0u);
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), content('a'));
}

TEST_F(Download, AProxyOfTheEnvironmentIsUsed) {
  HttpServer proxy([](const Request& request) { return Answer{fileAnswer(request, "by proxy", "\"one\"")}; });
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  ::unsetenv("no_proxy");
  fetch("http://localhost:9/m");
  EXPECT_EQ(readText(file_), "by proxy");
  EXPECT_EQ(proxy.requests().at(0).target, "http://localhost:9/m");
}

TEST_F(Download, AnEmptyFileIsAFile) {
  HttpServer server([](const Request& request) { return Answer{fileAnswer(request, "", "\"none\"")}; });
  fetch(server.url("/m"));
  EXPECT_EQ(readText(file_), "");
}

}  // namespace
}  // namespace panicle
