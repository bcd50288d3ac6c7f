// What the Batch tab says of what it shows.
#pragma once

#include <QString>
#include <QStringList>

#include "ui/preview/batch_renderer.h"

namespace panicle::ui {

// The draws of a tile, one a line: "flipped left-right", "turned by 4.2°", "cut out: 415×415 at (12, 31) of
// 480×480 px". Empty in validation and without batch transforms.
QStringList drawWords(const BatchTile& tile, Mode mode, const std::optional<AugOptions>& options);

// Under the tiles: what they are.
QString captionWords(const BatchRequest& request, const BatchPicture& picture);

// "Values −2.12 to 2.64; of R G B, mean −0.03 0.11 0.32, std 1.02 1.00 0.98".
QString valueWords(const ValueStatistics& values);

// A number with a true minus sign.
QString signedNumber(double value, int decimals);

}  // namespace panicle::ui
