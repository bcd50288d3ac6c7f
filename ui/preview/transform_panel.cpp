#include "ui/preview/transform_panel.h"

#include <QComboBox>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/preview/slider_editor.h"
#include "ui/preview/transform_draft.h"
#include "ui/preview/transform_presets.h"
#include "ui/shared/field_row.h"
#include "ui/shared/fold_button.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

TransformPanel::TransformPanel(QWidget* parent)
    : QWidget(parent),
      presets_(new QComboBox(this)),
      stageLabel_(new QLabel(tr("&Stage"), this)),
      stages_(new QComboBox(this)),
      scroll_(new QScrollArea(this)),
      difference_(new QLabel(this)),
      revert_(new QPushButton(lineIcon(QStringLiteral("reset")), tr("Rever&t"), this)),
      apply_(new QPushButton(lineIcon(QStringLiteral("check")), tr("&Apply to run"), this)),
      closed_{TransformGroup::Extras} {
  scroll_->setWidgetResizable(true);
  scroll_->setFrameShape(QFrame::NoFrame);
  scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll_->setFocusPolicy(Qt::NoFocus);
  scroll_->setAccessibleName(tr("Transforms"));
  scroll_->setMinimumHeight(16 * kGrid);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid);
  column->addWidget(makeHead());
  column->addWidget(scroll_, 1);
  column->addWidget(makeFoot());
}

QWidget* TransformPanel::makeHead() {
  auto* head = new QWidget(this);
  presets_->setPlaceholderText(tr("Choose a recipe's transforms"));
  presets_->setAccessibleName(tr("Presets"));
  presets_->setToolTip(
      tr("<p>The transforms of well-known recipes: item transform, final size and smallest crop, all else as "
         "fastai has it. "
         "Choosing one fills the settings below; nothing reaches the run before you press Apply.</p>"));
  presets_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  for (const TransformPreset& preset : transformPresets()) {
    presets_->addItem(preset.name);
    presets_->setItemData(presets_->count() - 1, preset.help, Qt::ToolTipRole);
    presets_->setItemData(presets_->count() - 1, preset.help, Qt::AccessibleDescriptionRole);
  }
  auto* presetLabel = new QLabel(tr("&Preset"), head);
  presetLabel->setBuddy(presets_);
  stageLabel_->setBuddy(stages_);
  stages_->setAccessibleName(tr("Stage"));
  stages_->setToolTip(
      tr("<p>The recipe trains in several stages, each with transforms of its own. The epoch goes along: a "
         "stage's "
         "pictures are those of its first epoch.</p>"));
  auto* grid = new QGridLayout(head);
  grid->setContentsMargins(kGrid, 0, 0, 0);
  grid->setSpacing(kGrid);
  grid->addWidget(presetLabel, 0, 0);
  grid->addWidget(presets_, 0, 1);
  grid->addWidget(stageLabel_, 1, 0);
  grid->addWidget(stages_, 1, 1);
  grid->setColumnStretch(1, 1);
  connect(presets_, &QComboBox::activated, this, &TransformPanel::presetChosen);
  connect(stages_, &QComboBox::activated, this, &TransformPanel::stageChosen);
  return head;
}

QWidget* TransformPanel::makeFoot() {
  auto* foot = new QWidget(this);
  difference_->setWordWrap(true);
  difference_->setTextFormat(Qt::PlainText);
  revert_->setToolTip(tr("<p>Back to the recipe's transforms; what you tried out here is dropped.</p>"));
  apply_->setToolTip(
      tr("<p>Puts these transforms into the recipe, where the Train page shows them and the next run takes "
         "them. "
         "One step of undo takes them back. The seed and the epoch looked at stay out of it.</p>"));
  makePrimary(apply_);
  auto* grid = new QGridLayout(foot);
  grid->setContentsMargins(kGrid, 0, 0, 0);
  grid->setSpacing(kGrid);
  grid->addWidget(difference_, 0, 0, 1, 3);
  grid->addWidget(revert_, 1, 1);
  grid->addWidget(apply_, 1, 2);
  grid->setColumnStretch(0, 1);
  connect(apply_, &QPushButton::clicked, this, &TransformPanel::applyRequested);
  connect(revert_, &QPushButton::clicked, this, &TransformPanel::revertRequested);
  return foot;
}

