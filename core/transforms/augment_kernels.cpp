#include "core/transforms/augment_kernels.h"

#include "core/transforms/augment_kernels_body.h"

namespace panicle {
namespace {

void locate(const Mapping& mapping, const float* x, float y, int count, Places& places) {
  kernel_body::locate(mapping, x, y, count, places);
}
void sampleBytes(const std::uint8_t* source, int sourceWidth, int, const Places& places, int count,
                 float* out) {
  for (int i = 0; i < count; ++i) kernel_body::sampleOne(source, 3, sourceWidth, places, i, out);
}
void sampleFloats(const float* source, int sourceWidth, const Places& places, int count, float* out) {
  for (int i = 0; i < count; ++i) kernel_body::sampleOne(source, 4, sourceWidth, places, i, out);
}
void addSamples(const float* row, int samples, float scale, int count, float* out) {
  kernel_body::addSamples(row, samples, scale, count, out);
}
void widen(const std::uint8_t* rgb, int count, float* out) {
  kernel_body::widen(rgb, count, out);
}
void resampleRow(const float* row, const FloatTaps& taps, float* out) {
  kernel_body::resampleRow(row, taps, out);
}
void combineRows(const float* const* rows, const float* weights, int window, int count, float* out) {
  kernel_body::combineRows(rows, weights, window, count, out);
}
void narrow(const float* row, int count, float scale, float* rgb) {
  kernel_body::narrow(row, count, scale, rgb);
}
void relight(float* values, int count, const LogitChange& change) {
  for (int i = 0; i < count; ++i) values[i] = kernel_body::relit(values[i], change);
}
void toLogit(float* values, int count, const LogitChange& change) {
  for (int i = 0; i < count; ++i) values[i] = kernel_body::changedLogit(values[i], change);
}
void fromLogit(float* values, int count) {
  for (int i = 0; i < count; ++i) values[i] = kernel_body::sigmoid(values[i]);
}
void scaleChannels(float* rgb, int count, const std::array<float, 3>& factor,
                   const std::array<float, 3>& offset) {
  kernel_body::scaleChannels(rgb, count, factor, offset);
}

constexpr AugmentKernels kPortable{locate,  sampleBytes, sampleFloats, addSamples,
                                   widen,   resampleRow, combineRows,  narrow,
                                   relight, toLogit,     fromLogit,    scaleChannels};

}  // namespace

const AugmentKernels& portableAugmentKernels() {
  return kPortable;
}

const AugmentKernels& augmentKernels() {
  static const AugmentKernels& best = []() -> const AugmentKernels& {
    if (const AugmentKernels* kernels = avx512AugmentKernels()) return *kernels;
    if (const AugmentKernels* kernels = avx2AugmentKernels()) return *kernels;
    return kPortable;
  }();
  return best;
}

}  // namespace panicle
