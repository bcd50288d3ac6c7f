#include "ui/runs/comparison.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <unordered_map>

#include "core/base/error.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr qsizetype kMostCharacters = 24;
constexpr double kSure = 0.05;
constexpr std::size_t kTopClasses = 5;

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::CompareView", text); }

// A data set may be named by its CSV; the photos lie below its folder.
std::filesystem::path photoRoot(const std::string& named) {
  const std::filesystem::path root(named);
  std::error_code ignored;
  return std::filesystem::is_regular_file(root, ignored) ? root.parent_path() : root;
}

ComparedRun comparedRun(const RunStore& store, RunRecord record) {
  ComparedRun run;
  run.label = shortTitle(record.id, record.name);
  run.series = RunSeries(record, store.steps(record.id));
  run.folder = store.folder(record.id);
  run.record = std::move(record);
  return run;
}

// The most probable classes of a photo first.
QVector<QPair<QString, double>> topOf(const Predictions& predictions, std::size_t row) {
  const std::span<const float> probabilities = predictions.row(row);
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t top = std::min(kTopClasses, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(),
                    [&](std::size_t a, std::size_t b) { return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b; });
  QVector<QPair<QString, double>> classes;
  for (std::size_t i = 0; i < top; ++i) {
    classes.append({QString::fromStdString(predictions.vocab[order[i]]), static_cast<double>(probabilities[order[i]])});
  }
  return classes;
}

// What `other` says of the photos that changed sides, and beside it what `first` said.
std::vector<Photo> photosOf(const ComparedRun& first, const ComparedRun& other, const std::vector<Flip>& flips, const Predictions& predictions,
                            const std::unordered_map<std::string, std::size_t>& rows) {
  const std::filesystem::path root = photoRoot(other.record.spec.data.root);
  std::vector<Photo> photos;
  photos.reserve(flips.size());
  for (const Flip& flip : flips) {
    Photo photo;
    photo.id = QString::fromStdString(flip.id);
    photo.path = QString::fromStdString(flip.path);
    photo.file = QString::fromStdString((root / flip.path).string());
    photo.label = QString::fromStdString(flip.actual);
    photo.targets.append({first.label, photo.label, QString::fromStdString(flip.predicted_a)});
    PhotoPrediction prediction;
    prediction.run = other.label;
    prediction.label = QString::fromStdString(flip.predicted_b);
    prediction.probability = static_cast<double>(flip.probability_b);
    if (const auto row = rows.find(flip.id); row != rows.end()) {
      photo.target = predictions.targets[row->second];
      prediction.loss = static_cast<double>(predictions.losses[row->second]);
      prediction.top = topOf(predictions, row->second);
    }
    photo.prediction = std::move(prediction);
    photos.push_back(std::move(photo));
  }
  return photos;
}

PairedPhotos pairedPhotos(const ComparedRun& first, const ComparedRun& other, RunComparison::Paired test) {
  PairedPhotos made;
  if (test.problem.empty()) {
    const Predictions predictions = readPredictions(other.folder, "valid");
    std::unordered_map<std::string, std::size_t> rows;
    for (std::size_t i = 0; i < predictions.size(); ++i) rows.emplace(predictions.ids[i], i);
    made.wrongToRight = photosOf(first, other, test.result.wrong_to_right, predictions, rows);
    made.rightToWrong = photosOf(first, other, test.result.right_to_wrong, predictions, rows);
  }
  made.test = std::move(test);
  return made;
}

// "1.5 points", of a difference of two error rates.
QString points(double share) { return tr("%1 points").arg(QString::number(std::abs(share) * 100, 'f', std::abs(share) < 0.1 ? 1 : 0)); }

QString oneIn(double p) {
  if (p < 0.0005) return tr("in fewer than 1 of 1,000 cases");
  if (p < 0.0095) return tr("in %1 of 1,000 cases").arg(QString::number(p * 1000, 'f', 0));
  return tr("in %1 of 100 cases").arg(QString::number(p * 100, 'f', 0));
}

QString testWords(const PairedComparison& result) {
  const QString p = result.test.mid_p < 0.0001 ? QStringLiteral("< 0.0001") : QStringLiteral("= %1").arg(result.test.mid_p, 0, 'g', 2);
  return tr("Two runs that are equally good would differ as much as this %1 (McNemar p %2).").arg(oneIn(result.test.mid_p), p);
}

// The interval of the difference as a sentence of errors less or more.
QString intervalWords(const PairedComparison& result) {
  const Interval& range = result.difference;
  const auto side = [](double share) { return share <= 0 ? tr("fewer") : tr("more"); };
  if (range.low <= 0 && range.high >= 0) {
    return tr("On other photos of this kind it may be anything from %1 fewer to %2 more.").arg(points(range.low), points(range.high));
  }
  const double near = range.low > 0 ? range.low : range.high, far = range.low > 0 ? range.high : range.low;
  return tr("On other photos of this kind expect %1 to %2 %3.").arg(points(near).section(QLatin1Char(' '), 0, 0), points(far), side(near));
}

}  // namespace

