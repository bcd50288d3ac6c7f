// What the form knows of single fields beyond their descriptions, each thing in one table: the section a field stands in,
// when it has no effect, what it may be chosen from, and whether it names a file.
#pragma once

#include <QString>
#include <QStringList>
#include <map>
#include <string>

#include "core/runs/run_spec.h"

namespace panicle::ui {

using FieldValues = std::map<std::string, const FieldDescription*>;  // by path

// Sections in the order of the form.
struct FormSection {
  int order = 0;
  QString title;  // "Transforms", or "Transforms, stage 2" where a recipe has several stages

  friend bool operator==(const FormSection&, const FormSection&) = default;
};

FormSection sectionOf(const std::string& path, std::size_t stages);

// Why the field has no effect now ("Only used when method is pad."), or "".
QString whyWithoutEffect(const std::string& path, const FieldValues& values);

// Values to choose from where any text is allowed; empty: none known.
QStringList suggestions(const std::string& path);

enum class PathKind { None, File, Folder };
PathKind pathKind(const std::string& path);

}  // namespace panicle::ui