void TransformPanel::show(const TransformDraft& draft, std::size_t stage) {
  const RunSpec& spec = draft.spec();
  const QSignalBlocker quiet(stages_);
  if (const int count = static_cast<int>(spec.stages.size()); stages_->count() != count) {
    stages_->clear();
    for (int i = 0; i < count; ++i) stages_->addItem(tr("Stage %1 of %2").arg(i + 1).arg(count));
  }
  stages_->setCurrentIndex(static_cast<int>(stage));
  stages_->setVisible(stages_->count() > 1);
  stageLabel_->setVisible(stages_->count() > 1);
  presets_->setCurrentIndex(presetOf(spec.stages[stage]));

  const std::vector<FieldDescription> fields = transformFields(spec, stage);
  const bool same =
      std::equal(fields.begin(), fields.end(), order_.begin(), order_.end(),
                 [](const FieldDescription& field, const std::string& path) { return field.path == path; });
  if (!same) build(fields, spec.stages.size());
  showValues(fields);
  showProblems(draft, stage);
  showDifference(draft);
  showFolds();
}

// The fields come and go: the batch transform is switched on, another stage is chosen.
void TransformPanel::build(const std::vector<FieldDescription>& fields, std::size_t stages) {
  std::string focused;
  for (const auto& [path, row] : rows_) {
    if (row->editor()->input()->hasFocus()) focused = path;
  }
  const int scrolled = scroll_->verticalScrollBar()->value();
  // The editor that asked for the change may still be at work.
  if (QWidget* old = scroll_->takeWidget()) old->deleteLater();
  groups_.clear();
  rows_.clear();
  order_.clear();
  withProblem_.clear();
  body_ = new QWidget;
  auto* column = new QVBoxLayout(body_);
  column->setContentsMargins(0, 0, 0, kGrid);
  column->setSpacing(kGrid / 2);
  const auto standards = standardValues(stages);
  for (const FieldDescription& field : fields) addRow(field, standards);
  column->addStretch(1);
  scroll_->setWidget(body_);
  showFolds();
  scroll_->verticalScrollBar()->setValue(scrolled);
  if (FieldRow* again = row(focused)) again->editor()->setFocus();
}

void TransformPanel::addRow(const FieldDescription& field, const std::map<std::string, Json>& standards) {
  auto* column = static_cast<QVBoxLayout*>(body_->layout());
  const TransformGroup group = *transformGroup(field.path);
  if (!groups_.contains(group)) {
    FoldButton* fold = nullptr;
    if (group != TransformGroup::Main) {
      fold = new FoldButton(groupTitle(group), body_);
      fold->setOpen(!closed_.contains(group));
      connect(fold, &FoldButton::toggledOpen, this, [this, group](bool open) { setOpen(group, open); });
      column->addWidget(fold);
    }
    groups_[group].fold = fold;
  }
  const auto standard = standards.find(field.path);
  auto* row =
      new FieldRow(field, standard == standards.end() ? std::nullopt : std::optional<Json>(standard->second),
                   body_, makeSliderEditor);
  column->addWidget(row);
  groups_[group].rows.push_back(row);
  rows_[field.path] = row;
  order_.push_back(field.path);
  const std::string path = field.path;
  row->editor()->edited = [this, path](const Json& value) { Q_EMIT edited(path, value); };
  row->editor()->notUnderstood = [this, path](const QString& problem) { setProblem(path, problem); };
  connect(row, &FieldRow::resetRequested, this, [this, row, path] {
    row->takeBack();
    if (row->changed()) Q_EMIT edited(path, *row->standard());
  });
}

void TransformPanel::showValues(const std::vector<FieldDescription>& fields) {
  FieldValues values;
  for (const FieldDescription& field : fields) values[field.path] = &field;
  for (const FieldDescription& field : fields) {
    FieldRow* row = rows_[field.path];
    row->setValue(field.value);
    row->setWithoutEffect(whyWithoutEffect(field.path, values));
  }
}

