#include "ui/train/recipe_form.h"

#include <QAction>
#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <optional>
#include <string_view>
#include <utility>

#include "ui/shared/field_editor.h"
#include "ui/shared/field_row.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/fold_button.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/form_fields.h"
#include "ui/train/stage_edits.h"
#include "ui/train/stage_head.h"

namespace panicle::ui {
namespace {

// Fields under one title. `fold` is null for those that are always in sight.
struct Part {
  FoldButton* fold = nullptr;
  std::vector<FieldRow*> rows;
};

struct Section {
  QWidget* head = nullptr;
  QLabel* title = nullptr;
  int stage = -1;
  std::vector<Part> parts;
};

// What was typed into a field and refused.
struct Refused {
  QString text;
  QString problem;
};

// Where the stage of each number stands after an edit of the list of stages; nothing: it is gone.
using StageMove = std::function<std::optional<std::size_t>(std::size_t)>;

// The path that the field `path` has after the edit; "" where its stage is gone.
std::string pathAfter(const std::string& path, const StageMove& move) {
  constexpr std::string_view kStages = "stages.";
  if (!path.starts_with(kStages)) return path;
  const std::size_t end = path.find('.', kStages.size());
  const std::optional<std::size_t> to = move(std::stoul(path.substr(kStages.size(), end - kStages.size())));
  return to ? std::string(kStages) + std::to_string(*to) + path.substr(end) : std::string();
}

}  // namespace

struct RecipeForm::Impl {
  Impl(RecipeForm& owner, Session& s) : self(owner), session(s) {}

  void build();
  void refresh();
  void rebuildSoon();
  void tellProblems();
  void takeBackRefused();
  void keepRefused(const StageMove& move);
  void putBackRefused();
  void showFindings();
  void beginSection(const FormSection& section, bool transforms);
  void beginStage(std::size_t stage);
  void endStages();
  void beginPart(const std::optional<FormFold>& fold);
  void editStages(const RunSpec& spec, const QString& what, std::size_t show, const StageMove& move);
  void addRow(const FieldDescription& field, std::optional<Json> standard);
  void applyEdit(const std::string& path, const Json& value);
  void filter();
  QFont titleFont() const;
  void fitWidth();
  FieldRow* row(const std::string& path) const;
  void showStage(std::size_t stage);
  void showField(const std::string& path);
  void unfold(const std::string& path);

