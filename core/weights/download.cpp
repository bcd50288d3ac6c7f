#include "core/weights/download.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/json.h"
#include "core/weights/http_request.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

namespace fs = std::filesystem;

constexpr int kMostRedirects = 10;
constexpr std::size_t kSha256Digits = 64;

// FILE.part, open and locked, and FILE.part.json beside it, which says what it is a part of.
class Part {
 public:
  explicit Part(const fs::path& file) : path_(file.string() + ".part"), notes_(file.string() + ".part.json") {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail("cannot be written");
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor_);
      throw fileError(file, "is being downloaded already, by another program or window");
    }
    struct stat opened {
    }, there{};
    if (::fstat(descriptor_, &opened) != 0 || ::stat(path_.c_str(), &there) != 0 ||
        opened.st_ino != there.st_ino) {
      ::close(descriptor_);
      throw fileError(
          file,
          "has just been downloaded by another program or window");  // which renamed the part before our lock
    }
    ::lseek(descriptor_, 0, SEEK_END);
    size_ = static_cast<std::uint64_t>(opened.st_size);
  }
  ~Part() {
    if (size_ == 0 && !moved_) remove();
    ::close(descriptor_);
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const fs::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }

  // The server's name for the content that this is a part of, "" when it cannot be gone on with.
  std::string etag(const std::string& url) const {
    if (size_ == 0 || !fs::exists(notes_)) return "";
    try {
      const Json notes = readJson(notes_);
      return notes.at("url").get<std::string>() == url ? notes.at("etag").get<std::string>() : "";
    } catch (const std::exception&) {
      return "";  // damaged notes cost a new beginning, no more
    }
  }

  void begin(const std::string& url, const std::string& etag) {
    if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) < 0) fail("cannot be written");
    size_ = 0;
    writeAtomically(notes_, Json{{"url", url}, {"etag", etag}}.dump());
  }

  void append(std::span<const std::byte> bytes) {
    const std::byte* next = bytes.data();
    std::size_t left = bytes.size();
    while (left > 0) {
      const ssize_t count = ::write(descriptor_, next, left);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("cannot be written (what came so far is kept)");
      next += count;
      left -= static_cast<std::size_t>(count);
      size_ += static_cast<std::uint64_t>(count);
    }
  }

  void moveTo(const fs::path& file) {
    if (::fsync(descriptor_) != 0) fail("cannot be written to disk");
    if (::rename(path_.c_str(), file.c_str()) != 0) fail("cannot be put in place");
    moved_ = true;
    ::unlink(notes_.c_str());
  }

  void remove() const {
    ::unlink(path_.c_str());
    ::unlink(notes_.c_str());
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw fileError(path_, what + ": " + std::strerror(errno));
  }

  fs::path path_, notes_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  bool moved_ = false;
};

// Where a 206 starts and how long the whole is: "bytes 100-999/1000".
struct ContentRange {
  std::optional<std::uint64_t> first, whole;
};
ContentRange contentRange(const std::string& header) {
  ContentRange range;
  const auto number = [&](std::size_t at) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(header.data() + at, header.data() + header.size(), value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
  };
  if (!header.starts_with("bytes ")) return range;
  range.first = number(6);
  if (const auto slash = header.find('/'); slash != std::string::npos) range.whole = number(slash + 1);
  return range;
}

// The checksum in the hub's X-Linked-ETag ("\"<sha256>\""), if it is one.
std::optional<std::string> linkedChecksum(const HttpAnswer& answer) {
  std::string text = answer.header("x-linked-etag");
  std::erase(text, '"');
  const bool digits = std::all_of(text.begin(), text.end(),
                                  [](unsigned char c) { return std::isxdigit(c) && !std::isupper(c); });
  return digits && text.size() == kSha256Digits ? std::optional(text) : std::nullopt;
}

class Download {
 public:
  Download(const DownloadOptions& options, std::stop_token stop, const Progress& progress)
      : options_(options),
        stop_(std::move(stop)),
        progress_(progress),
        part_(options.file),
        sha256_(options.sha256) {}

  void run() {
    HttpAnswer answer = fetch();
    if (answer.status == 416) {  // the part is no part of what is there now, or all of it
      const auto whole = contentRange(answer.header("content-range")).whole;
      if (whole == part_.size()) return finish(whole);
      startAnew_ = true;
      answer = fetch();
    }
    check(answer);
    finish(whole_);
  }

 private:
  // Follows the redirects to the file.
  HttpAnswer fetch() {
    std::string url = options_.url;
    checkedHost(url);
    for (int hop = 0; hop <= kMostRedirects; ++hop) {
      HttpAnswer answer = request(url);
      if (!sha256_) sha256_ = linkedChecksum(answer);
      if (answer.location.empty()) return answer;
      checkedHost(answer.location);
      if (url.starts_with("https:") && !answer.location.starts_with("https:")) {
        throw Error(url + " leads to " + answer.location + ", which is not https: not followed");
      }
      url = answer.location;
    }
    throw Error(options_.url + " leads from one place to the next without end");
  }