void TransformPanel::showProblems(const TransformDraft& draft, std::size_t stage) {
  for (const std::string& path : withProblem_) rows_[path]->setProblem({});
  withProblem_.clear();
  for (const auto& [path, reason] : draft.problems(stage)) {
    FieldRow* about = row(path);
    if (!about) continue;
    about->setProblem(reason);
    withProblem_.insert(path);
  }
}

void TransformPanel::showDifference(const TransformDraft& draft) {
  const QStringList differences = draft.differences();
  const bool differs = draft.differs();
  if (!differs) {
    difference_->setText(tr("These are the recipe's transforms."));
  } else if (differences.size() == 1) {
    difference_->setText(tr("Not in the recipe yet: %1").arg(differences.front()));
  } else {
    difference_->setText(
        tr("Not in the recipe yet: %1 changes").arg(std::max<qsizetype>(1, differences.size())));
  }
  difference_->setToolTip(differences.join(QLatin1Char('\n')));
  bool sound = true;
  for (std::size_t stage = 0; stage < draft.spec().stages.size(); ++stage)
    sound = sound && draft.problems(stage).empty();
  if (differs && !sound) difference_->setText(tr("A run could not use these: see what is marked in red."));
  applicable_ = differs && sound;
  revert_->setEnabled(differs);
  updateApply();
}

// What is marked in red was refused: to apply what was there before it would surprise.
void TransformPanel::updateApply() {
  const bool refused = std::any_of(rows_.begin(), rows_.end(), [](const auto& row) { return !row.second->problem().isEmpty(); });
  apply_->setEnabled(applicable_ && !refused);
}

void TransformPanel::setOpen(TransformGroup group, bool open) {
  if (open) {
    closed_.erase(group);
  } else {
    closed_.insert(group);
  }
  const auto found = groups_.find(group);
  if (found != groups_.end() && found->second.fold) found->second.fold->setOpen(open);
  showFolds();
}

void TransformPanel::showFolds() {
  for (auto& [group, parts] : groups_) {
    const bool open = !closed_.contains(group);
    int changed = 0;
    for (FieldRow* row : parts.rows) {
      row->setVisible(open || !row->problem().isEmpty());
      changed += row->changed() ? 1 : 0;
    }
    if (parts.fold) parts.fold->setNote(changed > 0 && !open ? tr("%1 changed").arg(changed) : QString());
  }
  fitWidth();
}

// Never narrower than its rows, so that nothing is cut off; nor so wide that a label stands far from its
// value.
void TransformPanel::fitWidth() {
  if (!body_) return;
  const int least = body_->minimumSizeHint().width() + scroll_->verticalScrollBar()->sizeHint().width();
  scroll_->setMinimumWidth(least);
  setMaximumWidth(std::max(52 * kGrid, least + least / 4));
}

void TransformPanel::setProblem(const std::string& path, const QString& problem) {
  FieldRow* about = row(path);
  if (!about) return;
  about->setProblem(problem);
  updateApply();
  if (problem.isEmpty()) return;
  // The line with the reason has its place only once the rows are laid out anew.
  QTimer::singleShot(0, about, [this, about] { scroll_->ensureWidgetVisible(about, 0, kGrid); });
}

FieldRow* TransformPanel::row(const std::string& path) const {
  const auto found = rows_.find(path);
  return found == rows_.end() ? nullptr : found->second;
}

FieldEditor* TransformPanel::editor(const std::string& path) const {
  const FieldRow* of = row(path);
  return of ? of->editor() : nullptr;
}

QString TransformPanel::problem(const std::string& path) const {
  const FieldRow* of = row(path);
  return of ? of->problem() : QString();
}

bool TransformPanel::isShown(const std::string& path) const {
  const FieldRow* of = row(path);
  return of && !of->isHidden();
}

QString TransformPanel::differenceText() const {
  return difference_->text();
}

void TransformPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) fitWidth();
}

}  // namespace panicle::ui
