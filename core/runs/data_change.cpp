#include "core/runs/data_change.h"

#include "core/data/dataset.h"
#include "core/runs/data_fingerprint.h"

namespace panicle {
namespace {

constexpr const char* kContent = "content";

}  // namespace

bool DataChange::changed() const {
  if (!known) return false;
  if (!same_list) return true;
  if (!content.empty() && !content_before.empty()) return content != content_before;
  return !same_files;
}

std::string DataChange::words() const {
  if (!known) return "the run recorded nothing of its data set: an earlier Panicle made it";
  if (!same_list) {
    const std::string counts = images == images_before ? "" : ": it had " + std::to_string(images_before) + " photos and has " + std::to_string(images);
    return "photos or labels of the data set were added, removed, renamed or corrected since the run began" + counts;
  }
  const bool compared = !content.empty() && !content_before.empty();
  if (compared && content != content_before) return "photos of the data set are others than when their content was recorded: files were changed";
  if (compared) return "every byte of the " + std::to_string(images) + " photos is as it was recorded";
  if (!same_files) return "photos of the data set have been written since the run began: sizes or times of files are others";
  const std::string same = "the data set is as it was when the run began: " + std::to_string(images) + " photos, their labels, sizes and times of change";
  return recorded ? same + ". The hash of their content was recorded with the run" : same;
}

DataChange findDataChange(RunStore& store, const std::string& run, bool content, std::stop_token stop, const Progress& progress) {
  const RunRecord record = store.get(run);
  Json entry = record.environment.value(kDataEntry, Json::object());
  const DataFingerprint before = fingerprintFromJson(entry);
  const Dataset dataset = loadDataset(record.spec.data, stop);
  const DataFingerprint now = fingerprint(dataset, stop);
  DataChange change{.known = !before.list.empty(),
                  .images_before = before.images,
                  .images = now.images,
                  .same_list = now.list == before.list,
                  .same_files = now.files == before.files};
  if (entry.is_object() && entry.contains(kContent) && entry[kContent].is_string()) change.content_before = entry[kContent].get<std::string>();
  if (!content) return change;
  change.content = contentHash(dataset, std::move(stop), progress);
  change.recorded = change.content_before.empty() && change.known && change.same_files;
  if (change.recorded) {
    entry[kContent] = change.content;
    store.describe(run, {{kDataEntry, entry}});
  }
  return change;
}

}  // namespace panicle
