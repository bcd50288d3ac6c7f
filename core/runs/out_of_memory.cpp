#include "core/runs/out_of_memory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/runs/memory_plan.h"

namespace panicle {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr int kLeastBatch = 2;
constexpr double kBudgetShare = 0.98;  // a plan may be a little too low
constexpr int kSizeStep = 32;  // every network takes multiples of its stride, which divides this

std::string mib(std::uint64_t bytes) {
  return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

class Search {
 public:
  Search(const RunSpec& spec, const Shortage& shortage, std::stop_token stop)
      : spec_(spec), shortage_(shortage), stage_(spec.stages[shortage.stage]), stop_(std::move(stop)), failed_(peakOf(spec)) {}

  std::vector<Remedy> found() {
    const Settings checkpointing{{"model.gradient_checkpointing", "true"}};
    tryBatches({}, "");
    if (!spec_.model.gradient_checkpointing) {
      if (!offer(checkpointing, "gradient checkpointing")) tryBatches(checkpointing, " and gradient checkpointing");
    }
    trySizes();
    return std::move(remedies_);
  }

 private:
  // Of the run as planned; nullopt for one that cannot be.
  std::optional<RunPlan> planOf(const RunSpec& spec) const {
    try {
      return predict(spec, shortage_.outputs, shortage_.profile, stop_);
    } catch (const Cancelled&) {
      throw;
    } catch (const Error&) {
      return {};
    }
  }

  std::uint64_t peakOf(const RunSpec& spec) const {
    const auto plan = planOf(spec);
    return plan ? plan->peak() : 0;
  }

  bool fits(const RunPlan& plan) const {
    if (const std::uint64_t budget = spec_.memory.budgetBytes(); budget > 0)
      return static_cast<double>(plan.parts().held()) <= kBudgetShare * static_cast<double>(budget);
    return judge(shortage_.profile, plan.peak(), shortage_.now.used_by_others) != Fit::No;
  }

  // Whether it helps, and is a remedy now.
  bool offer(const Settings& settings, const std::string& words) {
    RunSpec changed = spec_;
    for (const auto& [key, value] : settings) setByPath(changed, key, std::string_view(value));
    const auto plan = planOf(changed);
    if (!plan || !fits(*plan) || plan->peak() >= failed_) return false;
    remedies_.push_back({words, settings, plan->peak()});
    return true;
  }

  void tryBatches(const Settings& with, const std::string& words) {
    const BatchOptions batch = spec_.batchOf(stage_);
    const std::string path = stage_.batch ? "stages." + std::to_string(shortage_.stage) + ".batch." : "batch.";
    for (int parts = 2; batch.size / parts >= kLeastBatch; parts *= 2) {
      Settings settings{{path + "size", std::to_string(batch.size / parts)}};
      std::string accum;
      if (!batch.effective && batch.size % parts == 0) {
        settings.emplace_back(path + "accum", std::to_string(batch.accum * parts));
        accum = " with accum " + std::to_string(batch.accum * parts);
      } else if (!batch.effective) {
        settings.emplace_back(path + "accum", "1");
        settings.emplace_back(path + "effective", std::to_string(batch.effectiveSize()));
        accum = " with an effective batch of " + std::to_string(batch.effectiveSize());
      }
      settings.insert(settings.end(), with.begin(), with.end());
      if (offer(settings, "batch " + std::to_string(batch.size / parts) + accum + words)) return;
    }
  }

  void trySizes() {
    const bool augmented = stage_.augment && stage_.augment->size;
    const Size size = augmented ? *stage_.augment->size : stage_.resize.size;
    const std::string path = "stages." + std::to_string(shortage_.stage) + (augmented ? ".augment.size" : ".resize.size");
    const auto shrunk = [](int side, int eighths) { return side * eighths / 8 / kSizeStep * kSizeStep; };
    for (int eighths = 7; eighths >= 3; --eighths) {
      const Size smaller{shrunk(size.height, eighths), shrunk(size.width, eighths)};
      if (smaller.height < kSizeStep || smaller.width < kSizeStep) return;
      const std::string value = "[" + std::to_string(smaller.height) + "," + std::to_string(smaller.width) + "]";
      if (offer({{path, value}}, "images of " + toString(smaller))) return;
    }
  }

  const RunSpec& spec_;
  const Shortage& shortage_;
  const StageOptions& stage_;
  std::stop_token stop_;
  std::uint64_t failed_ = 0;
  std::vector<Remedy> remedies_;
};

}  // namespace

std::vector<Remedy> remediesFor(const RunSpec& spec, const Shortage& shortage, std::stop_token stop) {
  return Search(spec, shortage, std::move(stop)).found();
}

std::string shortageMessage(const RunSpec& spec, const Shortage& shortage, const std::vector<Remedy>& remedies) {
  const StageOptions& stage = spec.stages[shortage.stage];
  const BatchOptions& batch = spec.batchOf(stage);
  const bool card = shortage.profile.kind == ComputeKind::Cuda;
  std::string text = "out of memory with " + spec.model.arch + ", batch " + std::to_string(batch.size) +
                     (batch.accum > 1 ? " (accum " + std::to_string(batch.accum) + ")" : "") + ", size " +
                     toString(makePipeline(spec, stage).outputSize()) + ". The run's tensors took " + mib(shortage.peak.tensors) +
                     " at most";
  if (card) text += ", the allocator held " + mib(shortage.peak.reserved);
  if (const std::uint64_t budget = spec.memory.budgetBytes(); budget > 0) text += " of the budget of " + mib(budget);
  text += "; other processes hold " + mib(shortage.now.used_by_others) + " of " + mib(shortage.now.total) +
          (card ? " of the card." : " of the machine.");
  if (remedies.empty()) {
    text += " Nothing that Panicle knows makes it fit: take another network, or free memory.";
  } else {
    text += " What fits:";
    for (const Remedy& remedy : remedies) text += "\n  " + remedy.words + " (needs about " + mib(remedy.predicted) + ")";
  }
  return shortage.what.empty() ? text : text + "\n" + shortage.what;
}

}  // namespace panicle
