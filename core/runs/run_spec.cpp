#include "core/runs/run_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

#include "core/base/error.h"
#include "core/train/metrics.h"

namespace panicle {

std::span<const Field<StageOptions>> fieldTable(const StageOptions*) {
  static constexpr std::array table{
      field<&StageOptions::resize>(
          {.name = "resize",
           .label = "Item transform",
           .help = "Brings every photo to one size, so that they can be put together into batches.",
           .fastai = "item_tfms=Resize(...)"}),
      field<&StageOptions::augment>({.name = "augment",
                                     .label = "Batch transform",
                                     .help = "Random changes that training shows the network, so that it "
                                             "learns the disease and not the photo. Off: every "
                                             "epoch sees the same pictures, which overfits sooner.",
                                     .fastai = "batch_tfms=aug_transforms(...)"}),
      field<&StageOptions::mix>({.name = "mix",
                                 .label = "Mixing",
                                 .help = "Shows the network pairs of photos laid over each other (mixup) or pasted into each "
                                         "other (cutmix), with both labels. Helps long trainings; needs more epochs.",
                                 .fastai = "cbs=MixUp(...), CutMix(...)"}),
      field<&StageOptions::batch>({.name = "batch",
                                   .label = "Batch of this stage",
                                   .help = "Another batch for this stage, such as half of it for photos of twice the area. Off: "
                                           "the run's.",
                                   .fastai = "bs"}),
      field<&StageOptions::schedule>(
          {.name = "schedule",
           .label = "Schedule",
           .help = "How long this stage trains, and how the learning rate moves."}),
      field<&StageOptions::loss>(
          {.name = "loss", .label = "Loss", .help = "What training makes small.", .fastai = "loss_func"}),
  };
  return table;
}

std::span<const Field<RunSpec>> fieldTable(const RunSpec*) {
  static constexpr std::array table{
      field<&RunSpec::version>({.name = "version",
                                .help = "The version of this document; a newer one needs a newer Panicle.",
                                .min = 1}),
      field<&RunSpec::name>({.name = "name",
                             .label = "Name",
                             .help = "How you will find the run again. Empty: it goes by its number."}),
      field<&RunSpec::seed>({.name = "seed",
                             .label = "Seed",
                             .help = "Fixes every random choice of the run: first weights, order of the "
                                     "photos, augmentation. The same seed gives the "
                                     "same run; train with three seeds to see how much of a difference is "
                                     "luck. The split has a seed of its own.",
                             .fastai = "set_seed(...)"}),
      field<&RunSpec::device>({.name = "device",
                               .label = "Device",
                               .help = "Where the network runs: auto takes the first CUDA device if there is "
                                       "one and else the processor; or cpu, cuda:0, "
                                       "cuda:1 ..."}),
      field<&RunSpec::precision>({.name = "precision",
                                  .label = "Precision",
                                  .help = "The numbers that the network computes with: fp32 is single "
                                          "precision; bf16 multiplies in half as many bits, several times "
                                          "faster where the hardware can, and keeps weights, norms and loss in "
                                          "single precision; fp16 likewise, with scaled gradients, for graphics cards "
                                          "without bf16; auto takes bf16 where the hardware multiplies it and fp32 elsewhere.",
                                  .fastai = "to_bf16(), to_fp16()"}),
      field<&RunSpec::fidelity>({.name = "fidelity",
                                 .label = "Fidelity",
                                 .help = "default does the right thing where fastai has a defect (accumulation, frozen weights "
                                         "that decay, a training set smaller than a batch); fastai repeats the defects, to "
                                         "reproduce a notebook to the digit."}),
      field<&RunSpec::threads>({.name = "threads",
                                .label = "Compute threads",
                                .help = "Processor threads that the network computes with; 0 takes all "
                                        "cores. Another number rounds sums otherwise, so "
                                        "keep it to repeat a run to the digit.",
                                .min = 0,
                                .max = 1024}),
      field<&RunSpec::loader_threads>({.name = "loader_threads",
                                       .label = "Loader threads",
                                       .help = "Threads that decode and transform photos while the network "
                                               "computes; 0 takes all cores. Never changes a result.",
                                       .fastai = "num_workers",
                                       .min = 0,
                                       .max = 1024}),
      field<&RunSpec::data>({.name = "data",
                             .label = "Data",
                             .help = "Which photos, which labels, and which of them validate."}),
      field<&RunSpec::model>(
          {.name = "model", .label = "Model", .help = "Which network, and the weights that it starts from."}),
      field<&RunSpec::batch>(
          {.name = "batch", .label = "Batch", .help = "How many photos each step of the optimizer sees."}),
      field<&RunSpec::cache>({.name = "cache",
                              .label = "Presize cache",
                              .help = "Resized photos kept on disk, so that only the first epoch decodes them."}),
      field<&RunSpec::memory>({.name = "memory",
                               .label = "Memory",
                               .help = "How much of it the run may take, and what it does when that is not enough."}),
      field<&RunSpec::checkpoint>({.name = "checkpoint",
                                   .label = "Checkpoints",
                                   .help = "When the run saves what it can be resumed from, and how much of that it keeps."}),
      field<&RunSpec::optimizer>({.name = "optimizer",
                                  .label = "Optimizer",
                                  .help = "How a gradient becomes a change of the weights.",
                                  .fastai = "opt_func"}),
      field<&RunSpec::callbacks>({.name = "callbacks",
                                  .label = "Callbacks",
                                  .help = "What watches the run and steps in: keep the best epoch, stop early, clip gradients.",
                                  .fastai = "cbs"}),
      field<&RunSpec::metrics>({.name = "metrics",
                                .label = "Metrics",
                                .help = "What the epoch table tells of the validation photos: error_rate, accuracy, top_3_accuracy, "
                                        "top_5_accuracy, f1_macro, cohen_kappa, recall_macro, recall (each class); of targets that "
                                        "are numbers mae, rmse, r2.",
                                .fastai = "metrics"}),
      field<&RunSpec::stages>({.name = "stages",
                               .label = "Stages",
                               .help = "Stretches of training, one after the other on the same network, each "
                                       "with its own transforms and schedule. Two "
                                       "stages of growing size are progressive resizing."}),
      field<&RunSpec::tta>({.name = "tta",
                            .label = "Test-time augmentation",
                            .help = "Predicts each photo several times with the random changes of training and takes the mean: "
                                    "often a tenth fewer errors, for as many times the prediction time.",
                            .fastai = "learn.tta()"}),
      field<&RunSpec::tensorboard>({.name = "tensorboard",
                                    .label = "TensorBoard files",
                                    .help = "Writes losses, rates and metrics into event files in the run's folder as well, for TensorBoard to "
                                            "follow while the run is on. Any run can be written so later, too.",
                                    .fastai = "TensorBoardCallback"}),
  };
  return table;
}

namespace {

bool isDevice(const std::string& device) {
  if (device == "auto" || device == "cpu" || device == "cuda") return true;
  constexpr std::string_view prefix = "cuda:";
  if (!device.starts_with(prefix)) return false;
  int index = -1;
  const char* last = device.data() + device.size();
  const auto [end, error] = std::from_chars(device.data() + prefix.size(), last, index);
  return error == std::errc() && end == last && index >= 0;
}

void addProblems(const std::vector<std::string>& found, const std::string& path,
                 std::vector<std::string>& problems) {
  for (const std::string& problem : found) problems.push_back(path + "." + problem);
}

void checkStage(const StageOptions& stage, const std::string& path, const Architecture* arch,
                std::vector<std::string>& problems) {
  addProblems(check(stage.resize), path + ".resize", problems);
  if (stage.augment) addProblems(check(*stage.augment), path + ".augment", problems);
  addProblems(check(stage.schedule), path + ".schedule", problems);
  addProblems(check(stage.loss), path + ".loss", problems);
  if (stage.batch) addProblems(check(*stage.batch), path + ".batch", problems);
  const bool augmentSizes = stage.augment && stage.augment->size;
  if (stage.resize.method == ResizeMethod::RatioResize && !augmentSizes) {
    problems.push_back(path +
                       ".resize.method ratio_resize leaves photos of different sizes, which make no batch; set " +
                       path + ".augment.size");
  }
  const Size size = augmentSizes ? *stage.augment->size : stage.resize.size;
  if (const std::string problem = arch ? sizeProblem(*arch, size) : ""; !problem.empty()) {
    problems.push_back(path + (augmentSizes ? ".augment" : ".resize") + ".size: " + problem);
  }
}

void checkTargets(const RunSpec& spec, std::vector<std::string>& problems) {
  const std::size_t targets = spec.data.label_columns.size();
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    const std::size_t weights = spec.stages[i].loss.target_weights.size();
    if (weights == 0 || weights == targets) continue;
    problems.push_back("stages." + std::to_string(i) + ".loss.target_weights holds " + std::to_string(weights) +
                       " weights, but data.label_columns names " + std::to_string(targets) +
                       "; write one for each of them, or an empty list for equal ones");
  }
}

// What is wrong in the document itself, whatever is on disk.
std::vector<std::string> structuralProblems(const RunSpec& spec) {
  std::vector<std::string> problems;
  if (!isDevice(spec.device)) {
    problems.push_back("device '" + spec.device + "' is not known; write auto, cpu, or cuda:0");
  }
  addProblems(check(spec.data), "data", problems);
  const Architecture* arch = findArchitecture(spec.model.arch).architecture;
  if (!arch) problems.push_back("model.arch: " + unknownArchitecture(spec.model.arch));
  if (spec.model.weights.empty()) {
    problems.push_back("model.weights is empty; write auto, none, or the path of a weight file");
  }
  addProblems(check(spec.batch), "batch", problems);
  if (spec.memory.on_oom == OnOutOfMemory::Split && spec.fidelity == Fidelity::Fastai) {
    problems.emplace_back("memory.on_oom split does not go with fidelity fastai, which repeats fastai's steps to the digit; set memory.on_oom to stop, or "
                          "fidelity to default");
  }
  addProblems(check(spec.callbacks, spec.metrics), "callbacks", problems);
  const auto metrics = checkMetrics(spec.metrics);
  problems.insert(problems.end(), metrics.begin(), metrics.end());
  if (spec.stages.empty()) problems.push_back("stages is empty; a run needs at least one");
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    checkStage(spec.stages[i], "stages." + std::to_string(i), arch, problems);
  }
  checkTargets(spec, problems);
  return problems;
}

