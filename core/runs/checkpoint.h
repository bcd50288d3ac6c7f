// Checkpoints on disk: <run folder>/checkpoints/<number>/ with
//   tensors.safetensors   weights, buffers, optimizer, averages, the best so far
//   state.json            written last: numbers, and the size and SHA-256 of the other file
// A folder is made under another name and renamed when it is whole, so that one that is called by a number is whole, whatever
// ended the program that made it. Numbers go up. Internal to core/runs (includes torch).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/held_file.h"
#include "core/base/json.h"
#include "core/train/trainer_state.h"
#include "core/weights/weight_file.h"

namespace panicle {

// What a run keeps beside its trainer's state.
struct CheckpointNote {
  std::string spec;      // SHA-256 of the run's spec.json
  double seconds = 0;    // since the run began, those of interrupted parts that were kept included
  int saved_epochs = 0;  // of the model that is saved
  Json saved_metrics = Json::object();
};

// The bytes of a checkpoint, without those of state.json.
std::uint64_t checkpointBytes(const TrainerState& state);

// Copied, and not yet on the disk.
class StagedCheckpoint {
 public:
  // Makes a folder in `folder` with space for the tensors, and copies them into memory. Throws DiskFull, OutOfMemory and Error.
  // `memory` as HeldFile's.
  StagedCheckpoint(std::filesystem::path folder, std::uint64_t number, const TrainerState& state, const CheckpointNote& note,
                   std::shared_ptr<HeldMemory> memory = std::make_shared<HeldMemory>());
  ~StagedCheckpoint();  // what was not put in place is removed
  StagedCheckpoint(const StagedCheckpoint&) = delete;
  StagedCheckpoint& operator=(const StagedCheckpoint&) = delete;

  // Writes, syncs, reads back, renames, and when the result verifies removes all older ones but the newest `keep` - 1. May be called by
  // another thread than made it. Throws DiskFull and Error; older ones are then as they were.
  void commit(int keep);
  const std::filesystem::path& place() const { return place_; }  // where commit() puts it

 private:
  std::filesystem::path folder_, temporary_, place_;
  std::unique_ptr<HeldFile> tensors_;
  Json manifest_;
};

// One that is whole, open.
class Checkpoint {
 public:
  // Throws Error that says what is wrong with it. `spec` as CheckpointNote's; reading its tensors' checksum takes a while.
  Checkpoint(const std::filesystem::path& place, const std::string& spec, std::stop_token stop = {});

  const std::filesystem::path& place() const { return place_; }
  const CheckpointNote& note() const { return note_; }
  const TrainerState& state() const { return state_; }  // its tensors are views of the file, which stays open with the object
  int epoch() const;           // epochs that are over, of the run
  std::uint64_t step() const;  // batches that were trained on, of the run
  std::size_t batch() const;   // of the epoch in work, those that are done

 private:
  std::filesystem::path place_;
  CheckpointNote note_;
  TrainerState state_;
  WeightFile file_;
};

// The folders of whole checkpoints, newest first; none where there is no folder.
std::vector<std::filesystem::path> listCheckpoints(const std::filesystem::path& folder);
std::uint64_t numberOf(const std::filesystem::path& place);
// Removes what programs that were killed left of their writing: in `folder`, and of models beside it.
void removeLeftovers(const std::filesystem::path& folder);
// The newest that verifies. Each one that does not is told, in words.
std::optional<Checkpoint> newestCheckpoint(const std::filesystem::path& folder, const std::string& spec,
                                           const std::function<void(const std::string&)>& tell, std::stop_token stop = {});

}  // namespace panicle
