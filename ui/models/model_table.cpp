#include "ui/models/model_table.h"

#include <QFont>
#include <limits>

#include "ui/models/measured_costs.h"
#include "ui/models/weight_downloads.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

constexpr double kMiB = 1024 * 1024;

QString none() {
  return QStringLiteral("–");
}

QString paragraph(const QString& text) {
  return QStringLiteral("<p>%1</p>").arg(text.toHtmlEscaped());
}

QString secondsWords(double seconds) {
  return QString::number(seconds, 'f', seconds >= 100 ? 0 : seconds >= 10 ? 1 : 2);
}

WeightWords downloading(const JobInfo& job) {
  const bool known = job.total > 0;
  const double share = known ? static_cast<double>(job.done) / static_cast<double>(job.total) : 0;
  const QString brief =
      known ? ModelTable::tr("%1 %").arg(static_cast<int>(share * 100)) : ModelTable::tr("downloading");
  const QString sentence =
      known ? ModelTable::tr("Downloading: %1 of %2.").arg(formatBytes(job.done), formatBytes(job.total))
            : ModelTable::tr("Downloading: %1 so far.").arg(formatBytes(job.done));
  return {WeightWords::Rank::Downloading, brief, sentence};
}

QString placeWords(WeightPlace place) {
  switch (place) {
    case WeightPlace::Workspace:
      return ModelTable::tr("workspace");
    case WeightPlace::TorchHub:
      return ModelTable::tr("torch hub");
    case WeightPlace::HuggingFaceHub:
      return ModelTable::tr("Hugging Face");
  }
  return {};
}

WeightWords found(const WeightState& state) {
  return {WeightWords::Rank::Found, placeWords(state.found->place),
          ModelTable::tr("Found in the %1: %2 (%3).")
              .arg(QString::fromUtf8(toString(state.found->place)),
                   QString::fromStdString(state.found->file.string()), formatBytes(state.bytes))};
}

}  // namespace

QString weightsName(const Architecture& architecture, const Pretrained& pretrained) {
  if (&pretrained == &architecture.pretrained.front()) return QString::fromStdString(architecture.name);
  return QString::fromStdString(architecture.modern_name + "." + pretrained.tag);
}

WeightWords weightWords(const Architecture& architecture, const Pretrained& pretrained, Session& session,
                        const WeightDownloads& downloads) {
  using Rank = WeightWords::Rank;
  const QString name = weightsName(architecture, pretrained);
  if (const auto job = downloads.progress(name)) return downloading(*job);
  const WeightState* state = session.weights().state(name);
  if (!state) return {Rank::Unknown, QStringLiteral("…"), ModelTable::tr("The disk is being looked at.")};
  if (!state->problem.isEmpty()) return {Rank::Unknown, ModelTable::tr("not known"), state->problem};
  if (state->found) return found(*state);
  const QString hub = QString::fromStdString(architecture.hubName(pretrained));
  if (session.weights().offline()) {
    return {
        Rank::Absent, ModelTable::tr("absent (offline)"),
        ModelTable::tr(
            "Not on this machine, and HF_HUB_OFFLINE switches downloads off. A file of %1 can be imported.")
            .arg(hub)};
  }
  if (state->partial > 0) {
    return {Rank::Begun, ModelTable::tr("begun"),
            ModelTable::tr("A download was cut off after %1. It goes on from there.")
                .arg(formatBytes(state->partial))};
  }
  return {Rank::Downloadable, ModelTable::tr("downloadable"),
          ModelTable::tr("Not on this machine. The Hugging Face hub has them as %1.").arg(hub)};
}

ModelTable::ModelTable(Session& session, const WeightDownloads& downloads, const MeasuredCosts& costs,
                       QObject* parent)
    : QAbstractTableModel(parent), session_(session), downloads_(downloads), costs_(costs) {}

const Architecture& ModelTable::at(int row) const {
  return architectures()[static_cast<std::size_t>(row)];
}

