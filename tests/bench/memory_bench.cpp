// Predicted beside measured peaks of training steps on this processor: architectures of all families, sizes,
// batches, accumulation, precision, frozen layers, gradient checkpointing, optimizers.
//
//   memory_bench [--only TEXT] [--limit-gib N]
//   memory_bench --times       how long the strip beside Start waits for a plan: of a new form, and of one seen before
//
// A row is two steps of the optimizer and a batch of validation. Rows that would take more than the limit
// (default 12) are left out. Exit status 1 when one is more than 5 % off.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/memory/planner.h"
#include "core/models/architecture.h"
#include "core/runs/memory_plan.h"

namespace {

using namespace panicle;

constexpr double kMiB = 1 << 20;
constexpr double kLimit = 0.05;

struct Row {
  std::string arch;
  int side, batch;
  std::string setting;
  PlanRequest request;
};

struct Setting {
  const char* name;
  std::function<void(PlanRequest&)> apply;
};

const Setting kUsual{"", [](PlanRequest&) {}};
const std::vector<Setting> kSettings{
    {"accum 2", [](PlanRequest& r) { r.batch.accum = 2; }},
    {"accum 4", [](PlanRequest& r) { r.batch.accum = 4; }},
    {"bf16", [](PlanRequest& r) { r.precision = Precision::Bf16; }},
    {"frozen", [](PlanRequest& r) { r.frozen = true; }},
    {"bf16, frozen",
     [](PlanRequest& r) {
       r.precision = Precision::Bf16;
       r.frozen = true;
     }},
    {"checkpointing", [](PlanRequest& r) { r.model.gradient_checkpointing = true; }},
};

struct Network {
  const char* arch;
  std::vector<int> sides;
};

// One of each family with all settings, larger ones as they are.
const std::vector<Network> kSmall{{"resnet18", {128, 224}},
                                  {"resnet26d", {128, 224}},
                                  {"convnext_tiny_in22k", {128, 224}},
                                  {"vit_tiny_patch16_224", {224}},
                                  {"swin_tiny_patch4_window7_224", {224}},
                                  {"swinv2_tiny_window8_256", {256}}};
const std::vector<Network> kLarge{{"resnet50d", {224}},
                                  {"convnext_small_in22k", {128}},
                                  {"vit_small_patch16_224", {224}},
                                  {"swin_small_patch4_window7_224", {224}},
                                  {"convnext_base_in22k", {224}}};

Row rowOf(const char* arch, int side, int batch, const Setting& setting) {
  Row row{arch, side, batch, setting.name, {}};
  row.request.model.arch = arch;
  row.request.image = {side, side};
  row.request.batch.size = batch;
  setting.apply(row.request);
  return row;
}

std::vector<Row> rows() {
  std::vector<Row> list;
  for (const Network& network : kSmall) {
    for (const int side : network.sides) {
      for (const int batch : {4, 16}) list.push_back(rowOf(network.arch, side, batch, kUsual));
    }
    for (const Setting& setting : kSettings)
      list.push_back(rowOf(network.arch, network.sides.front(), 8, setting));
  }
  for (const Network& network : kLarge) {
    for (const int side : network.sides) list.push_back(rowOf(network.arch, side, 4, kUsual));
  }
  for (const OptimizerKind kind :
       {OptimizerKind::Sgd, OptimizerKind::RAdam, OptimizerKind::Ranger, OptimizerKind::Lamb}) {
    const std::string name = EnumNames<OptimizerKind>::names[static_cast<std::size_t>(kind)];
    list.push_back(
        rowOf("resnet18", 128, 16, {name.c_str(), [kind](PlanRequest& r) { r.optimizer.kind = kind; }}));
  }
  return list;
}

// Returns by how much the plan is off; 0 for a row that is left out.
double run(const Row& row, double limitGib) {
  const auto start = std::chrono::steady_clock::now();
  const MemoryParts planned = planStep(row.request);
  const double milliseconds =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  if (static_cast<double>(planned.total()) > limitGib * 1024 * kMiB) return 0;
  const double predicted = static_cast<double>(planned.total()) / kMiB;
  const double measured = static_cast<double>(measurePlan(row.request)) / kMiB;
  const double off = predicted / measured - 1;
  std::printf("| %-30s | %3d | %2d | %-13s | %8.1f | %8.1f | %+5.2f %% | %4.0f |\n", row.arch.c_str(),
              row.side, row.batch, row.setting.c_str(), predicted, measured, 100 * off, milliseconds);
  std::fflush(stdout);
  return off;
}

double millisecondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// For this processor and for a card, whose plan goes through the caching allocator as well.
void printTimes() {
  const std::vector<DeviceProfile> profiles = deviceProfiles();
  const auto& processor = *std::ranges::find(profiles, ComputeKind::Cpu, &DeviceProfile::kind);
  const auto& card = *std::ranges::find(profiles, "Kaggle P100", &DeviceProfile::name);
  std::puts("| architecture | processor, new ms | again ms | card, new ms | again ms |\n|---|---|---|---|---|");
  for (const char* arch : {"resnet26d", "convnext_small_in22k", "vit_large_patch16_224", "swinv2_large_window12_192_22k",
                           "swin_large_patch4_window7_224", "convnext_large_in22k"}) {
    RunSpec spec;
    spec.model.arch = arch;
    const Size size = architecture(arch).input_size;
    spec.stages[0].resize.size = size;
    spec.stages[0].augment.reset();
    std::printf("| %s |", arch);
    for (const DeviceProfile* profile : {&processor, &card}) {
      const double fresh = millisecondsOf([&] { predict(spec, 10, *profile); });
      const double again = millisecondsOf([&] { predict(spec, 10, *profile); });
      std::printf(" %.0f | %.2f |", fresh, again);
    }
    std::puts("");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--times") {
    printTimes();
    return 0;
  }
  std::string only;
  double limitGib = 12;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--only") only = argv[i + 1];
    if (option == "--limit-gib") limitGib = std::atof(argv[i + 1]);
  }
  double worst = 0;
  int count = 0;
  std::puts(
      "| architecture                   | size | bs | setting       | predicted | measured | error | plan ms "
      "|");
  std::puts("|---|---|---|---|---|---|---|---|");
  try {
    for (const Row& row : rows()) {
      if (row.arch.find(only) == std::string::npos) continue;
      const double off = run(row, limitGib);
      worst = std::abs(off) > std::abs(worst) ? off : worst;
      ++count;
    }
  } catch (const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 2;
  }
  std::printf("\n%d combinations, worst error %+.2f %% (MiB; limit %.0f %%)\n", count, 100 * worst,
              100 * kLimit);
  return std::abs(worst) > kLimit ? 1 : 0;
}
