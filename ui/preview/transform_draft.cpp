#include "ui/preview/transform_draft.h"

#include <QCoreApplication>
#include <algorithm>
#include <map>

#include "core/base/error.h"
#include "ui/shared/field_row.h"
#include "ui/shared/field_rules.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("panicle::ui::BatchTab", text);
}

bool sameTransforms(const StageOptions& a, const StageOptions& b) {
  const Json first = toJson(a), second = toJson(b);
  return first["resize"] == second["resize"] && first["augment"] == second["augment"];
}

// `from`, with the transforms of `transforms`.
RunSpec combined(const RunSpec& from, const RunSpec& transforms) {
  RunSpec spec = from;
  for (std::size_t i = 0; i < std::min(spec.stages.size(), transforms.stages.size()); ++i) {
    spec.stages[i].resize = transforms.stages[i].resize;
    spec.stages[i].augment = transforms.stages[i].augment;
  }
  return spec;
}

// "Hue: largest change", so that the fields of an object are told from others of the same label.
QString titleOf(const FieldDescription& field, const std::map<std::string, QString>& labels) {
  const QString label = QString::fromUtf8(field.info.label);
  if (transformDepth(field.path) == 0) return label;
  const auto parent = labels.find(field.path.substr(0, field.path.rfind('.')));
  return parent == labels.end() ? label : parent->second + QStringLiteral(", ") + label.toLower();
}

std::vector<std::string> withPrefix(std::vector<std::string> problems, const std::string& prefix) {
  for (std::string& problem : problems) problem = prefix + problem;
  return problems;
}

}  // namespace

std::vector<FieldDescription> transformFields(const RunSpec& spec, std::size_t stage) {
  const std::string own = "stages." + std::to_string(stage) + ".";
  std::vector<FieldDescription> fields = describe(spec);
  std::erase_if(fields, [&](const FieldDescription& field) {
    return !field.path.starts_with(own) || !transformGroup(field.path);
  });
  std::stable_sort(fields.begin(), fields.end(), [](const FieldDescription& a, const FieldDescription& b) {
    return *transformGroup(a.path) < *transformGroup(b.path);
  });
  return fields;
}

void TransformDraft::follow(const RunSpec& recipe) {
  const bool keep = differs() && recipe.stages.size() == spec_.stages.size();
  spec_ = keep ? combined(recipe, spec_) : recipe;
  recipe_ = recipe;
}

bool TransformDraft::differs() const {
  return !std::equal(spec_.stages.begin(), spec_.stages.end(), recipe_.stages.begin(), recipe_.stages.end(),
                     sameTransforms);
}

QStringList TransformDraft::differences() const {
  QStringList words;
  for (std::size_t stage = 0; stage < spec_.stages.size(); ++stage) {
    if (sameTransforms(spec_.stages[stage], recipe_.stages[stage])) continue;
    const QString prefix = spec_.stages.size() > 1 ? tr("Stage %1, ").arg(stage + 1) : QString();
    std::map<std::string, Json> before;
    for (FieldDescription& field : transformFields(recipe_, stage))
      before.emplace(field.path, std::move(field.value));
    std::map<std::string, QString> labels;
    for (const FieldDescription& field : transformFields(spec_, stage)) {
      labels.emplace(field.path, QString::fromUtf8(field.info.label));
      const auto was = before.find(field.path);
      if (was == before.end()) continue;  // of an object that is off in the recipe, which is told
      const bool object = field.kind == FieldKind::Object;
      if (object ? was->second.is_null() == field.value.is_null() : was->second == field.value) continue;
      words << tr("%1%2: %3 → %4")
                   .arg(prefix, titleOf(field, labels), valueText(field, was->second),
                        valueText(field, field.value));
    }
  }
  return words;
}

QString TransformDraft::set(const std::string& path, const Json& value) {
  try {
    setByPath(spec_, path, value);
  } catch (const Error& error) {
    return problemReason(QString::fromUtf8(error.what()), path);
  }
  return {};
}

void TransformDraft::setStage(std::size_t stage, const ResizeOptions& resize,
                              const std::optional<AugOptions>& augment) {
  spec_.stages.at(stage).resize = resize;
  spec_.stages.at(stage).augment = augment;
}

std::vector<TransformDraft::Problem> TransformDraft::problems(std::size_t stage) const {
  const StageOptions& options = spec_.stages.at(stage);
  const std::string path = "stages." + std::to_string(stage) + ".";
  std::vector<std::string> all = withPrefix(check(options.resize), path + "resize.");
  if (options.augment) {
    const auto more = withPrefix(check(*options.augment), path + "augment.");
    all.insert(all.end(), more.begin(), more.end());
  }
  std::vector<Problem> problems;
  for (const std::string& problem : all) {
    const std::string field = problem.substr(0, problem.find(' '));
    problems.push_back({field, problemReason(QString::fromStdString(problem), field)});
  }
  return problems;
}

}  // namespace panicle::ui
