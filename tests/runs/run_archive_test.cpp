#include "core/runs/run_archive.h"

#include <gmock/gmock.h>
#include <zip.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <random>

#include "core/base/file.h"
#include "core/data/csv.h"
#include "tests/error_message.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message;
using testing::TempFolder;

// With something of everything; its weights are `bytes` of noise.
std::string makeRun(RunStore& store, std::size_t bytes = 100'000) {
  RunSpec spec;
  spec.name = "Réis, \"one\"";
  spec.seed = 9;
  const std::string run = store.create(spec, {{"device", "CPU"}});
  BatchEnded batch;
  batch.step = 1;
  batch.loss = 0.1;
  batch.lr = 1.0 / 3;
  store.record(run, batch);
  EpochEnded epoch;
  epoch.phase = "one cycle";
  epoch.train_loss = 2.0 / 3;
  epoch.valid_loss = std::numeric_limits<double>::quiet_NaN();
  epoch.metrics = {{"error_rate", 0.125}};
  epoch.seconds = 3;
  store.record(run, epoch);
  store.record(run, Warning{"a bad image", ""});
  RunEnded end;
  end.run = run;
  end.metrics = {{"tta_error_rate", 0.1}};
  store.record(run, end);
  store.addTag(run, "mine");
  store.setNote(run, "note");
  std::string noise(bytes, '\0');
  std::mt19937 random(1);
  for (char& c : noise) c = static_cast<char>(random());
  writeAtomically(store.folder(run) / "model.safetensors", noise);
  writeAtomically(store.folder(run) / "valid_preds.csv", "image_id,blast\n1,1\n");
  writeAtomically(store.folder(run) / "running.lock", "");
  return run;
}

TEST(RunArchive, ComesBackElsewhereAsItWas) {
  const TempFolder folder;
  RunStore store(folder / "here");
  const std::string run = makeRun(store);
  exportRun(store, run, folder / "run.zip");
  EXPECT_FALSE(std::filesystem::exists(folder / "run.zip.part"));

  RunStore other(folder / "elsewhere");
  other.create(RunSpec{}, {});
  const std::string imported = importRun(other, folder / "run.zip");
  EXPECT_EQ(imported, "2");
  const RunRecord before = store.get(run);
  const RunRecord after = other.get(imported);
  EXPECT_EQ(after.name, before.name);
  EXPECT_EQ(after.status, RunStatus::Finished);
  EXPECT_EQ(after.created, before.created);
  EXPECT_EQ(after.spec.seed, 9u);
  EXPECT_EQ(specToJson(after.spec), specToJson(before.spec));
  EXPECT_EQ(after.environment, before.environment);
  ASSERT_EQ(after.epochs.size(), 1u);
  EXPECT_EQ(after.epochs[0].train_loss, before.epochs[0].train_loss);
  EXPECT_TRUE(std::isnan(after.epochs[0].valid_loss));
  EXPECT_EQ(after.results, before.results);
  EXPECT_EQ(after.warnings, before.warnings);
  EXPECT_EQ(after.tags, before.tags);
  EXPECT_EQ(after.note, before.note);
  ASSERT_EQ(other.steps(imported).size(), 1u);
  EXPECT_EQ(other.steps(imported)[0].lr, 1.0 / 3);
  EXPECT_EQ(other.summaries().at(0).best, 0.125);
  for (const char* name : {"model.safetensors", "valid_preds.csv", "spec.json"}) {
    EXPECT_EQ(readText(other.folder(imported) / name), readText(store.folder(run) / name)) << name;
  }
  EXPECT_FALSE(std::filesystem::exists(other.folder(imported) / "running.lock"));
  // And again here, beside the original.
  EXPECT_EQ(importRun(store, folder / "run.zip"), "2");
}

TEST(RunArchive, HistoryIsATable) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string run = makeRun(store);
  writeAtomically(folder / "history.csv", historyCsv(store.get(run)));
  const CsvTable table = readCsv(folder / "history.csv");
  EXPECT_THAT(table.header, ElementsAre("stage", "epoch", "phase", "train_loss", "valid_loss", "error_rate", "seconds", "skipped_steps"));
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0][1], "1");
  EXPECT_EQ(std::stod(table.rows[0][3]), 2.0 / 3);
  EXPECT_EQ(table.rows[0][4], "");
}

TEST(RunArchive, WhatIsNotThereOrRunsIsNotExported) {
  const TempFolder folder;
  RunStore store(folder.path());
  const std::string running = store.create(RunSpec{}, {});
  EXPECT_THAT(message([&] { exportRun(store, running, folder / "x.zip"); }), HasSubstr("is running"));
  EXPECT_THAT(message([&] { exportRun(store, "7", folder / "x.zip"); }), HasSubstr("no run '7'"));
  const std::string run = makeRun(store, 5'000'000);
  writeAtomically(folder / "x.zip", "what was there");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(exportRun(store, run, folder / "x.zip", stop.get_token()), Cancelled);
  EXPECT_EQ(readText(folder / "x.zip"), "what was there");
}

