#include "ui/models/model_details.h"

#include <QBoxLayout>
#include <QComboBox>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalBlocker>
#include <algorithm>
#include <array>

#include "ui/models/measured_costs.h"
#include "ui/models/model_table.h"
#include "ui/models/weight_downloads.h"
#include "ui/shared/architecture_words.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/training_start.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

constexpr int kBarSteps = 1000;

QLabel* makeText(QWidget* parent, const char* name) {
  auto* label = new QLabel(parent);
  label->setObjectName(QLatin1StringView(name));
  label->setWordWrap(true);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  label->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  return label;
}

QLabel* makeHeading(const QString& text, QWidget* parent) {
  auto* heading = new QLabel(text, parent);
  QFont strong = heading->font();
  strong.setWeight(QFont::DemiBold);
  heading->setFont(strong);
  return heading;
}

QPushButton* makeButton(const QString& text, const char* name, const QString& tip, QWidget* parent) {
  auto* button = new QPushButton(text, parent);
  button->setObjectName(QLatin1StringView(name));
  button->setToolTip(QStringLiteral("<p>%1</p>").arg(tip));
  button->setAccessibleDescription(tip);
  return button;
}

QVBoxLayout* makeColumn(QWidget* block) {
  auto* column = new QVBoxLayout(block);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid);
  return column;
}

QHBoxLayout* rowOf(std::initializer_list<QWidget*> widgets) {
  auto* row = new QHBoxLayout;
  row->setSpacing(kGrid);
  for (QWidget* widget : widgets) row->addWidget(widget);
  row->addStretch(1);
  return row;
}

void setRole(QLabel* label, const QColor& color) {
  QPalette palette = label->palette();
  palette.setColor(QPalette::WindowText, color);
  label->setPalette(palette);
}

// A path has no blanks to wrap at.
QString wrappable(QString text) {
  return text.replace(QLatin1Char('/'), QStringLiteral("/\u200b"));
}

QString factRow(const QString& name, const QString& value) {
  return QStringLiteral("<tr><td style='padding-right:16px'><font color='%1'>%2</font></td><td>%3</td></tr>")
      .arg(Theme::instance().colors().mutedText.name(), name.toHtmlEscaped(), value.toHtmlEscaped());
}

QString threeOf(const std::array<float, 3>& values) {
  return QStringLiteral("%1 %2 %3").arg(values[0]).arg(values[1]).arg(values[2]);
}

QString normalisation(const Architecture& architecture) {
  static const Architecture usual;
  if (architecture.mean == usual.mean && architecture.std == usual.std)
    return ModelDetails::tr("ImageNet's mean and deviation");
  const auto alike = [](const std::array<float, 3>& values, float value) {
    return values[0] == value && values[1] == value && values[2] == value;
  };
  if (alike(architecture.mean, architecture.std[0]) && alike(architecture.std, architecture.mean[0])) {
    return ModelDetails::tr("mean and deviation %1").arg(architecture.mean[0]);
  }
  return ModelDetails::tr("mean %1, deviation %2").arg(threeOf(architecture.mean), threeOf(architecture.std));
}

}  // namespace

ModelDetails::ModelDetails(Session& session, WeightDownloads& downloads, MeasuredCosts& costs,
                           QWidget* parent)
    : QWidget(parent), session_(session), downloads_(downloads), costs_(costs) {
  blocks_ = new QBoxLayout(QBoxLayout::LeftToRight, this);
  blocks_->setContentsMargins(0, 0, 0, 0);
  blocks_->setSpacing(3 * kGrid);
  blocks_->addWidget(makeFacts());
  blocks_->addWidget(makeWeights());
  blocks_->addWidget(makeCost());
  blocks_->addStretch();
  setDirection(Qt::Horizontal);
  connect(use_, &QPushButton::clicked, this, &ModelDetails::use);
  connect(useSize_, &QPushButton::clicked, this, &ModelDetails::useInputSize);
  connect(download_, &QPushButton::clicked, this, &ModelDetails::download);
  connect(cancel_, &QPushButton::clicked, this,
          [this] { downloads_.cancel(weightsName(*architecture_, pretrained())); });
  connect(tags_, &QComboBox::currentIndexChanged, this, &ModelDetails::refresh);
  connect(measure_, &QPushButton::clicked, this, [this] {
    if (costs_.measuring().empty()) {
      costs_.measure(architecture_->name);
    } else {
      costs_.cancel();
    }
  });
  connect(&downloads, &WeightDownloads::changed, this, &ModelDetails::showWeights);
  connect(&costs, &MeasuredCosts::changed, this, &ModelDetails::showCost);
  connect(&session.runs(), &RunController::stateChanged, this, &ModelDetails::showCost);
  connect(&session.weights(), &WeightStates::changed, this, &ModelDetails::refresh);
  connect(&session, &Session::recipeChanged, this, &ModelDetails::refresh);
  connect(&Theme::instance(), &Theme::changed, this, &ModelDetails::refresh);
  setArchitecture(nullptr);
}