int ModelTable::rowOf(const Architecture& architecture) const {
  return static_cast<int>(&architecture - architectures().data());
}

void ModelTable::refresh() {
  Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, Columns - 1));
  Q_EMIT headerDataChanged(Qt::Horizontal, Multiplications, Multiplications);
}

int ModelTable::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(architectures().size());
}

int ModelTable::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : Columns;
}

Size ModelTable::size() const {
  return networkSize(session_.recipe().stages.front());
}

WeightWords ModelTable::weights(const Architecture& architecture) const {
  return weightWords(architecture, architecture.pretrained.front(), session_, downloads_);
}

QVariant ModelTable::data(const QModelIndex& index, int role) const {
  const Architecture& architecture = at(index.row());
  switch (role) {
    case Qt::DisplayRole:
      return text(architecture, index.column());
    case Qt::ToolTipRole:
      return tip(architecture, index.column());
    case kSortRole:
      return key(architecture, index.column());
    case kSearchRole:
      return searchText(architecture);
    case Qt::TextAlignmentRole:
      return headerData(index.column(), Qt::Horizontal, role);
    case Qt::FontRole: {
      QFont font;
      font.setBold(recipeArchitecture(session_.recipe().model) == &architecture);
      return font;
    }
    default:
      return {};
  }
}

QString ModelTable::text(const Architecture& architecture, int column) const {
  switch (column) {
    case Name:
      return QString::fromStdString(architecture.name);
    case Family:
      return QString::fromStdString(architecture.family);
    case Parameters:
      return millions(architecture.params);
    case Input:
      return QString::fromStdString(toString(architecture.input_size));
    case Takes:
      return sidesWords(architecture);
    case Multiplications:
      return sizeProblem(architecture, size()).empty() ? billions(architecture.multiply_adds(size()))
                                                       : none();
    case Weights:
      return weights(architecture).brief;
    case Seconds: {
      const MeasuredCost* cost = costs_.find(architecture.name, size());
      return cost ? secondsWords(cost->seconds) : none();
    }
    case Memory: {
      const MeasuredCost* cost = costs_.find(architecture.name, size());
      return cost && cost->bytes > 0
                 ? formatCount(static_cast<quint64>(static_cast<double>(cost->bytes) / kMiB))
                 : none();
    }
    case Finding:
      return QString::fromStdString(architecture.finding);
    default:
      return {};
  }
}

QString ModelTable::tip(const Architecture& architecture, int column) const {
  switch (column) {
    case Name: {
      QStringList names;
      for (const Pretrained& weights : architecture.pretrained) {
        names << QString::fromStdString(architecture.modern_name + "." + weights.tag);
      }
      QString words = tr("<p><b>%1</b><br>timm 1.0: %2</p>")
                          .arg(text(architecture, Name).toHtmlEscaped(),
                               names.join(QStringLiteral(", ")).toHtmlEscaped());
      if (recipeArchitecture(session_.recipe().model) == &architecture)
        words += paragraph(tr("The recipe's."));
      return words;
    }
    case Parameters:
      return paragraph(
          tr("%1 with timm's own classifier of %2 classes, which your classes take the place of.")
              .arg(formatCount(static_cast<quint64>(architecture.params)),
                   formatCount(static_cast<quint64>(architecture.pretrained.front().classes))));
    case Input:
      return paragraph(tr("Its weights were trained at %1 pixels.").arg(pixelWords(architecture.input_size)));
    case Multiplications: {
      const std::string problem = sizeProblem(architecture, size());
      return paragraph(problem.empty() ? tr("For one image of %1, forward.").arg(pixelWords(size()))
                                       : QString::fromStdString(problem) + QLatin1Char('.'));
    }
    case Weights:
      return paragraph(weights(architecture).sentence);
    case Seconds:
    case Memory:
      return costTip(architecture);
    default:
      return paragraph(text(architecture, column));
  }
}

