#include "core/weights/http_request.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>

#include "core/base/error.h"

namespace panicle {
namespace {

struct FreeEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;
using List = std::unique_ptr<curl_slist, FreeList>;

// What the callbacks share. Exceptions must not cross libcurl, which is C.
struct Transfer {
  CURL* handle;
  HttpAnswer& answer;
  const std::stop_token& stop;
  const std::function<void(const HttpAnswer&, std::span<const std::byte>)>& receive;
  std::exception_ptr thrown;
};

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::size_t onHeader(char* text, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    const std::string line(text, size);
    if (line.starts_with("HTTP/"))
      transfer.answer.headers.clear();  // a proxy's answer to CONNECT, or "100 Continue", came before
    if (const auto colon = line.find(':'); colon != std::string::npos) {
      transfer.answer.headers[lower(line.substr(0, colon))] = trimmed(line.substr(colon + 1));
    }
  } catch (...) {
    transfer.thrown = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
  return size;
}

void readStatus(Transfer& transfer) {
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &transfer.answer.status);
  curl_off_t length = -1;
  curl_easy_getinfo(transfer.handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length >= 0) transfer.answer.length = static_cast<std::uint64_t>(length);
}

std::size_t onBody(char* bytes, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  try {
    if (transfer.answer.status == 0) readStatus(transfer);
    const bool wanted = transfer.answer.status == 200 || transfer.answer.status == 206;
    if (wanted) transfer.receive(transfer.answer, std::as_bytes(std::span(bytes, size)));
  } catch (...) {
    transfer.thrown = std::current_exception();
    return CURL_WRITEFUNC_ERROR;
  }
  return size;
}

int onProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop.stop_requested() ? 1 : 0;
}

HttpAnswer::Failure failureOf(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpAnswer::Failure::None;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return HttpAnswer::Failure::NoConnection;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpAnswer::Failure::Stalled;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return HttpAnswer::Failure::CutOff;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return HttpAnswer::Failure::Certificate;
    default:
      return HttpAnswer::Failure::Other;
  }
}

Easy makeHandle(const HttpRequest& request, Transfer& transfer, const curl_slist* headers, char* reason) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  Easy handle(initialised == CURLE_OK ? curl_easy_init() : nullptr);
  if (!handle) throw Error("libcurl cannot be started");
  CURL* curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");  // checkedHost() has judged which of them
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "panicle/" PANICLE_VERSION);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.stall.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall.count()));
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, onHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, onBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, onProgress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  return handle;
}

}  // namespace

std::string HttpAnswer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

HttpAnswer perform(const HttpRequest& request, const std::stop_token& stop,
                   const std::function<void(const HttpAnswer&, std::span<const std::byte>)>& receive) {
  HttpAnswer answer;
  Transfer transfer{nullptr, answer, stop, receive, nullptr};
  List headers(
      curl_slist_append(nullptr, "Accept-Encoding: identity"));  // offsets must be those of the file itself
  for (const std::string& header : request.headers) {
    if (curl_slist* longer = curl_slist_append(headers.get(), header.c_str())) {
      headers.release();
      headers.reset(longer);
    }
  }
  char reason[CURL_ERROR_SIZE] = "";
  const Easy handle = makeHandle(request, transfer, headers.get(), reason);
  transfer.handle = handle.get();
  const CURLcode code = curl_easy_perform(handle.get());
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (stop.stop_requested()) throw Cancelled();
  readStatus(transfer);
  char* location = nullptr;
  curl_easy_getinfo(handle.get(), CURLINFO_REDIRECT_URL, &location);
  if (location) answer.location = location;
  answer.failure = failureOf(code);
  if (code != CURLE_OK) answer.reason = reason[0] ? reason : curl_easy_strerror(code);
  return answer;
}

std::string checkedHost(const std::string& url) {
  const std::unique_ptr<CURLU, FreeUrl> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    throw Error("'" + url + "' is no URL");
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    curl_url_get(parsed.get(), which, &text, 0);
    const std::unique_ptr<char, FreeText> owner(text);
    return std::string(text ? text : "");
  };
  const std::string scheme = part(CURLUPART_SCHEME), host = part(CURLUPART_HOST);
  if (!part(CURLUPART_USER).empty())
    throw Error("a URL with a user name in it is not fetched: it would end up in logs");
  const bool here = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
  if (scheme != "https" && !(scheme == "http" && here)) {
    throw Error("'" + url + "' is not fetched: files come over https only (http from this machine alone)");
  }
  return host;
}

}  // namespace panicle
