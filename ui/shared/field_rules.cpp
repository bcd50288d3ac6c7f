#include "ui/shared/field_rules.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <charconv>

#include "core/models/model_options.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RecipeForm", text); }

// `field` has an effect only while its sibling `by` has (or, Unless, has not) the value `when`.
enum class Condition { If, Unless };

struct Rule {
  std::string_view field;
  std::string_view by;
  const char* when;  // JSON
  Condition condition = Condition::If;
};

constexpr std::array kRules{
    Rule{".resize.pad_mode", "method", "\"pad\""},
    Rule{".resize.min_scale", "method", "\"random_resized_crop\""},
    Rule{".resize.max_scale", "method", "\"random_resized_crop\""},
    Rule{".resize.min_ratio", "method", "\"random_resized_crop\""},
    Rule{".resize.max_ratio", "method", "\"random_resized_crop\""},
    Rule{".resize.val_xtra", "method", "\"random_resized_crop\""},
    Rule{".augment.p_flip", "do_flip", "true"},
    Rule{".augment.flip_vert", "do_flip", "true"},
    Rule{".augment.p_lighting", "max_lighting", "0.0", Condition::Unless},
    Rule{".augment.align_corners", "engine", "\"fastai\""},
    Rule{".schedule.lr_max", "kind", "\"fit_one_cycle\""},
    Rule{".schedule.base_lr", "kind", "\"fine_tune\""},
    Rule{".schedule.freeze_epochs", "kind", "\"fine_tune\""},
    Rule{".schedule.lr_mult", "kind", "\"fine_tune\""},
    Rule{".split.valid_pct", "kind", "\"random\""},
    Rule{".split.column", "kind", "\"column\""},
};

struct GroupedField {
  std::string_view name;  // the first part of the path below augment
  TransformGroup group;
};

// Every other field of the transforms is one of the extras.
constexpr std::array kGroups{
    GroupedField{"mult", TransformGroup::Main},
    GroupedField{"do_flip", TransformGroup::Geometry},
    GroupedField{"p_flip", TransformGroup::Geometry},
    GroupedField{"flip_vert", TransformGroup::Geometry},
    GroupedField{"max_rotate", TransformGroup::Geometry},
    GroupedField{"min_zoom", TransformGroup::Geometry},
    GroupedField{"max_zoom", TransformGroup::Geometry},
    GroupedField{"max_warp", TransformGroup::Geometry},
    GroupedField{"p_affine", TransformGroup::Geometry},
    GroupedField{"max_lighting", TransformGroup::Light},
    GroupedField{"p_lighting", TransformGroup::Light},
    GroupedField{"size", TransformGroup::Crop},
    GroupedField{"min_scale", TransformGroup::Crop},
};

struct Place {
  std::string_view part;  // of the path, after "stages.N." if it is there
  int order;
};

constexpr int kData = 0, kTransforms = 1, kModel = 2, kSchedule = 3, kExtras = 4;
constexpr std::array kPlaces{
    Place{"data.", kData},         Place{"resize.", kTransforms}, Place{"augment", kTransforms},
    Place{"model.", kModel},       Place{"schedule.", kSchedule}, Place{"batch.", kSchedule},
};

const char* const kTitles[] = {QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Data"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Transforms"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Model"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Schedule"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Extras")};

struct StagePath {
  int stage = -1;         // -1: not of a stage
  std::string_view rest;  // "augment.hue.p"
};

StagePath stagePath(std::string_view path) {
  constexpr std::string_view kStages = "stages.";
  StagePath result{-1, path};
  if (!path.starts_with(kStages)) return result;
  path.remove_prefix(kStages.size());
  std::from_chars(path.data(), path.data() + path.size(), result.stage);
  result.rest = path.substr(std::min(path.size(), path.find('.') + 1));
  return result;
}

}  // namespace

FormSection sectionOf(const std::string& path, std::size_t stages) {
  const auto [stage, rest] = stagePath(path);
  int order = kExtras;
  for (const Place& place : kPlaces) {
    if (rest.starts_with(place.part)) order = place.order;
  }
  const QString title = tr(kTitles[order]);
  // Room between the orders for up to 999 stages.
  if (stages < 2 || stage < 0) return {order * 1000, title};
  return {order * 1000 + stage + 1, tr("%1, stage %2").arg(title).arg(stage + 1)};
}