// Entries by name, as anybody could make them.
void writeZip(const std::filesystem::path& file, const std::vector<std::pair<std::string, std::string>>& entries) {
  zip_t* archive = zip_open(file.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  for (const auto& [name, text] : entries) zip_file_add(archive, name.c_str(), zip_source_buffer(archive, text.data(), text.size(), 0), 0);
  ASSERT_EQ(zip_close(archive), 0);
}

void expectRefused(const std::filesystem::path& workspace, const std::filesystem::path& file, const ::testing::Matcher<std::string>& why) {
  RunStore store(workspace);
  const auto runs = store.list().size();
  EXPECT_THAT(message([&] { importRun(store, file); }), why);
  EXPECT_EQ(store.list().size(), runs);
  std::size_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(workspace / "runs")) folders += entry.is_directory();
  EXPECT_EQ(folders, runs);
  EXPECT_FALSE(std::filesystem::exists(workspace / "evil.json"));
}

TEST(RunArchive, PathsThatLeadOutAreRefused) {
  const TempFolder folder;
  for (const char* name : {"../evil.json", "/tmp/evil.json", "a/evil.json", "..\\evil.json", ".."}) {
    writeZip(folder / "bad.zip", {{"panicle-run.json", "{\"format\": 1}"}, {name, "evil"}});
    expectRefused(folder / "w", folder / "bad.zip", HasSubstr("would lead out"));
  }
  // Named in the document alone.
  writeZip(folder / "bad.zip", {{"panicle-run.json", R"({"format": 1, "files": [{"name": "../evil.json", "size": 4, "sha256": ""}], "tables": {}})"}});
  expectRefused(folder / "w", folder / "bad.zip", HasSubstr("no name of a file"));
}

TEST(RunArchive, WhatIsNoRunIsRefused) {
  const TempFolder folder;
  writeAtomically(folder / "text.zip", "not a zip at all");
  expectRefused(folder / "w", folder / "text.zip", HasSubstr("cannot be opened as a zip"));
  expectRefused(folder / "w", folder / "gone.zip", HasSubstr("gone.zip"));
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{cut", "panicle-run.json"},
      {"[]", "does not say its format"},
      {"{\"format\": 2}", "newer Panicle"},
      {"{\"format\": 1}", "is damaged"},
      {R"({"format": 1, "files": [], "tables": {}})", "spec.json"},
      {R"({"format": 1, "files": 3, "tables": {}})", "damaged"},
      {R"({"format": 1, "files": [{"name": "model.safetensors", "size": 99, "sha256": ""}], "tables": {}})", "size"}};
  for (const auto& [text, why] : cases) {
    writeZip(folder / "bad.zip", {{"panicle-run.json", text}, {"model.safetensors", "x"}});
    expectRefused(folder / "w", folder / "bad.zip", HasSubstr(why));
  }
  for (const char* tables : {"{}", R"({"runs": {"columns": [], "rows": []}})", R"({"runs": {"columns": ["name"], "rows": [[{}]]}})",
                             R"({"runs": {"columns": ["name", "status", "created", "spec", "environment"], "rows": [["n", "running", "", "{}", "{}"]]}})",
                             R"({"runs": {"columns": ["name", "status", "created", "spec", "environment"], "rows": [["n", "finished", "", "{cut", "{}"]]}})",
                             R"({"runs": {"columns": ["name"], "rows": [["n"]]}})"}) {
    writeZip(folder / "bad.zip", {{"panicle-run.json", std::string(R"({"format": 1, "files": [], "tables": )") + tables + "}"}, {"spec.json", "{}"}});
    expectRefused(folder / "w", folder / "bad.zip", ::testing::Not("no error"));
  }
}

// One byte of the file is another: the run that comes back is the same, or it is refused.
TEST(RunArchive, DamageIsSeen) {
  const TempFolder folder;
  RunStore store(folder / "here");
  const std::string run = makeRun(store, 3000);
  exportRun(store, run, folder / "run.zip");
  const std::string whole = readText(folder / "run.zip");
  RunStore other(folder / "w");
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 150; ++round) {
    std::string bytes = whole;
    bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    std::ofstream(folder / "bad.zip", std::ios::binary) << bytes;
    if (message([&] { importRun(other, folder / "bad.zip"); }) != "no error") {
      ++refused;
      continue;
    }
    const RunSummary row = other.summaries().at(0);
    EXPECT_EQ(row.best, 0.125) << round;
    EXPECT_EQ(readText(other.folder(row.id) / "model.safetensors"), readText(store.folder(run) / "model.safetensors")) << round;
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace panicle