QWidget* ModelDetails::makeFacts() {
  auto* block = new QWidget(this);
  name_ = makeText(block, "modelName");
  name_->setTextFormat(Qt::RichText);
  facts_ = makeText(block, "modelFacts");
  facts_->setTextFormat(Qt::RichText);
  use_ = makeButton(tr("&Use in the recipe"), "use",
                    tr("Makes it the recipe's architecture. A click on its row, or Enter, does the same; "
                       "Undo takes it back."),
                    block);
  makePrimary(use_);
  QVBoxLayout* column = makeColumn(block);
  column->addWidget(name_);
  column->addLayout(rowOf({use_}));
  column->addWidget(facts_);
  column->addStretch(1);
  return block;
}

QWidget* ModelDetails::makeWeights() {
  auto* block = new QWidget(this);
  tags_ = new QComboBox(block);
  tags_->setAccessibleName(tr("Which weights"));
  tags_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  tags_->setToolTip(
      tr("<p>What its weights were trained on. The first are those that timm 0.6, and so fastai, means by "
         "the name.</p>"));
  weights_ = makeText(block, "modelWeights");
  weights_->setTextFormat(Qt::PlainText);
  bar_ = new QProgressBar(block);
  bar_->setTextVisible(false);
  bar_->setFixedHeight(kGrid);
  bar_->setAccessibleName(tr("Progress of the download"));
  download_ = makeButton(tr("&Download"), "download", {}, block);
  cancel_ = makeButton(
      tr("Cancel"), "cancelDownload",
      tr("Stops the download. What came so far is kept, and the next one goes on from there."), block);
  start_ = makeText(block, "modelStart");
  start_->setTextFormat(Qt::PlainText);
  QVBoxLayout* column = makeColumn(block);
  column->addWidget(makeHeading(tr("Weights"), block));
  column->addWidget(tags_, 0, Qt::AlignLeft);
  column->addWidget(weights_);
  column->addWidget(bar_);
  column->addLayout(rowOf({download_, cancel_}));
  column->addWidget(start_);
  column->addStretch(1);
  return block;
}

QWidget* ModelDetails::makeCost() {
  auto* block = new QWidget(this);
  size_ = makeText(block, "modelSize");
  size_->setTextFormat(Qt::PlainText);
  useSize_ = makeButton(
      {}, "useSize",
      tr("Sets what the network gets in the recipe to the size that the weights were trained at. Undo takes "
         "it back."),
      block);
  cost_ = makeText(block, "modelCost");
  cost_->setTextFormat(Qt::PlainText);
  measure_ = makeButton({}, "measure", {}, block);
  QVBoxLayout* column = makeColumn(block);
  column->addWidget(makeHeading(tr("At the recipe's size"), block));
  column->addWidget(size_);
  column->addLayout(rowOf({useSize_}));
  column->addWidget(cost_);
  column->addLayout(rowOf({measure_}));
  column->addStretch(1);
  return block;
}

