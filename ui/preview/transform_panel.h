// The controls of the Batch tab: presets, a row for every field of a stage's transforms in groups that fold,
// and what is to become of them. It shows a draft and asks for changes of it.
#pragma once

#include <QWidget>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/runs/run_spec.h"
#include "ui/shared/field_rules.h"

class QComboBox;
class QLabel;
class QPushButton;
class QScrollArea;
class QVBoxLayout;

namespace panicle::ui {

class FieldEditor;
class FieldRow;
class FoldButton;
class TransformDraft;

class TransformPanel : public QWidget {
  Q_OBJECT
 public:
  explicit TransformPanel(QWidget* parent = nullptr);

  void show(const TransformDraft& draft, std::size_t stage);
  void setProblem(const std::string& path, const QString& problem);  // of the last edit

  FieldEditor* editor(const std::string& path) const;  // null where there is none
  QString problem(const std::string& path) const;
  bool isShown(const std::string& path) const;  // its group is open
  void setOpen(TransformGroup group, bool open);
  QComboBox* presets() const { return presets_; }
  QPushButton* apply() const { return apply_; }
  QPushButton* revert() const { return revert_; }
  QString differenceText() const;

 Q_SIGNALS:
  void edited(const std::string& path, const panicle::Json& value);
  void presetChosen(int preset);
  void stageChosen(int stage);
  void applyRequested();
  void revertRequested();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  struct Group {
    FoldButton* fold = nullptr;  // null: always open
    std::vector<FieldRow*> rows;
  };

  QWidget* makeHead();
  QWidget* makeFoot();
  void build(const std::vector<FieldDescription>& fields, std::size_t stages);
  void addRow(const FieldDescription& field, const std::map<std::string, Json>& standards);
  void showValues(const std::vector<FieldDescription>& fields);
  void showProblems(const TransformDraft& draft, std::size_t stage);
  void showDifference(const TransformDraft& draft);
  void showFolds();
  void updateApply();
  void fitWidth();
  FieldRow* row(const std::string& path) const;

  QComboBox* presets_;
  QLabel* stageLabel_;
  QComboBox* stages_;
  QScrollArea* scroll_;
  QWidget* body_ = nullptr;
  QLabel* difference_;
  QPushButton* revert_;
  QPushButton* apply_;
  bool applicable_ = false;  // the draft differs and could be used
  std::map<TransformGroup, Group> groups_;
  std::map<std::string, FieldRow*> rows_;
  std::vector<std::string> order_;  // the paths, as built
  std::set<TransformGroup> closed_;
  std::set<std::string> withProblem_;  // of several fields together
};

}  // namespace panicle::ui
