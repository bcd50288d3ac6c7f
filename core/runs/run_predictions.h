// A run's predictions: kept in its folder once they are made, never made again for a look at them.
//
//   <run>/<set>_preds.csv ...                 of the kept model; sets valid and test come with the run's end, valid_tta and test_tta where its spec
//                                             has tta; all others (train, another checkpoint, tta afterwards) on demand, by ensurePredictions()
//   <run>/predictions/last/<set>_preds.csv    of the last checkpoint
//   <stem>_views.safetensors                  the votes of test-time augmentation (core/eval/tta_views.h)
//   <stem>_made.json                          beside those that were made on demand: of which weights, so that a run that goes on makes them anew
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "core/base/fields.h"
#include "core/eval/predictions.h"
#include "core/eval/tta_options.h"
#include "core/runs/run_store.h"
#include "core/runs/saved_network.h"

namespace panicle {

// Photos that a run trained on, those that validated it, and those without labels.
enum class PhotoSet { Train, Valid, Test };

template <>
struct EnumNames<PhotoSet> {
  static constexpr std::array names{"train", "valid", "test"};
};

struct WhichPredictions {
  std::string run;
  PhotoSet set = PhotoSet::Valid;
  bool tta = false;
  RunModel model = RunModel::Kept;
};

// What readPredictions() takes; of a further target targetStem() of the stem.
struct PredictionPlace {
  std::filesystem::path folder;
  std::string stem;
};
PredictionPlace placeOf(const RunStore& store, const WhichPredictions& which);

// Where they are, if they are there and of the weights that the run has now. Looks at names and times alone.
std::optional<PredictionPlace> findPredictions(const RunStore& store, const WhichPredictions& which);

// Makes what is not there: reads the data set as the run's spec says, predicts and writes, the plain predictions too where `which` asks for test-time
// augmentation. `tta`: null takes the spec's, or fastai's defaults. With `again` what is there is replaced. Throws Error: no such run or model, a run
// that is running, a data set that is gone, or that has changed so that nobody can say which photos the run has not learnt; Cancelled, with nothing written.
PredictionPlace ensurePredictions(const RunStore& store, const WhichPredictions& which, const PredictionObserver& observer,
                                  const std::optional<TtaOptions>& tta = std::nullopt, bool again = false, std::stop_token stop = {});

// Removes those that were made on demand: the run goes on, and will have other weights.
void forgetMadePredictions(const std::filesystem::path& runFolder);

// Where predictions of a run come from, for a provenance (core/eval/provenance.h): run, name, status, spec, SHA-256 of the weights, metrics, and
// whether with test-time augmentation.
Json describePredictions(const RunStore& store, const WhichPredictions& which);

}  // namespace panicle