void ModelDetails::setDirection(Qt::Orientation orientation) {
  const bool beside = orientation == Qt::Horizontal;
  blocks_->setDirection(beside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
  constexpr std::array shares{4, 3, 3, 0};
  for (int i = 0; i < blocks_->count(); ++i)
    blocks_->setStretch(i, beside ? shares[static_cast<std::size_t>(i)] : i == blocks_->count() - 1);
}

void ModelDetails::setArchitecture(const Architecture* architecture) {
  architecture_ = architecture;
  const QSignalBlocker quiet(tags_);
  tags_->clear();
  if (architecture) {
    const Pretrained* used = findArchitecture(session_.recipe().model.arch).pretrained;
    for (const Pretrained& weights : architecture->pretrained) {
      tags_->addItem(
          tr("%1 (%2 classes)")
              .arg(QString::fromStdString(weights.tag), formatCount(static_cast<quint64>(weights.classes))));
      if (&weights == used) tags_->setCurrentIndex(tags_->count() - 1);
    }
  }
  refresh();
}

void ModelDetails::refresh() {
  setVisible(architecture_ != nullptr);
  if (!architecture_) return;
  tags_->setVisible(tags_->count() > 1);
  showFacts();
  showSize();
  showWeights();
  showCost();
}

const Pretrained& ModelDetails::pretrained() const {
  const auto index = static_cast<std::size_t>(std::max(0, tags_->currentIndex()));
  return architecture_->pretrained[index];
}

void ModelDetails::showFacts() {
  const Architecture& arch = *architecture_;
  const QString modern = QString::fromStdString(arch.modern_name + "." + pretrained().tag);
  name_->setText(QStringLiteral("<b><big>%1</big></b><br><font color='%2'>%3 · timm 1.0: %4</font>")
                     .arg(QString::fromStdString(arch.name).toHtmlEscaped(),
                          Theme::instance().colors().mutedText.name(),
                          QString::fromStdString(arch.family).toHtmlEscaped(), modern.toHtmlEscaped()));
  QString rows = factRow(tr("Parameters"),
                         tr("%1 million; %2 features")
                             .arg(millions(arch.params), formatCount(static_cast<quint64>(arch.features))));
  rows +=
      factRow(tr("Pixels"), tr("trained at %1, takes %2").arg(pixelWords(arch.input_size), sidesWords(arch)));
  rows += factRow(tr("Trained with"), normalisation(arch));
  if (!arch.finding.empty()) rows += factRow(tr("Others found"), QString::fromStdString(arch.finding));
  facts_->setText(QStringLiteral("<table cellspacing='0'>%1</table>").arg(rows));
  const bool used = findArchitecture(session_.recipe().model.arch).pretrained == &pretrained();
  use_->setEnabled(!used);
  use_->setText(used ? tr("In the recipe") : tr("&Use in the recipe"));
}

void ModelDetails::showSize() {
  const Size now = networkSize(session_.recipe().stages.front());
  const std::string problem = sizeProblem(*architecture_, now);
  const ThemeColors& colors = Theme::instance().colors();
  setRole(size_, problem.empty() ? colors.text : colors.error);
  size_->setText(problem.empty() ? tr("%1: %2 billion multiplications for each image.")
                                       .arg(pixelWords(now), billions(architecture_->multiply_adds(now)))
                                 : QString::fromStdString(problem) + QLatin1Char('.'));
  useSize_->setVisible(!problem.empty());
  useSize_->setText(tr("Use %1").arg(pixelWords(architecture_->input_size)));
}

void ModelDetails::showWeights() {
  if (!architecture_) return;
  const WeightWords words = weightWords(*architecture_, pretrained(), session_, downloads_);
  weights_->setText(wrappable(words.sentence));
  const bool running = words.rank == WeightWords::Rank::Downloading;
  const bool focused = download_->hasFocus() || cancel_->hasFocus();
  const auto job = downloads_.progress(weightsName(*architecture_, pretrained()));
  bar_->setVisible(running);
  bar_->setRange(0, job && job->total > 0 ? kBarSteps : 0);
  if (job && job->total > 0) {
    bar_->setValue(
        static_cast<int>(kBarSteps * static_cast<double>(job->done) / static_cast<double>(job->total)));
  }
  cancel_->setVisible(running);
  const bool wanted = words.rank == WeightWords::Rank::Downloadable || words.rank == WeightWords::Rank::Begun;
  download_->setVisible(wanted || words.rank == WeightWords::Rank::Absent);
  download_->setEnabled(wanted);
  download_->setText(words.rank == WeightWords::Rank::Begun ? tr("&Download the rest") : tr("&Download"));
  const QString tip = words.rank == WeightWords::Rank::Absent
                          ? tr("Not while HF_HUB_OFFLINE is set: unset it and start Panicle again.")
                          : tr("Fetches about %1 from the Hugging Face hub into the workspace. Nothing is "
                               "fetched unless you ask.")
                                .arg(formatBytes(static_cast<quint64>(architecture_->params) * 4));
  download_->setToolTip(QStringLiteral("<p>%1</p>").arg(tip));
  download_->setAccessibleDescription(tip);
  // One of the two took the other's place.
  if (focused && running) cancel_->setFocus();
  if (focused && !running && wanted) download_->setFocus();
  if (focused && !running && !wanted) Q_EMIT finished();

  ModelOptions model = session_.recipe().model;
  if (model.weights != "none") model.weights = "auto";
  model.arch = weightsName(*architecture_, pretrained()).toStdString();
  const TrainingStart start = trainingStart(model, session_.weights());
  const bool scratch = start.kind == TrainingStart::Kind::Scratch;
  start_->setText(scratch ? start.sentence : QString());
  start_->setVisible(scratch);
  setRole(start_, Theme::instance().colors().warning);
}

void ModelDetails::showCost() {
  if (!architecture_) return;
  const Size now = networkSize(session_.recipe().stages.front());
  const MeasuredCost* cost = costs_.find(architecture_->name, now);
  const std::string measuring = costs_.measuring();
  const bool here = measuring == architecture_->name;
  if (here) {
    cost_->setText(tr("Being measured …"));
  } else if (cost) {
    const QString memory =
        cost->bytes > 0 ? tr(" and %1 of tensors").arg(formatBytes(cost->bytes)) : QString();
    cost_->setText(tr("64 images take %1 s%2 (%3, %4).")
                       .arg(QString::number(cost->seconds, 'g', 3), memory,
                            QString::fromStdString(cost->device), QString::fromStdString(cost->precision)));
  } else {
    cost_->setText(tr("Not measured on this machine at this size."));
  }
  const bool running = session_.runs().active();
  const bool fits = sizeProblem(*architecture_, now).empty();
  measure_->setText(here ? tr("Cancel") : tr("&Measure here"));
  measure_->setEnabled(here || (measuring.empty() && !running && fits));
  measure_->setToolTip(
      QStringLiteral("<p>%1</p>")
          .arg(running && !here ? tr("Not while a run is in progress: they would slow each other down.")
               : !fits
                   ? tr("Not at a size that it does not take.")
                   : tr("Trains it for a few steps on noise, at the recipe's size and precision, and keeps "
                        "what that took.")));
}

void ModelDetails::use() {
  if (!architecture_) return;
  RunSpec spec = session_.recipe();
  const QString name = weightsName(*architecture_, pretrained());
  if (findArchitecture(spec.model.arch).pretrained == &pretrained()) return;
  spec.model.arch = name.toStdString();
  // A file that was named for another architecture does not fit this one.
  if (spec.model.weights != "none") spec.model.weights = "auto";
  session_.setRecipe(spec, tr("Use %1").arg(name));
}

void ModelDetails::useInputSize() {
  if (!architecture_) return;
  RunSpec spec = session_.recipe();
  for (StageOptions& stage : spec.stages) {
    if (!sizeProblem(*architecture_, networkSize(stage)).empty())
      setNetworkSize(stage, architecture_->input_size);
  }
  session_.setRecipe(spec, tr("Use %1").arg(pixelWords(architecture_->input_size)));
  Q_EMIT finished();
}

void ModelDetails::download() {
  if (architecture_) downloads_.start(weightsName(*architecture_, pretrained()));
}

}  // namespace panicle::ui
