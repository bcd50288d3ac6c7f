#include "core/runs/resume_point.h"

#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/runs/data_fingerprint.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

std::string textOf(const Json& environment, const char* key) {
  if (!environment.contains(key)) return "";
  const Json& value = environment[key];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// What they did, and a copy of the file: it goes on changing.
void keepCorrections(RunStore& store, const std::string& run, const AppliedCorrections& corrections) {
  writeAtomically(store.folder(run) / "corrections.csv", readText(corrections.path));
  store.describe(run, {{"corrections",
                        {{"path", corrections.path.string()},
                         {"checksum", corrections.checksum},
                         {"rows", corrections.rows},
                         {"relabelled", corrections.relabelled},
                         {"excluded", corrections.excluded},
                         {"moved", corrections.moved}}}});
}

}  // namespace

std::filesystem::path checkpointFolder(const std::filesystem::path& runFolder) {
  return runFolder / "checkpoints";
}

std::string specChecksum(const std::filesystem::path& runFolder) {
  return sha256OfFile(runFolder / "spec.json");
}

ResumePoint findResumePoint(RunStore& store, RunRecord record, const std::function<void(const std::string&)>& warn,
                            std::stop_token stop) {
  const auto folder = store.folder(record.id);
  removeLeftovers(checkpointFolder(folder));
  ResumePoint point{.record = std::move(record), .checkpoint = newestCheckpoint(checkpointFolder(folder), specChecksum(folder), warn, stop), .changes = {}};
  const bool found = point.checkpoint.has_value();
  const std::uint64_t step = found ? point.checkpoint->step() : 0;
  for (const ChangeRow& change : point.record.changes) {
    if (change.step > step) point.changes.push_back({change.step, {.lr_scale = change.lr_scale, .wd = change.wd}});
  }
  store.rewind(point.record.id, step, found ? point.checkpoint->epoch() : 0, found ? point.checkpoint->note().seconds : 0);
  return point;
}

std::string whyNotExact(const Json& before, const Json& now) {
  const std::string device = textOf(now, "device");
  if (device.starts_with("cuda")) return "sums on a graphics card are added in an order that changes from run to run";
  constexpr std::pair<const char*, const char*> kKeys[]{{"device", "the device"},
                                                        {"precision", "the precision"},
                                                        {"torch", "LibTorch"},
                                                        {"vectors", "the processor's instructions"},
                                                        {"threads", "the number of compute threads"},
                                                        {"blas", "the linear algebra"},
                                                        {"kernels", "the linear algebra's kernels"},
                                                        {"convolutions", "the convolutions' library"},
                                                        {"opencv", "OpenCV"},
                                                        {"panicle", "Panicle"}};
  std::string why;
  for (const auto& [key, words] : kKeys) {
    const std::string was = textOf(before, key), is = textOf(now, key);
    if (was == is) continue;
    why += (why.empty() ? "" : ", ") + std::string(words) + " was '" + was + "' and is '" + is + "'";
  }
  return why;
}

void checkData(RunStore& store, const std::string& run, const Dataset& dataset, bool goesOn,
               const std::function<void(const std::string&)>& warn, std::stop_token stop) {
  const DataFingerprint now = fingerprint(dataset, std::move(stop));
  const DataFingerprint before = fingerprintFromJson(store.get(run).environment.value(kDataEntry, Json()));
  if (before.list.empty() || !goesOn) {
    if (!before.list.empty() && before != now) warn("the data set has changed since the run began; it begins anew with the one that is there now");
    store.describe(run, {{kDataEntry, toJson(now)}});
    if (dataset.corrections) keepCorrections(store, run, *dataset.corrections);
    return;
  }
  if (before.list != now.list) {
    const std::string counts =
        before.images == now.images ? "" : ": it had " + std::to_string(before.images) + " photos and has " + std::to_string(now.images);
    throw Error("run " + run + " cannot be resumed: since it began, photos or labels of the data set " + dataset.root.string() +
                " were added, removed or renamed, or are corrected or grouped otherwise" + counts + ". Bring it back to what it was, or start a new run");
  }
  if (before.files != now.files) {
    warn("photos of the data set have been written since the run began: sizes or times of files in " + dataset.root.string() +
         " are others. The run goes on with what is there now, and is not what it would have been");
  }
}

}  // namespace panicle
