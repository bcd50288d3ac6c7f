#include "ui/shared/field_editor.h"

#include <QAbstractSpinBox>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QCoreApplication>
#include <QEvent>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QMouseEvent>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSpinBox>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/error.h"
#include "core/base/size.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("panicle::ui::RecipeForm", text); }

class WheelGuard : public QObject {
 public:
  using QObject::QObject;
  bool eventFilter(QObject* watched, QEvent* event) override {
    if (event->type() != QEvent::Wheel || static_cast<QWidget*>(watched)->hasFocus()) return false;
    event->ignore();
    return true;
  }
};

// --- Texts of all kinds -----------------------------------------------------------------------------------------------

QString toText(const Json& value, FieldKind kind) {
  if (value.is_null()) return {};
  switch (kind) {
    case FieldKind::Real: return formatReal(value.get<double>());
    case FieldKind::Leaf: return value.is_number() ? formatReal(value.get<double>()) : QString::fromStdString(value.get<std::string>());
    case FieldKind::RealList: {
      QStringList parts;
      for (const Json& part : value) parts << formatReal(part.get<double>());
      return parts.join(QLatin1String(", "));
    }
    case FieldKind::Size: return QString::fromStdString(toString(Size{value.at(0).get<int>(), value.at(1).get<int>()}));
    case FieldKind::TextList: {
      QStringList parts;
      for (const Json& part : value) parts << QString::fromStdString(part.get<std::string>());
      return parts.join(QLatin1String(", "));
    }
    case FieldKind::Text: return QString::fromStdString(value.get<std::string>());
    default: return QString::fromStdString(value.dump());
  }
}

std::optional<Json> numbersFrom(const QString& text, QString& problem) {
  Json list = Json::array();
  for (const QString& part : text.split(QLatin1Char(','))) {
    if (part.trimmed().isEmpty()) continue;
    bool fits = false;
    const double value = part.trimmed().toDouble(&fits);
    if (!fits || !std::isfinite(value)) {
      problem = tr("\"%1\" is not a number. Write the list as 0.95, 0.85, 0.95.").arg(part.trimmed());
      return {};
    }
    list.push_back(value);
  }
  return list;
}

// The value that `text` says, or nothing and the reason in `problem`.
std::optional<Json> fromText(const QString& text, const FieldDescription& field, QString& problem) {
  const QString trimmed = text.trimmed();
  if (trimmed.isEmpty() && field.nullable) return Json(nullptr);
  bool fits = false;
  switch (field.kind) {
    case FieldKind::Real: {
      const double value = trimmed.toDouble(&fits);
      if (fits && std::isfinite(value)) return Json(value);
      problem = tr("\"%1\" is not a number. Write it as 0.003 or 3e-3.").arg(trimmed);
      return {};
    }
    case FieldKind::Leaf: {
      const double value = trimmed.toDouble(&fits);
      return fits && std::isfinite(value) ? Json(value) : Json(trimmed.toStdString());
    }
    case FieldKind::RealList: return numbersFrom(text, problem);
    case FieldKind::Integer: {
      if (const qint64 value = trimmed.toLongLong(&fits); fits) return value < 0 ? Json(value) : Json(static_cast<quint64>(value));
      if (const quint64 value = trimmed.toULongLong(&fits); fits) return Json(value);
      problem = tr("\"%1\" is not a whole number. Write it as 42.").arg(trimmed);
      return {};
    }
    case FieldKind::Size: try {
        const Size size = parseSize(trimmed.toStdString());
        return Json::array({size.height, size.width});
      } catch (const Error&) {
        problem = tr("\"%1\" is not a size. Write 480, or 640,480 for height 640 and width 480.").arg(trimmed);
        return {};
      }
    case FieldKind::TextList: {
      Json list = Json::array();
      for (const QString& part : text.split(QLatin1Char(','))) {
        if (!part.trimmed().isEmpty()) list.push_back(part.trimmed().toStdString());
      }
      return list;
    }
    default: return Json(trimmed.toStdString());
  }
}

QString placeholder(const FieldDescription& field) {
  if (field.nullable) return nullText(field);
  switch (field.kind) {
    case FieldKind::TextList: return field.path.ends_with("subset.classes") ? tr("all") : tr("none");
    case FieldKind::RealList: return tr("all 1");
    case FieldKind::Leaf: return tr("0.003 or slice(1e-6,1e-4)");
    case FieldKind::Size: return tr("480 or 640,480");
    default: return {};
  }
}

class TextEditor : public FieldEditor {
 public:
  TextEditor(const FieldDescription& field, QWidget* parent) : FieldEditor(parent), field_(field), line_(new QLineEdit(this)) {
    setInput(line_);
    line_->setPlaceholderText(placeholder(field));
    QObject::connect(line_, &QLineEdit::editingFinished, this, [this] { commit(); });
    if (const PathKind kind = pathKind(field.path); kind != PathKind::None) addBrowse(kind);
  }