void checkVersion(const Json& json, const std::string& source) {
  if (!json.is_object() || !json.contains("version")) return;
  const Json& version = json["version"];
  if (version.is_number_integer() && version.get<std::int64_t>() > RunSpec::kVersion) {
    throw Error(source + ": this document has version " + version.dump() +
                ", but this Panicle reads up to version " + std::to_string(RunSpec::kVersion) +
                "; open it with a newer Panicle");
  }
}

// The path that was meant by one that leads nowhere at `part`, or "". A lone "epochs" or "arch" is taken for
// the leaf of that name wherever it is; below a parent the neighbours come first.
std::string nearestPath(const RunSpec& spec, const std::string& key, const std::string& part,
                        const std::vector<std::string>& siblings, const std::string& parent) {
  const std::string sibling = nearestName(part, siblings);
  if (!parent.empty() && !sibling.empty()) return fields_detail::joinPath(parent, sibling);
  const std::string tail = "." + key.substr(key.rfind('.') + 1);
  std::vector<std::string> all;
  for (const auto& description : describe(spec)) {
    if (description.path.ends_with(tail)) return description.path;
    all.push_back(description.path);
  }
  return sibling.empty() ? nearestName(key, all) : sibling;
}

[[noreturn]] void throwUnknownKey(const RunSpec& spec, const std::string& key, const std::string& part,
                                  const Json& node, const std::string& parent) {
  std::vector<std::string> siblings;
  for (const auto& [name, value] : node.items()) siblings.push_back(name);
  const std::string near = nearestPath(spec, key, part, siblings, parent);
  throw Error("unknown key '" + key + "'" +
              (near.empty() ? std::string() : "; did you mean '" + near + "'?"));
}

