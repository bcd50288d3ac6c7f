// What an epoch's table says of the validation photos. Names and averages are fastai's (fastai.metrics): a metric is computed over
// all predictions of the validation set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace panicle {

struct MetricInfo {
  const char* name;    // "error_rate"
  const char* help;    // what it says, one sentence
  const char* fastai;  // what fastai calls it
  bool smaller_is_better;
  bool numbers;        // of a target that is a number (mae, rmse, r2), else of classes
};

// error_rate, accuracy, top_3_accuracy, top_5_accuracy, f1_macro, cohen_kappa, recall_macro (balanced accuracy), recall (one a class);
// mae, rmse, r2.
std::span<const MetricInfo> knownMetrics();

// What is better for a monitor ("valid_loss", "train_loss" or a metric, also "variety_error_rate"). fastai's rule, losses and errors are better
// when smaller, and so are mae and rmse, where fastai must be told (comp=np.less).
bool smallerIsBetter(const std::string& monitor);

// One thing that the network tells of a photo.
struct TargetKind {
  std::string name;          // "label", "variety", "age"
  std::size_t classes = 0;   // outputs of the network; 0: a number, which takes one output
  std::size_t outputs() const { return classes == 0 ? 1 : classes; }
};

// Those of `asked` that are said of such a target; of a number mae when none is.
std::vector<std::string> metricsOf(const std::vector<std::string>& asked, const TargetKind& target);

// The columns of the epoch table for these metrics: metrics of the first target bear their own name, those of the others the
// target's before it ("variety_error_rate"); targets that are numbers take mae when no metric of numbers is asked for. "recall" is a column a
// class: "recall/<class>" (named by `vocab`s, one a target).
std::vector<std::string> metricNames(const std::vector<std::string>& asked, const std::vector<TargetKind>& targets,
                                     const std::vector<std::vector<std::string>>& vocabs);

// Problems with the metrics asked for ("metrics: 'f2' is not known; did you mean 'f1_macro'?").
std::vector<std::string> checkMetrics(const std::vector<std::string>& asked);

// Collects one target's outputs over a validation pass. Memory: a few counts a class, however many photos.
class ClassMetrics {
 public:
  explicit ClassMetrics(std::size_t classes);
  // `logits` are rows x classes (any monotone score does); targets below 0 are left out. The class that comes first wins a tie.
  void add(std::span<const float> logits, std::span<const std::int64_t> targets);
  // Any of knownMetrics() of classes but "recall". NaN without a labelled photo. As scikit-learn: f1_macro leaves out classes that
  // neither occur nor are predicted, recall_macro those that do not occur. Throws std::invalid_argument for another name.
  double value(const std::string& metric) const;
  std::vector<double> recalls() const;  // by class; NaN for a class without a photo

 private:
  std::uint64_t rightPhotos() const;
  double f1Macro() const;
  double cohenKappa() const;
  double recallMacro() const;

  std::vector<std::uint64_t> right_, actual_, predicted_;  // photos, by class
  std::uint64_t photos_ = 0, amongThree_ = 0, amongFive_ = 0;
};

class NumberMetrics {
 public:
  void add(std::span<const float> predicted, std::span<const float> truth);  // truth NaN: left out
  double value(const std::string& metric) const;  // mae, rmse, r2; NaN without photos (r2: fewer than two)

 private:
  std::size_t count_ = 0;
  double absolute_ = 0, squared_ = 0;  // sums over the differences
  double mean_ = 0, spread_ = 0;       // of the truth; spread_ sums the squares of its distances from the mean
};

}  // namespace panicle