  RecipeForm& self;
  Session& session;
  QLineEdit* search = nullptr;
  QScrollArea* scroll = nullptr;
  QWidget* body = nullptr;
  QVBoxLayout* rowLayout = nullptr;
  QLabel* nothing = nullptr;
  std::vector<Section> sections;
  std::vector<StageHead*> stageHeads;  // of several stages
  QPushButton* addStage = nullptr;
  std::set<std::size_t> closedStages;
  std::optional<std::size_t> stageToShow;  // scrolled to once it is there
  std::map<std::string, FieldRow*> rows;
  std::vector<std::string> order;  // the paths, as built
  std::set<QString> open;          // folds that the user has opened, by section and title
  std::map<std::string, Refused> refused;  // of rows that are about to be made anew, by the paths they will have
  std::string fieldToShow;                 // once it is there
  bool rebuilding = false;                 // is about to
};

FieldRow* RecipeForm::Impl::row(const std::string& path) const {
  const auto found = rows.find(path);
  return found == rows.end() ? nullptr : found->second;
}

// The fields come and go (a stage is added, augmentation switched off): then all rows are made anew.
void RecipeForm::Impl::build() {
  std::string focused;
  for (const auto& [path, row] : rows) {
    if (row->editor()->input()->hasFocus()) focused = path;
  }
  if (const FieldRow* typing = row(focused)) typing->editor()->commit();  // what is typed would go with the row
  keepRefused([](std::size_t stage) { return stage; });
  const int scrolled = scroll->verticalScrollBar()->value();
  rows.clear();
  sections.clear();
  stageHeads.clear();
  order.clear();

  body = new QWidget;
  rowLayout = new QVBoxLayout(body);
  rowLayout->setContentsMargins(kGrid, kGrid, kGrid, 2 * kGrid);
  rowLayout->setSpacing(kGrid);
  const RunSpec& spec = session.recipe();
  const auto defaults = standardValues(spec.stages.size());
  FormSection section{-1, {}};
  int place = -1;
  for (const FieldDescription& field : shownFields(spec)) {
    if (const FormSection own = sectionOf(field.path, spec.stages.size()); !(own == section)) {
      if (section.order < kAfterStages && own.order >= kAfterStages) endStages();
      if (own.stage >= 0 && own.stage != section.stage) beginStage(static_cast<std::size_t>(own.stage));
      section = own;
      beginSection(own, transformGroup(field.path).has_value());
      place = -1;
    }
    if (placeOf(field.path) != place) {
      place = placeOf(field.path);
      beginPart(foldOf(field.path));
    }
    const auto standard = defaults.find(field.path);
    addRow(field, standard == defaults.end() ? std::nullopt : std::optional<Json>(standard->second));
  }
  nothing = new QLabel(body);
  nothing->setWordWrap(true);
  nothing->hide();
  rowLayout->addWidget(nothing);
  rowLayout->addStretch(1);
  scroll->setWidget(body);
  filter();
  scroll->verticalScrollBar()->setValue(scrolled);
  if (FieldRow* again = row(focused)) again->editor()->setFocus();
}

// The head of the stage comes to the top, with the keyboard on it.
void RecipeForm::Impl::showStage(std::size_t stage) {
  if (stage >= stageHeads.size()) return;
  StageHead* head = stageHeads[stage];
  head->fold()->setFocus();
  QTimer::singleShot(0, head, [this, head] { scroll->verticalScrollBar()->setValue(head->y()); });
}

void RecipeForm::Impl::beginStage(std::size_t stage) {
  auto* head = new StageHead(stage, session.recipe().stages.size(), body);
  head->fold()->setOpen(!closedStages.contains(stage));
  rowLayout->addWidget(head);
  stageHeads.push_back(head);
  QObject::connect(head->fold(), &FoldButton::toggledOpen, &self, [this, stage](bool nowOpen) {
    if (nowOpen) {
      closedStages.erase(stage);
    } else {
      closedStages.insert(stage);
    }
    filter();
  });
  QObject::connect(head, &StageHead::moveRequested, &self, [this, stage](int by) {
    const std::size_t other = stage + static_cast<std::size_t>(by);
    editStages(withStageMoved(session.recipe(), stage, by), RecipeForm::tr("Move stage %1").arg(stage + 1), other,
               [=](std::size_t each) { return each == stage ? other : each == other ? stage : each; });
  });
  QObject::connect(head, &StageHead::duplicateRequested, &self, [this, stage] {
    editStages(withStageDuplicated(session.recipe(), stage), RecipeForm::tr("Duplicate stage %1").arg(stage + 1), stage + 1,
               [=](std::size_t each) { return each > stage ? each + 1 : each; });
  });
  QObject::connect(head, &StageHead::removeRequested, &self, [this, stage] {
    editStages(withStageRemoved(session.recipe(), stage), RecipeForm::tr("Remove stage %1").arg(stage + 1), stage > 0 ? stage - 1 : 0,
               [=](std::size_t each) -> std::optional<std::size_t> {
                 if (each == stage) return std::nullopt;
                 return each > stage ? each - 1 : each;
               });
  });
}

void RecipeForm::Impl::endStages() {
  addStage = new QPushButton(lineIcon(QStringLiteral("plus")), RecipeForm::tr("Add stage"), body);
  addStage->setToolTip(RecipeForm::tr("<p>Trains on after this, with transforms, batch, schedule and loss of its own: larger photos, or the whole "
                                      "network after its head.</p>"));
  QObject::connect(addStage, &QPushButton::clicked, &self, [this] {
    editStages(withStageAdded(session.recipe()), RecipeForm::tr("Add stage"), session.recipe().stages.size(),
               [](std::size_t each) { return each; });
  });
  rowLayout->addWidget(addStage, 0, Qt::AlignLeft);
}

void RecipeForm::Impl::editStages(const RunSpec& spec, const QString& what, std::size_t show, const StageMove& move) {
  stageToShow = show;
  closedStages.erase(show);
  keepRefused(move);
  session.setRecipe(spec, what);
  refresh();  // also where the recipe is the same, as two equal stages that change places
}

void RecipeForm::Impl::beginSection(const FormSection& section, bool transforms) {
  auto* head = new QWidget(body);
  auto* row = new QHBoxLayout(head);
  row->setContentsMargins(0, sections.empty() ? 0 : kGrid, 0, 0);
  auto* title = new QLabel(section.title, head);
  title->setFont(titleFont());
  row->addWidget(title, 1);
  if (transforms) {
    auto* preview = new QPushButton(lineIcon(QStringLiteral("photo")), RecipeForm::tr("Preview"), head);
    preview->setToolTip(RecipeForm::tr("<p>Shows what these settings make of your photos, with sliders to try others.</p>"));
    preview->setAccessibleName(RecipeForm::tr("Preview of %1").arg(section.title));
    QObject::connect(preview, &QPushButton::clicked, &self, [this] { Q_EMIT session.pageRequested(QStringLiteral("preview")); });
    row->addWidget(preview);
  }
  rowLayout->addWidget(head);
  sections.push_back({head, title, section.stage, {}});
}

void RecipeForm::Impl::beginPart(const std::optional<FormFold>& fold) {
  Part part;
  if (fold) {
    part.fold = new FoldButton(fold->title, body);
    const QString key = sections.back().title->text() + QLatin1Char('/') + part.fold->title();
    part.fold->setOpen(open.contains(key));
    QObject::connect(part.fold, &FoldButton::toggledOpen, &self, [this, key](bool nowOpen) {
      if (nowOpen) {
        open.insert(key);
      } else {
        open.erase(key);
      }
      filter();
    });
    rowLayout->addWidget(part.fold);
  }
  sections.back().parts.push_back(std::move(part));
}

QFont RecipeForm::Impl::titleFont() const {
  QFont font = self.font();
  font.setBold(true);
  font.setPointSizeF(font.pointSizeF() * 1.15);
  return font;
}

// Never narrower than its rows, so that nothing is cut off; nor so wide that a label stands far from its value.
void RecipeForm::Impl::fitWidth() {
  const int least = body->minimumSizeHint().width() + scroll->verticalScrollBar()->sizeHint().width();
  scroll->setMinimumWidth(least);
  self.setMaximumWidth(std::max(52 * kGrid, least + least / 2));
}

void RecipeForm::Impl::addRow(const FieldDescription& field, std::optional<Json> standard) {
  auto* row = new FieldRow(field, std::move(standard), body);
  rowLayout->addWidget(row);
  sections.back().parts.back().rows.push_back(row);
  rows[field.path] = row;
  order.push_back(field.path);
  const std::string path = field.path;
  row->editor()->edited = [this, path](const Json& value) { applyEdit(path, value); };
  row->editor()->notUnderstood = [this, row](const QString& problem) {
    row->setProblem(problem);
    tellProblems();
  };
  QObject::connect(row, &FieldRow::resetRequested, &self, [this, path] { self.resetToDefault(path); });
}

void RecipeForm::Impl::applyEdit(const std::string& path, const Json& value) {
  // Setting a field may change which fields there are, so the row is looked up anew.
  const QString problem = session.setRecipeField(QString::fromStdString(path), value);
  if (FieldRow* edited = row(path)) edited->setProblem(problemReason(problem, path));
  tellProblems();
}

void RecipeForm::Impl::tellProblems() {
  if (!refused.empty()) return;  // they come back with their rows
  QStringList problems;
  for (const std::string& path : order) {
    const QString problem = rows[path]->problem();
    if (!problem.isEmpty()) problems << QStringLiteral("%1: %2").arg(QString::fromStdString(path), problem);
  }
  session.setDraftProblems(problems);
}

void RecipeForm::Impl::takeBackRefused() {
  refused.clear();
  for (const auto& [path, row] : rows) {
    if (!row->problem().isEmpty()) row->takeBack();
  }
}

// Takes what was refused out of the rows, until putBackRefused().
void RecipeForm::Impl::keepRefused(const StageMove& move) {
  for (const auto& [path, row] : rows) {
    if (row->problem().isEmpty()) continue;
    if (const std::string after = pathAfter(path, move); !after.empty()) refused[after] = {row->editor()->text(), row->problem()};
    row->takeBack();
  }
}

void RecipeForm::Impl::putBackRefused() {
  for (const auto& [path, typed] : std::exchange(refused, {})) {
    if (FieldRow* again = row(path)) again->refuse(typed.text, typed.problem);
  }
}

// What the recipe or the data set finds wrong stands at its field, as what was refused does.
void RecipeForm::Impl::showFindings() {
  const FieldLabels labels = fieldLabels(session.recipe());
  const QStringList drafts = session.draftProblems();
  std::map<std::string, QString> found;
  for (const QString& problem : session.recipeProblems()) {
    const std::string path = fieldOf(problem, labels);
    if (!path.empty() && !drafts.contains(problem)) found.emplace(path, inLabels(problemReason(problem, path), labels));
  }
  for (const auto& [path, row] : rows) {
    const auto finding = found.find(path);
    row->setFinding(finding == found.end() ? QString() : finding->second);
  }
}

void RecipeForm::Impl::refresh() {
  const std::vector<FieldDescription> fields = shownFields(session.recipe());
  const bool same = std::equal(fields.begin(), fields.end(), order.begin(), order.end(),
                               [](const FieldDescription& field, const std::string& path) { return field.path == path; });
  if (!same) return rebuildSoon();
  FieldValues values;
  for (const FieldDescription& field : fields) values[field.path] = &field;
  for (const FieldDescription& field : fields) {
    FieldRow* row = rows[field.path];
    row->setValue(field.value);
  }
  putBackRefused();
  for (const FieldDescription& field : fields) {
    FieldRow* row = rows[field.path];
    const QString without = whyWithoutEffect(field.path, values);
    row->setWithoutEffect(without);
    // It could not be mended, and does not matter.
    if (!without.isEmpty() && !row->problem().isEmpty()) row->takeBack();
  }
  tellProblems();
  showFindings();
  filter();
  if (stageToShow) showStage(*stageToShow);
  stageToShow.reset();
  if (!fieldToShow.empty()) showField(std::exchange(fieldToShow, {}));
}

// Not at once: the editor that caused the change is still on the stack.
void RecipeForm::Impl::rebuildSoon() {
  if (std::exchange(rebuilding, true)) return;
  QTimer::singleShot(0, &self, [this] {
    rebuilding = false;
    build();
    refresh();
  });
}

// The fold that hides the field.
void RecipeForm::Impl::unfold(const std::string& path) {
  for (const Section& section : sections) {
    for (const Part& part : section.parts) {
      if (std::find(part.rows.begin(), part.rows.end(), row(path)) == part.rows.end()) continue;
      if (section.stage >= 0) stageHeads[static_cast<std::size_t>(section.stage)]->fold()->setOpen(true);
      if (part.fold) part.fold->setOpen(true);
    }
  }
}

// In sight, with the keyboard in it and its value selected.
void RecipeForm::Impl::showField(const std::string& path) {
  if (rebuilding) {
    fieldToShow = path;
    return;
  }
  FieldRow* shown = row(path);
  if (!shown) return;
  search->clear();
  if (shown->isHidden()) unfold(path);
  shown->editor()->input()->setFocus(Qt::TabFocusReason);
  // The rows have their places only after this.
  QTimer::singleShot(0, shown, [this, shown] { scroll->ensureWidgetVisible(shown, 0, 4 * kGrid); });
}

// What is searched for shows wherever it is. Else a fold that is closed keeps in sight what is changed, or being edited.
void RecipeForm::Impl::filter() {
  const QStringList words = search->text().split(QLatin1Char(' '), Qt::SkipEmptyParts);
  bool anything = false;
  for (const Section& section : sections) {
    const bool closed = section.stage >= 0 && words.isEmpty() && closedStages.contains(static_cast<std::size_t>(section.stage));
    const bool all = section.title->text().contains(search->text().trimmed(), Qt::CaseInsensitive) && !words.isEmpty();
    bool any = false;
    for (const Part& part : section.parts) {
      qsizetype found = 0, hidden = 0;
      for (FieldRow* row : part.rows) {
        const bool matches = all || row->matches(words);
        const bool inSight = !part.fold || part.fold->isOpen() || !words.isEmpty() || row->changed() || !row->problem().isEmpty() || !row->finding().isEmpty() ||
                             row->isAncestorOf(QApplication::focusWidget());
        row->setVisible(matches && inSight && !closed);
        found += matches ? 1 : 0;
        hidden += matches && !inSight ? 1 : 0;
      }
      if (part.fold) {
        part.fold->setVisible(found > 0 && words.isEmpty() && !closed);
        part.fold->setNote(hidden > 0 ? RecipeForm::tr("%1 settings").arg(hidden) : QString());
      }
      any = any || found > 0;
    }
    section.head->setVisible(any && !closed);
    anything = anything || any;
  }
  const std::vector<StageOptions>& stages = session.recipe().stages;
  for (std::size_t stage = 0; stage < std::min(stageHeads.size(), stages.size()); ++stage) {
    stageHeads[stage]->setVisible(words.isEmpty());
    stageHeads[stage]->setWords(stageWords(stages[stage]));
  }
  addStage->setVisible(words.isEmpty());
  nothing->setText(RecipeForm::tr("No setting matches \"%1\".").arg(search->text()));
  nothing->setVisible(!anything);
  fitWidth();
}

RecipeForm::RecipeForm(Session& session, QWidget* parent) : QWidget(parent), impl_(std::make_unique<Impl>(*this, session)) {
  impl_->search = new QLineEdit(this);
  impl_->search->setPlaceholderText(tr("Find a setting"));
  impl_->search->setClearButtonEnabled(true);
  impl_->search->addAction(lineIcon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  impl_->search->setAccessibleName(tr("Find a setting"));
  impl_->search->setToolTip(tr("Shows the settings whose name, help or fastai name has these words"));
  impl_->scroll = new QScrollArea(this);
  impl_->scroll->setWidgetResizable(true);
  impl_->scroll->setFrameShape(QFrame::NoFrame);
  impl_->scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  impl_->scroll->setFocusPolicy(Qt::NoFocus);
  impl_->scroll->setAccessibleName(tr("Settings of the recipe"));

  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(impl_->search);
  layout->addWidget(impl_->scroll, 1);
  connect(impl_->search, &QLineEdit::textChanged, this, [this] { impl_->filter(); });
  connect(&session, &Session::recipeChanged, this, [this] { impl_->refresh(); });
  connect(&session, &Session::draftProblemsChanged, this, [this] {
    if (impl_->session.draftProblems().isEmpty()) impl_->takeBackRefused();
    impl_->showFindings();
    impl_->filter();
  });
  connect(&session, &Session::datasetChanged, this, [this] { impl_->showFindings(); });
  connect(&session, &Session::recipeReplaced, this, [this] { clearSearch(); });
  connect(&session, &Session::fieldRequested, this, [this](const QString& path) { impl_->showField(path.toStdString()); });
  impl_->build();
  impl_->refresh();
}

RecipeForm::~RecipeForm() = default;

void RecipeForm::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() != QEvent::FontChange || !impl_->body) return;
  for (const Section& section : impl_->sections) section.title->setFont(impl_->titleFont());
  impl_->fitWidth();
}

QWidget* RecipeForm::search() const { return impl_->search; }

bool RecipeForm::clearSearch() {
  if (impl_->search->text().isEmpty()) return false;
  impl_->search->clear();
  return true;
}

FieldEditor* RecipeForm::editor(const std::string& path) const {
  const FieldRow* row = impl_->row(path);
  return row ? row->editor() : nullptr;
}

QString RecipeForm::problem(const std::string& path) const {
  const FieldRow* row = impl_->row(path);
  if (!row) return {};
  return row->problem().isEmpty() ? row->finding() : row->problem();
}

bool RecipeForm::isShown(const std::string& path) const {
  const FieldRow* row = impl_->row(path);
  return row && !row->isHidden();
}

bool RecipeForm::isChanged(const std::string& path) const {
  const FieldRow* row = impl_->row(path);
  return row && row->changed();
}

void RecipeForm::resetToDefault(const std::string& path) {
  FieldRow* row = impl_->row(path);
  if (!row) return;
  row->takeBack();
  impl_->tellProblems();
  if (row->changed()) impl_->applyEdit(path, *row->standard());
}

}  // namespace panicle::ui
