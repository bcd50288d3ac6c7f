#include "ui/data/census_tables.h"

#include <QAbstractTableModel>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QShortcut>
#include <QTableView>
#include <QVBoxLayout>
#include <algorithm>
#include <functional>
#include <numeric>

#include "ui/data/header_line.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {

class TextTable : public QAbstractTableModel {
 public:
  using Cell = std::function<QString(int row, int column)>;

  TextTable(const QStringList& headers, Qt::Alignment alignment, QObject* parent)
      : QAbstractTableModel(parent), headers_(headers), alignment_(alignment) {}

  void setRows(int count, Cell cell) {
    beginResetModel();
    count_ = count;
    cell_ = std::move(cell);
    endResetModel();
  }

  int rowCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : count_; }
  int columnCount(const QModelIndex& parent = {}) const override {
    return parent.isValid() ? 0 : static_cast<int>(headers_.size());
  }
  QVariant data(const QModelIndex& index, int role) const override {
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return cell_(index.row(), index.column());
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(alignment_ | Qt::AlignVCenter);
    return {};
  }
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::DisplayRole) return headers_.at(section);
    if (role == Qt::TextAlignmentRole) return QVariant::fromValue(alignment_ | Qt::AlignVCenter);
    return {};
  }

 private:
  QStringList headers_;
  Qt::Alignment alignment_;
  int count_ = 0;
  Cell cell_;
};

namespace {

QTableView* makeView(TextTable* model, const QString& name, QWidget* parent) {
  auto* view = new QTableView(parent);
  view->setModel(model);
  view->setAccessibleName(name);
  setTableLook(*view);
  view->setEditTriggers(QAbstractItemView::NoEditTriggers);
  view->horizontalHeader()->setStretchLastSection(true);
  return view;
}

QLabel* makeNote(QWidget* parent) {
  auto* note = new QLabel(parent);
  note->setWordWrap(true);
  note->setContentsMargins(0, kGrid, 0, kGrid);
  return note;
}

// "3:4", or "1.91:1" where small whole numbers do not say it.
QString shapeText(int width, int height) {
  constexpr int kSmall = 20;
  const int divisor = std::max(1, std::gcd(width, height));
  if (width / divisor <= kSmall && height / divisor <= kSmall) {
    return QStringLiteral("%1:%2").arg(width / divisor).arg(height / divisor);
  }
  return QStringLiteral("%1:1").arg(static_cast<double>(width) / std::max(1, height), 0, 'f', 2);
}

}  // namespace

// --- Sizes

SizesTable::SizesTable(QWidget* parent)
    : QWidget(parent),
      model_(new TextTable({tr("Width, px"), tr("Height, px"), tr("Shape, w:h"), tr("Files"), tr("Share")},
                           Qt::AlignRight, this)),
      view_(makeView(model_, tr("Sizes of the files"), this)),
      note_(makeNote(this)) {
  view_->setSelectionMode(QAbstractItemView::SingleSelection);
  view_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(note_);
  layout->addWidget(view_, 1);
  connect(view_, &QTableView::activated, this, [this](const QModelIndex& index) {
    const Row& row = rows_[static_cast<std::size_t>(index.row())];
    Q_EMIT sizeChosen(row.width, row.height);
  });
  setCensus(nullptr);
}

void SizesTable::setCensus(std::shared_ptr<const Census> census) {
  rows_.clear();
  std::size_t all = 0;
  if (census) {
    for (const auto& [size, files] : census->sizes) {
      rows_.push_back({size.second, size.first, files});
      all += files;
    }
  }
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.files > b.files; });
  model_->setRows(static_cast<int>(rows_.size()), [this, all](int index, int column) {
    const Row& row = rows_[static_cast<std::size_t>(index)];
    switch (column) {
      case 0:
        return QString::number(row.width);
      case 1:
        return QString::number(row.height);
      case 2:
        return shapeText(row.width, row.height);
      case 3:
        return formatCount(row.files);
      default:
        return formatPercent(static_cast<double>(row.files) / static_cast<double>(all));
    }
  });
  if (!census) {
    note_->setText(tr("The sizes of the files appear here once they have been read."));
  } else if (rows_.size() == 1) {
    note_->setText(tr("All files have one size."));
  } else {
    note_->setText(
        tr("%1 sizes. The recipe's resize brings them to one. Double click a row to see its photos.")
            .arg(formatCount(rows_.size())));
  }
  view_->setVisible(!rows_.empty());
}

