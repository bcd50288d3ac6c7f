#include "core/models/pieces.h"

#include <torch/types.h>

#include <algorithm>
#include <new>
#include <vector>

#include "core/base/error.h"
#include "core/models/device.h"

namespace panicle {
namespace {

bool ranOut(const std::function<void()>& work) {
  try {
    work();
    return false;
  } catch (const c10::Error& error) {
    if (!isOutOfMemory(error)) throw;
  } catch (const OutOfMemory&) {
  } catch (const std::bad_alloc&) {
  }
  return true;
}

}  // namespace

bool fitsInMemory(c10::Device device, const std::function<void()>& work) {
  if (!ranOut(work)) return true;
  releaseKept(device);
  return false;
}

at::Tensor PieceByPiece::operator()(int images, const std::function<at::Tensor(int first, int count)>& compute) {
  for (;; pieces_ *= 2) {
    const int most = std::max(1, (images + pieces_ - 1) / pieces_);
    std::vector<at::Tensor> rows;
    const auto work = [&] {
      for (int first = 0; first < images; first += most) rows.push_back(compute(first, std::min(most, images - first)));
    };
    if (most == 1) {
      work();
    } else if (!fitsInMemory(device_, work)) {
      continue;
    }
    return rows.size() == 1 ? rows.front() : torch::cat(rows);
  }
}

}  // namespace panicle
