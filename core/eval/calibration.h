// Whether a network is as sure as it is right, and what its probabilities rank first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/eval/interval.h"
#include "core/eval/predictions.h"

namespace panicle {

// Images whose confidence (confidenceOf(), core/eval/interpretation.h) is above `low` and at most `high`; 0 is in the first bin.
struct ReliabilityBin {
  double low = 0;
  double high = 0;
  std::uint32_t images = 0;
  double confidence = 0;    // mean; 0 without images, and so is the accuracy
  double accuracy = 0;      // share that is predicted rightly
  Interval accuracy_range;  // Wilson's, 95 %
};

struct Calibration {
  std::uint32_t images = 0;  // labelled ones, without those whose probabilities are not numbers
  std::vector<ReliabilityBin> bins;
  // Without images all of them are NaN.
  double confidence = 0;  // means over the images
  double accuracy = 0;
  double expected_error = 0;  // ECE: mean distance of a bin's accuracy from its confidence, weighted by its images
  double largest_error = 0;   // MCE: the largest of these distances
  double brier = 0;           // mean over the images of the sum over the classes of (probability - truth)^2: 0 to 2
  double log_loss = 0;        // mean loss (Predictions::losses)
};

// The reliability diagram's bins are equally wide. Source: Guo et al. 2017, "On calibration of modern neural networks"; Brier 1950.
Calibration calibration(const Predictions& predictions, std::size_t bins = 15);

struct PrPoint {
  float threshold = 0;  // images of this probability and above are taken for the class
  double precision = 0;
  double recall = 0;
};

// One class against the others, over the labelled images.
struct PrCurve {
  std::uint32_t positives = 0;   // images of the class
  double average_precision = 0;  // sum over the points of precision * (recall - recall of the point before); NaN without positives
  // Falling thresholds, rising recall. Only where the recall rises: at the distinct probabilities of the class's own images.
  std::vector<PrPoint> points;
};

// As scikit-learn's precision_recall_curve and average_precision_score. Probabilities that are not numbers rank last.
PrCurve prCurve(const Predictions& predictions, std::size_t label);

// Of every class, in vocab order; NaN for a class without images. 1,000 classes of 100,000 images take seconds: not for a click.
std::vector<double> averagePrecisions(const Predictions& predictions);

}  // namespace panicle