  HttpAnswer request(const std::string& url) {
    HttpRequest request{url, {}, options_.stall};
    // If-Range asks for the rest only when the content is still what the part is of; a weak ETag cannot say
    // so.
    const std::string etag = startAnew_ ? "" : part_.etag(options_.url);
    if (!etag.empty()) {
      request.headers = {"Range: bytes=" + std::to_string(part_.size()) + "-", "If-Range: " + etag};
    }
    begun_ = false;
    HttpAnswer answer = perform(
        request, stop_, [&](const HttpAnswer& so, std::span<const std::byte> bytes) { receive(so, bytes); });
    if (answer.failure == HttpAnswer::Failure::None && answer.status == 200 && !begun_)
      begin(answer);  // an empty file
    return answer;
  }

  void begin(const HttpAnswer& answer) {
    begun_ = true;
    if (answer.status == 206) {
      const ContentRange range = contentRange(answer.header("content-range"));
      if (range.first != part_.size())
        throw Error(options_.url + ": the server sent another part of the file than was asked for");
      const std::string etag = answer.header("etag");
      if (!etag.empty() && etag != part_.etag(options_.url)) {
        part_.begin(options_.url, "");
        throw Error(
            options_.url +
            ": the file changed on the server; what had come of the former one was removed, try again");
      }
      whole_ = range.whole;
    } else {
      const std::string etag = answer.header("etag");
      part_.begin(options_.url, etag.starts_with("W/") ? "" : etag);
      whole_ = answer.length;
    }
  }

  void receive(const HttpAnswer& answer, std::span<const std::byte> bytes) {
    if (!begun_) begin(answer);
    part_.append(bytes);
    if (progress_) progress_(part_.size(), whole_.value_or(0));
  }

  // Throws for what is not a whole file.
  void check(const HttpAnswer& answer) const {
    const std::string kept = !part_.etag(options_.url).empty()
                                 ? "; the " + std::to_string(part_.size()) +
                                       " bytes that came are kept, and the next attempt goes on from there"
                                 : "";
    switch (answer.failure) {
      case HttpAnswer::Failure::None:
        break;
      case HttpAnswer::Failure::NoConnection:
        throw Error("no network: " + answer.reason + ". To do without, fetch " + options_.url +
                    " elsewhere and put it at " + options_.file.string());
      case HttpAnswer::Failure::Stalled:
        throw Error(options_.url + ": nothing came for " + std::to_string(options_.stall.count()) + " s (" +
                    answer.reason + ")" + kept);
      case HttpAnswer::Failure::CutOff:
        throw Error(options_.url + ": the connection was cut off (" + answer.reason + ")" + kept);
      case HttpAnswer::Failure::Certificate:
        throw Error(options_.url + ": the server could not prove who it is: " + answer.reason +
                    ". If a proxy of your network stands between, install its certificate in the system");
      case HttpAnswer::Failure::Other:
        throw Error(options_.url + ": " + answer.reason + kept);
    }
    if (answer.status == 404) throw Error(options_.url + ": the server has no such file (404)");
    if (answer.status == 401 || answer.status == 403) {
      throw Error(options_.url + ": the server does not give this file to everybody (" +
                  std::to_string(answer.status) + ")");
    }
    if (answer.status != 200 && answer.status != 206) {
      throw Error(options_.url + ": the server answered " + std::to_string(answer.status) +
                  "; try again later" + kept);
    }
  }

  void finish(std::optional<std::uint64_t> whole) {
    if (whole && *whole != part_.size()) {
      throw Error(options_.url + ": " + std::to_string(part_.size()) + " of " + std::to_string(*whole) +
                  " bytes came; try again");
    }
    if (sha256_) {
      const std::string came = sha256OfFile(part_.path(), stop_);
      if (came != *sha256_) {
        part_.remove();
        throw Error(options_.url + ": what came has the SHA-256 " + came + ", not " + *sha256_ +
                    "; it was removed, try again");
      }
    }
    part_.moveTo(options_.file);
  }

  const DownloadOptions& options_;
  std::stop_token stop_;
  const Progress& progress_;
  Part part_;
  std::optional<std::string> sha256_;
  std::optional<std::uint64_t> whole_;
  bool startAnew_ = false;
  bool begun_ = false;  // whether a body of the present request has begun
};

}  // namespace

void download(const DownloadOptions& options, std::stop_token stop, const Progress& progress) {
  Download(options, std::move(stop), progress).run();
}

}  // namespace panicle
