// One HTTP request by libcurl: what download() needs of it. Redirects are not followed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace panicle {

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers;  // "Range: bytes=10-"
  std::chrono::seconds stall{30};
};

struct HttpAnswer {
  long status = 0;
  std::map<std::string, std::string> headers;  // names in lower case; of the final answer
  std::optional<std::uint64_t> length;         // Content-Length, where it is said
  std::string location;                        // of a redirect, absolute; "" without one
  // What went wrong on the way, "" when nothing did.
  enum class Failure { None, NoConnection, CutOff, Stalled, Certificate, Other } failure = Failure::None;
  std::string reason;  // libcurl's words for it

  std::string header(const std::string& name) const;
};

// `receive` gets the body's pieces, only of a 200 or 206; it sees the answer's status and headers. What it
// throws comes out of here. Throws Cancelled when stopped.
HttpAnswer perform(const HttpRequest& request, const std::stop_token& stop,
                   const std::function<void(const HttpAnswer&, std::span<const std::byte>)>& receive);

// "example.org" of a URL of ours; throws Error for one that is not https, or http to this machine, and for
// one with a password.
std::string checkedHost(const std::string& url);

}  // namespace panicle
