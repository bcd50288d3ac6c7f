#include "core/transforms/geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace panicle {
namespace {

using Matrix3 = std::array<float, 9>;

Matrix3 operator*(const Matrix3& a, const Matrix3& b) {
  Matrix3 product{};
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      for (int k = 0; k < 3; ++k) product[3 * row + column] += a[3 * row + k] * b[3 * k + column];
    }
  }
  return product;
}

Matrix3 dihedralMatrix(int index) {
  static constexpr float kX[]{1, -1, 1, -1, -1, 1, 1, -1};
  static constexpr float kY[]{1, 1, -1, 1, -1, -1, 1, -1};
  static constexpr bool kTurned[]{false, false, false, true, false, true, true, true};
  const float x = kX[index];
  const float y = kY[index];
  if (kTurned[index]) return {0, x, 0, y, 0, 0, 0, 0, 1};
  return {x, 0, 0, 0, y, 0, 0, 0, 1};
}

Matrix3 rotationMatrix(float degrees) {
  const float angle = degrees * static_cast<float>(std::numbers::pi) / 180.0f;
  const float cosine = std::cos(angle);
  const float sine = std::sin(angle);
  return {cosine, sine, 0, -sine, cosine, 0, 0, 0, 1};
}

Matrix3 zoomMatrix(float zoom, float x, float y) {
  const float scale = 1.0f / zoom;
  return {scale, 0, (1 - scale) * (2 * x - 1), 0, scale, (1 - scale) * (2 * y - 1), 0, 0, 1};
}

// Eight equations; the right-hand side apart.
struct Equations {
  std::array<std::array<float, 8>, 8> rows{};
  std::array<float, 8> right{};
};

// As LAPACK's sgesv rounds it in OpenBLAS: LU by columns with row pivoting in float32. Solved in double, a
// picture of 480 pixels would differ by 1e-5 from fastai's.
std::array<float, 8> solve(Equations equations) {
  auto& [a, b] = equations;
  for (int j = 0; j < 8; ++j) {
    for (int i = 1; i < j; ++i) {
      float sum = 0;
      for (int k = 0; k < i; ++k) sum += a[i][k] * a[k][j];
      a[i][j] -= sum;
    }
    for (int k = 0; k < j; ++k) {
      for (int i = j; i < 8; ++i) a[i][j] -= a[i][k] * a[k][j];
    }
    int pivot = j;
    for (int i = j + 1; i < 8; ++i) pivot = std::abs(a[i][j]) > std::abs(a[pivot][j]) ? i : pivot;
    std::swap(a[j], a[pivot]);
    std::swap(b[j], b[pivot]);
    const float inverse = 1 / a[j][j];
    for (int i = j + 1; i < 8; ++i) a[i][j] *= inverse;
  }
  for (int j = 0; j < 8; ++j) {
    for (int i = j + 1; i < 8; ++i) b[i] -= a[i][j] * b[j];
  }
  for (int j = 7; j >= 0; --j) {
    b[j] /= a[j][j];
    for (int i = 0; i < j; ++i) b[i] -= a[i][j] * b[j];
  }
  return b;
}

}  // namespace

AffineMatrix affineMatrix(const AugDraw& draw, Size size) {
  const Matrix3 matrix = dihedralMatrix(draw.dihedral) * rotationMatrix(draw.rotate) *
                         zoomMatrix(draw.zoom, draw.zoom_x, draw.zoom_y);
  const auto ratio = static_cast<double>(size.height) / size.width;
  return {matrix[0], matrix[1] * static_cast<float>(ratio),
          matrix[2], matrix[3] * static_cast<float>(1 / ratio),
          matrix[4], matrix[5]};
}

std::array<float, 8> warpCoefficients(const AugDraw& draw) {
  const float x = draw.warp_x;
  const float y = draw.warp_y;
  const std::array<std::pair<float, float>, 4> from{{{-1, -1}, {-1, 1}, {1, -1}, {1, 1}}};
  const std::array<std::pair<float, float>, 4> to{
      {{-1 - y, -1 - x}, {-1 + y, 1 + x}, {1 + y, -1 + x}, {1 - y, 1 - x}}};
  Equations equations;
  for (int i = 0; i < 4; ++i) {
    const auto [px, py] = from[i];
    const auto [tx, ty] = to[i];
    equations.rows[2 * i] = {tx, ty, 1, 0, 0, 0, -px * tx, -px * ty};
    equations.rows[2 * i + 1] = {0, 0, 0, tx, ty, 1, -py * tx, -py * ty};
    equations.right[2 * i] = px;
    equations.right[2 * i + 1] = py;
  }
  return solve(equations);
}

bool isAffine(const AugDraw& draw) {
  return draw.dihedral != 0 || draw.rotate != 0 || draw.zoom != 1;
}

bool isWarped(const AugDraw& draw) {
  return draw.warp_x != 0 || draw.warp_y != 0;
}

std::optional<Size> areaPrefilter(Size input, Size output, double coordinate_range) {
  const double zoom = 1 / coordinate_range * 2;
  const double down =
      std::min(static_cast<double>(input.height) / output.width, static_cast<double>(input.width) / 2) / 2;
  if (!(down > 1 && down > zoom)) return std::nullopt;
  const double factor = 1 / down;
  // Neither side comes out empty, where torch fails.
  return Size{std::max(static_cast<int>(std::floor(input.height * factor)), 1),
              std::max(static_cast<int>(std::floor(input.width * factor)), 1)};
}

Size samplesPerPixel(const AugDraw& draw, Size crop, Size result) {
  const auto samples = [&](int from, int to) {
    const double scale = static_cast<double>(from) / to / draw.zoom;
    return std::max(static_cast<int>(std::ceil(scale / 1.25)), 1);
  };
  return {samples(crop.height, result.height), samples(crop.width, result.width)};
}

std::vector<float> gridPositions(int count, bool align_corners) {
  std::vector<float> positions(static_cast<std::size_t>(count));
  if (count == 1) {
    positions[0] = 0;
    return positions;
  }
  // torch's linspace fills eight at a time, each from the first of its eight; bit for bit.
  constexpr int kTogether = 8;
  const float step = 2.0f / static_cast<float>(count - 1);
  const auto exactly = [&](int i) {
    return i < count / 2 ? std::fma(step, static_cast<float>(i), -1.0f)
                         : std::fma(-step, static_cast<float>(count - i - 1), 1.0f);
  };
  int i = 0;
  for (; i + kTogether <= count; i += kTogether) {
    const float first = exactly(i);
    for (int k = 0; k < kTogether; ++k) positions[i + k] = first + static_cast<float>(k) * step;
  }
  for (; i < count; ++i) positions[i] = exactly(i);
  if (!align_corners) {
    for (float& position : positions)
      position = position * static_cast<float>(count - 1) / static_cast<float>(count);
  }
  return positions;
}

}  // namespace panicle
