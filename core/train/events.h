// What a run tells its observers (the store, the terminal, the window), as small values that may cross threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace panicle {

// The run's data, model and plan are ready; training begins.
struct RunStarted {
  std::string run;             // id in the store
  std::size_t train_images = 0;
  std::size_t valid_images = 0;
  std::size_t steps_per_epoch = 0;
  int epochs = 0;              // over all stages and phases
  std::string device;          // "cpu, 2 threads", "cuda:0 NVIDIA ..."
  std::vector<std::string> metrics;  // names, in the order of the epoch table: error_rate, accuracy
  std::string start;           // what the network starts from: a weight file's path, or "scratch: ..." and why
};

struct BatchEnded {
  int epoch = 0;               // counts over the whole run, from 0
  std::uint64_t step = 0;      // training batches so far in the run, this one included
  std::size_t batch = 0;       // within the epoch, from 1
  std::size_t batches = 0;     // of the epoch
  double loss = 0;             // this batch's mean
  double smooth_loss = 0;      // fastai's AvgSmoothLoss
  double lr = 0;               // of the last parameter group
  double momentum = 0;
  double seconds = 0;          // since the run began
  double eta_seconds = 0;      // until the run ends; below 0 while unknown
};

// Validation inside an epoch moves too, or the last part of an epoch would look stuck.
struct ValidationProgress {
  int epoch = 0;
  std::size_t batch = 0;
  std::size_t batches = 0;
};

struct EpochEnded {
  int stage = 0;               // index into RunSpec::stages
  int epoch = 0;               // over the whole run, from 0
  std::string phase;           // "one cycle", "frozen", "unfrozen"
  double train_loss = 0;       // smoothed, as fastai's table
  double valid_loss = 0;
  std::map<std::string, double> metrics;
  double seconds = 0;          // training and validation of this epoch
  std::uint64_t skipped_steps = 0;  // of this epoch: the gradients were not finite (mixed precision)
};

// The user changed the rates of the coming steps.
struct RatesChanged {
  int epoch = 0;
  std::uint64_t step = 0;      // the first that has them
  double lr_scale = 1;
  double wd = 0;
};

struct CheckpointWritten {
  std::string path;
};

// Memory at a moment, four times a second. Told by the run's own thread, so up to a batch later than it was.
struct MemorySampled {
  double seconds = 0;          // since the run began
  std::uint64_t tensor_bytes = 0;       // in live tensors
  std::uint64_t tensor_peak_bytes = 0;  // the highest of that since the run began
  std::uint64_t step = 0;      // as BatchEnded's: batches that were trained on before
  std::uint64_t reserved_bytes = 0;  // CUDA: held by torch's allocator; CPU: tensor_bytes
  std::uint64_t process_bytes = 0;   // of this process: CUDA as the driver counts it, CPU its resident set
  std::uint64_t other_bytes = 0;     // of other processes
};

// The highest of each over a stretch of a run, bytes as MemorySampled's; they need not have come together.
struct MemoryPeak {
  std::uint64_t tensors = 0;
  std::uint64_t reserved = 0;
  std::uint64_t process = 0;
  std::uint64_t others = 0;
};

constexpr int kOutsideStages = -1;  // reading the data, making the model, the predictions at the end

// What a stage took; told when it ends, however it ends. What lies outside the stages is told before RunEnded.
struct MemoryMeasured {
  int stage = kOutsideStages;  // index into RunSpec::stages
  bool whole = false;          // the stage trained all of its epochs: what was predicted must have come
  MemoryPeak peak;
};

// A batch did not fit, and MemoryOptions::on_oom let the run go on: from here the stage's batches go through
// the network in so many pieces.
struct BatchesSplit {
  int stage = 0;
  int epoch = 0;
  std::uint64_t step = 0;      // the first that has them
  int pieces = 1;
};

struct Warning {
  std::string message;         // a bad image, a fallback, ...
  std::string path;            // the file it is about, or ""
};

// What the run is busy with outside epochs: "reading the data set", "predicting test images".
struct PhaseChanged {
  std::string what;
};

// A change of the spec after which a run that was out of memory fits.
struct Remedy {
  std::string words;           // "batch 16 with accum 4"
  std::vector<std::pair<std::string, std::string>> settings;  // of setByPath() (core/runs/run_spec.h), in order
  std::uint64_t predicted = 0; // bytes of the changed run's peak, overhead included
};

enum class RunStatus { Queued, Running, Finished, Stopped, Failed, Interrupted };
const char* toString(RunStatus status);  // "queued", "running", ...

struct RunEnded {
  std::string run;
  RunStatus status = RunStatus::Finished;
  std::string message;         // why it failed
  // Of the epoch whose model was kept, valid_loss included; a run that was stopped in an epoch keeps the model as it was then, with the metrics
  // of its predictions, without a loss. tta_error_rate: of the label on the validation images with test-time augmentation, where the run has it.
  std::map<std::string, double> metrics;
  double seconds = 0;
  std::vector<Remedy> remedies;  // where memory ran out: what helps, the mildest first
};

using TrainEvent = std::variant<RunStarted, BatchEnded, ValidationProgress, EpochEnded, RatesChanged, CheckpointWritten, MemorySampled,
                                MemoryMeasured, BatchesSplit, Warning, PhaseChanged, RunEnded>;
using TrainObserver = std::function<void(const TrainEvent&)>;

}  // namespace panicle
