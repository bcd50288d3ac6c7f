// Charts of a report, as SVG that takes its colours from the page's style. Internal to core/eval.
#pragma once

#include <string>
#include <vector>

#include "core/eval/calibration.h"
#include "core/eval/report.h"

namespace panicle {

// Text as it may stand in HTML, between tags and in attributes.
std::string htmlText(const std::string& text);

// Curves over 1, 2, ...; values that are not finite interrupt a curve.
std::string chartSvg(const ReportChart& chart);

// The share that was right over the confidence, beside the diagonal of a network that is as sure as it is right.
std::string reliabilitySvg(const Calibration& calibration);

}  // namespace panicle
