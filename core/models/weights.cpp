// Weight files in and out of a model.
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <map>

#include "core/models/classifier.h"
#include "core/models/recognise.h"
#include "core/models/state_dict.h"
#include "core/weights/safetensors.h"

namespace panicle {
namespace {

constexpr std::size_t kSliceBytes = 4 << 20;

using ByName = std::map<std::string, const RemappedTensor*>;

// Where one stored tensor goes.
struct Step {
  std::string name;
  at::Tensor target;
  const RemappedTensor* source;
  at::Tensor adapted;  // what is taken instead of the stored tensor; undefined: the tensor itself
};

// What of the head can be taken, and what to say of the rest.
std::vector<Step> planHead(const Classifier& model, const ByName& stored, const RemappedFile& file,
                           std::vector<std::string>& notes) {
  std::vector<Step> steps;
  bool nameFound = false, allTaken = true;
  for (const auto& [name, tensor] : model.stateDict()) {
    if (!model.isHead(name)) continue;
    const auto found = stored.find(name);
    nameFound |= found != stored.end();
    if (found != stored.end() && tensor.sizes() == at::IntArrayRef(found->second->shape)) {
      steps.push_back({name, tensor, found->second, {}});
    } else if (!name.ends_with("num_batches_tracked")) {
      allTaken = false;
    }
  }
  if (allTaken) return steps;
  const std::int64_t classes = classesOf(file);
  const std::string classifier = "the file's classifier has " + std::to_string(classes) + " classes";
  if (classes == 0) {
    notes.emplace_back("the file has no classifier: the head starts fresh");
  } else if (!nameFound) {
    notes.push_back(classifier + " and another kind of head than this model: not used");
  } else if (classes != model.classes()) {
    notes.push_back(classifier + ", this model " + std::to_string(model.classes()) + ": not used");
  } else {
    notes.push_back(classifier + ", but its layers have other widths than this model's: used where they fit");
  }
  return steps;
}

std::string gridText(Size grid) {
  return std::to_string(grid.height) + "x" + std::to_string(grid.width);
}

// The stored position embeddings in the grid that the model has; undefined where they are to be taken as they
// are, which is also done where nothing tells their grid and the model has as many.
at::Tensor adaptedPositions(const RemappedTensor& stored, const RemappedFile& file, const Classifier& model,
                            std::vector<std::string>& notes) {
  const std::optional<Size> wanted = model.body().positionGrid(), grid = positionGrid(file, stored.shape);
  if (!wanted || !grid || *grid == *wanted) return {};
  notes.push_back(stored.name + " interpolated from " + gridText(*grid) + " to " + gridText(*wanted) +
                  " patches, for images of another size than it was trained with");
  return model.body().adapted(stored.name, stored.make().to(at::kFloat), *grid);
}

std::vector<Step> planBody(const Classifier& model, const ByName& stored, const RemappedFile& file,
                           std::vector<std::string>& notes) {
  std::vector<Step> steps;
  for (const auto& [name, tensor] : model.stateDict()) {
    const auto found = stored.find(name);
    if (found == stored.end() || model.isHead(name)) continue;
    Step step{name, tensor, found->second, {}};
    if (name == kPositionEmbedding) step.adapted = adaptedPositions(*found->second, file, model, notes);
    steps.push_back(std::move(step));
  }
  return steps;
}

// A large tensor is copied some rows at a time, so that it is never in memory twice.
void copyReleasing(const at::Tensor& target, const at::Tensor& value, const RemappedTensor& source,
                   const WeightFile& file) {
  const TensorEntry& entry = *source.sources.front();
  const bool inRows =
      value.nbytes() > kSliceBytes && value.is_contiguous() && value.data_ptr() == entry.bytes.data();
  if (inRows) {
    const std::size_t rowBytes = value.nbytes() / static_cast<std::size_t>(value.size(0));
    const auto step = static_cast<std::int64_t>(std::max<std::size_t>(1, kSliceBytes / rowBytes));
    for (std::int64_t row = 0; row < value.size(0); row += step) {
      const at::Tensor part = value.slice(0, row, std::min(row + step, value.size(0)));
      target.slice(0, row, row + part.size(0)).copy_(part);
      file.release({entry.name,
                    entry.dtype,
                    {},
                    entry.bytes.subspan(static_cast<std::size_t>(row) * rowBytes, part.nbytes())});
    }
  } else {
    target.copy_(value);
  }
  for (const TensorEntry* each : source.sources) file.release(*each);
}

}  // namespace

WeightReport loadWeights(Classifier& model, const std::filesystem::path& path) {
  const at::NoGradGuard noGrad;
  const WeightFile file = WeightFile::open(path);
  const RemappedFile remapped = remapToTimm(file);
  checkFits(remapped, path, expectedBody(model), model.architecture().name);

  ByName stored;
  for (const RemappedTensor& tensor : remapped.tensors) stored.emplace(tensor.name, &tensor);
  WeightReport report{0, remapped.layout, {}};
  std::vector<Step> steps = planHead(model, stored, remapped, report.notes);
  for (Step& step : planBody(model, stored, remapped, report.notes)) steps.push_back(std::move(step));
  for (const Step& step : steps) {
    const at::Tensor value = step.adapted.defined() ? step.adapted : step.source->make();
    copyReleasing(step.target, value, *step.source, file);
  }
  report.loaded = steps.size();
  return report;
}

std::unique_ptr<HeldFile> stageWeights(const Classifier& model, const std::filesystem::path& path,
                                       const std::map<std::string, std::string>& metadata,
                                       std::shared_ptr<HeldMemory> memory) {
  const at::NoGradGuard noGrad;
  const StateDict state = model.stateDict();
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : state)
    entries.push_back({name, dtypeName(tensor.scalar_type()), tensor.sizes().vec(), {}});
  at::Tensor copy;  // contiguous and in this machine's memory, while it is written
  const auto bytes = [&](std::size_t i) -> std::span<const std::byte> {
    copy = state[i].tensor.detach().cpu().contiguous();
    return {static_cast<const std::byte*>(copy.data_ptr()), copy.nbytes()};
  };
  std::map<std::string, std::string> all = metadata;
  all.insert({{"format", "pt"}, {"arch", model.architecture().name}});
  if (const auto grid = model.body().positionGrid())
    all[kPositionGrid] = std::to_string(grid->height) + "," + std::to_string(grid->width);
  return stageSafetensors(path, entries, all, bytes, std::move(memory));
}

void saveWeights(const Classifier& model, const std::filesystem::path& path,
                 const std::map<std::string, std::string>& metadata) {
  stageWeights(model, path, metadata)->commit();
}

}  // namespace panicle
