#include "ui/inspect/inspection.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"

namespace panicle::ui {
namespace {

constexpr std::size_t kTopClasses = 5;

void checkStop(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Cancelled();
}

// Not a number (a run that diverged) sorts below every probability.
float orderable(float probability) {
  return std::isnan(probability) ? -1.0F : probability;
}

QString fromPath(const std::filesystem::path& path) {
  return QString::fromStdString(path.string());
}

const std::vector<std::string>& idsOf(const OtherTarget& other) {
  return std::visit([](const auto& predictions) -> const auto& { return predictions.ids; }, other.predictions);
}

OtherTarget readOther(const RunChoice& run, const KeptPredictions& kept, const Predictions& beside) {
  OtherTarget other{kept.target, {}};
  if (kept.number) {
    other.predictions = readNumberPredictions(run.folder, kept.stem);
  } else {
    other.predictions = readPredictions(run.folder, kept.stem);
  }
  if (idsOf(other) != beside.ids) {
    throw Error((run.folder / (kept.stem + "_preds.csv")).string() +
                ": holds other photos than the predictions beside it; both must come from the same run");
  }
  return other;
}

QString className(const Predictions& predictions, int target) {
  return target < 0 ? QString() : QString::fromStdString(predictions.vocab[static_cast<std::size_t>(target)]);
}

PhotoTarget targetOf(const OtherTarget& other, std::uint32_t row) {
  if (const auto* classes = std::get_if<Predictions>(&other.predictions)) {
    return {other.name, className(*classes, classes->targets[row]), className(*classes, classes->predicted(row))};
  }
  const auto& numbers = std::get<NumberPredictions>(other.predictions);
  const float truth = numbers.truths[row];
  return {other.name, std::isnan(truth) ? QString() : QString::fromStdString(numberText(truth)),
          QString::number(static_cast<double>(numbers.values[row]), 'g', 4)};
}

}  // namespace

std::size_t Inspection::bytes() const {
  // An id and a path are some hundred bytes a photo.
  std::size_t sum = predictions.probabilities.size() * sizeof(float) + predictions.size() * 256 +
                    matrix->counts.size() * sizeof(std::uint32_t);
  for (const OtherTarget& other : others) {
    const auto* classes = std::get_if<Predictions>(&other.predictions);
    sum += predictions.size() * (256 + sizeof(float) * (classes ? classes->vocab.size() : 1));
  }
  return sum;
}

std::shared_ptr<const Inspection> inspectRun(const RunChoice& run, const KeptPredictions& shown, std::stop_token stop,
                                             const Progress& progress) {
  constexpr std::uint64_t kSteps = 3;
  auto made = std::make_shared<Inspection>();
  made->run = run;
  progress(0, kSteps);
  made->shown = shown;
  made->predictions = readPredictions(run.folder, shown.stem);
  checkStop(stop);
  for (const KeptPredictions& kept : run.kept) {
    if (kept.tta == shown.tta && kept.stem != shown.stem) made->others.push_back(readOther(run, kept, made->predictions));
    checkStop(stop);
  }
  progress(1, kSteps);
  const Predictions& predictions = made->predictions;
  made->predicted.resize(predictions.size());
  for (std::size_t i = 0; i < predictions.size(); ++i) made->predicted[i] = predictions.predicted(i);
  for (const std::string& label : predictions.vocab) made->labels << QString::fromStdString(label);
  checkStop(stop);
  progress(2, kSteps);
  made->matrix = std::make_shared<const ConfusionMatrix>(confusionMatrix(predictions));
  made->confusions = mostConfused(*made->matrix);
  made->report = perClass(*made->matrix);
  made->by_loss = topLosses(predictions);
  made->wrong = static_cast<std::uint32_t>(
      std::count_if(made->by_loss.begin(), made->by_loss.end(),
                    [&](std::uint32_t i) { return made->predicted[i] != predictions.targets[i]; }));
  checkStop(stop);
  progress(kSteps, kSteps);
  return made;
}

std::vector<std::uint32_t> photosBehind(const Inspection& inspection, const std::vector<MatrixCell>& cells,
                                        WhichPhotos filter, PhotoOrder order) {
  const Predictions& predictions = inspection.predictions;
  const auto wanted = [&](std::uint32_t i) {
    const int actual = predictions.targets[i];
    const int predicted = inspection.predicted[i];
    if (filter == WhichPhotos::Wrong && actual == predicted) return false;
    if (filter == WhichPhotos::Right && actual != predicted) return false;
    return cells.empty() || std::any_of(cells.begin(), cells.end(), [&](const MatrixCell& cell) {
             return cell.covers(actual, predicted);
           });
  };
  std::vector<std::uint32_t> rows;
  std::copy_if(inspection.by_loss.begin(), inspection.by_loss.end(), std::back_inserter(rows), wanted);
  if (order == PhotoOrder::Probability) {
    const auto probability = [&](std::uint32_t i) {
      return orderable(predictions.row(i)[static_cast<std::size_t>(inspection.predicted[i])]);
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return probability(a) > probability(b); });
  } else if (order == PhotoOrder::Name) {
    std::stable_sort(rows.begin(), rows.end(), [&](std::uint32_t a, std::uint32_t b) {
      return predictions.paths[a] < predictions.paths[b];
    });
  }
  return rows;
}

Photo photoOf(const Inspection& inspection, std::uint32_t row) {
  const Predictions& predictions = inspection.predictions;
  Photo photo;
  photo.id = QString::fromStdString(predictions.ids[row]);
  photo.path = QString::fromStdString(predictions.paths[row]);
  photo.file = fromPath(inspection.run.root / predictions.paths[row]);
  photo.target = predictions.targets[row];
  if (photo.target >= 0) photo.label = inspection.labels[photo.target];

  const std::span<const float> probabilities = predictions.row(row);
  std::vector<std::uint32_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0U);
  const std::size_t top = std::min(kTopClasses, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(top), order.end(),
                    [&](std::uint32_t a, std::uint32_t b) {
                      const float first = orderable(probabilities[a]);
                      const float second = orderable(probabilities[b]);
                      return first != second ? first > second : a < b;
                    });
  PhotoPrediction prediction;
  prediction.run = inspection.run.title();
  const int predicted = inspection.predicted[row];
  prediction.label = inspection.labels[predicted];
  prediction.probability = static_cast<double>(probabilities[static_cast<std::size_t>(predicted)]);
  prediction.loss = static_cast<double>(predictions.losses[row]);
  for (std::size_t i = 0; i < top; ++i) {
    prediction.top.append({inspection.labels[order[i]], static_cast<double>(probabilities[order[i]])});
  }
  photo.prediction = std::move(prediction);
  for (const OtherTarget& other : inspection.others) photo.targets.append(targetOf(other, row));
  return photo;
}

}  // namespace panicle::ui
