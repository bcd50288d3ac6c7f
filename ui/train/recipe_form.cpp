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
#include <map>
#include <set>

#include "ui/shared/field_editor.h"
#include "ui/shared/field_row.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/fold_button.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

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
  std::vector<Part> parts;
};

// Whether recipes seldom set the fields of the group.
bool folds(std::optional<TransformGroup> group) {
  return group == TransformGroup::Geometry || group == TransformGroup::Light || group == TransformGroup::Extras;
}

// Where a field stands within its section: before the folds, or in one of them.
int placeOf(const std::string& path) {
  const std::optional<TransformGroup> group = transformGroup(path);
  return folds(group) ? static_cast<int>(*group) + 1 : 0;
}

std::vector<FieldDescription> shownFields(const RunSpec& spec) {
  std::vector<FieldDescription> fields = describe(spec);
  std::erase_if(fields, [](const FieldDescription& field) { return !*field.info.label || field.kind == FieldKind::List; });
  std::stable_sort(fields.begin(), fields.end(), [&](const FieldDescription& a, const FieldDescription& b) {
    const int first = sectionOf(a.path, spec.stages.size()).order, second = sectionOf(b.path, spec.stages.size()).order;
    return std::pair(first, placeOf(a.path)) < std::pair(second, placeOf(b.path));
  });
  return fields;
}

}  // namespace

struct RecipeForm::Impl {
  Impl(RecipeForm& owner, Session& s) : self(owner), session(s) {}

  void build();
  void refresh();
  void beginSection(const FormSection& section, bool transforms);
  void beginPart(std::optional<TransformGroup> group);
  void addRow(const FieldDescription& field, std::optional<Json> standard);
  void applyEdit(const std::string& path, const Json& value);
  void filter();
  QFont titleFont() const;
  void fitWidth();
  FieldRow* row(const std::string& path) const;

  RecipeForm& self;
  Session& session;
  QLineEdit* search = nullptr;
  QScrollArea* scroll = nullptr;
  QWidget* body = nullptr;
  QVBoxLayout* rowLayout = nullptr;
  QLabel* nothing = nullptr;
  std::vector<Section> sections;
  std::map<std::string, FieldRow*> rows;
  std::vector<std::string> order;  // the paths, as built
  std::set<QString> open;          // folds that the user has opened, by section and title
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
  const int scrolled = scroll->verticalScrollBar()->value();
  rows.clear();
  sections.clear();
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
      section = own;
      beginSection(own, transformGroup(field.path).has_value());
      place = -1;
    }
    if (placeOf(field.path) != place) {
      place = placeOf(field.path);
      beginPart(transformGroup(field.path));
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
  sections.push_back({head, title, {}});
}

void RecipeForm::Impl::beginPart(std::optional<TransformGroup> group) {
  Part part;
  if (folds(group)) {
    part.fold = new FoldButton(groupTitle(*group), body);
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
  row->editor()->notUnderstood = [row](const QString& problem) { row->setProblem(problem); };
  QObject::connect(row, &FieldRow::resetRequested, &self, [this, path] { self.resetToDefault(path); });
}

void RecipeForm::Impl::applyEdit(const std::string& path, const Json& value) {
  // Setting a field may change which fields there are, so the row is looked up anew.
  const QString problem = session.setRecipeField(QString::fromStdString(path), value);
  if (FieldRow* edited = row(path)) edited->setProblem(problemReason(problem, path));
}

void RecipeForm::Impl::refresh() {
  const std::vector<FieldDescription> fields = shownFields(session.recipe());
  const bool same = std::equal(fields.begin(), fields.end(), order.begin(), order.end(),
                               [](const FieldDescription& field, const std::string& path) { return field.path == path; });
  if (!same) {
    // Not now: the editor that caused the change is still on the stack.
    return QTimer::singleShot(0, &self, [this] {
      build();
      refresh();
    });
  }
  FieldValues values;
  for (const FieldDescription& field : fields) values[field.path] = &field;
  for (const FieldDescription& field : fields) {
    FieldRow* row = rows[field.path];
    row->setValue(field.value);
    row->setWithoutEffect(whyWithoutEffect(field.path, values));
  }
  filter();
}

// What is searched for shows wherever it is. Else a fold that is closed keeps in sight what is changed, or being edited.
void RecipeForm::Impl::filter() {
  const QStringList words = search->text().split(QLatin1Char(' '), Qt::SkipEmptyParts);
  bool anything = false;
  for (const Section& section : sections) {
    const bool all = section.title->text().contains(search->text().trimmed(), Qt::CaseInsensitive) && !words.isEmpty();
    bool any = false;
    for (const Part& part : section.parts) {
      qsizetype found = 0, hidden = 0;
      for (FieldRow* row : part.rows) {
        const bool matches = all || row->matches(words);
        const bool inSight = !part.fold || part.fold->isOpen() || !words.isEmpty() || row->changed() || !row->problem().isEmpty() ||
                             row->isAncestorOf(QApplication::focusWidget());
        row->setVisible(matches && inSight);
        found += matches ? 1 : 0;
        hidden += matches && !inSight ? 1 : 0;
      }
      if (part.fold) {
        part.fold->setVisible(found > 0 && words.isEmpty());
        part.fold->setNote(hidden > 0 ? RecipeForm::tr("%1 settings").arg(hidden) : QString());
      }
      any = any || found > 0;
    }
    section.head->setVisible(any);
    anything = anything || any;
  }
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
  return row ? row->problem() : QString();
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
  if (row->changed()) impl_->applyEdit(path, *row->standard());
}

}  // namespace panicle::ui
