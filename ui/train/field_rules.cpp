#include "ui/train/field_rules.h"

#include <QCoreApplication>
#include <array>
#include <charconv>

#include "core/models/model_options.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RecipeForm", text); }

// `field` has an effect only while its sibling `by` has the value `when`.
struct Rule {
  std::string_view field;
  std::string_view by;
  const char* when;  // JSON
};

constexpr std::array kRules{
    Rule{".resize.pad_mode", "method", "\"pad\""},
    Rule{".augment.p_flip", "do_flip", "true"},
    Rule{".schedule.lr_max", "kind", "\"fit_one_cycle\""},
    Rule{".schedule.base_lr", "kind", "\"fine_tune\""},
    Rule{".schedule.freeze_epochs", "kind", "\"fine_tune\""},
    Rule{".schedule.lr_mult", "kind", "\"fine_tune\""},
    Rule{".split.valid_pct", "kind", "\"random\""},
    Rule{".split.column", "kind", "\"column\""},
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

}  // namespace

FormSection sectionOf(const std::string& path, std::size_t stages) {
  std::string_view rest = path;
  int stage = -1;
  constexpr std::string_view kStages = "stages.";
  if (rest.starts_with(kStages)) {
    rest.remove_prefix(kStages.size());
    std::from_chars(rest.data(), rest.data() + rest.size(), stage);
    rest.remove_prefix(std::min(rest.size(), rest.find('.') + 1));
  }
  int order = kExtras;
  for (const Place& place : kPlaces) {
    if (rest.starts_with(place.part)) order = place.order;
  }
  const QString title = tr(kTitles[order]);
  // Room between the orders for up to 999 stages.
  if (stages < 2 || stage < 0) return {order * 1000, title};
  return {order * 1000 + stage + 1, tr("%1, stage %2").arg(title).arg(stage + 1)};
}

QString whyWithoutEffect(const std::string& path, const FieldValues& values) {
  for (const Rule& rule : kRules) {
    if (!path.ends_with(rule.field)) continue;
    const std::string sibling = path.substr(0, path.rfind('.') + 1) + std::string(rule.by);
    const auto found = values.find(sibling);
    if (found == values.end() || found->second->value == Json::parse(rule.when)) return {};
    QString wanted = QString::fromUtf8(rule.when);
    wanted.remove(QLatin1Char('"'));
    if (wanted == QLatin1String("true")) wanted = tr("on");
    return tr("Only used when %1 is %2.").arg(QString::fromUtf8(found->second->info.label).toLower(), wanted);
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
