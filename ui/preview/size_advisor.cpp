#include "ui/preview/size_advisor.h"

#include <QAbstractTableModel>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QVBoxLayout>
#include <cmath>
#include <numeric>

#include "ui/shared/architecture_words.h"
#include "ui/shared/session.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kSortRole = Qt::UserRole;
constexpr int kSmallNumber = 20;
enum Column {
  SizeColumn,
  ShapeColumn,
  FitColumn,
  DivisibleColumn,
  RecipeColumn,
  PixelsColumn,
  CostColumn,
  NetworksColumn,
  Columns
};

QString sizeWords(Size size) {
  return QString::fromStdString(toString(size));
}

// "3:4", or "1.91:1" where small whole numbers do not say it.
QString shapeWords(int width, int height) {
  const int divisor = std::gcd(width, height);
  if (width / divisor <= kSmallNumber && height / divisor <= kSmallNumber) {
    return QStringLiteral("%1:%2").arg(width / divisor).arg(height / divisor);
  }
  return QStringLiteral("%1:1").arg(static_cast<double>(width) / height, 0, 'f', 2);
}

QStringList names(const std::vector<std::string>& list) {
  QStringList result;
  for (const std::string& name : list) result << QString::fromStdString(name);
  return result;
}

QString familyOf(const std::string& name) {
  const Architecture* known = findArchitecture(name).architecture;
  return QString::fromStdString(known ? known->family : name);
}

// "Swin, some ViT": the families of `list`, of some of which there are others in `rest`.
QString families(const std::vector<std::string>& list, const std::vector<std::string>& rest) {
  QStringList divided, found;
  for (const std::string& name : rest) divided << familyOf(name);
  for (const std::string& name : list) {
    const QString family = familyOf(name);
    const QString words = divided.contains(family) ? SizeAdvisor::tr("some %1").arg(family) : family;
    if (!found.contains(words)) found << words;
  }
  return found.join(QStringLiteral(", "));
}

}  // namespace

class SizeModel : public QAbstractTableModel {
 public:
  using QAbstractTableModel::QAbstractTableModel;

  void setAdvice(const std::vector<SizeAdvice>& advice, bool known) {
    beginResetModel();
    advice_ = advice;
    known_ = known;
    endResetModel();
  }
  const SizeAdvice& at(int row) const { return advice_[static_cast<std::size_t>(row)]; }

  int rowCount(const QModelIndex& parent = {}) const override {
    return parent.isValid() ? 0 : static_cast<int>(advice_.size());
  }
  int columnCount(const QModelIndex& parent = {}) const override { return parent.isValid() ? 0 : Columns; }

  QVariant data(const QModelIndex& index, int role) const override {
    const SizeAdvice& advice = at(index.row());
    switch (role) {
      case Qt::DisplayRole:
        return text(advice, index.column());
      case Qt::ToolTipRole:
        return tip(advice, index.column());
      case kSortRole:
        return key(advice, index.column());
      case Qt::TextAlignmentRole:
        return alignment(index.column());
      case Qt::ForegroundRole:
        return advice.problem.empty() ? QVariant() : QVariant(Theme::instance().colors().mutedText);
      case Qt::FontRole: {
        QFont font;
        font.setBold(advice.current);
        return font;
      }
      default:
        return {};
    }
  }

  QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
    if (orientation != Qt::Horizontal) return {};
    static const QStringList titles{
        SizeModel::tr("Size, h,w"), SizeModel::tr("Shape, w:h"), SizeModel::tr("On these photos"),
        SizeModel::tr("÷ 32"),      SizeModel::tr("Your model"), SizeModel::tr("Pixels"),
        SizeModel::tr("Cost"),      SizeModel::tr("Networks")};
    static const QStringList helps{
        SizeModel::tr("Height and width as fastai writes them; one number for a square. Bold: what the "
                      "network gets now."),
        SizeModel::tr("Width to height"),
        SizeModel::tr("How far the size is from the shape of the median photo: what crop would lose of it, "
                      "and how much squish would "
                      "bend it"),
        SizeModel::tr("Networks halve the picture five times. Sides divisible by 32 leave no half pixels at "
                      "the edges."),
        SizeModel::tr("Whether the recipe's architecture can be run at this size. Grey: it cannot."),
        SizeModel::tr("Height times width: time and activation memory grow with it"),
        SizeModel::tr("Pixels beside those the network gets now: about the time of an epoch, and the memory "
                      "for activations"),
        SizeModel::tr("Which of the known architectures can be run at this size")};
    if (role == Qt::DisplayRole) return titles[section];
    if (role == Qt::ToolTipRole) return helps[section];
    if (role == Qt::TextAlignmentRole) return alignment(section);
    return {};
  }

 private:
  static QVariant alignment(int column) {
    const bool figure = column == PixelsColumn || column == CostColumn;
    return QVariant::fromValue((figure ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
  }

  QString text(const SizeAdvice& advice, int column) const {
    switch (column) {
      case SizeColumn:
        return sizeWords(advice.size);
      case ShapeColumn:
        return shapeWords(advice.size.width, advice.size.height);
      case FitColumn:
        return fit(advice);
      case DivisibleColumn:
        return advice.multiple_of_32 ? tr("yes") : tr("no");
      case PixelsColumn:
        return formatCount(static_cast<quint64>(advice.pixels));
      case CostColumn:
        return advice.current ? tr("now") : QStringLiteral("%1 ×").arg(advice.cost, 0, 'f', 2);
      case RecipeColumn:
        return advice.problem.empty() ? tr("takes it") : tr("cannot");
      case NetworksColumn:
        return networks(advice);
      default:
        return {};
    }
  }

  QString fit(const SizeAdvice& advice) const {
    if (!known_) return tr("not known yet");
    const QString words = advice.like_data
                              ? tr("the photos' shape")
                              : tr("crop loses %1, squish %2 ×")
                                    .arg(formatPercent(advice.lost), QString::number(advice.bend, 'f', 2));
    return advice.enlarges ? words + tr("; enlarges") : words;
  }

  static QString networks(const SizeAdvice& advice) {
    const auto all = advice.accepted.size() + advice.refused.size();
    if (advice.refused.empty()) return tr("all %1").arg(all);
    if (advice.accepted.empty()) return tr("none of %1").arg(all);
    const bool few = advice.accepted.size() <= advice.refused.size();
    const QString named = few ? families(advice.accepted, advice.refused)
                              : families(advice.refused, advice.accepted);
    return few ? tr("%1 of %2: %3").arg(advice.accepted.size()).arg(all).arg(named)
               : tr("%1 of %2: not %3").arg(advice.accepted.size()).arg(all).arg(named);
  }

  QString tip(const SizeAdvice& advice, int column) const {
    if (column == NetworksColumn) {
      QString tip =
          advice.accepted.empty()
              ? QString()
              : tr("<p><b>Take it:</b> %1</p>").arg(names(advice.accepted).join(QStringLiteral(", ")));
      if (!advice.refused.empty())
        tip += tr("<p><b>Cannot:</b> %1</p>").arg(names(advice.refused).join(QStringLiteral(", ")));
      return tip;
    }
    if (column == RecipeColumn && !advice.problem.empty()) {
      return QStringLiteral("<p>%1.</p>").arg(QString::fromStdString(advice.problem).toHtmlEscaped());
    }
    if (column == FitColumn && advice.enlarges) {
      return tr("<p>%1. It has more pixels than the usual photo: time and memory without finer detail.</p>")
          .arg(fit(advice));
    }
    return text(advice, column);
  }

  QVariant key(const SizeAdvice& advice, int column) const {
    switch (column) {
      case ShapeColumn:
        return advice.aspect;
      case FitColumn:
        return advice.bend;
      case DivisibleColumn:
        return advice.multiple_of_32 ? 0 : 1;
      case RecipeColumn:
        return advice.problem.empty() ? 0 : 1;
      case NetworksColumn:
        return static_cast<int>(advice.accepted.size());
      default:
        return static_cast<qlonglong>(advice.pixels);
    }
  }

  std::vector<SizeAdvice> advice_;
  bool known_ = false;
};

SizeAdvisor::SizeAdvisor(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      model_(new SizeModel(this)),
      sorted_(new QSortFilterProxyModel(this)),
      facts_(new QLabel(this)),
      view_(new QTableView(this)),
      use_resize_(new QPushButton(tr("Use as item size"), this)),
      use_augment_(new QPushButton(tr("Use as final size"), this)) {
  build();
  for (const auto signal : {&Session::censusChanged, &Session::datasetChanged, &Session::recipeChanged}) {
    connect(&session, signal, this, [this] {
      stale_ = true;
      if (isVisible()) refresh();
    });
  }
  connect(use_resize_, &QPushButton::clicked, this, [this] { use("resize"); });
  connect(use_augment_, &QPushButton::clicked, this, [this] { use("augment"); });
  connect(view_, &QTableView::activated, this, [this] { use("resize"); });
  connect(view_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
          &SizeAdvisor::refreshButtons);
}

void SizeAdvisor::build() {
  sorted_->setSourceModel(model_);
  sorted_->setSortRole(kSortRole);
  view_->setModel(sorted_);
  view_->setSortingEnabled(true);
  view_->sortByColumn(PixelsColumn, Qt::AscendingOrder);
  view_->setAccessibleName(tr("Candidate sizes"));
  setTableLook(*view_);
  view_->setSelectionMode(QAbstractItemView::SingleSelection);
  view_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  view_->horizontalHeader()->setSectionResizeMode(FitColumn, QHeaderView::Stretch);
  view_->setToolTip(tr("Return or a double click makes a size the item size; the columns' titles sort."));
  facts_->setWordWrap(true);
  use_resize_->setToolTip(
      tr("<p>Puts the size into the recipe's Resize: what every photo is brought to first, on its own. In "
         "presizing it is "
         "about twice the final size.</p>"));
  use_augment_->setToolTip(
      tr("<p>Puts the size into the recipe's augmentation: what the network gets after the batch "
         "transforms.</p>"));
  auto* top = new QHBoxLayout;
  top->setSpacing(kGrid);
  top->addWidget(facts_, 1);
  top->addWidget(use_resize_);
  top->addWidget(use_augment_);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid, 0, 0);
  layout->setSpacing(kGrid);
  layout->addLayout(top);
  layout->addWidget(view_, 1);
}

void SizeAdvisor::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (stale_) refresh();
}