std::size_t listIndex(const std::string& key, const std::string& part, const std::string& parent,
                      std::size_t size) {
  std::size_t index = size;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (error != std::errc() || end != part.data() + part.size() || index >= size) {
    throw Error("'" + key + "': " + parent + " holds " + std::to_string(size) +
                (size == 1 ? " element" : " elements") + ", numbered from 0; write " + parent +
                ".0 for the first");
  }
  return index;
}

// The member of `document` at `key`. A null on the way is an option that is off: it is switched on with its
// defaults.
Json& memberAt(const RunSpec& spec, Json& document, const std::string& key) {
  Json* node = &document;
  std::string parent;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t dot = std::min(key.find('.', begin), key.size());
    const std::string part = key.substr(begin, dot - begin);
    if (node->is_array() && !node->empty() && node->front().is_object()) {
      node = &(*node)[listIndex(key, part, parent, node->size())];
    } else if (node->is_null()) {
      *node = Json::object();
      node = &(*node)[part];
    } else if (node->is_object() && node->contains(part)) {
      node = &(*node)[part];
    } else {
      throwUnknownKey(spec, key, part, node->is_object() ? *node : Json::object(), parent);
    }
    parent = fields_detail::joinPath(parent, part);
    begin = dot + 1;
  }
  return *node;
}

