// The transforms that the Batch tab tries out: a copy of the recipe's, edited freely, put into the recipe by
// one step. The rest of the recipe (photos, split, batch size ...) is always the recipe's own.
#pragma once

#include <QString>
#include <QStringList>
#include <string>
#include <vector>

#include "core/runs/run_spec.h"

namespace panicle::ui {

class TransformDraft {
 public:
  explicit TransformDraft(const RunSpec& recipe) : recipe_(recipe), spec_(recipe) {}

  // The recipe has changed. What was tried out stays, unless it was nothing or the stages are others now.
  void follow(const RunSpec& recipe);

  // The recipe with the draft's transforms.
  const RunSpec& spec() const { return spec_; }
  bool differs() const;
  // "Largest rotation: 10 → 20", for each field that differs.
  QStringList differences() const;

  // Sets one field by its path in the recipe. Returns what is wrong with the value, or "".
  QString set(const std::string& path, const Json& value);
  void setStage(std::size_t stage, const ResizeOptions& resize, const std::optional<AugOptions>& augment);
  void revert() { spec_ = recipe_; }

  // What fits no single field, of one stage: a path and why. Nothing can be rendered then.
  struct Problem {
    std::string path;
    QString reason;
  };
  std::vector<Problem> problems(std::size_t stage) const;

 private:
  RunSpec recipe_;
  RunSpec spec_;
};

// The fields of the stage's transforms, in the form's order of groups.
std::vector<FieldDescription> transformFields(const RunSpec& spec, std::size_t stage);

}  // namespace panicle::ui
