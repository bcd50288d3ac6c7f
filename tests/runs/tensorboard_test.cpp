// Event files are read back by a reader of this file's own: it knows the formats from their descriptions and shares no code with the writer.
#include "core/runs/tensorboard.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/runs/event_file.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;
using testing::TempFolder;

// Bit by bit: the remainder of a division of polynomials.
std::uint32_t slowCrc32c(std::string_view bytes) {
  std::uint32_t crc = ~0u;
  for (const unsigned char byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool one = ((crc ^ (byte >> bit)) & 1) != 0;
      crc = (crc >> 1) ^ (one ? 0x82F63B78u : 0u);
    }
  }
  return ~crc;
}

// A field of a protobuf message as it is on the wire.
struct WireField {
  int number = 0;
  std::uint64_t integer = 0;  // of a varint, 64 or 32 bits
  std::string bytes;          // of what has a length
};

class Bytes {
 public:
  explicit Bytes(std::string text) : text_(std::move(text)) {}
  bool atEnd() const { return at_ == text_.size(); }
  std::string take(std::size_t size) {
    if (size > text_.size() - at_) throw std::runtime_error("the file ends in a record");
    at_ += size;
    return text_.substr(at_ - size, size);
  }
  std::uint64_t integer(std::size_t size) {
    std::uint64_t value = 0;
    const std::string bytes = take(size);
    for (std::size_t i = size; i-- > 0;) value = value * 256 + static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value += static_cast<std::uint64_t>(byte % 128) << shift;
      if (byte < 128) return value;
    }
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

std::vector<WireField> fieldsOf(const std::string& message) {
  std::vector<WireField> fields;
  for (Bytes bytes(message); !bytes.atEnd();) {
    const std::uint64_t key = bytes.varint();
    WireField field{.number = static_cast<int>(key / 8), .integer = 0, .bytes = ""};
    switch (key % 8) {
      case 0: field.integer = bytes.varint(); break;
      case 1: field.integer = bytes.integer(8); break;
      case 2: field.bytes = bytes.take(bytes.varint()); break;
      case 5: field.integer = bytes.integer(4); break;
      default: throw std::runtime_error("a wire type that event files have not");
    }
    fields.push_back(field);
  }
  return fields;
}

struct ReadEvent {
  double time = 0;
  std::uint64_t step = 0;
  std::string version;
  bool start = false;
  std::map<std::string, float> scalars;
};

ReadEvent eventOf(const std::string& message) {
  ReadEvent event;
  for (const WireField& field : fieldsOf(message)) {
    if (field.number == 1) event.time = std::bit_cast<double>(field.integer);
    if (field.number == 2) event.step = field.integer;
    if (field.number == 3) event.version = field.bytes;
    if (field.number == 7) event.start = fieldsOf(field.bytes).at(0).number == 1 && fieldsOf(field.bytes).at(0).integer == 1;
    if (field.number != 5) continue;
    for (const WireField& value : fieldsOf(field.bytes)) {
      std::string tag;
      std::optional<float> number;
      for (const WireField& part : fieldsOf(value.bytes)) {
        if (part.number == 1) tag = part.bytes;
        if (part.number == 2) number = std::bit_cast<float>(static_cast<std::uint32_t>(part.integer));
      }
      event.scalars.emplace(tag, number.value());
    }
  }
  return event;
}

std::vector<ReadEvent> read(const std::filesystem::path& file) {
  const auto unmasked = [](std::uint64_t masked) {
    const auto rotated = static_cast<std::uint32_t>(masked) - 0xa282ead8u;
    return rotated >> 17 | rotated << 15;
  };
  std::vector<ReadEvent> events;
  for (Bytes bytes(readText(file)); !bytes.atEnd();) {
    const std::string length = bytes.take(8);
    if (unmasked(bytes.integer(4)) != slowCrc32c(length)) throw std::runtime_error("the length's checksum is wrong");
    const std::string message = bytes.take(Bytes(length).integer(8));
    if (unmasked(bytes.integer(4)) != slowCrc32c(message)) throw std::runtime_error("the data's checksum is wrong");
    events.push_back(eventOf(message));
  }
  return events;
}

// RFC 3720, appendix B.4.
TEST(EventFile, ChecksumsAreTheStandards) {
  std::string up, down;
  for (int i = 0; i < 32; ++i) {
    up += static_cast<char>(i);
    down += static_cast<char>(31 - i);
  }
  std::string command(48, '\0');  // an iSCSI command to read
  for (const auto& [at, byte] : std::map<std::size_t, int>{{0, 0x01}, {1, 0xc0}, {16, 0x14}, {22, 0x04}, {27, 0x14}, {31, 0x18}, {32, 0x28}, {40, 0x02}})
    command[at] = static_cast<char>(byte);
  for (const auto& sum : {crc32c, slowCrc32c}) {
    EXPECT_EQ(sum(std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(sum(std::string(32, '\xff')), 0x62a8ab43u);
    EXPECT_EQ(sum(up), 0x46dd794eu);
    EXPECT_EQ(sum(down), 0x113fdb5cu);
    EXPECT_EQ(sum(command), 0xd9963a56u);
  }
}

// Three batches an epoch; a metric that is not known is a NaN.
class TensorBoard : public ::testing::Test {
 protected:
  TensorBoard() : store_(folder_ / "w"), run_(store_.create(RunSpec{}, {})) {}

  static BatchEnded batch(std::uint64_t step) {
    BatchEnded batch;
    batch.step = step;
    batch.epoch = static_cast<int>(step - 1) / 3;
    batch.loss = 2.0 / static_cast<double>(step);
    batch.smooth_loss = 3.0 / static_cast<double>(step);
    batch.lr = 1e-3 * static_cast<double>(step);
    batch.momentum = 0.9;
    batch.seconds = static_cast<double>(step);
    return batch;
  }
  static EpochEnded epoch(int number) {
    EpochEnded epoch;
    epoch.epoch = number;
    epoch.train_loss = 0.5;
    epoch.valid_loss = 0.25 + number;
    epoch.metrics = {{"error_rate", 0.125}, {"recall/bacterial leaf blight", std::nan("")}};
    epoch.seconds = 3;
    return epoch;
  }
  // To the store, and as execute() does then to the log.
  void tell(const TrainEvent& event, TensorBoardLog* log = nullptr) {
    store_.record(run_, event);
    if (log) log->take(event);
  }
  void trainEpoch(int number, TensorBoardLog* log = nullptr) {
    for (int i = 1; i <= 3; ++i) tell(batch(static_cast<std::uint64_t>(number * 3 + i)), log);
    tell(epoch(number), log);
  }
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator(store_.folder(run_) / "tensorboard")) found.push_back(entry.path());
    return found;
  }
  // Step and value of every event with the tag.
  static std::vector<std::pair<std::uint64_t, float>> series(const std::vector<ReadEvent>& events, const std::string& tag) {
    std::vector<std::pair<std::uint64_t, float>> values;
    for (const ReadEvent& event : events) {
      if (const auto found = event.scalars.find(tag); found != event.scalars.end()) values.emplace_back(event.step, found->second);
    }
    return values;
  }

  TempFolder folder_;
  RunStore store_;
  std::string run_;
};

TEST_F(TensorBoard, AnyStoredRunIsWritten) {
  trainEpoch(0);
  trainEpoch(1);
  const auto file = exportTensorBoard(store_, run_, folder_ / "tb" / "1");
  EXPECT_THAT(file.filename().string(), ::testing::MatchesRegex("events\\.out\\.tfevents\\.[0-9]{10}\\.panicle"));
  const auto events = read(file);
  ASSERT_GT(events.size(), 2u);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_TRUE(events[1].start);
  EXPECT_THAT(series(events, "batch/loss"), ElementsAre(Pair(1, 2.0f), Pair(2, 1.0f), Pair(3, 2.0f / 3), Pair(4, 0.5f), Pair(5, 0.4f), Pair(6, 2.0f / 6)));
  EXPECT_THAT(series(events, "batch/lr"), SizeIs(6));
  EXPECT_THAT(series(events, "batch/momentum"), SizeIs(6));
  EXPECT_THAT(series(events, "batch/smooth_loss"), SizeIs(6));
  EXPECT_THAT(series(events, "epoch/valid_loss"), ElementsAre(Pair(1, 0.25f), Pair(2, 1.25f)));
  EXPECT_THAT(series(events, "epoch/train_loss"), ElementsAre(Pair(1, 0.5f), Pair(2, 0.5f)));
  EXPECT_THAT(series(events, "epoch/error_rate"), ElementsAre(Pair(1, 0.125f), Pair(2, 0.125f)));
  EXPECT_THAT(series(events, "epoch/recall/bacterial leaf blight"), SizeIs(0));
  for (std::size_t i = 3; i < 8; ++i) EXPECT_GE(events[i].time, events[i - 1].time);
  EXPECT_GT(events.front().time, 1.7e9);
}

TEST_F(TensorBoard, ARunThatGoesOnHasItsHistoryOnceInOneFile) {
  RunStarted started;
  started.run = run_;
  std::vector<std::string> warnings;
  TensorBoardLog log(store_, [&](const std::string& what) { warnings.push_back(what); });
  tell(started, &log);
  trainEpoch(0, &log);
  EXPECT_THAT(series(read(files().at(0)), "batch/loss"), SizeIs(3)) << "not to be seen while the run is on";
  tell(batch(4), &log);
  // As after an interruption: the store forgets what came after the checkpoint.
  store_.flush(run_);
  store_.rewind(run_, 3, 1, 3);
  tell(started, &log);
  trainEpoch(1, &log);
  RunEnded end;
  end.run = run_;
  tell(end, &log);
  ASSERT_THAT(files(), SizeIs(1));
  const auto events = read(files()[0]);
  EXPECT_TRUE(events[1].start);
  const auto steps = series(events, "batch/loss");
  ASSERT_THAT(steps, SizeIs(6));
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i].first, i + 1);
  EXPECT_THAT(series(events, "epoch/valid_loss"), ElementsAre(Pair(1, 0.25f), Pair(2, 1.25f)));
  EXPECT_TRUE(warnings.empty());
}

TEST_F(TensorBoard, WhatCannotBeWrittenIsToldOnceAndHarmsNothing) {
  writeAtomically(store_.folder(run_) / "tensorboard", "a file where a folder should be");
  RunStarted started;
  started.run = run_;
  std::vector<std::string> warnings;
  TensorBoardLog log(store_, [&](const std::string& what) { warnings.push_back(what); });
  tell(started, &log);
  trainEpoch(0, &log);
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0], HasSubstr("tensorboard"));
}

}  // namespace
}  // namespace panicle
