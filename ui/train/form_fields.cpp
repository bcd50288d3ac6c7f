#include "ui/train/form_fields.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "ui/shared/field_rules.h"

namespace panicle::ui {
namespace {

// The batch comes after the schedule, which is what one looks for.
int rankOf(const std::string& path) {
  return path.starts_with("batch.") || path.find(".batch") != std::string::npos ? 1 : 0;
}

}  // namespace

int placeOf(const std::string& path) {
  const std::optional<FormFold> fold = foldOf(path);
  return fold ? fold->order : 0;
}

std::vector<FieldDescription> shownFields(const RunSpec& spec) {
  std::vector<FieldDescription> fields = describe(spec);
  std::erase_if(fields, [&](const FieldDescription& field) {
    // The only stage needs no batch of its own.
    const bool batchOfTheOnlyStage = spec.stages.size() == 1 && field.path == "stages.0.batch" && field.value.is_null();
    return !*field.info.label || field.kind == FieldKind::List || batchOfTheOnlyStage;
  });
  std::stable_sort(fields.begin(), fields.end(), [&](const FieldDescription& a, const FieldDescription& b) {
    const int first = sectionOf(a.path, spec.stages.size()).order, second = sectionOf(b.path, spec.stages.size()).order;
    return std::tuple(first, placeOf(a.path), rankOf(a.path)) < std::tuple(second, placeOf(b.path), rankOf(b.path));
  });
  return fields;
}

}  // namespace panicle::ui
