#include "core/runs/run_archive.h"

#include <fcntl.h>
#include <unistd.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <set>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/data/csv.h"
#include "core/weights/sha256.h"

namespace panicle {
namespace {

constexpr int kFormat = 1;
constexpr const char* kManifest = "panicle-run.json";
constexpr std::uint64_t kMostManifest = 1ull << 30;

std::string archiveReason(zip_t* archive) {
  return zip_error_strerror(zip_get_error(archive));
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

Archive openArchive(const std::filesystem::path& file, int flags) {
  int code = 0;
  Archive archive(zip_open(file.c_str(), flags, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  throw fileError(file, "cannot be opened as a zip archive: " + reason);
}

// Files of a run that are given away: not the lock, nor what is being written.
std::vector<std::filesystem::path> filesOf(const std::filesystem::path& folder) {
  static const std::set<std::string> without{"running.lock", "spec.json"};
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool kept = name.ends_with(".json") || name.ends_with(".csv") || name.ends_with(".safetensors");
    if (entry.is_regular_file() && !entry.is_symlink() && kept && !name.starts_with('.') && !without.contains(name)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// A name in the archive that is no path, so that nothing is written outside the run's folder.
bool isPlainName(const std::string& name) {
  return !name.empty() && name.size() < 256 && name[0] != '.' && name.find_first_of(std::string("/\\:\0", 4)) == std::string::npos;
}

void addEntry(zip_t* archive, const std::string& name, zip_source_t* source, bool packed, const std::filesystem::path& file) {
  if (!source) throw fileError(file, "cannot be written: " + archiveReason(archive));
  const zip_int64_t index = zip_file_add(archive, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    throw fileError(file, "cannot be written: " + archiveReason(archive));
  }
  if (!packed) zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
}

// `text` outlives the archive.
void addText(zip_t* archive, const std::string& name, const std::string& text, const std::filesystem::path& file) {
  addEntry(archive, name, zip_source_buffer(archive, text.data(), text.size(), 0), true, file);
}

void closeArchive(Archive& archive, const std::filesystem::path& file, const std::stop_token& stop, const Progress& progress) {
  const auto tell = [](zip_t*, double share, void* progress) {
    const auto& told = *static_cast<const Progress*>(progress);
    if (told) told(static_cast<std::uint64_t>(share * 1000), 1000);
  };
  const auto cancelled = [](zip_t*, void* stop) { return static_cast<const std::stop_token*>(stop)->stop_requested() ? 1 : 0; };
  zip_register_progress_callback_with_state(archive.get(), 0.001, tell, nullptr, const_cast<Progress*>(&progress));
  zip_register_cancel_callback_with_state(archive.get(), cancelled, nullptr, const_cast<std::stop_token*>(&stop));
  if (zip_close(archive.get()) == 0) {
    static_cast<void>(archive.release());  // closed, and gone
    return;
  }
  if (stop.stop_requested()) throw Cancelled();
  throw fileError(file, "cannot be written: " + archiveReason(archive.get()));
}

void syncFile(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

// Reads an entry in pieces; never more than its directory says.
void readEntry(zip_t* archive, const std::string& name, const std::filesystem::path& file,
               const std::function<void(const char* data, std::size_t size)>& take) {
  zip_stat_t info;
  zip_stat_init(&info);
  if (zip_stat(archive, name.c_str(), ZIP_FL_ENC_RAW, &info) != 0) throw fileError(file, "is no exported run, or is damaged: it lacks " + name);
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> entry(zip_fopen_index(archive, info.index, 0), zip_fclose);
  if (!entry) throw fileError(file, name + " cannot be read: " + archiveReason(archive));
  std::vector<char> piece(1 << 20);
  for (std::uint64_t left = info.size; left > 0;) {
    const zip_int64_t size = zip_fread(entry.get(), piece.data(), piece.size());
    if (size <= 0 || static_cast<std::uint64_t>(size) > left) throw fileError(file, "is damaged: " + name + " cannot be read to its end");
    take(piece.data(), static_cast<std::size_t>(size));
    left -= static_cast<std::uint64_t>(size);
  }
  // The checksum is looked at when the end is read.
  if (zip_fread(entry.get(), piece.data(), 1) != 0) throw fileError(file, "is damaged: the checksum of " + name + " is wrong");
}

std::uint64_t sizeOfEntry(zip_t* archive, const std::string& name) {
  zip_stat_t info;
  zip_stat_init(&info);
  return zip_stat(archive, name.c_str(), ZIP_FL_ENC_RAW, &info) == 0 ? info.size : 0;
}

void checkNames(zip_t* archive, const std::filesystem::path& file) {
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    const char* name = zip_get_name(archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (!name || !isPlainName(name)) {
      throw fileError(file, "is no exported run: the name '" + std::string(name ? name : "") + "' in it would lead out of the run's folder");
    }
  }
}

Json readManifest(zip_t* archive, const std::filesystem::path& file) {
  if (sizeOfEntry(archive, kManifest) > kMostManifest) throw fileError(file, std::string("is damaged: ") + kManifest + " is too large");
  std::string text;
  readEntry(archive, kManifest, file, [&](const char* data, std::size_t size) { text.append(data, size); });
  Json manifest = parseJson(text, file.string() + ", " + kManifest);
  if (!manifest.is_object() || !manifest.contains("format") || !manifest["format"].is_number_integer()) {
    throw fileError(file, std::string("is no exported run: ") + kManifest + " does not say its format");
  }
  if (manifest["format"].get<int>() > kFormat) throw fileError(file, "was written by a newer Panicle; import it with that one");
  return manifest;
}

void extract(zip_t* archive, const Json& listed, const std::filesystem::path& file, const std::filesystem::path& folder,
             const std::stop_token& stop, const Progress& progress) {
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const Json& one : listed) total += one.at("size").get<std::uint64_t>();
  if (const auto free = std::filesystem::space(folder).available; total > free) {
    throw fileError(folder, "has not the " + std::to_string(total >> 20) + " MiB of free space that the run takes");
  }
  for (const Json& one : listed) {
    const std::string name = one.at("name").get<std::string>();
    if (!isPlainName(name) || name == "running.lock") throw fileError(file, "is no exported run: '" + name + "' is no name of a file of a run");
    if (sizeOfEntry(archive, name) != one.at("size").get<std::uint64_t>()) throw fileError(file, "is damaged: " + name + " has not the size that it should");
    AtomicFile out(folder / name);
    readEntry(archive, name, file, [&](const char* data, std::size_t size) {
      if (stop.stop_requested()) throw Cancelled();
      out.write(data, size);
      if (progress) progress(done += size, total);
    });
    out.commit();
    if (sha256OfFile(folder / name, stop) != one.at("sha256").get<std::string>()) {
      throw fileError(file, "is damaged: " + name + " is not what was exported");
    }
  }
}

// A folder that goes with the object, unless it has been moved away.
struct PassingFolder {
  explicit PassingFolder(const std::filesystem::path& beside) {
    std::string name = (beside / ".import-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw fileError(beside, "cannot be written to");
    path = name;
    std::filesystem::permissions(path, std::filesystem::perms(0755));
  }
  ~PassingFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;

  std::filesystem::path path;
};

std::string indented(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string historyCsv(const RunRecord& record) {
  std::vector<std::string> metrics;
  for (const EpochRow& row : record.epochs) {
    for (const auto& [name, value] : row.metrics) {
      if (std::find(metrics.begin(), metrics.end(), name) == metrics.end()) metrics.push_back(name);
    }
  }
  std::vector<std::string> header{"stage", "epoch", "phase", "train_loss", "valid_loss"};
  header.insert(header.end(), metrics.begin(), metrics.end());
  header.insert(header.end(), {"seconds", "skipped_steps"});
  std::string csv = csvLine(header);
  const auto number = [](double value) { return std::isfinite(value) ? Json(value).dump() : std::string(); };
  for (const EpochRow& row : record.epochs) {
    std::vector<std::string> cells{std::to_string(row.stage), std::to_string(row.epoch + 1), row.phase, number(row.train_loss), number(row.valid_loss)};
    for (const std::string& metric : metrics) cells.push_back(number(row.value(metric)));
    cells.insert(cells.end(), {number(row.seconds), std::to_string(row.skipped_steps)});
    csv += csvLine(cells);
  }
  return csv;
}

void exportRun(const RunStore& store, const std::string& run, const std::filesystem::path& file, std::stop_token stop, const Progress& progress) {
  const RunRecord record = store.get(run);
  const std::filesystem::path folder = store.folder(run);
  Json manifest{{"format", kFormat}, {"panicle", PANICLE_VERSION}, {"run", run}, {"name", record.name}, {"files", Json::array()}, {"tables", store.dump(run)}};
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(folder)) files = filesOf(folder);
  for (const auto& path : files) {
    manifest["files"].push_back(
        {{"name", path.filename().string()}, {"size", std::filesystem::file_size(path)}, {"sha256", sha256OfFile(path, stop)}});
  }
  const std::array<std::pair<std::string, std::string>, 4> texts{{{kManifest, indented(manifest)},
                                                                   {"spec.json", indented(specToJson(record.spec))},
                                                                   {"history.csv", historyCsv(record)},
                                                                   {"environment.json", indented(record.environment)}}};
  const std::filesystem::path part = file.string() + ".part";
  std::filesystem::remove(part);
  Archive archive = openArchive(part, ZIP_CREATE | ZIP_EXCL);
  for (const auto& [name, text] : texts) addText(archive.get(), name, text, file);
  for (const auto& path : files) {
    addEntry(archive.get(), path.filename().string(), zip_source_file(archive.get(), path.c_str(), 0, -1), path.extension() != ".safetensors", file);
  }
  closeArchive(archive, file, stop, progress);
  syncFile(part);
  std::filesystem::rename(part, file);
}

std::string importRun(RunStore& store, const std::filesystem::path& file, std::stop_token stop, const Progress& progress) {
  const Archive archive = openArchive(file, ZIP_RDONLY | ZIP_CHECKCONS);
  checkNames(archive.get(), file);
  const Json manifest = readManifest(archive.get(), file);
  const PassingFolder folder(store.workspace() / "runs");
  try {
    extract(archive.get(), manifest.at("files"), file, folder.path, stop, progress);
    std::string spec;
    readEntry(archive.get(), "spec.json", file, [&](const char* data, std::size_t size) { spec.append(data, size); });
    writeAtomically(folder.path / "spec.json", spec);
    return store.adopt(manifest.at("tables"), folder.path);
  } catch (const Json::exception& error) {
    throw fileError(file, std::string("is damaged: ") + kManifest + " is not what it should be: " + error.what());
  }
}

}  // namespace panicle
