#include "ui/shared/field_rules.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <algorithm>
#include <array>
#include <charconv>

#include "core/models/model_options.h"
#include "core/train/metrics.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RecipeForm", text); }

// `field` has an effect only while its sibling `by` has (or, Unless, has not) the value `when`, or one of several.
enum class Condition { If, Unless };

struct Rule {
  std::string_view field;
  std::string_view by;
  const char* when;  // JSON; a list: any of its values
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
    Rule{".schedule.lr_max", "kind", "\"fine_tune\"", Condition::Unless},
    Rule{".schedule.freeze_to", "kind", "\"fine_tune\"", Condition::Unless},
    Rule{".schedule.base_lr", "kind", "\"fine_tune\""},
    Rule{".schedule.freeze_epochs", "kind", "\"fine_tune\""},
    Rule{".schedule.lr_mult", "kind", "\"fine_tune\""},
    Rule{".schedule.pct_start", "kind", "\"fit\"", Condition::Unless},
    Rule{".schedule.div", "kind", "[\"fit_one_cycle\", \"fine_tune\"]"},
    Rule{".schedule.div_final", "kind", "\"fit\"", Condition::Unless},
    Rule{".schedule.moms", "kind", "[\"fit_one_cycle\", \"fine_tune\"]"},
    Rule{".loss.label_smoothing", "kind", "\"cross_entropy\""},
    Rule{".loss.focal_gamma", "kind", "\"focal\""},
    Rule{".loss.class_weight_cap", "class_weights", "\"balanced\""},
    Rule{"optimizer.sqr_mom", "kind", "\"sgd\"", Condition::Unless},
    Rule{"optimizer.eps", "kind", "\"sgd\"", Condition::Unless},
    Rule{"tta.beta", "use_max", "false"},
    Rule{".split.valid_pct", "kind", "[\"random\", \"grouped\"]"},
    Rule{".split.column", "kind", "\"column\""},
    Rule{".split.group_column", "kind", "\"grouped\""},
    Rule{".split.groups", "kind", "\"grouped\""},
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

// The sections, in the order of the form. With several stages those of each stage stand together, after what holds for all of them.
enum Section { Data, Transforms, Model, Schedule, Watching, Extras };

struct Place {
  std::string_view part;  // of the path, after "stages.N." if it is there
  Section section;
};

constexpr std::array kPlaces{
    Place{"data.", Data},       Place{"resize.", Transforms}, Place{"augment", Transforms}, Place{"mix", Transforms},
    Place{"model.", Model},     Place{"schedule.", Schedule}, Place{"batch", Schedule},     Place{"loss.", Schedule},
    Place{"optimizer.", Schedule}, Place{"metrics", Watching}, Place{"callbacks.", Watching}, Place{"tta", Watching},
};

const char* const kTitles[] = {QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Data"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Transforms"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Model"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Schedule"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Metrics, callbacks, predictions"),
                               QT_TRANSLATE_NOOP("panicle::ui::RecipeForm", "Extras")};

// Folds of the schedule; the transforms have theirs before these.
constexpr int kShapeFold = 10, kLossFold = 11, kOptimizerFold = 12;

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
  Section section = Extras;
  for (const Place& place : kPlaces) {
    if (rest.starts_with(place.part)) section = place.section;
  }
  const QString title = tr(kTitles[section]);
  if (stages >= 2 && stage >= 0) return {100 + stage * 10 + section, tr("%1, stage %2").arg(title).arg(stage + 1), stage};
  if (section == Watching || section == Extras) return {kAfterStages + section, title};
  if (stages >= 2 && section == Schedule) return {kAfterStages, tr("Batch and optimizer")};
  return {section, title};
}

