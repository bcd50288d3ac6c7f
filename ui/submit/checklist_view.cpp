#include "ui/submit/checklist_view.h"

#include <QCoreApplication>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMark = 2 * kGrid;

struct MarkLook {
  QString icon;
  QColor color;
  QString meaning;
};

MarkLook lookOf(Verdict verdict) {
  const ThemeColors& colors = Theme::instance().colors();
  switch (verdict) {
    case Verdict::Good: return {QStringLiteral("check"), colors.accent, ChecklistView::tr("fits")};
    case Verdict::Doubtful: return {QStringLiteral("warning"), colors.warning, ChecklistView::tr("look at this")};
    case Verdict::Bad: return {QStringLiteral("error"), colors.error, ChecklistView::tr("does not fit")};
    case Verdict::Pending: break;
  }
  return {QStringLiteral("minus"), colors.mutedText, ChecklistView::tr("not checked yet")};
}

QPixmap tinted(const QString& icon, const QColor& color, qreal ratio) {
  QPixmap pixmap = lineIcon(icon).pixmap(QSize(kMark, kMark), ratio);
  QPainter painter(&pixmap);
  painter.setCompositionMode(QPainter::CompositionMode_SourceIn);
  painter.fillRect(pixmap.rect(), color);
  return pixmap;
}

const std::array<const char*, CheckKinds> kHelp{
    QT_TRANSLATE_NOOP("Submit", "The file begins with the sample's header: an id column first, the label column last"),
    QT_TRANSLATE_NOOP("Submit", "The sample asks for just the images that the run has predicted"),
    QT_TRANSLATE_NOOP("Submit", "Every id of the sample is found among the predictions: as it is, by its file name, or without extension"),
    QT_TRANSLATE_NOOP("Submit", "No image is asked for or predicted twice"),
    QT_TRANSLATE_NOOP("Submit", "What is written into the label column are classes that the run knows"),
};

}  // namespace

ChecklistView::ChecklistView(QWidget* parent) : QWidget(parent) {
  auto* layout = new QGridLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setHorizontalSpacing(kGrid);
  layout->setVerticalSpacing(kGrid / 2);
  layout->setColumnStretch(2, 1);
  for (int i = 0; i < CheckKinds; ++i) {
    const QString help = QCoreApplication::translate("Submit", kHelp[static_cast<std::size_t>(i)]);
    Line line{new QLabel(this), new QLabel(this), new QLabel(this)};
    line.mark->setFixedSize(kMark, kMark);
    line.detail->setWordWrap(true);
    line.detail->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    line.detail->setTextFormat(Qt::PlainText);
    line.detail->setTextInteractionFlags(Qt::TextSelectableByMouse);
    for (QLabel* label : {line.mark, line.name, line.detail}) label->setToolTip(help);
    layout->addWidget(line.mark, i, 0, Qt::AlignTop);
    layout->addWidget(line.name, i, 1, Qt::AlignTop);
    layout->addWidget(line.detail, i, 2);
    lines_[static_cast<std::size_t>(i)] = line;
  }
  connect(&Theme::instance(), &Theme::changed, this, &ChecklistView::paintMarks);
  setChecks(emptyChecklist());
}

void ChecklistView::setChecks(const Checklist& checks) {
  checks_ = checks;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    lines_[i].name->setText(checks_[i].name);
    lines_[i].detail->setText(checks_[i].detail);
  }
  paintMarks();
}

void ChecklistView::paintMarks() {
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    const MarkLook look = lookOf(checks_[i].verdict);
    lines_[i].mark->setPixmap(tinted(look.icon, look.color, devicePixelRatioF()));
    lines_[i].mark->setAccessibleName(QStringLiteral("%1: %2").arg(checks_[i].name, look.meaning));
    QPalette palette = lines_[i].detail->palette();
    const ThemeColors& colors = Theme::instance().colors();
    palette.setColor(QPalette::WindowText, checks_[i].verdict == Verdict::Bad ? colors.error : colors.mutedText);
    lines_[i].detail->setPalette(palette);
  }
}

}  // namespace panicle::ui
