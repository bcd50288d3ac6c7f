// An HTTP server on this machine that answers as a test says: whole, cut off, or not to the end.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace panicle::testing {

class HttpServer {
 public:
  struct Request {
    std::string target;                          // "/file", or a whole URL when the server is used as a proxy
    std::map<std::string, std::string> headers;  // names in lower case
  };
  struct Answer {
    std::string bytes;   // status line, headers, body, as they go over the wire
    bool stall = false;  // keeps the connection open and says no more until the client goes
  };
  using Handler = std::function<Answer(const Request&)>;

  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(const std::string& target) const;  // "http://127.0.0.1:PORT" + target
  std::vector<Request> requests() const;

 private:
  void serve();
  void answer(int connection);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  int connection_ = -1;
  bool stopping_ = false;
  std::thread thread_;
};

// "HTTP/1.1 200 OK" with these headers, Content-Length among them, and the body.
std::string httpAnswer(int status, std::map<std::string, std::string> headers, const std::string& body);

// A file as servers give it: 206 with the rest when it is asked for with the right If-Range, else 200 with
// the whole.
std::string fileAnswer(const HttpServer::Request& request, const std::string& content,
                       const std::string& etag);

}  // namespace panicle::testing