QString shortTitle(const std::string& id, const std::string& name) {
  if (name.empty()) return tr("run %1").arg(QString::fromStdString(id));
  QString text = QString::fromStdString(name).simplified();
  if (text.size() > kMostCharacters) text = text.left(kMostCharacters - 1) + QChar(0x2026);
  return QString::fromStdString(id) + QLatin1Char(' ') + text;
}

bool Comparison::hasRepetitions() const {
  return std::any_of(repetitions.begin(), repetitions.end(), [](const auto& group) { return group.size() > 1; });
}

std::shared_ptr<const Comparison> readComparison(const RunStore& store, const std::vector<std::string>& ids, const std::string& first,
                                                 std::stop_token stop, const Progress& progress) {
  std::vector<std::string> ordered{first};
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(ordered), [&](const std::string& id) { return id != first; });
  const std::uint64_t steps = 1 + 2 * ids.size();
  std::uint64_t done = 0;
  const auto step = [&] {
    if (stop.stop_requested()) throw Cancelled();
    progress(++done, steps);
  };
  progress(0, steps);
  RunComparison read = compareRuns(store, ordered);
  step();
  auto made = std::make_shared<Comparison>();
  auto runs = std::make_shared<std::vector<ComparedRun>>();
  for (std::size_t i = 0; i < read.runs.size(); ++i) {
    ComparedRun run = comparedRun(store, std::move(read.runs[i]));
    run.color = static_cast<int>(std::find(ids.begin(), ids.end(), run.record.id) - ids.begin());
    for (std::size_t g = 0; g < read.repetitions.size(); ++g) {
      const auto& group = read.repetitions[g];
      if (std::find(group.begin(), group.end(), i) != group.end()) run.seedGroup = static_cast<int>(g);
    }
    runs->push_back(std::move(run));
    step();
  }
  for (RunComparison::Paired& paired : read.paired) {
    made->paired.push_back(pairedPhotos(runs->front(), (*runs)[paired.run], std::move(paired)));
    step();
  }
  made->runs = std::move(runs);
  made->settings = std::move(read.settings);
  made->repetitions = std::move(read.repetitions);
  return made;
}

PairVerdict verdictOf(const Comparison& comparison, const PairedPhotos& paired) {
  const QString first = comparison.runs->front().label;
  const QString other = (*comparison.runs)[paired.test.run].label;
  if (!paired.test.problem.empty()) return {PairVerdict::Kind::None, tr("%1 and %2 cannot be compared photo by photo").arg(other, first), QString::fromStdString(paired.test.problem)};
  const PairedComparison& result = paired.test.result;
  const auto photos = result.counts.images();
  if (photos == 0) {
    return {PairVerdict::Kind::None, tr("%1 and %2 have no validation photo in common").arg(other, first),
            tr("They were split otherwise. Give both the same split and seed of the split to compare them photo by photo.")};
  }
  PairVerdict verdict;
  const bool sure = result.test.mid_p < kSure;
  const bool less = result.error_b < result.error_a;
  verdict.kind = !sure ? PairVerdict::Kind::Open : less ? PairVerdict::Kind::Better : PairVerdict::Kind::Worse;
  verdict.headline = !sure ? tr("%1 and %2: no difference to be seen").arg(other, first)
                     : less ? tr("%1 errs less than %2").arg(other, first)
                            : tr("%1 errs more than %2").arg(other, first);
  const auto errors = [&](std::uint64_t only) { return formatCount(static_cast<quint64>(result.counts.both_wrong + only)); };
  verdict.text = tr("On the %1 validation photos that both have seen it errs on %2 (%3), %4 on %5 (%6).")
                     .arg(formatCount(static_cast<quint64>(photos)), errors(result.counts.only_a_right), formatPercent(result.error_b), first,
                          errors(result.counts.only_b_right), formatPercent(result.error_a)) +
                 QLatin1Char(' ') + intervalWords(result) + QLatin1Char(' ') + testWords(result);
  const std::size_t left = result.only_in_a + result.only_in_b;
  if (left > 0) verdict.text += QLatin1Char(' ') + tr("%1 photos that only one of them has are left out.").arg(formatCount(left));
  if (result.relabelled > 0) verdict.text += QLatin1Char(' ') + tr("%1 photos whose label was changed in between are left out.").arg(formatCount(result.relabelled));
  return verdict;
}

}  // namespace panicle::ui
