// Fetches a file over HTTPS (libcurl), and only when somebody asks for it.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "core/base/progress.h"

namespace panicle {

struct DownloadOptions {
  std::string url;  // https; http only to this machine, for tests and mirrors on it
  std::filesystem::path file;
  // Lower-case hexadecimal SHA-256 of the whole file. Null: taken from the server's answer where it says one (the Hugging Face hub does,
  // as X-Linked-ETag), else the length alone is checked.
  std::optional<std::string> sha256;
  std::chrono::seconds stall{30};  // gives up when nothing came for so long
};

// Writes to FILE.part beside it, goes on from there when it is already begun (Range, with If-Range on the server's ETag), and renames
// it when it is whole and its checksum right. Proxies are taken from the environment (https_proxy, no_proxy), as curl does.
// Throws Cancelled, keeping the part; Error with the remedy when there is no network, on 404, on a stall (the part is kept), a cut-off
// (kept) and a wrong checksum (removed). `progress` counts bytes, total 0 while unknown.
void download(const DownloadOptions& options, std::stop_token stop = {}, const Progress& progress = {});

}  // namespace panicle