std::optional<FormFold> foldOf(const std::string& path) {
  static const std::array shape{"schedule.lr_mult", "schedule.pct_start", "schedule.div", "schedule.moms"};
  const std::optional<TransformGroup> group = transformGroup(path);
  if (group == TransformGroup::Geometry || group == TransformGroup::Light || group == TransformGroup::Extras) {
    return FormFold{static_cast<int>(*group) + 1, groupTitle(*group)};
  }
  const std::string_view rest = stagePath(path).rest;
  const bool shapes = std::any_of(shape.begin(), shape.end(), [&](const char* part) { return rest.starts_with(part); });
  if (shapes) return FormFold{kShapeFold, tr("Shape of the schedule")};
  if (rest.starts_with("loss.")) return FormFold{kLossFold, tr("Loss")};
  if (rest.starts_with("optimizer.")) return FormFold{kOptimizerFold, tr("Optimizer")};
  return {};
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

int objectDepth(const std::string& path) {
  const auto [stage, rest] = stagePath(path);
  if (rest.starts_with("mix.") || rest.starts_with("tta.") || (stage >= 0 && rest.starts_with("batch."))) return 1;
  if (rest.starts_with("callbacks.")) return static_cast<int>(std::count(rest.begin(), rest.end(), '.')) - 1;
  return transformDepth(path);
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
  if (text.startsWith(name)) text = text.mid(name.size());
  if (text.startsWith(QLatin1Char(':'))) text = text.mid(1);
  text = text.trimmed();
  if (!text.isEmpty()) text[0] = text[0].toUpper();
  return text;
}

FieldLabels fieldLabels(const RunSpec& spec) {
  FieldLabels labels;
  for (const FieldDescription& field : describe(spec)) {
    if (!*field.info.label) continue;
    const QString label = QString::fromUtf8(field.info.label);
    const int stage = stagePath(field.path).stage;
    labels[field.path] = stage >= 0 && spec.stages.size() > 1 ? tr("%1 of stage %2").arg(label).arg(stage + 1) : label;
  }
  return labels;
}

std::string fieldOf(const QString& message, const FieldLabels& labels) {
  const std::string text = message.toStdString();
  const std::string path = text.substr(0, text.find_first_of(": "));
  return labels.contains(path) ? path : std::string();
}

// A path is a word of its own: "data.label_columns", but not the one within "data.label_columns.0" or "my/data.csv".
QString inLabels(QString message, const FieldLabels& labels) {
  static const QRegularExpression word(QStringLiteral("(?<![\\w./\\\\'\"-])[a-z_]+(?:\\.[a-z0-9_]+)*(?![\\w/\\\\'\"-]|\\.\\w)"));
  qsizetype at = 0;
  for (QRegularExpressionMatch match = word.match(message, at); match.hasMatch(); match = word.match(message, at)) {
    const auto label = labels.find(match.captured().toStdString());
    // A path of one part may be an ordinary word: it is the field only where the message begins with it.
    const bool named = label != labels.end() && (match.capturedStart() == 0 || match.captured().contains(QLatin1Char('.')));
    const QString said = !named ? match.captured() : match.capturedStart() == 0 ? label->second : QStringLiteral("\"%1\"").arg(label->second);
    message.replace(match.capturedStart(), match.capturedLength(), said);
    at = match.capturedStart() + said.size();
  }
  return message;
}

QString labelledProblem(const QString& message, const RunSpec& spec) { return inLabels(message, fieldLabels(spec)); }

namespace {

QString conditionText(const Json& when) {
  if (when.is_null()) return tr("empty");
  if (when.is_boolean()) return when.get<bool>() ? tr("on") : tr("off");
  if (when.is_string()) return QString::fromStdString(when.get<std::string>());
  if (when.is_number_float()) return QString::number(when.get<double>());
  QStringList any;
  for (const Json& value : when) any << conditionText(value);
  return any.join(tr(" or "));
}

// What depends on more than one other field.
QString whyNotUsed(const std::string& path, const FieldValues& values) {
  if (path == "optimizer.mom") {
    for (const auto& [other, field] : values) {
      const bool kind = other.starts_with("stages.") && other.ends_with(".schedule.kind");
      if (kind && (field->value == "fit" || field->value == "fit_flat_cos")) return {};
    }
    return tr("Only used where a stage's schedule is fit or fit_flat_cos: the others set the momentum themselves.");
  }
  if (path.ends_with("batch.accum")) {
    // While both say something, which is a problem, both can be changed.
    const auto effective = values.find(path.substr(0, path.rfind('.')) + ".effective"), accum = values.find(path);
    const bool said = effective != values.end() && !effective->second->value.is_null();
    if (said && accum != values.end() && accum->second->value == 1) return tr("Not used when the effective batch is set.");
  }
  const auto size = [&](const char* list) {
    const auto found = values.find(list);
    return found == values.end() ? std::size_t{0} : found->second->value.size();
  };
  if (path.ends_with(".loss.target_weights") && size("data.label_columns") < 2) return tr("Only used with several label columns.");
  if (path.ends_with(".loss.regression") && size("data.regression_columns") == 0) {
    return tr("Only used with label columns that are numbers.");
  }
  return {};
}

}  // namespace

QString whyWithoutEffect(const std::string& path, const FieldValues& values) {
  for (const Rule& rule : kRules) {
    if (!path.ends_with(rule.field)) continue;
    const std::string sibling = path.substr(0, path.rfind('.') + 1) + std::string(rule.by);
    const auto found = values.find(sibling);
    if (found == values.end()) continue;
    const Json when = Json::parse(rule.when);
    const Json& value = found->second->value;
    const bool has = when.is_array() ? std::find(when.begin(), when.end(), value) != when.end() : value == when;
    if (has == (rule.condition == Condition::If)) continue;
    const QString by = QString::fromUtf8(found->second->info.label).toLower();
    return (rule.condition == Condition::If ? tr("Only used when %1 is %2.") : tr("Not used when %1 is %2.")).arg(by, conditionText(when));
  }
  return whyNotUsed(path, values);
}

QString nullText(const FieldDescription& field) {
  if (field.kind == FieldKind::Object) return tr("off");
  if (field.path.ends_with("grad_clip") || field.path.ends_with("ema_decay")) return tr("off");
  if (field.path.ends_with("batch.effective")) return tr("size × accum");
  if (field.kind == FieldKind::Size) return tr("as resized");
  return field.kind == FieldKind::Text ? tr("automatic") : tr("default");
}

std::vector<Checkable> checkables(const std::string& path) {
  std::vector<Checkable> list;
  if (path == "metrics") {
    for (const MetricInfo& metric : knownMetrics()) list.push_back({QString::fromUtf8(metric.name), QString::fromUtf8(metric.help)});
  }
  return list;
}

QStringList suggestions(const std::string& path) {
  QStringList list;
  if (path == "model.arch") {
    for (const Architecture& known : architectures()) list << QString::fromStdString(known.name);
  } else if (path.ends_with(".monitor")) {
    list << QStringLiteral("valid_loss") << QStringLiteral("train_loss");
    for (const MetricInfo& metric : knownMetrics()) list << QString::fromUtf8(metric.name);
  } else if (path == "device") {
    list << QStringLiteral("auto") << QStringLiteral("cpu") << QStringLiteral("cuda:0");
  }
  return list;
}

PathKind pathKind(const std::string& path) {
  if (path == "data.root" || path == "data.images" || path == "data.test") return PathKind::Folder;
  if (path == "data.csv" || path == "data.corrections" || path == "data.split.groups" || path == "model.weights") return PathKind::File;
  return PathKind::None;
}

}  // namespace panicle::ui