QString ModelTable::costTip(const Architecture& architecture) const {
  QString tip;
  for (const MeasuredCost* cost : costs_.of(architecture.name)) {
    const QString memory = cost->bytes > 0 ? tr(", %1").arg(formatBytes(cost->bytes)) : QString();
    tip += paragraph(tr("At %1: %2 s%3 (%4, %5; %6)")
                         .arg(pixelWords(cost->size), secondsWords(cost->seconds), memory,
                              QString::fromStdString(cost->device), QString::fromStdString(cost->precision),
                              QString::fromStdString(cost->day).left(10)));
  }
  if (!tip.isEmpty()) return tip;
  return paragraph(tr("Not measured on this machine yet: select the row and press Measure here."));
}

QVariant ModelTable::key(const Architecture& architecture, int column) const {
  const double last = std::numeric_limits<double>::max();
  const MeasuredCost* cost = costs_.find(architecture.name, size());
  switch (column) {
    case Family:
      return rowOf(architecture);  // the registry's order: by family, within it by size
    case Parameters:
      return static_cast<qlonglong>(architecture.params);
    case Input:
      return architecture.input_size.height;
    case Multiplications:
      return sizeProblem(architecture, size()).empty()
                 ? static_cast<double>(architecture.multiply_adds(size()))
                 : last;
    case Weights:
      return static_cast<int>(weights(architecture).rank);
    case Seconds:
      return cost ? cost->seconds : last;
    case Memory:
      return cost && cost->bytes > 0 ? static_cast<double>(cost->bytes) : last;
    default:
      return text(architecture, column);
  }
}

QString ModelTable::searchText(const Architecture& architecture) const {
  QStringList parts{text(architecture, Name), QString::fromStdString(architecture.modern_name),
                    text(architecture, Family), text(architecture, Finding), weights(architecture).brief};
  for (const Pretrained& weights : architecture.pretrained) parts << QString::fromStdString(weights.tag);
  return parts.join(QLatin1Char(' '));
}

QVariant ModelTable::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal || section < 0 || section >= Columns) return {};
  static const QStringList titles{tr("Architecture"), tr("Family"),      tr("Params, M"), tr("Input"),
                                  tr("Takes"),        tr("GMAC at %1"),  tr("Weights"),   tr("s / 64"),
                                  tr("MiB / 64"),     tr("Others found")};
  static const QStringList helps{
      tr("timm's name, as in fastai's vision_learner. Bold: the recipe's."),
      tr("Kin: the same plan in several sizes. Sorts by family, and within it by size."),
      tr("Millions of parameters. More of them learn finer differences, and take more memory and time."),
      tr("The size, height and width, that its weights were trained at. Near it they know best."),
      tr("The sides, in pixels, that images may have. Networks of windows or patches take few."),
      tr("Billions of multiplications, each with an addition, for one image at the recipe's size (%1). Time "
         "grows with them."),
      tr("Whether weights to start from are on this machine, and where. They are what makes a small data set "
         "enough."),
      tr("Seconds that training takes here for 64 images of the recipe's size, once measured."),
      tr("MiB of tensors that training takes here with a batch of 64, once measured: told from batches of 4 "
         "and 8."),
      tr("What the authors of fastai's Paddy Doctor notebooks measured with it."),
  };
  switch (role) {
    case Qt::DisplayRole:
      return section == Multiplications ? titles[section].arg(QString::fromStdString(toString(size())))
                                        : titles[section];
    case Qt::ToolTipRole:
      return paragraph(section == Multiplications ? helps[section].arg(pixelWords(size())) : helps[section]);
    case Qt::TextAlignmentRole: {
      const bool figure = section == Parameters || section == Input || section == Multiplications ||
                          section == Seconds || section == Memory;
      return QVariant::fromValue((figure ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    }
    default:
      return {};
  }
}

}  // namespace panicle::ui
