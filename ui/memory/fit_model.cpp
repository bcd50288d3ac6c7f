#include "ui/memory/fit_model.h"

#include <QFont>
#include <limits>

#include "ui/memory/fit_recipe.h"
#include "ui/memory/fit_runner.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr float kTint = 0.16f;  // of the colour that a cell's background takes

QColor mixed(const QColor& a, const QColor& b, float share) {
  return QColor::fromRgbF(a.redF() * (1 - share) + b.redF() * share, a.greenF() * (1 - share) + b.greenF() * share,
                          a.blueF() * (1 - share) + b.blueF() * share);
}

QColor tint(Fit fit) {
  const ThemeColors& colors = Theme::instance().colors();
  const QColor& color = fit == Fit::Fits ? colors.accent : fit == Fit::Tight ? colors.warning : colors.error;
  return mixed(colors.base, color, kTint);
}

QString iconOf(Fit fit) {
  return fit == Fit::Fits    ? QStringLiteral("check")
         : fit == Fit::Tight ? QStringLiteral("warning")
                             : QStringLiteral("close");
}

QString batchText(const FitCell& cell) {
  return QStringLiteral("%1×%2").arg(cell.batch).arg(cell.accum);
}

QString paragraph(const QString& text) {
  return QStringLiteral("<p>%1</p>").arg(text.toHtmlEscaped());
}

}  // namespace

QString cellText(const FitCell& cell) {
  if (!cell.parts) return QStringLiteral("–");
  return mib(cell.parts->total()) + QStringLiteral(" · ") + batchText(cell);
}

FitModel::FitModel(Session& session, const FitRunner& runner, QObject* parent)
    : QAbstractTableModel(parent), session_(session), runner_(runner) {}

void FitModel::setSizes(const std::vector<Size>& sizes) {
  if (sizes == sizes_) return;
  beginResetModel();
  sizes_ = sizes;
  endResetModel();
}

void FitModel::refresh() {
  Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

int FitModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(architectures().size());
}

int FitModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : 1 + static_cast<int>(sizes_.size());
}

const FitCell* FitModel::cell(const QModelIndex& index) const {
  if (!index.isValid() || index.column() == 0) return nullptr;
  const auto* tried = runner_.find(at(index.row()).name, sizes_[static_cast<std::size_t>(index.column() - 1)]);
  return tried ? &tried->back() : nullptr;  // the search ends with the first that fits
}

QVariant FitModel::data(const QModelIndex& index, int role) const {
  switch (role) {
    case Qt::DisplayRole: return text(index);
    case Qt::ToolTipRole: return tip(index);
    case Qt::AccessibleTextRole: {
      const FitCell* found = cell(index);
      return found && found->parts ? text(index) + u' ' + fitWord(found->fit) : text(index);
    }
    case Qt::TextAlignmentRole: return headerData(index.column(), Qt::Horizontal, role);
    case kSortRole: {
      if (index.column() == 0) return index.row();
      const FitCell* found = cell(index);
      return found && found->parts ? static_cast<double>(found->parts->total()) : std::numeric_limits<double>::max();
    }
    case kSearchRole:
      return QString::fromStdString(at(index.row()).name + ' ' + at(index.row()).modern_name + ' ' + at(index.row()).family);
    default: return look(index, role);
  }
}

QVariant FitModel::look(const QModelIndex& index, int role) const {
  const FitCell* found = cell(index);
  if (role == Qt::FontRole) {
    const bool ofRecipe = index.column() == 0 ? recipeArchitecture(session_.recipe().model) == &at(index.row())
                                              : found && isOfRecipe(session_.recipe(), *found);
    QFont font;
    font.setBold(ofRecipe);
    return font;
  }
  if (!found || !found->parts) {
    if (role == Qt::ForegroundRole && index.column() > 0) return Theme::instance().colors().mutedText;
    return {};
  }
  if (role == Qt::BackgroundRole) return tint(found->fit);
  if (role == Qt::DecorationRole) return lineIcon(iconOf(found->fit));
  return {};
}

QString FitModel::text(const QModelIndex& index) const {
  if (index.column() == 0) return QString::fromStdString(at(index.row()).name);
  const FitCell* found = cell(index);
  if (found) return cellText(*found);
  return runner_.running() ? QStringLiteral("…") : QString();
}

QString FitModel::tip(const QModelIndex& index) const {
  if (index.column() == 0) {
    return paragraph(tr("%1: %2 million parameters, trained at %3 pixels.")
                         .arg(text(index), millions(at(index.row()).params), pixelWords(at(index.row()).input_size)));
  }
  const FitCell* found = cell(index);
  if (!found) return paragraph(tr("Not planned yet."));
  if (!found->parts) return paragraph(QString::fromStdString(found->problem));
  QString rows;
  for (const FitCell& tried : *runner_.find(at(index.row()).name, found->size)) {
    rows += QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td align='right'>%2&nbsp;&nbsp;</td><td>%3</td></tr>")
                .arg(batchText(tried), tried.parts ? tr("%1 MiB").arg(mib(tried.parts->total())) : QString(), fitWord(tried.fit));
  }
  QString words = QStringLiteral("<p><b>%1</b></p><table>%2</table>")
                      .arg(tr("%1 at %2").arg(QString::fromStdString(found->architecture), pixelWords(found->size)).toHtmlEscaped(), rows);
  if (found->epoch_seconds) words += paragraph(tr("About %1 an epoch.").arg(formatDuration(*found->epoch_seconds)));
  return words + paragraph(tr("A click or Enter puts it into the recipe."));
}

QVariant FitModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) return {};
  if (role == Qt::TextAlignmentRole)
    return QVariant::fromValue((section == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
  if (section == 0) {
    if (role == Qt::DisplayRole) return tr("Architecture");
    if (role == Qt::ToolTipRole) return paragraph(tr("timm's name, as in fastai's vision_learner. Bold: the recipe's."));
    return {};
  }
  const Size& size = sizes_[static_cast<std::size_t>(section - 1)];
  if (role == Qt::DisplayRole) return QString::fromStdString(toString(size));
  if (role == Qt::ToolTipRole) {
    return paragraph(tr("Images of %1 go into the network. MiB at the peak, then the micro-batch and how many of them are added up for "
                        "a step: the largest micro-batch that fits.")
                         .arg(pixelWords(size)));
  }
  return {};
}

}  // namespace panicle::ui