  void setValue(const Json& value) override {
    const QSignalBlocker quiet(line_);
    shown_ = toText(value, field_.kind);
    line_->setText(shown_);
    // Of a path the end says which one it is.
    line_->setCursorPosition(pathKind(field_.path) == PathKind::None ? 0 : static_cast<int>(shown_.size()));
  }

  QString text() const override { return line_->text(); }

  void setText(const QString& text) override {
    const QSignalBlocker quiet(line_);
    shown_ = text;
    line_->setText(text);
  }

  void commit() override {
    if (line_->text() == shown_) return;
    shown_ = line_->text();
    QString problem;
    if (const auto value = fromText(shown_, field_, problem)) {
      edited(*value);
    } else {
      notUnderstood(problem);
    }
  }

 private:
  void addBrowse(PathKind kind) {
    QAction* browse = line_->addAction(lineIcon(QStringLiteral("folder")), QLineEdit::TrailingPosition);
    browse->setToolTip(kind == PathKind::Folder ? tr("Choose a folder") : tr("Choose a file"));
    QObject::connect(browse, &QAction::triggered, this, [this, kind] {
      const QString chosen = kind == PathKind::Folder ? QFileDialog::getExistingDirectory(this, {}, line_->text())
                                                      : QFileDialog::getOpenFileName(this, {}, line_->text());
      if (chosen.isEmpty()) return;
      line_->setText(chosen);
      commit();
    });
  }

  FieldDescription field_;
  QLineEdit* line_;
  QString shown_;
};

// --- The others -------------------------------------------------------------------------------------------------------

class WholeNumberEditor : public FieldEditor {
 public:
  WholeNumberEditor(const FieldDescription& field, QWidget* parent) : FieldEditor(parent), spin_(new QSpinBox(this)) {
    setInput(spin_);
    constexpr double kLowest = std::numeric_limits<int>::min(), kHighest = std::numeric_limits<int>::max();
    spin_->setRange(static_cast<int>(std::clamp(field.info.min, kLowest, kHighest)),
                    static_cast<int>(std::clamp(field.info.max, kLowest, kHighest)));
    spin_->setKeyboardTracking(false);
    QObject::connect(spin_, &QSpinBox::valueChanged, this, [this](int value) { edited(Json(value)); });
  }

  void setValue(const Json& value) override {
    const QSignalBlocker quiet(spin_);
    spin_->setValue(value.get<int>());
  }

 private:
  QSpinBox* spin_;
};

// A switch; for a nullable object it makes or removes the object.
class SwitchEditor : public FieldEditor {
 public:
  SwitchEditor(const FieldDescription& field, QWidget* parent)
      : FieldEditor(parent), object_(field.kind == FieldKind::Object), box_(new QCheckBox(this)) {
    setInput(box_);
    QObject::connect(box_, &QCheckBox::toggled, this, [this](bool on) {
      edited(object_ ? (on ? Json::object() : Json(nullptr)) : Json(on));
    });
  }

  void setValue(const Json& value) override {
    const QSignalBlocker quiet(box_);
    box_->setChecked(object_ ? !value.is_null() : value.is_boolean() && value.get<bool>());
  }

 private:
  bool object_;
  QCheckBox* box_;
};

class ChoiceEditor : public FieldEditor {
 public:
  ChoiceEditor(const FieldDescription& field, QWidget* parent)
      : FieldEditor(parent), nullable_(field.nullable), combo_(new QComboBox(this)) {
    setInput(combo_);
    if (nullable_) combo_->addItem(tr("default"));
    for (const std::string& choice : field.choices) combo_->addItem(QString::fromStdString(choice));
    combo_->setMinimumContentsLength(6);
    combo_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    QObject::connect(combo_, &QComboBox::activated, this, [this](int index) {
      edited(nullable_ && index == 0 ? Json(nullptr) : Json(combo_->currentText().toStdString()));
    });
  }

  void setValue(const Json& value) override {
    combo_->setCurrentIndex(value.is_null() ? 0 : combo_->findText(QString::fromStdString(value.get<std::string>())));
  }

 private:
  bool nullable_;
  QComboBox* combo_;
};

// Any text, with the known ones to choose from.
class SuggestEditor : public FieldEditor {
 public:
  SuggestEditor(const QStringList& known, QWidget* parent) : FieldEditor(parent), combo_(new QComboBox(this)) {
    setInput(combo_);
    combo_->setEditable(true);
    combo_->setInsertPolicy(QComboBox::NoInsert);
    combo_->addItems(known);
    combo_->setMinimumContentsLength(6);
    combo_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    combo_->completer()->setFilterMode(Qt::MatchContains);
    combo_->completer()->setCompletionMode(QCompleter::PopupCompletion);
    QObject::connect(combo_, &QComboBox::activated, this, [this] { commit(); });
    QObject::connect(combo_->lineEdit(), &QLineEdit::editingFinished, this, [this] { commit(); });
  }

