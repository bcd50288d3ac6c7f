// What does not fit into memory at once goes through in pieces. Internal to core (includes torch).
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <functional>

namespace panicle {

// Runs `work`; false when it failed for want of memory, of the device or of the machine. Everything that it held is
// released then, and what the device's allocator kept for later.
bool fitsInMemory(c10::Device device, const std::function<void()>& work);

// Rows of a result that do not depend on each other, such as a network's outputs without a way back: where the whole
// does not fit, it is made in halves, quarters ..., from then on.
class PieceByPiece {
 public:
  explicit PieceByPiece(c10::Device device) : device_(device) {}

  // `compute` gives the rows of `count` images from `first` on. Throws what it throws when not even single images fit.
  at::Tensor operator()(int images, const std::function<at::Tensor(int first, int count)>& compute);

  int pieces() const { return pieces_; }  // that the last whole was made in

 private:
  c10::Device device_;
  int pieces_ = 1;
};

}  // namespace panicle
