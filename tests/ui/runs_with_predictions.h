// Runs as the store keeps them after training, made without training: for the pages that read their predictions.
#pragma once

#include <QString>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "core/eval/predictions.h"
#include "core/runs/run_store.h"

namespace panicle::testing {

// `per_class` photos of each class; photo k of class c is taken for class (c + k) % 3 away from its own when k % 4 == 3.
// The probability of the predicted class grows with k, so that orders can be told apart.
inline Predictions madePredictions(int classes, int per_class, bool labelled = true) {
  Predictions made;
  for (int c = 0; c < classes; ++c) made.vocab.push_back("class_" + std::to_string(10'000 + c).substr(1));
  for (int c = 0; c < classes; ++c) {
    for (int k = 0; k < per_class; ++k) {
      const int shift = k % 4 == 3 ? (c + k) % 3 : 0;
      const auto predicted = static_cast<std::size_t>((c + shift) % classes);
      const std::string id = made.vocab[static_cast<std::size_t>(c)] + "_" + std::to_string(k) + ".jpg";
      const float most = 0.55F + 0.4F * static_cast<float>(k) / static_cast<float>(per_class);
      const std::size_t first = made.probabilities.size();
      made.probabilities.resize(first + static_cast<std::size_t>(classes), (1 - most) / static_cast<float>(classes - 1));
      made.probabilities[first + predicted] = most;
      made.ids.push_back(id);
      made.paths.push_back(labelled ? made.vocab[static_cast<std::size_t>(c)] + "/" + id : "test_images/" + id);
      made.targets.push_back(labelled ? c : -1);
      made.losses.push_back(labelled ? -std::log(made.probabilities[first + static_cast<std::size_t>(c)]) : 0.0F);
    }
  }
  return made;
}

// A finished run of resnet18 on photos in `root`; returns its id.
inline std::string addRun(RunStore& store, const std::string& name, const std::string& root) {
  RunSpec spec;
  spec.name = name;
  spec.data.root = root;
  spec.model.arch = "resnet18";
  const std::string run = store.create(spec, Json::object());
  EpochEnded epoch;
  epoch.metrics = {{"error_rate", 0.25}, {"accuracy", 0.75}};
  store.record(run, epoch);
  RunEnded end;
  end.run = run;
  end.status = RunStatus::Finished;
  store.record(run, end);
  return run;
}

}  // namespace panicle::testing