QString groupTitle(TransformGroup group) {
  switch (group) {
    case TransformGroup::Main: return tr("Batch transform");
    case TransformGroup::Geometry: return tr("Geometry");
    case TransformGroup::Light: return tr("Light");
    case TransformGroup::Crop: return tr("Crop");
    case TransformGroup::Extras: return tr("Extras");
  }
  return {};
}

std::optional<TransformGroup> transformGroup(const std::string& path) {
  constexpr std::string_view kAugment = "augment.", kResize = "resize.";
  const auto [stage, rest] = stagePath(path);
  if (stage < 0) return {};
  if (rest == "augment") return TransformGroup::Main;
  if (rest == "resize.method" || rest == "resize.size" || rest == "resize.pad_mode") return TransformGroup::Crop;
  if (rest.starts_with(kResize)) return TransformGroup::Extras;
  if (!rest.starts_with(kAugment)) return {};
  const std::string_view name = rest.substr(kAugment.size());
  for (const GroupedField& field : kGroups) {
    if (name == field.name) return field.group;
  }
  return TransformGroup::Extras;
}

int transformDepth(const std::string& path) {
  const std::string_view rest = stagePath(path).rest;
  return rest.starts_with("augment.") ? static_cast<int>(std::count(rest.begin(), rest.end(), '.')) - 1 : 0;
}

std::map<std::string, Json> standardValues(std::size_t stages) {
  RunSpec spec;
  spec.stages.resize(stages);
  std::map<std::string, Json> values;
  // Each turn adds the fields of the objects that the turn before has switched on; what a field was first is its default.
  for (bool more = true; more;) {
    more = false;
    for (FieldDescription& field : describe(spec)) {
      const bool off = field.kind == FieldKind::Object && field.value.is_null();
      if (off) setByPath(spec, field.path, Json::object());
      more = more || off;
      values.emplace(field.path, std::move(field.value));
    }
  }
  return values;
}

QString problemReason(const QString& message, const std::string& path) {
  QString text = message.section(QLatin1Char('\n'), -1).trimmed();
  const QString name = QString::fromStdString(path);
  if (text.startsWith(name)) text = text.mid(name.size()).trimmed();
  if (!text.isEmpty()) text[0] = text[0].toUpper();
  return text;
}

QString labelledProblem(const QString& message, const RunSpec& spec) {
  for (const FieldDescription& field : describe(spec)) {
    const QString path = QString::fromStdString(field.path);
    if (!message.startsWith(path) || message.size() == path.size()) continue;
    const QChar next = message[path.size()];
    if (next == QLatin1Char(':') || next == QLatin1Char(' '))
      return QString::fromUtf8(field.info.label) + message.mid(path.size());
  }
  return message;
}

QString whyWithoutEffect(const std::string& path, const FieldValues& values) {
  for (const Rule& rule : kRules) {
    if (!path.ends_with(rule.field)) continue;
    const std::string sibling = path.substr(0, path.rfind('.') + 1) + std::string(rule.by);
    const auto found = values.find(sibling);
    if (found == values.end()) return {};
    const Json when = Json::parse(rule.when);
    if ((found->second->value == when) == (rule.condition == Condition::If)) return {};
    const QString by = QString::fromUtf8(found->second->info.label).toLower();
    QString wanted = when.is_string() ? QString::fromStdString(when.get<std::string>()) : QString::fromStdString(when.dump());
    if (when.is_boolean()) wanted = when.get<bool>() ? tr("on") : tr("off");
    if (when.is_number_float()) wanted = QString::number(when.get<double>());
    return (rule.condition == Condition::If ? tr("Only used when %1 is %2.") : tr("Not used when %1 is %2.")).arg(by, wanted);
  }
  return {};
}

QStringList suggestions(const std::string& path) {
  QStringList list;
  if (path == "model.arch") {
    for (const Architecture& known : architectures()) list << QString::fromStdString(known.name);
  } else if (path == "device") {
    list << QStringLiteral("auto") << QStringLiteral("cpu") << QStringLiteral("cuda:0");
  }
  return list;
}

PathKind pathKind(const std::string& path) {
  if (path == "data.root" || path == "data.images" || path == "data.test") return PathKind::Folder;
  if (path == "data.csv" || path == "model.weights") return PathKind::File;
  return PathKind::None;
}

}  // namespace panicle::ui
