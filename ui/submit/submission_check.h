// What is to be written, and whether it may be: the submission made of a run's test predictions and a sample, with one
// verdict for each thing that a competition's server would refuse.
#pragma once

#include <QString>
#include <QStringList>
#include <array>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <vector>

#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/eval/submission.h"
#include "ui/shared/run_chooser.h"

namespace panicle::ui {

enum class Verdict { Pending, Good, Doubtful, Bad };

struct Check {
  QString name;     // "Header"
  Verdict verdict = Verdict::Pending;
  QString detail;   // what was found, or what is wrong and what to do
};

enum CheckKind { HeaderCheck, CountCheck, PredictedCheck, DuplicateCheck, LabelCheck, CheckKinds };
using Checklist = std::array<Check, CheckKinds>;

// All pending: nothing is chosen yet.
Checklist emptyChecklist();

struct SubmissionReport {
  Submission submission;
  Checklist checks;
  QStringList labels;                  // the run's vocab
  std::vector<double> shares;          // of each label among the rows
  std::vector<double> known_shares;    // of each label among `known_photos`; empty when nothing is labelled
  QString known_photos;                // "training photos"

  bool good() const { return submission.problems.empty(); }
};

// Whether a run's predictions with test-time augmentation are what it submits: they are where it has them.
bool submitsTta(const RunChoice& run);

// `dataset` (may be null) is where the label shares are compared with if its vocab is the run's; else the run's validation
// photos are. A sample that cannot be read is a bad check; throws Error when the run's own predictions cannot be read.
std::shared_ptr<const SubmissionReport> checkSubmission(const RunChoice& run, const std::filesystem::path& sample,
                                                        const std::shared_ptr<const Dataset>& dataset,
                                                        std::stop_token stop, const Progress& progress);

}  // namespace panicle::ui
