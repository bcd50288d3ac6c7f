#include "core/data/jpeg_decode.h"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <string>
#include <vector>

// jpeglib.h needs size_t and FILE declared before it; jerror.h belongs after it.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

#include "core/base/error.h"

namespace panicle {
namespace {

// A progressive file of a few kB can ask for thousands of passes over a large picture.
constexpr int kMaxScans = 500;

struct ErrorManager {
  jpeg_error_mgr base{};
  std::jmp_buf jump{};
  std::array<char, JMSG_LENGTH_MAX> message{};
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* manager = reinterpret_cast<ErrorManager*>(info->err);
  manager->base.format_message(info, manager->message.data());
  std::longjmp(manager->jump, 1);
}

// libjpeg goes on after a warning and invents the rest of the picture; these tell that pixels are lost.
void judgeMessage(j_common_ptr info, int level) {
  if (level >= 0) return;
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      leave(info);
  }
}

// Bytes in memory; behind their end stands an endless end-of-image marker, so that what is missing shows as
// lost pixels and a picture that lacks nothing but the marker is accepted.
struct Source {
  jpeg_source_mgr base{};
  bool ended = false;
};

boolean giveEnd(j_decompress_ptr info) {
  static constexpr std::array<JOCTET, 2> kEnd{0xFF, JPEG_EOI};
  auto* source = reinterpret_cast<Source*>(info->src);
  source->ended = true;
  source->base.next_input_byte = kEnd.data();
  source->base.bytes_in_buffer = kEnd.size();
  return TRUE;
}

void skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  const auto available = static_cast<long>(info->src->bytes_in_buffer);
  if (count > available) {
    giveEnd(info);
    return;
  }
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= static_cast<std::size_t>(count);
}

void limitScans(j_common_ptr info) {
  const auto* decompress = reinterpret_cast<j_decompress_ptr>(info);
  if (decompress->input_scan_number <= kMaxScans) return;
  auto* manager = reinterpret_cast<ErrorManager*>(info->err);
  std::snprintf(manager->message.data(), manager->message.size(), "it asks for more than %d passes",
                kMaxScans);
  std::longjmp(manager->jump, 1);
}

int divide255(int a, int b) {
  const int product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Pillow's cmyk2rgb of the inverted samples (the convention of Adobe's files, which it takes for every file).
void cmykRow(const JSAMPLE* samples, std::uint8_t* rgb, int width) {
  for (int x = 0; x < width; ++x, samples += 4, rgb += 3) {
    const int white = samples[3];
    for (int c = 0; c < 3; ++c) {
      rgb[c] = static_cast<std::uint8_t>(std::clamp(white - divide255(255 - samples[c], white), 0, 255));
    }
  }
}

// Every call into libjpeg is made below a setjmp; functions with one hold no object that would need its
// destructor.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = leave;
    errors_.base.emit_message = judgeMessage;
    progress_.progress_monitor = limitScans;
    source_.base.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.base.bytes_in_buffer = bytes.size();
    source_.base.init_source = [](j_decompress_ptr) {};
    source_.base.fill_input_buffer = giveEnd;
    source_.base.skip_input_data = skip;
    source_.base.resync_to_restart = jpeg_resync_to_restart;
    source_.base.term_source = [](j_decompress_ptr) {};
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // The header has been read when `choose` is called; it sets how the pixels are computed.
  template <typename Choose>
  void decode(Choose choose, Image& out) {
    if (!readHeader()) fail();
    info_.out_color_space = info_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    choose(info_);
    if (!start()) fail();
    // All passes have been read by now, and a file cut between two of them shows no other sign.
    if (source_.ended && multiplePasses_) throw Error(kTruncated);
    out.width = static_cast<int>(info_.output_width);
    out.height = static_cast<int>(info_.output_height);
    out.pixels.resize(std::size_t{3} * info_.output_width * info_.output_height);
    std::vector<JSAMPLE> row(info_.out_color_space == JCS_CMYK ? std::size_t{4} * info_.output_width : 0);
    if (!readRows(out.pixels.data(), row.data())) fail();
  }

 private:
  static constexpr const char* kTruncated = "is truncated: its pixels end early";

  [[noreturn]] void fail() const {
    if (source_.ended) throw Error(kTruncated);
    throw Error(std::string("is damaged: ") + errors_.message.data());
  }

  bool readHeader() {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.src = &source_.base;
    info_.progress = &progress_;
    jpeg_read_header(&info_, TRUE);
    multiplePasses_ = jpeg_has_multiple_scans(&info_);
    return true;
  }

  bool start() {
    if (setjmp(errors_.jump) != 0) return false;
    jpeg_start_decompress(&info_);
    return true;
  }

  bool readRows(std::uint8_t* pixels, JSAMPLE* cmyk) {
    if (setjmp(errors_.jump) != 0) return false;
    while (info_.output_scanline < info_.output_height) {
      std::uint8_t* target = pixels + std::size_t{3} * info_.output_width * info_.output_scanline;
      JSAMPROW row = cmyk ? cmyk : target;
      jpeg_read_scanlines(&info_, &row, 1);
      if (cmyk) cmykRow(cmyk, target, static_cast<int>(info_.output_width));
    }
    return true;
  }

  jpeg_decompress_struct info_{};
  ErrorManager errors_;
  jpeg_progress_mgr progress_{};
  Source source_;
  bool multiplePasses_ = false;
};

}  // namespace

void decodeJpeg(std::span<const std::byte> bytes, int reduction, Image& out) {
  const auto choose = [&](jpeg_decompress_struct& info) {
    info.scale_num = 1;
    info.scale_denom = static_cast<unsigned>(reduction);
  };
  Decoder(bytes).decode(choose, out);
}

Image decodeJpegSmall(std::span<const std::byte> bytes, int side) {
  const auto choose = [&](jpeg_decompress_struct& info) {
    const auto longer = static_cast<int>(std::max(info.image_width, info.image_height));
    while (info.scale_denom < 8 && longer / static_cast<int>(2 * info.scale_denom) >= side)
      info.scale_denom *= 2;
    info.dct_method = JDCT_IFAST;
    info.do_fancy_upsampling = FALSE;
  };
  Image image;
  Decoder(bytes).decode(choose, image);
  return image;
}

}  // namespace panicle
