// The geometry of aug_transforms as numbers: matrices, warp coefficients, box and filter sizes. In float32
// where fastai computes in float32. Positions are (x, y) from -1 to 1 over the picture. Shared by the two
// implementations of the batch stage (augment.h, augment_torch.h).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/transforms/augment.h"

namespace panicle {

// Row-major 2x3: from a position in the result to one in the item.
using AffineMatrix = std::array<float, 6>;

// I @ dihedral @ rotate @ zoom, then _prepare_mat for a picture of `size`. Source:
// AffineCoordTfm._get_affine_mat.
AffineMatrix affineMatrix(const AugDraw& draw, Size size);

// c0..c7 of (x, y) -> (c0 x + c1 y + c2, c3 x + c4 y + c5) / (c6 x + c7 y + 1), applied after the affine
// matrix. Source: _WarpCoord, find_coeffs.
std::array<float, 8> warpCoefficients(const AugDraw& draw);

bool isAffine(const AugDraw& draw);  // the affine matrix is not the identity
bool isWarped(const AugDraw& draw);

// The size to which _grid_sample averages areas before it samples a picture of `input` into `output`;
// nullopt: none. As 2.7.13 computes it: d = min(input.height / output.width, input.width / 2) / 2.
std::optional<Size> areaPrefilter(Size input, Size output, double coordinate_range);

// Samples along each axis of a result pixel that the fused engine averages, so that neighbouring samples are
// at most 1.25 item pixels apart where nothing is warped.
Size samplesPerPixel(const AugDraw& draw, Size crop, Size result);

// Positions of `count` samples along an axis: torch's affine_grid (linspace in float32), ends included where
// align_corners, else the cells' centres.
std::vector<float> gridPositions(int count, bool align_corners);

}  // namespace panicle
