// The form over the recipe: one row for every field that core describes, in the sections of the Train page. Changed values
// are bold and have a button back to the default; a field that has no effect with the others as they are is disabled and
// says why. Of the transforms, the schedule and the optimizer, whose fields are many, what few recipes change is folded
// away; what is changed shows all the same. Several stages stand one below the other, each under a head that moves, copies,
// removes and folds it. Every edit goes through the session's recipe; what is wrong stands in red under the row
// and keeps the recipe from starting, until it is mended, reset or undone: what was typed and refused, which stays as typed also where
// the rows are made anew, and what the recipe or the data set finds wrong with the value.
#pragma once

#include <QWidget>
#include <memory>
#include <string>

namespace panicle::ui {

class FieldEditor;
class Session;

class RecipeForm : public QWidget {
  Q_OBJECT
 public:
  explicit RecipeForm(Session& session, QWidget* parent = nullptr);
  ~RecipeForm() override;

  QWidget* search() const;
  bool clearSearch();  // false when it was empty

  // By the field's dotted path; null (or "") where the form has no such row.
  FieldEditor* editor(const std::string& path) const;
  QString problem(const std::string& path) const;   // what stands in red under it
  bool isShown(const std::string& path) const;      // passes the search and is not folded away
  bool isChanged(const std::string& path) const;    // from the default
  void resetToDefault(const std::string& path);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace panicle::ui