void SizeAdvisor::refresh() {
  stale_ = false;
  const std::shared_ptr<const Census> census = session_.census();
  const DataShape shape = census ? dataShape(census->sizes) : DataShape{};
  const StageOptions& stage = session_.recipe().stages.front();
  const Size now = networkSize(stage);
  const SizeAdvice* before = chosen();
  const Size kept = before ? before->size : Size{};
  advice_ = adviseSizes(shape, now, std::vector{stage.resize.size}, architectures(),
                        recipeArchitecture(session_.recipe().model));
  model_->setAdvice(advice_, shape.files > 0);
  for (int column = 0; column < Columns; ++column) {
    if (column == FitColumn) continue;
    view_->resizeColumnToContents(column);
    view_->setColumnWidth(column, view_->columnWidth(column) + kGrid);
  }
  for (int row = 0; row < sorted_->rowCount(); ++row) {
    const SizeAdvice& advice = model_->at(sorted_->mapToSource(sorted_->index(row, 0)).row());
    if (advice.size == (before ? kept : now)) view_->setCurrentIndex(sorted_->index(row, 0));
  }
  if (shape.files == 0) {
    facts_->setText(session_.dataset()
                        ? tr("The photos' sizes are being read; until then only costs are known.")
                        : tr("Open a data set to see which sizes suit its photos."));
  } else {
    const double usual = static_cast<double>(shape.usual.width) / shape.usual.height;
    const bool usualShape = std::abs(usual - shape.aspect) < 1e-9;
    facts_->setText(tr("%1 of %2 photos are %3 × %4 (width × height). The median shape is %5; %6 have it.")
                        .arg(formatCount(shape.usual_files), formatCount(shape.files))
                        .arg(shape.usual.width)
                        .arg(shape.usual.height)
                        .arg(usualShape ? shapeWords(shape.usual.width, shape.usual.height)
                                        : QStringLiteral("%1:1").arg(shape.aspect, 0, 'f', 2),
                             formatCount(shape.alike)));
  }
  refreshButtons();
}

const SizeAdvice* SizeAdvisor::chosen() const {
  const QModelIndex index = sorted_->mapToSource(view_->currentIndex());
  return index.isValid() && static_cast<std::size_t>(index.row()) < advice_.size()
             ? &advice_[static_cast<std::size_t>(index.row())]
             : nullptr;
}

void SizeAdvisor::refreshButtons() {
  use_resize_->setEnabled(chosen());
  use_augment_->setEnabled(chosen() && session_.recipe().stages.front().augment);
}

void SizeAdvisor::use(const char* field) {
  const SizeAdvice* advice = chosen();
  if (!advice) return;
  const Size size = advice->size;
  const QString problem =
      session_.setRecipeField(QStringLiteral("stages.0.%1.size").arg(QLatin1StringView(field)),
                              Json::array({size.height, size.width}));
  if (!problem.isEmpty()) session_.report(problem);
}

}  // namespace panicle::ui
