#include "ui/rate/sweep_table.h"

#include <QAbstractTableModel>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QItemSelectionModel>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPixmap>
#include <QPushButton>
#include <QScrollBar>
#include <QStyle>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

enum Column { NumberColumn, SubjectColumn, ValleyColumn, LearnsColumn, EndedColumn, Columns };
constexpr int kSwatch = 14;         // pixels
constexpr int kFewestOfLearns = 16;  // characters
constexpr int kMostOfLearns = 36;

// A piece of the curve on the plot's background, as the selected row's own would hide it.
QPixmap swatch(const QColor& color, qreal ratio) {
  const ThemeColors& colors = Theme::instance().colors();
  QPixmap drawn(QSize(kSwatch, kSwatch) * ratio);
  drawn.setDevicePixelRatio(ratio);
  drawn.fill(Qt::transparent);
  QPainter painter(&drawn);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.setPen(colors.border);
  painter.setBrush(colors.base);
  painter.drawRoundedRect(QRectF(0.5, 0.5, kSwatch - 1, kSwatch - 1), 2, 2);
  painter.setPen(QPen(color, 3));
  painter.drawLine(QPointF(2, kSwatch / 2.0), QPointF(kSwatch - 2, kSwatch / 2.0));
  return drawn;
}

}  // namespace

class RateSweepModel : public QAbstractTableModel {
 public:
  using QAbstractTableModel::QAbstractTableModel;

  // The list is the page's; rows are told apart by their number.
  void assign(const std::vector<Sweep>& sweeps, int chosen) {
    const bool same = sweeps.size() == sweeps_.size() &&
                      std::equal(sweeps.begin(), sweeps.end(), sweeps_.begin(),
                                 [](const Sweep& a, const Sweep& b) { return a.number == b.number; });
    if (!same) beginResetModel();
    sweeps_ = sweeps;
    for (Sweep& sweep : sweeps_) sweep.points.clear();
    chosen_ = chosen;
    if (!same) return endResetModel();
    if (!sweeps_.empty()) Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Columns - 1));
  }

  int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(sweeps_.size()); }
  int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : Columns; }

  QVariant data(const QModelIndex& index, int role) const override {
    const Sweep& sweep = sweeps_[static_cast<std::size_t>(index.row())];
    switch (role) {
      case Qt::DisplayRole: return text(sweep, index.column());
      case Qt::ToolTipRole: return tip(sweep);
      case Qt::DecorationRole: return index.column() == NumberColumn ? QVariant(swatch(sweep.color(), 2)) : QVariant();
      case Qt::TextAlignmentRole: return alignment(index.column());
      case Qt::FontRole: {
        QFont font;
        font.setBold(index.row() == chosen_ && index.column() == NumberColumn);  // in all of them the end would not be seen whole
        return font;
      }
      default: return {};
    }
  }

  QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
    if (orientation != Qt::Horizontal) return {};
    static const QStringList titles{SweepTable::tr("Sweep"), SweepTable::tr("Of"), SweepTable::tr("Valley"),
                                    SweepTable::tr("What learned"), SweepTable::tr("Ended")};
    static const QStringList helps{SweepTable::tr("In the order they were made, with the colour of the curve. Bold: the one in front."),
                                   SweepTable::tr("Architecture, size and batch that were swept"),
                                   SweepTable::tr("fastai's default suggestion, before anybody moved it"),
                                   SweepTable::tr("Which layers learned: the same that the stage's first epoch trains"),
                                   SweepTable::tr("Why the sweep ended")};
    if (role == Qt::DisplayRole) return titles[section];
    if (role == Qt::ToolTipRole) return QStringLiteral("<p>%1</p>").arg(helps[section]);
    if (role == Qt::TextAlignmentRole) return alignment(section);
    return {};
  }

 private:
  static QVariant alignment(int column) {
    return QVariant::fromValue((column == ValleyColumn ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  }

  static QString text(const Sweep& sweep, int column) {
    switch (column) {
      case NumberColumn: return QString::number(sweep.number);
      case SubjectColumn: return sweep.subject;
      case LearnsColumn: return sweep.learns;
      case ValleyColumn: return sweep.suggestions.valley ? formatRate(*sweep.suggestions.valley) : QStringLiteral("–");
      case EndedColumn: return sweep.state == Sweep::State::Running ? SweepTable::tr("sweeping") : sweep.ended;
      default: return {};
    }
  }

  static QString tip(const Sweep& sweep) {
    QStringList lines{SweepTable::tr("<b>Sweep %1</b>: %2").arg(sweep.number).arg(sweep.subject.toHtmlEscaped()),
                      sweep.learns.toHtmlEscaped(),
                      SweepTable::tr("from %1 to %2 in %3 batches")
                          .arg(formatRate(sweep.options.start_lr), formatRate(sweep.options.end_lr))
                          .arg(sweep.options.num_it)};
    if (!sweep.start.isEmpty()) lines << SweepTable::tr("started from %1").arg(sweep.start.toHtmlEscaped());
    if (!sweep.ended.isEmpty()) lines << SweepTable::tr("ended: %1").arg(sweep.ended.toHtmlEscaped());
    return QStringLiteral("<p>%1</p>").arg(lines.join(QStringLiteral("<br>")));
  }

  std::vector<Sweep> sweeps_;  // without their points
  int chosen_ = -1;
};

SweepTable::SweepTable(QWidget* parent)
    : QWidget(parent),
      model_(new RateSweepModel(this)),
      view_(new QTableView(this)),
      remove_(new QPushButton(lineIcon(QStringLiteral("minus")), tr("Re&move"), this)) {
  build();
}

void SweepTable::build() {
  view_->setModel(model_);
  view_->setAccessibleName(tr("Sweeps"));
  view_->setToolTip(tr("<p>The sweep that is chosen stands in front of the others in the plot. Delete removes it.</p>"));
  setTableLook(*view_);
  view_->setSelectionMode(QAbstractItemView::SingleSelection);
  view_->horizontalHeader()->setStretchLastSection(true);
  view_->setMinimumHeight(3 * (fontMetrics().height() + kGrid));
  auto* title = new QLabel(tr("Sweeps"), this);
  QFont strong = title->font();
  strong.setWeight(QFont::DemiBold);
  title->setFont(strong);
  auto* kept = new QLabel(tr("kept until Panicle is closed"), this);
  kept->setForegroundRole(QPalette::PlaceholderText);
  remove_->setObjectName(QStringLiteral("removeSweep"));
  remove_->setToolTip(tr("<p>Takes the chosen sweep out of the plot (Delete). A sweep in progress is cancelled.</p>"));
  auto* head = new QHBoxLayout;
  head->setSpacing(kGrid);
  head->addWidget(title);
  head->addWidget(kept);
  head->addStretch(1);
  head->addWidget(remove_);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid / 2);
  column->addLayout(head);
  column->addWidget(view_, 1);
  setTabOrder(view_, remove_);
  connect(remove_, &QPushButton::clicked, this, &SweepTable::remove);
  connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this, [this](const QModelIndex& now) {
    if (!showing_ && now.isValid()) Q_EMIT chosen(now.row());
  });
}

