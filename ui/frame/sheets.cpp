#include "ui/frame/sheets.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QMenuBar>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>
#include <utility>
#include <vector>

#include "core/models/kernels.h"
#include "core/runs/execute.h"
#include "ui/frame/command_list.h"
#include "ui/frame/problem_log.h"
#include "ui/shared/jobs.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QVBoxLayout* makeColumn(Overlay* sheet, const QString& title) {
  auto* column = new QVBoxLayout(sheet);
  column->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
  column->setSpacing(kGrid);
  auto* heading = new QLabel(title, sheet);
  QFont font = heading->font();
  font.setBold(true);
  font.setPointSizeF(font.pointSizeF() * 1.2);
  heading->setFont(font);
  column->addWidget(heading);
  return column;
}

// Text that scrolls when the window is small; the buttons' row below it ends in Close.
QLabel* addText(Overlay* sheet, QVBoxLayout* column) {
  auto* text = new QLabel(sheet);
  text->setTextFormat(Qt::RichText);
  text->setWordWrap(true);
  text->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  text->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* scroll = new QScrollArea(sheet);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setWidgetResizable(true);
  scroll->setWidget(text);
  column->addWidget(scroll, 1);
  return text;
}

QHBoxLayout* addButtons(Overlay* sheet, QVBoxLayout* column) {
  auto* row = new QHBoxLayout;
  row->addStretch(1);
  auto* close = new QPushButton(Overlay::tr("Close"), sheet);
  close->setToolTip(Overlay::tr("Closes this panel (Esc)"));
  QObject::connect(close, &QPushButton::clicked, sheet, &Overlay::shut);
  row->addWidget(close);
  column->addLayout(row);
  sheet->setFocusProxy(close);
  return row;
}

QString keyRow(const QString& keys, const QString& text) {
  return QStringLiteral("<tr><td style='padding-right:24px'><b>%1</b></td><td style='padding-bottom:4px'>%2</td></tr>")
      .arg(keys.toHtmlEscaped(), text.toHtmlEscaped());
}

QString section(const QString& title, const QString& rows) {
  return QStringLiteral("<p><font color='%1'>%2</font></p><table>%3</table>")
      .arg(Theme::instance().colors().mutedText.name(), title.toHtmlEscaped(), rows);
}

}  // namespace

ShortcutSheet::ShortcutSheet(const QMenuBar& menus, QWidget* window)
    : Overlay(tr("Keyboard shortcuts"), QSize(520, 640), window), menus_(menus) {
  QVBoxLayout* column = makeColumn(this, tr("Keyboard shortcuts"));
  text_ = addText(this, column);
  addButtons(this, column);
}

void ShortcutSheet::open() {
  QString text;
  QString menu;
  QString rows;
  const auto flush = [&] {
    if (!rows.isEmpty()) text += section(menu, rows);
    rows.clear();
  };
  for (const Command& command : commandsOf(menus_)) {
    if (command.action->shortcut().isEmpty()) continue;
    if (command.menu != menu) flush();
    menu = command.menu;
    rows += keyRow(command.action->shortcut().toString(QKeySequence::NativeText), command.text);
  }
  flush();
  text += section(tr("Everywhere"), keyRow(tr("Left, Right"), tr("Walk through the selected photos")) +
                                        keyRow(tr("Esc"), tr("Leave a drill-down, or close a panel")) +
                                        keyRow(tr("Tab, Shift+Tab"), tr("Next and previous control")));
  text_->setText(text);
  Overlay::open();
}

ProblemSheet::ProblemSheet(ProblemLog& log, QWidget* window)
    : Overlay(tr("Problems"), QSize(720, 480), window), log_(log) {
  QVBoxLayout* column = makeColumn(this, tr("Problems"));
  list_ = new QListWidget(this);
  list_->setAccessibleName(tr("Problems, newest first"));
  list_->setWordWrap(true);
  list_->setTextElideMode(Qt::ElideNone);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setResizeMode(QListView::Adjust);
  column->addWidget(list_, 1);
  QHBoxLayout* buttons = addButtons(this, column);
  auto* copy = new QPushButton(lineIcon(QStringLiteral("copy")), tr("Copy all"), this);
  copy->setToolTip(tr("Copies the list as text"));
  auto* clear = new QPushButton(tr("Clear"), this);
  clear->setToolTip(tr("Empties the list"));
  buttons->insertWidget(0, copy);
  buttons->insertWidget(1, clear);
  connect(copy, &QPushButton::clicked, this, [this] {
    QStringList lines;
    for (const Problem& problem : log_.problems()) lines << problem.text;
    QApplication::clipboard()->setText(lines.join(u'\n'));
  });
  connect(clear, &QPushButton::clicked, this, [this] { log_.clear(); });
  connect(&log, &ProblemLog::changed, this, [this] {
    if (isOpen()) fill();
  });
}

void ProblemSheet::open() {
  fill();
  Overlay::open();
}

void ProblemSheet::fill() {
  list_->clear();
  const QVector<Problem>& problems = log_.problems();
  for (auto it = problems.rbegin(); it != problems.rend(); ++it) {
    const QString icon = it->kind == Problem::Kind::Error ? QStringLiteral("error") : QStringLiteral("warning");
    new QListWidgetItem(lineIcon(icon), it->text, list_);
  }
  if (problems.isEmpty()) new QListWidgetItem(tr("No problems."), list_);
}

AboutSheet::AboutSheet(Session& session, QWidget* window)
    : Overlay(tr("About Panicle"), QSize(560, 440), window), session_(session) {
  QVBoxLayout* column = makeColumn(this, tr("Panicle %1").arg(QApplication::applicationVersion()));
  text_ = addText(this, column);
  addButtons(this, column);
}

void AboutSheet::open() {
  const QString head = tr("<p>A desktop workbench for image-classification experiments, with fastai's semantics and timm's "
                          "architectures.<br>Free software under the GNU General Public License, version 3.</p>");
  if (!filled_) {
    filled_ = true;
    text_->setText(head);
    session_.jobs().start(
        this, tr("Asking the libraries for their versions"),
        [](std::stop_token, const Progress&) { return std::pair(describeEnvironment(), describeLinearAlgebra()); },
        [this, head](const std::pair<Json, LinearAlgebra>& told) {
          const auto& [environment, algebra] = told;
          QString rows = keyRow(QStringLiteral("Qt"), QString::fromLatin1(qVersion()));
          rows += keyRow(tr("Linear algebra"), QString::fromStdString(algebra.words()));
          if (!algebra.warning.empty()) rows += keyRow({}, QString::fromStdString(algebra.warning));
          // The heading and the line of the linear algebra have said the rest.
          const std::vector<std::pair<const char*, QString>> labels{
              {"blas_file", tr("Loaded from")}, {"convolutions", tr("Convolutions")}, {"torch", tr("LibTorch")},
              {"opencv", tr("OpenCV")},         {"processor", tr("Processor")},       {"cores", tr("Cores")}};
          for (const auto& [key, label] : labels) {
            const Json value = environment.value(key, Json());
            const std::string words = value.is_string() ? value.get<std::string>() : value.dump();
            if (!value.is_null() && !words.empty()) rows += keyRow(label, QString::fromStdString(words));
          }
          text_->setText(head + section(tr("Runs with"), rows));
        });
  }
  Overlay::open();
}

}  // namespace panicle::ui
