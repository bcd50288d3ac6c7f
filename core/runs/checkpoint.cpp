#include "core/runs/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/train/trainer_state.h"
#include "core/weights/safetensors.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

constexpr int kVersion = 1;
constexpr const char* kTensors = "tensors.safetensors";
constexpr const char* kManifest = "state.json";
constexpr const char* kUnfinished = "unfinished-";
// For headers, the manifest, and what the database and the log write meanwhile.
constexpr std::uint64_t kSpareBytes = 32 << 20;

std::string megabytes(std::uint64_t bytes) {
  return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

void requireSpace(const std::filesystem::path& folder, std::uint64_t bytes) {
  std::error_code unknown;
  const auto space = std::filesystem::space(folder, unknown);
  if (unknown || space.available >= bytes + kSpareBytes) return;
  throw DiskFull(folder.string() + ": its disk has " + megabytes(space.available) + " free, and a checkpoint needs " +
                 megabytes(bytes + kSpareBytes));
}

// The manifest goes first: what is left of a folder when this ends in its middle is no checkpoint.
void removeCheckpoint(const std::filesystem::path& place) {
  std::filesystem::remove(place / kManifest);
  std::filesystem::remove_all(place);
}

WeightFile openTensors(const std::filesystem::path& place, const Json& manifest) {
  const auto path = place / kTensors;
  WeightFile file = WeightFile::open(path);
  if (std::filesystem::file_size(path) != manifest.at("bytes").get<std::uint64_t>())
    throw fileError(path, "has another size than when it was written");
  return file;
}

Json readManifest(const std::filesystem::path& place, const std::string& spec) {
  const auto path = place / kManifest;
  Json manifest = readJson(path);
  if (!manifest.is_object() || !manifest.contains("version")) throw fileError(path, "is not a checkpoint's manifest");
  if (manifest.at("version") != kVersion) throw fileError(path, "was written by another version of Panicle");
  if (manifest.at("spec") != spec) throw fileError(path, "belongs to another run: the spec is not the one it was written with");
  return manifest;
}

CheckpointNote noteOf(const Json& manifest) {
  return {.spec = manifest.at("spec").get<std::string>(),
          .seconds = manifest.at("seconds").get<double>(),
          .saved_epochs = manifest.at("saved_epochs").get<int>(),
          .saved_metrics = manifest.at("saved_metrics")};
}

// Whatever a manifest lacks, or has of another type.
template <typename Read>
auto reading(const std::filesystem::path& place, const Read& read) {
  try {
    return read();
  } catch (const Json::exception& error) {
    throw fileError(place / kManifest, std::string("is not as it was written: ") + error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    throw fileError(place, "cannot be read: " + error.code().message());
  }
}

}  // namespace

std::uint64_t checkpointBytes(const TrainerState& state) {
  std::uint64_t bytes = 0;
  for (const auto& entry : state.tensors) bytes += entry.tensor.nbytes();
  return bytes;
}

StagedCheckpoint::StagedCheckpoint(std::filesystem::path folder, std::uint64_t number, const TrainerState& state,
                                   const CheckpointNote& note, std::shared_ptr<HeldMemory> memory)
    : folder_(std::move(folder)),
      temporary_(folder_ / (kUnfinished + std::to_string(number))),
      place_(folder_ / std::to_string(number)),
      manifest_({{"version", kVersion},
                 {"spec", note.spec},
                 {"seconds", note.seconds},
                 {"saved_epochs", note.saved_epochs},
                 {"saved_metrics", note.saved_metrics},
                 {"trainer", state.numbers}}) {
  std::vector<TensorEntry> entries;
  for (const auto& [name, tensor] : state.tensors) entries.push_back({name, dtypeName(tensor.scalar_type()), tensor.sizes().vec(), {}});
  try {
    std::filesystem::create_directories(folder_);
    requireSpace(folder_, checkpointBytes(state));
    std::filesystem::remove_all(temporary_);
    std::filesystem::create_directory(temporary_);
  } catch (const std::filesystem::filesystem_error& error) {
    if (error.code() == std::errc::no_space_on_device) throw DiskFull(folder_.string() + ": " + error.code().message());
    throw fileError(folder_, "cannot be written: " + error.code().message());
  }
  at::Tensor copy;  // of another device, while it is written
  const auto bytes = [&](std::size_t i) -> std::span<const std::byte> {
    copy = state.tensors[i].tensor.cpu().contiguous();
    return {static_cast<const std::byte*>(copy.data_ptr()), copy.nbytes()};
  };
  try {
    tensors_ = stageSafetensors(temporary_ / kTensors, entries, {}, bytes, std::move(memory));
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(temporary_, ignored);
    throw;
  }
}

StagedCheckpoint::~StagedCheckpoint() {
  tensors_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(temporary_, ignored);
}

void StagedCheckpoint::commit(int keep) {
  tensors_->commit();
  const std::span<const std::byte> bytes = tensors_->bytes();
  manifest_["bytes"] = bytes.size();
  manifest_["sha256"] = sha256Of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  writeAtomically(temporary_ / kManifest, manifest_.dump(1) + "\n");
  syncFolder(temporary_);
  reading(temporary_, [&] { return openTensors(temporary_, readManifest(temporary_, manifest_["spec"].get<std::string>())); });
  if (::rename(temporary_.c_str(), place_.c_str()) != 0) throw fileError(place_, "cannot be put in place");
  syncFolder(folder_);
  const auto all = listCheckpoints(folder_);
  for (std::size_t i = static_cast<std::size_t>(std::max(keep, 1)); i < all.size(); ++i) removeCheckpoint(all[i]);
}

Checkpoint::Checkpoint(const std::filesystem::path& place, const std::string& spec, std::stop_token stop)
    : place_(place), file_(reading(place, [&] {
        const Json manifest = readManifest(place, spec);
        note_ = noteOf(manifest);
        state_.numbers = manifest.at("trainer");
        WeightFile file = openTensors(place, manifest);
        if (sha256OfFile(file.path(), stop) != manifest.at("sha256").get<std::string>())
          throw fileError(file.path(), "is damaged: its bytes are not those that were written");
        return file;
      })) {
  for (const TensorEntry& entry : file_.tensors()) state_.tensors.push_back({entry.name, tensorView(entry, file_.path())});
}

int Checkpoint::epoch() const {
  return state_.numbers.at("epoch").get<int>();
}

std::uint64_t Checkpoint::step() const {
  return state_.numbers.at("step").get<std::uint64_t>();
}

std::size_t Checkpoint::batch() const {
  return state_.numbers.at("batch").get<std::size_t>();
}

std::uint64_t numberOf(const std::filesystem::path& place) {
  const std::string name = place.filename().string();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

std::vector<std::filesystem::path> listCheckpoints(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> places;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder, absent)) {
    if (numberOf(entry.path()) > 0) places.push_back(entry.path());
  }
  std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return numberOf(a) > numberOf(b); });
  return places;
}

void removeLeftovers(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> leftovers;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().starts_with(kUnfinished)) leftovers.push_back(entry.path());
  }
  constexpr std::string_view model = "model.safetensors.";  // and six letters: HeldFile's
  for (const auto& entry : std::filesystem::directory_iterator(folder.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(model) && name.size() == model.size() + 6) leftovers.push_back(entry.path());
  }
  for (const auto& path : leftovers) std::filesystem::remove_all(path, ignored);
}

std::optional<Checkpoint> newestCheckpoint(const std::filesystem::path& folder, const std::string& spec,
                                           const std::function<void(const std::string&)>& tell, std::stop_token stop) {
  for (const auto& place : listCheckpoints(folder)) {
    try {
      return Checkpoint(place, spec, stop);
    } catch (const Cancelled&) {
      throw;
    } catch (const Error& error) {
      tell(std::string("a checkpoint is passed over: ") + error.what());
    }
  }
  return std::nullopt;
}

}  // namespace panicle