void SweepTable::showSweeps(const std::vector<Sweep>& sweeps, int chosen) {
  showing_ = true;
  model_->assign(sweeps, chosen);
  if (chosen >= 0 && view_->currentIndex().row() != chosen) {
    view_->setCurrentIndex(model_->index(chosen, std::max(0, view_->currentIndex().column())));
  }
  remove_->setEnabled(chosen >= 0);
  fitColumns();
  showing_ = false;
}

void SweepTable::fitColumns() {
  int room = view_->width() - view_->verticalScrollBar()->sizeHint().width();
  for (int column = 0; column < LearnsColumn; ++column) {
    view_->resizeColumnToContents(column);
    room -= view_->columnWidth(column);
  }
  // What learned is the longest by far: it is cut, or goes, before the end of the sweep does. The tooltip has all.
  const int letter = view_->fontMetrics().averageCharWidth();
  const int learns = std::min(room - widthOf(EndedColumn), kMostOfLearns * letter);
  view_->setColumnHidden(LearnsColumn, learns < kFewestOfLearns * letter);
  if (!view_->isColumnHidden(LearnsColumn)) view_->setColumnWidth(LearnsColumn, std::min(widthOf(LearnsColumn), learns));
  view_->setColumnWidth(EndedColumn, widthOf(EndedColumn));  // from which it is stretched; it does not shrink below that
}

// That its longest text needs.
int SweepTable::widthOf(int column) const {
  QFont bold = view_->font();
  bold.setBold(true);
  const QFontMetrics metrics(bold);
  int widest = 0;
  for (int row = 0; row < view_->model()->rowCount(); ++row) {
    widest = std::max(widest, metrics.horizontalAdvance(view_->model()->index(row, column).data().toString()));
  }
  const int margins = 2 * (style()->pixelMetric(QStyle::PM_FocusFrameHMargin, nullptr, view_) + 1);
  return std::max(widest + margins, view_->horizontalHeader()->sectionSizeHint(column));
}

void SweepTable::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  fitColumns();
}

void SweepTable::remove() {
  const int row = view_->currentIndex().row();
  if (row >= 0) Q_EMIT removeRequested(row);
}

void SweepTable::keyPressEvent(QKeyEvent* event) {
  if (event->key() != Qt::Key_Delete) return QWidget::keyPressEvent(event);
  remove();
}

void SweepTable::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::FontChange) fitColumns();
}

}  // namespace panicle::ui