// Every JSON value that the text may stand for, likeliest first: JSON, a bare word, a bare list a,b or 1,0.5.
std::vector<Json> readings(std::string_view value) {
  std::vector<Json> readings;
  const Json parsed = Json::parse(value, nullptr, false);
  if (!parsed.is_discarded()) readings.push_back(parsed);
  if (parsed.is_null() || parsed.is_structured() || parsed.is_string()) return readings;
  const std::string text(value);
  readings.emplace_back(text);
  Json list = Json::array();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    list.push_back(text.substr(begin, comma - begin));
    begin = comma + 1;
  }
  readings.push_back(std::move(list));
  if (const Json numbers = Json::parse("[" + text + "]", nullptr, false); !numbers.is_discarded()) readings.push_back(numbers);
  return readings;
}

}  // namespace

std::vector<std::string> check(const RunSpec& spec) {
  std::vector<std::string> problems;
  std::error_code ignored;
  if (spec.data.root.empty()) {
    problems.emplace_back("data.root is empty; name the folder that holds the photos");
  } else if (!std::filesystem::exists(spec.data.root, ignored)) {
    problems.push_back("data.root '" + spec.data.root +
                       "' does not exist; name the folder that holds the photos");
  }
  const std::string& weights = spec.model.weights;
  if (!weights.empty() && weights != "auto" && weights != "none" &&
      !std::filesystem::is_regular_file(weights, ignored)) {
    problems.push_back("model.weights '" + weights +
                       "' is not a file; write auto, none, or the path of a weight file");
  }
  const auto structural = structuralProblems(spec);
  problems.insert(problems.end(), structural.begin(), structural.end());
  return problems;
}

Json specToJson(const RunSpec& spec) {
  return toJson(spec);
}

RunSpec specFromJson(const Json& json, const std::string& source) {
  checkVersion(json, source);
  RunSpec spec;
  std::vector<std::string> problems;
  fromJson(spec, json, "", problems);
  const auto structural = structuralProblems(spec);
  problems.insert(problems.end(), structural.begin(), structural.end());
  throwProblems(source + " is not a run that Panicle can do:", problems);
  return spec;
}

RunSpec readSpec(const std::filesystem::path& path) {
  return specFromJson(readJson(path), path.string());
}

void setByPath(RunSpec& spec, std::string_view key, const Json& value) {
  Json document = specToJson(spec);
  memberAt(spec, document, std::string(key)) = value;
  RunSpec changed;
  std::vector<std::string> problems;
  fromJson(changed, document, "", problems);
  throwProblems("cannot set " + std::string(key) + ":", problems);
  spec = std::move(changed);
}

void setByPath(RunSpec& spec, std::string_view key, std::string_view value) {
  std::string firstProblem;
  for (const Json& reading : readings(value)) {
    try {
      setByPath(spec, key, reading);
      return;
    } catch (const Error& error) {
      if (firstProblem.empty()) firstProblem = error.what();
    }
  }
  throw Error(firstProblem);
}

namespace {

// What Auto becomes is known for certain once the weights have been looked for (settleNormalization).
bool normalizes(const ModelOptions& model) {
  return model.normalize == NormalizeInput::On || (model.normalize == NormalizeInput::Auto && model.weights != "none");
}

}  // namespace

Pipeline makePipeline(const RunSpec& spec, const StageOptions& stage) {
  Pipeline pipeline;
  pipeline.decode.exif = spec.data.exif;
  pipeline.resize = stage.resize;
  pipeline.augment = stage.augment;
  pipeline.seed = spec.seed;
  const auto& [arch, pretrained] = findArchitecture(spec.model.arch);
  if (!normalizes(spec.model)) {
    pipeline.normalization = kNoNormalization;
  } else if (arch) {  // check() tells of one that is not known; until it is mended, pictures are shown with ImageNet's
    pipeline.normalization = {arch->mean, arch->std};
  }
  return pipeline;
}

std::vector<FieldDescription> describe(const RunSpec& spec) {
  std::vector<FieldDescription> fields;
  describeFields(spec, "", fields);
  return fields;
}

}  // namespace panicle
