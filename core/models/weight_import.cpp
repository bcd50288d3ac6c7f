// Looking into weight files, and taking them over into the workspace.
#include <ATen/core/grad_mode.h>

#include <map>
#include <set>

#include "core/base/error.h"
#include "core/models/recognise.h"
#include "core/models/state_dict.h"
#include "core/models/weight_search.h"
#include "core/weights/safetensors.h"

namespace panicle {
namespace {

namespace fs = std::filesystem;

std::uint64_t elements(const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t side : shape) count *= static_cast<std::uint64_t>(side);
  return count;
}

bool isStatistic(const std::string& name) {
  return name.ends_with("running_mean") || name.ends_with("running_var") ||
         name.ends_with("num_batches_tracked");
}

std::vector<WeightFileFacts::Tensor> tensorList(const WeightFile& file, const RemappedFile& remapped) {
  std::map<const TensorEntry*, std::string> timmNames;
  for (const RemappedTensor& tensor : remapped.tensors) {
    for (const TensorEntry* source : tensor.sources) timmNames[source] = tensor.name;
  }
  std::vector<WeightFileFacts::Tensor> list;
  for (const TensorEntry& entry : file.tensors()) {
    const auto found = timmNames.find(&entry);
    list.push_back({entry.name, entry.dtype, entry.shape, found == timmNames.end() ? "" : found->second});
  }
  return list;
}

std::vector<std::string> against(const Nearest& nearest) {
  if (!nearest.architecture) return {"no name in it is one of an architecture that Panicle knows"};
  std::vector<std::string> sentences{"nearest is " + nearest.architecture->name + ", of which " +
                                     std::to_string(nearest.comparison.agreeing) + " tensors agree"};
  for (std::string& sentence : nearest.comparison.sentences()) sentences.push_back(std::move(sentence));
  return sentences;
}

// The name of the architecture that the file is of. Throws Error when it is of none.
std::string recognisedName(const RemappedFile& remapped, const fs::path& file) {
  const Nearest closest = nearest(remapped);
  if (closest.architecture && closest.comparison.fits()) return closest.architecture->name;
  std::string what = "fits no architecture that Panicle knows";
  for (const std::string& sentence : against(closest)) what += "; " + sentence;
  throw fileError(file, what);
}

// One tensor of the new file.
struct Piece {
  TensorEntry entry;                       // without bytes
  const RemappedTensor* source = nullptr;  // null: `derived`
  at::Tensor derived;
};

// The tensors in timm's order, heads last; buffers that timm 0.6 keeps in its files are made anew.
std::vector<Piece> pieces(const RemappedFile& remapped, const Architecture& architecture) {
  std::map<std::string, const RemappedTensor*> stored;
  for (const RemappedTensor& tensor : remapped.tensors) stored.emplace(tensor.name, &tensor);
  const auto body = makeBody(architecture.name,
                             {.image_size = architecture.input_size});  // its parameters are never touched
  const auto buffers = body->named_buffers();
  std::vector<Piece> list;
  std::set<std::string> written;
  const auto take = [&](const RemappedTensor& tensor) {
    list.push_back({{tensor.name, tensor.sources.front()->dtype, tensor.shape, {}}, &tensor, {}});
    written.insert(tensor.name);
  };
  for (const auto& [name, tensor] : shapesOf(architecture, 1).stateDict()) {
    if (const auto found = stored.find(name); found != stored.end()) {
      take(*found->second);
    } else if (const at::Tensor* buffer = isDerivedBuffer(name) ? buffers.find(name) : nullptr) {
      list.push_back({{name, dtypeName(buffer->scalar_type()), buffer->sizes().vec(), {}},
                      nullptr,
                      buffer->contiguous()});
    }
  }
  for (const RemappedTensor& tensor : remapped.tensors) {
    if (!written.contains(tensor.name)) take(tensor);
  }
  return list;
}

void writePieces(const std::vector<Piece>& list, const WeightFile& file, const fs::path& target,
                 const Architecture& architecture, const std::stop_token& stop, const Progress& progress) {
  std::vector<TensorEntry> entries;
  std::uint64_t done = 0, total = 0;
  for (const Piece& piece : list) {
    entries.push_back(piece.entry);
    total += elements(piece.entry.shape) * dtypeSize(piece.entry.dtype);
  }
  at::Tensor tensor;  // the one being written
  const RemappedTensor* last = nullptr;
  const auto bytes = [&](std::size_t i) -> std::span<const std::byte> {
    if (stop.stop_requested()) throw Cancelled();
    if (last) {
      for (const TensorEntry* source : last->sources) file.release(*source);
    }
    last = list[i].source;
    tensor = last ? last->make().contiguous() : list[i].derived;
    done += tensor.nbytes();
    if (progress) progress(done, total);
    return {static_cast<const std::byte*>(tensor.data_ptr()), tensor.nbytes()};
  };
  std::map<std::string, std::string> metadata{{"format", "pt"}, {"arch", architecture.name}};
  if (const auto grid = file.metadata().find(kPositionGrid); grid != file.metadata().end())
    metadata.insert(*grid);
  writeSafetensors(target, entries, metadata, bytes);
}

}  // namespace

std::string shapeText(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t side : shape) {
    if (!text.empty()) text += 'x';
    text += std::to_string(side);
  }
  return text.empty() ? "scalar" : text;
}

WeightFileFacts inspectWeights(const fs::path& path) {
  const WeightFile file = WeightFile::open(path);
  const RemappedFile remapped = remapToTimm(file);
  WeightFileFacts facts;
  facts.format = toString(file.format());
  facts.bytes = fs::file_size(path);
  facts.tensors = file.tensors().size();
  facts.layout = remapped.layout;
  facts.classes = classesOf(remapped);
  for (const RemappedTensor& tensor : remapped.tensors) {
    if (!isStatistic(tensor.name)) facts.parameters += elements(tensor.shape);
  }
  const Nearest closest = nearest(remapped);
  if (closest.architecture && closest.comparison.fits()) {
    facts.arch = closest.architecture->name;
  } else {
    facts.nearest = against(closest);
  }
  facts.list = tensorList(file, remapped);
  return facts;
}

fs::path importWeights(const fs::path& path, const fs::path& workspace, const std::string& arch, bool replace,
                       std::stop_token stop, const Progress& progress) {
  const at::NoGradGuard noGrad;
  const WeightFile file = WeightFile::open(path);
  const RemappedFile remapped = remapToTimm(file);
  const std::string name = arch.empty() ? recognisedName(remapped, path) : arch;
  const Architecture& wanted = architecture(name);
  if (!arch.empty()) checkFits(remapped, path, expectedBody(wanted), name);
  const fs::path target = workspaceFile(name, workspace);
  if (!replace && fs::exists(target))
    throw fileError(target, "is there already; remove it or ask to replace it");
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (error) throw fileError(target.parent_path(), "cannot be made: " + error.message());
  writePieces(pieces(remapped, wanted), file, target, wanted, stop, progress);
  return target;
}

}  // namespace panicle