// --- Problems

ProblemsTable::ProblemsTable(QWidget* parent)
    : QWidget(parent),
      model_(new TextTable({tr("File"), tr("Problem")}, Qt::AlignLeft, this)),
      view_(makeView(model_, tr("Files with problems"), this)),
      note_(makeNote(this)),
      copy_(new QPushButton(lineIcon(QStringLiteral("copy")), tr("Copy list"), this)) {
  view_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  view_->horizontalHeader()->resizeSection(0, 40 * kGrid);
  copy_->setToolTip(
      tr("Copies all rows as text, file and problem separated by a tab. Ctrl+C copies the chosen rows."));
  connect(copy_, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(toText()); });
  auto* shortcut = new QShortcut(QKeySequence::Copy, view_);
  shortcut->setContext(Qt::WidgetWithChildrenShortcut);
  connect(shortcut, &QShortcut::activated, this, &ProblemsTable::copySelected);
  auto* top = new QHBoxLayout;
  top->addWidget(note_, 1);
  top->addWidget(copy_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(top);
  layout->addWidget(view_, 1);
  layout->addStretch();
  refresh();
}

void ProblemsTable::setDataset(std::shared_ptr<const Dataset> dataset) {
  dataset_ = std::move(dataset);
  census_.reset();
  refresh();
}

void ProblemsTable::setCensus(std::shared_ptr<const Census> census) {
  census_ = std::move(census);
  refresh();
}

int ProblemsTable::count() const {
  return model_->rowCount();
}

// The bad files, then what the scan passed over.
QStringList ProblemsTable::row(int index) const {
  const auto at = static_cast<std::size_t>(index);
  const std::size_t bad = census_ ? census_->bad.size() : 0;
  if (at < bad)
    return {QString::fromStdString(census_->bad[at].path), QString::fromStdString(census_->bad[at].reason)};
  return {tr("(data set)"), QString::fromStdString(dataset_->warnings[at - bad])};
}

QString ProblemsTable::toText() const {
  QStringList lines;
  for (int index = 0; index < count(); ++index) lines << row(index).join(QLatin1Char('\t'));
  return lines.join(QLatin1Char('\n'));
}

void ProblemsTable::copySelected() {
  QStringList lines;
  QModelIndexList chosen = view_->selectionModel()->selectedRows();
  std::sort(chosen.begin(), chosen.end());
  for (const QModelIndex& index : chosen) lines << row(index.row()).join(QLatin1Char('\t'));
  if (!lines.isEmpty()) QGuiApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

void ProblemsTable::refresh() {
  const std::size_t bad = census_ ? census_->bad.size() : 0;
  const std::size_t warnings = dataset_ ? dataset_->warnings.size() : 0;
  model_->setRows(static_cast<int>(bad + warnings),
                  [this](int index, int column) { return row(index).at(column); });
  QString text;
  if (!census_) {
    text = tr("Files that cannot be read appear here once all have been looked at.");
  } else if (bad == 0) {
    text = tr("Every file can be read.");
  } else {
    text = tr("%1 files cannot be read. Replace or remove them, or let the run leave them out.")
               .arg(formatCount(bad));
  }
  note_->setText(text);
  view_->setVisible(count() > 0);
  copy_->setVisible(count() > 0);
}

}  // namespace panicle::ui
