#include "tests/weights/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace panicle::testing {
namespace {

HttpServer::Request parse(const std::string& text) {
  HttpServer::Request request;
  const auto first = text.find(' ');
  request.target = text.substr(first + 1, text.find(' ', first + 1) - first - 1);
  for (auto at = text.find("\r\n") + 2; at < text.size();) {
    const auto end = text.find("\r\n", at);
    const std::string line = text.substr(at, end - at);
    if (const auto colon = line.find(": "); colon != std::string::npos) {
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      request.headers[name] = line.substr(colon + 2);
    }
    at = end == std::string::npos ? text.size() : end + 2;
  }
  return request;
}

void sendAll(int connection, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;  // the client went
    sent += static_cast<std::size_t>(count);
  }
}

}  // namespace

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 8) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("no socket for the test's server");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (connection_ >= 0) ::shutdown(connection_, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::string HttpServer::url(const std::string& target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + target;
}

std::vector<HttpServer::Request> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void HttpServer::serve() {
  for (;;) {
    const int connection = ::accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    {
      const std::lock_guard lock(mutex_);
      connection_ = stopping_ ? -1 : connection;
    }
    if (connection_ >= 0) answer(connection);
    const std::lock_guard lock(mutex_);
    connection_ = -1;
    ::close(connection);
  }
}

void HttpServer::answer(int connection) {
  std::string text;
  char block[4096];
  while (text.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = ::recv(connection, block, sizeof block, 0);
    if (count <= 0) return;
    text.append(block, static_cast<std::size_t>(count));
  }
  const Request request = parse(text);
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
  }
  const Answer answer = handler_(request);
  sendAll(connection, answer.bytes);
  if (!answer.stall) return;
  while (::recv(connection, block, sizeof block, 0) > 0) {
  }
}

std::string httpAnswer(int status, std::map<std::string, std::string> headers, const std::string& body) {
  headers.insert({{"Content-Length", std::to_string(body.size())}, {"Connection", "close"}});
  std::string text = "HTTP/1.1 " + std::to_string(status) + " As the test says\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  return text + "\r\n" + body;
}

std::string fileAnswer(const HttpServer::Request& request, const std::string& content,
                       const std::string& etag) {
  const auto range = request.headers.find("range"), condition = request.headers.find("if-range");
  if (range == request.headers.end() || (condition != request.headers.end() && condition->second != etag)) {
    return httpAnswer(200, {{"ETag", etag}, {"Accept-Ranges", "bytes"}}, content);
  }
  const std::size_t first = std::stoul(range->second.substr(6));  // "bytes=FIRST-"
  const std::string size = std::to_string(content.size());
  if (first >= content.size()) return httpAnswer(416, {{"Content-Range", "bytes */" + size}}, "");
  const std::string span =
      "bytes " + std::to_string(first) + "-" + std::to_string(content.size() - 1) + "/" + size;
  return httpAnswer(206, {{"ETag", etag}, {"Content-Range", span}}, content.substr(first));
}

}  // namespace panicle::testing
