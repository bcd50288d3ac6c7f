#include "ui/shared/recipe_history.h"

namespace panicle::ui {
namespace {

constexpr std::size_t kMaxSteps = 200;

}  // namespace

bool RecipeHistory::push(const RunSpec& spec, const QString& what) {
  if (specToJson(spec) == specToJson(current())) return false;
  steps_.resize(at_ + 1);
  steps_.push_back({spec, what});
  if (steps_.size() > kMaxSteps) steps_.erase(steps_.begin());
  at_ = steps_.size() - 1;
  return true;
}

void RecipeHistory::reset(const RunSpec& spec) {
  steps_ = {Step{spec, {}}};
  at_ = 0;
}

}  // namespace panicle::ui
