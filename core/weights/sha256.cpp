#include "core/weights/sha256.h"

#include <openssl/evp.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "core/base/error.h"

namespace panicle {
namespace {

constexpr std::size_t kBlock = 1 << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct FreeDigest {
  void operator()(EVP_MD_CTX* digest) const { EVP_MD_CTX_free(digest); }
};

class Digest {
 public:
  Digest() : digest_(EVP_MD_CTX_new()) {
    if (!digest_ || EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr) != 1) throw Error("OpenSSL has no SHA-256");
  }
  void add(const void* data, std::size_t size) { EVP_DigestUpdate(digest_.get(), data, size); }
  std::string text() {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    EVP_DigestFinal_ex(digest_.get(), sum, &length);
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < length; ++i) {
      text += kDigits[sum[i] >> 4];
      text += kDigits[sum[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeDigest> digest_;
};

}  // namespace

std::string sha256OfFile(const std::filesystem::path& path, std::stop_token stop) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) throw fileError(path, std::string("cannot be read: ") + std::strerror(errno));
  Digest digest;
  std::vector<unsigned char> block(kBlock);
  while (const std::size_t count = std::fread(block.data(), 1, block.size(), file.get())) {
    if (stop.stop_requested()) throw Cancelled();
    digest.add(block.data(), count);
  }
  if (std::ferror(file.get())) throw fileError(path, std::string("cannot be read: ") + std::strerror(errno));
  return digest.text();
}

std::string sha256Of(std::string_view bytes) {
  Digest digest;
  digest.add(bytes.data(), bytes.size());
  return digest.text();
}

}  // namespace panicle
