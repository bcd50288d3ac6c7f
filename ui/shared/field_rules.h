// What forms know of single fields beyond their descriptions, each thing in one table: the section a field stands in, the
// group of transforms it belongs to, when it has no effect, what it may be chosen from, and whether it names a file.
#pragma once

#include <QString>
#include <QStringList>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle::ui {

using FieldValues = std::map<std::string, const FieldDescription*>;  // by path

// Sections in the order of the form.
struct FormSection {
  int order = 0;
  QString title;   // "Transforms", or "Transforms, stage 2" where a recipe has several stages
  int stage = -1;  // whose section it is, where there are several

  friend bool operator==(const FormSection&, const FormSection&) = default;
};

FormSection sectionOf(const std::string& path, std::size_t stages);
// Sections of this order and above come after all that belongs to stages.
constexpr int kAfterStages = 1'000'000;

// A part of a section that is folded away, because recipes seldom set it.
struct FormFold {
  int order = 0;   // within the section; above 0, where what is not folded stands
  QString title;
};

std::optional<FormFold> foldOf(const std::string& path);

// How the many fields of the transforms are put together: Main and Crop are what most recipes set.
enum class TransformGroup { Main, Geometry, Light, Crop, Extras };

QString groupTitle(TransformGroup group);
// Nothing for a field that is not one of a stage's resize or augment.
std::optional<TransformGroup> transformGroup(const std::string& path);
// How many nullable objects of the transforms the field is inside of, for its indentation: 1 for augment.hue.p.
int transformDepth(const std::string& path);
// The same for every field of a recipe: 1 for stages.0.mix.alpha and callbacks.keep_best.monitor.
int objectDepth(const std::string& path);

// The defaults of every field that a form may show: a recipe of as many stages, and the fields of what is off by default as
// they are when it is switched on.
std::map<std::string, Json> standardValues(std::size_t stages);

// What core said of the field `path`, without the path: "Must be a number from 0 to 1, not 3".
QString problemReason(const QString& message, const std::string& path);

// The fields of the recipe by their names for users: "Size", or "Size of stage 2" where there are several stages.
using FieldLabels = std::map<std::string, QString>;
FieldLabels fieldLabels(const RunSpec& spec);
// The path that a message of core begins with, or "": that of "stages.0.resize.size: takes no images of 130".
std::string fieldOf(const QString& message, const FieldLabels& labels);
// The message with the fields' labels for all paths within it.
QString inLabels(QString message, const FieldLabels& labels);

// What core said of a recipe, with the fields' labels for their paths: "Size: takes no images of 130".
QString labelledProblem(const QString& message, const RunSpec& spec);

// Why the field has no effect now ("Only used when method is pad."), or "".
QString whyWithoutEffect(const std::string& path, const FieldValues& values);

// What the field's null stands for: "off", "default".
QString nullText(const FieldDescription& field);

// Values to choose from where any text is allowed; empty: none known.
QStringList suggestions(const std::string& path);

// All values that a list may hold, to be ticked; empty: it may hold others.
struct Checkable {
  QString value;
  QString help;
};
std::vector<Checkable> checkables(const std::string& path);

enum class PathKind { None, File, Folder };
PathKind pathKind(const std::string& path);

}  // namespace panicle::ui
