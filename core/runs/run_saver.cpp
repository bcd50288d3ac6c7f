#include "core/runs/run_saver.h"

#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/runs/resume_point.h"

namespace panicle {
namespace {

std::string wordsOf(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

RunSaver::RunSaver(std::filesystem::path folder, const CheckpointOptions& options, TrainControl& control, TrainObserver tell,
                   TrainObserver show)
    : folder_(std::move(folder)),
      tell_(std::move(tell)),
      spec_(specChecksum(folder_)),
      patience_(control,
                [show = std::move(show)](const std::string& words) {
                  show(PhaseChanged{words});
                  show(Warning{words, ""});
                }),
      keeper_(checkpointFolder(folder_), options, writer_, [this](const std::filesystem::path& place, const std::exception_ptr& failure) {
        kept_ = !failure;
        if (failure) return warn("a checkpoint was not written: " + wordsOf(failure));
        tell_(CheckpointWritten{place.string()});
      }) {}

void RunSaver::saveModel(const Classifier& model, const std::map<std::string, std::string>& metadata, const Saved& what) {
  const std::shared_ptr<HeldFile> file = stageWeights(model, modelFile(), metadata, memoryForNext(modelMemory_));
  holdsModel_ = true;
  writer_.submit("model", [file] { file->commit(); }, [this, what](const std::exception_ptr& failure) {
    modelFailure_ = failure;
    if (failure) {
      holdsModel_ = false;
      return warn("the model was not saved: " + wordsOf(failure));
    }
    saved_ = what;
    tell_(CheckpointWritten{modelFile().string()});
  });
}

void RunSaver::atBoundary(Boundary boundary, const Trainer& trainer, double seconds, const std::function<void()>& store) {
  report();
  if (!keeper_.due(boundary)) return;
  try {
    patience_(store);
    patience_([&] {
      keeper_.take(trainer.saveState(),
                   {.spec = spec_, .seconds = seconds, .saved_epochs = saved_.epochs, .saved_metrics = Json(saved_.metrics)});
    });
  } catch (const Error& error) {
    warn(std::string("a checkpoint was not written: ") + error.what());
  }
}

bool RunSaver::saveNow(const Trainer& trainer, double seconds, const std::function<void()>& store) {
  wait();
  kept_ = false;
  atBoundary(Boundary::Free, trainer, seconds, store);
  wait();
  return kept_;
}

void RunSaver::goOnFrom(const Checkpoint& checkpoint) {
  saved_ = {checkpoint.note().saved_epochs, numbersOf(checkpoint.note().saved_metrics)};
}

void RunSaver::finish() {
  wait();
  if (modelFailure_) std::rethrow_exception(std::exchange(modelFailure_, nullptr));
}

// Each once: a folder that cannot be written stays so for every epoch.
void RunSaver::warn(const std::string& what) {
  if (warned_.insert(what).second) tell_(Warning{what, ""});
}

}  // namespace panicle
