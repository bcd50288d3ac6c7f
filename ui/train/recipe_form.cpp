#include "ui/train/recipe_form.h"

#include <QAction>
#include <QEvent>
#include <QLabel>
#include <QLineEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>
#include <map>

#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/train/field_editor.h"
#include "ui/train/field_row.h"
#include "ui/train/field_rules.h"

namespace panicle::ui {
namespace {

struct Section {
  QLabel* title;
  std::vector<FieldRow*> rows;
};

// The defaults of every field that the form may show: a recipe of as many stages with nothing switched off.
std::map<std::string, Json> standards(std::size_t stages) {
  RunSpec spec;
  spec.stages.resize(stages);
  std::map<std::string, Json> values;
  for (FieldDescription& field : describe(spec)) values.emplace(field.path, std::move(field.value));
  return values;
}

std::vector<FieldDescription> shownFields(const RunSpec& spec) {
  std::vector<FieldDescription> fields = describe(spec);
  std::erase_if(fields, [](const FieldDescription& field) { return !*field.info.label || field.kind == FieldKind::List; });
  std::stable_sort(fields.begin(), fields.end(), [&](const FieldDescription& a, const FieldDescription& b) {
    return sectionOf(a.path, spec.stages.size()).order < sectionOf(b.path, spec.stages.size()).order;
  });
  return fields;
}

// The row says which field it is; of the message only the reason is left: "Must be a number from 0 to 1, not 3".
QString reason(const QString& message, const std::string& path) {
  QString text = message.section(QLatin1Char('\n'), -1).trimmed();
  const QString name = QString::fromStdString(path);
  if (text.startsWith(name)) text = text.mid(name.size()).trimmed();
  if (!text.isEmpty()) text[0] = text[0].toUpper();
  return text;
}

}  // namespace

struct RecipeForm::Impl {
  Impl(RecipeForm& owner, Session& s) : self(owner), session(s) {}

  void build();
  void refresh();
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
  const auto defaults = standards(spec.stages.size());
  FormSection section{-1, {}};
  for (const FieldDescription& field : shownFields(spec)) {
    if (const FormSection own = sectionOf(field.path, spec.stages.size()); !(own == section)) {
      section = own;
      auto* title = new QLabel(own.title, body);
      title->setFont(titleFont());
      title->setContentsMargins(0, sections.empty() ? 0 : kGrid, 0, 0);
      rowLayout->addWidget(title);
      sections.push_back({title, {}});
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
  fitWidth();
  filter();
  scroll->verticalScrollBar()->setValue(scrolled);
  if (FieldRow* again = row(focused)) again->editor()->setFocus();
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
  sections.back().rows.push_back(row);
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
  if (FieldRow* edited = row(path)) edited->setProblem(reason(problem, path));
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
}

void RecipeForm::Impl::filter() {
  const QStringList words = search->text().split(QLatin1Char(' '), Qt::SkipEmptyParts);
  bool anything = false;
  for (const Section& section : sections) {
    bool any = false;
    for (FieldRow* row : section.rows) {
      const bool shown = row->matches(words) || section.title->text().contains(search->text().trimmed(), Qt::CaseInsensitive);
      row->setVisible(shown);
      any = any || shown;
    }
    section.title->setVisible(any);
    anything = anything || any;
  }
  nothing->setText(RecipeForm::tr("No setting matches \"%1\".").arg(search->text()));
  nothing->setVisible(!anything);
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