  void setValue(const Json& value) override {
    shown_ = QString::fromStdString(value.get<std::string>());
    combo_->setEditText(shown_);
    combo_->lineEdit()->setCursorPosition(0);
  }

  QString text() const override { return combo_->currentText(); }

  void setText(const QString& text) override {
    shown_ = text;
    combo_->setEditText(text);
  }

  void commit() override {
    if (combo_->currentText() == shown_) return;
    shown_ = combo_->currentText();
    edited(Json(shown_.trimmed().toStdString()));
  }

 private:
  QComboBox* combo_;
  QString shown_;
};

// Stays open while values are ticked.
class TickMenu : public QMenu {
 public:
  using QMenu::QMenu;

 protected:
  void mouseReleaseEvent(QMouseEvent* event) override {
    if (!tick(actionAt(event->pos()))) QMenu::mouseReleaseEvent(event);
  }
  void keyPressEvent(QKeyEvent* event) override {
    const bool space = event->key() == Qt::Key_Space;
    if (!space || !tick(activeAction())) QMenu::keyPressEvent(event);
  }

 private:
  static bool tick(QAction* action) {
    if (!action || !action->isCheckable()) return false;
    action->trigger();
    return true;
  }
};

// A list of values that are all known: each can be ticked. Ticked ones keep their order, a new one comes last.
class TickEditor : public FieldEditor {
 public:
  TickEditor(const std::vector<Checkable>& known, QWidget* parent) : FieldEditor(parent), button_(new QPushButton(this)), menu_(new TickMenu(button_)) {
    setInput(button_);
    button_->setMenu(menu_);
    button_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    menu_->setToolTipsVisible(true);
    for (const auto& [value, help] : known) {
      QAction* action = menu_->addAction(value);
      action->setCheckable(true);
      action->setToolTip(help);
      QObject::connect(action, &QAction::triggered, this, [this, value = value](bool on) {
        Json list = Json::array();
        for (const Json& kept : list_) {
          if (kept != value.toStdString()) list.push_back(kept);
        }
        if (on) list.push_back(value.toStdString());
        edited(list);
      });
    }
  }

  void setValue(const Json& value) override {
    list_ = value;
    QStringList words;
    for (const Json& text : value) words << QString::fromStdString(text.get<std::string>());
    for (QAction* action : menu_->actions()) action->setChecked(words.contains(action->text()));
    button_->setText(words.isEmpty() ? tr("none") : words.size() == 1 ? words.front() : tr("%1 +%2").arg(words.front()).arg(words.size() - 1));
    button_->setAccessibleDescription(words.join(QStringLiteral(", ")));
  }

 private:
  QPushButton* button_;
  QMenu* menu_;
  Json list_ = Json::array();
};

}  // namespace

void FieldEditor::setInput(QWidget* input) {
  input_ = input;
  setFocusProxy(input);
  keepWheelForFocus(input);
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(input);
}

// The others hold a value at any time.
void FieldEditor::commit() {
  if (auto* spin = qobject_cast<QAbstractSpinBox*>(input_)) spin->interpretText();
}

void commitFocusedField() {
  for (QWidget* widget = QApplication::focusWidget(); widget; widget = widget->parentWidget()) {
    if (auto* editor = dynamic_cast<FieldEditor*>(widget)) return editor->commit();
  }
}

void keepWheelForFocus(QWidget* input) {
  input->setFocusPolicy(Qt::StrongFocus);
  input->installEventFilter(new WheelGuard(input));
}

FieldEditor* makeFieldEditor(const FieldDescription& field, QWidget* parent) {
  switch (field.kind) {
    case FieldKind::Boolean:
    case FieldKind::Object: return new SwitchEditor(field, parent);
    case FieldKind::Choice: return new ChoiceEditor(field, parent);
    case FieldKind::Integer:
      // Seeds have 64 bits, a spin box has 32; and it has no state for null.
      if (!field.nullable && !field.value.is_number_unsigned()) return new WholeNumberEditor(field, parent);
      break;
    case FieldKind::TextList:
      if (const auto known = checkables(field.path); !known.empty()) return new TickEditor(known, parent);
      break;
    case FieldKind::Text:
      if (const QStringList known = suggestions(field.path); !known.isEmpty() && !field.nullable) {
        return new SuggestEditor(known, parent);
      }
      break;
    default: break;
  }
  return new TextEditor(field, parent);
}

QString formatReal(double value) {
  QString text = QString::number(value, 'g', QLocale::FloatingPointShortest);
  if (std::abs(value) >= 1e5 && std::abs(value) < 1e7) text = QString::number(value, 'f', QLocale::FloatingPointShortest);
  text.replace(QLatin1String("e+"), QLatin1String("e"));
  text.replace(QLatin1String("e0"), QLatin1String("e"));
  text.replace(QLatin1String("e-0"), QLatin1String("e-"));
  return text;
}

}  // namespace panicle::ui
