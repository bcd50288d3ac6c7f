// One JSON document says all of a run. The form in the window, the command line and a recipe file are three views of it.
// Unknown keys and values out of range are errors that list every problem and suggest the nearest known name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/fields.h"
#include "core/data/data_options.h"
#include "core/eval/tta_options.h"
#include "core/loader/cache_options.h"
#include "core/loader/loader.h"
#include "core/memory/memory_options.h"
#include "core/models/model_options.h"
#include "core/models/precision.h"
#include "core/runs/checkpoint_options.h"
#include "core/train/callback_options.h"
#include "core/train/fidelity.h"
#include "core/train/loss_options.h"
#include "core/train/optimizer_options.h"
#include "core/train/schedule_options.h"
#include "core/transforms/augment.h"
#include "core/transforms/mix.h"
#include "core/transforms/resize.h"

namespace panicle {

// One stretch of training with its own transforms, batch and schedule; progressive resizing has several.
struct StageOptions {
  ResizeOptions resize{.method = ResizeMethod::Squish, .size = {128, 128}};
  std::optional<AugOptions> augment = AugOptions{};  // null: none
  std::optional<MixOptions> mix;                     // null: none
  std::optional<BatchOptions> batch;                 // null: the run's
  ScheduleOptions schedule;
  LossOptions loss;
};

struct RunSpec {
  static constexpr int kVersion = 1;

  int version = kVersion;
  std::string name;
  std::uint64_t seed = 42;
  std::string device = "auto";  // auto, cpu, cuda:0, ...
  Precision precision = Precision::Auto;
  Fidelity fidelity = Fidelity::Default;
  int threads = 0;              // that the network computes with; 0: all cores. Sums are rounded otherwise with another number
  int loader_threads = 0;       // that decode and transform photos; 0: all cores. Never changes a result
  DataOptions data;
  ModelOptions model;
  BatchOptions batch;
  CacheOptions cache;
  MemoryOptions memory;
  CheckpointOptions checkpoint;  // never changes a result
  OptimizerOptions optimizer;
  CallbackOptions callbacks;
  std::vector<std::string> metrics{"error_rate", "accuracy"};  // core/train/metrics.h knows them
  std::vector<StageOptions> stages{StageOptions{}};
  std::optional<TtaOptions> tta;  // null: predictions are made once, without random transforms
  bool tensorboard = false;     // its history goes into event files as well, while it runs (core/runs/tensorboard.h)

  const BatchOptions& batchOf(const StageOptions& stage) const { return stage.batch ? *stage.batch : batch; }
};

std::span<const Field<StageOptions>> fieldTable(const StageOptions*);
std::span<const Field<RunSpec>> fieldTable(const RunSpec*);

// Problems that no single field shows (an architecture that is not known, a size below the network's stride ...).
std::vector<std::string> check(const RunSpec& spec);

Json specToJson(const RunSpec& spec);
RunSpec specFromJson(const Json& json, const std::string& source);  // throws Error listing all problems
RunSpec readSpec(const std::filesystem::path& path);

// KEY is a dotted path ("stages.0.schedule.epochs"); VALUE is JSON, or a bare word taken as a text. Throws Error.
void setByPath(RunSpec& spec, std::string_view key, std::string_view value);
void setByPath(RunSpec& spec, std::string_view key, const Json& value);

// What the photos of `stage` go through, from the file to the network.
Pipeline makePipeline(const RunSpec& spec, const StageOptions& stage);

// Every field in document order, for a form.
std::vector<FieldDescription> describe(const RunSpec& spec);

}  // namespace panicle
