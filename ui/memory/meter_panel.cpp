#include "ui/memory/meter_panel.h"

#include <QGridLayout>
#include <QHeaderView>
#include <QLabel>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

#include "core/memory/device_profile.h"
#include "ui/memory/history_plot.h"
#include "ui/memory/process_model.h"
#include "ui/memory/stack_bar.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_parts.h"
#include "ui/shared/memory_sampler.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QLabel* wordsLabel(const char* name, QWidget* parent) {
  auto* label = new QLabel(parent);
  label->setObjectName(QLatin1StringView(name));
  label->setWordWrap(true);
  label->setTextFormat(Qt::RichText);
  label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  return label;
}

QString colored(const QString& text, const QColor& color) {
  return QStringLiteral("<font color='%1'>%2</font>").arg(color.name(), text.toHtmlEscaped());
}

QString legend(const std::vector<StackBar::Part>& parts) {
  QStringList words;
  for (const StackBar::Part& part : parts) {
    words << colored(QStringLiteral("■"), part.color) +
                 QStringLiteral("&nbsp;%1&nbsp;%2")
                     .arg(part.name.toHtmlEscaped(), formatBytes(part.bytes))
                     .replace(u' ', QStringLiteral("&nbsp;"));
  }
  return words.join(QStringLiteral("&ensp; "));
}

// What of the memory is taken by anybody, and what that means.
QString fullness(const MemoryReading& reading) {
  const double share = takenShare(reading);
  const QString words = share >= kTightShare && share < kFullShare ? MeterPanel::tr("%1 taken, tight") : MeterPanel::tr("%1 taken");
  return colored(words.arg(formatPercent(share)), takenColor(share));
}

}  // namespace

MeterPanel::MeterPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      now_(new StackBar(this)),
      planned_(new StackBar(this)),
      nowWords_(wordsLabel("memoryNow", this)),
      plannedWords_(wordsLabel("memoryPlanned", this)),
      history_(new HistoryPlot(this)),
      model_(new ProcessModel(this)),
      table_(new QTableView(this)),
      hidden_(new QLabel(this)) {
  auto* lower = new QSplitter(Qt::Horizontal, this);
  lower->addWidget(history_);
  lower->addWidget(makeProcesses());
  lower->setChildrenCollapsible(false);
  lower->setHandleWidth(2 * kGrid);
  lower->setStretchFactor(0, 3);
  lower->setStretchFactor(1, 2);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(makeBars());
  layout->addWidget(lower, 1);
  connect(&session.memory(), &MemorySampler::sampled, this, &MeterPanel::take);
  connect(&session.memory(), &MemorySampler::listed, this, &MeterPanel::list);
  connect(&session.forecast(), &MemoryForecast::changed, this, &MeterPanel::showPlan);
  connect(&Theme::instance(), &Theme::changed, this, [this] {
    showReading();
    showPlan();
  });
  connect(history_, &HistoryPlot::failed, &session, &Session::report);
  session.forecast().start();
  showPlan();
}

QWidget* MeterPanel::makeBars() {
  auto* bars = new QWidget(this);
  auto* grid = new QGridLayout(bars);
  grid->setContentsMargins(0, 0, 0, 0);
  grid->setHorizontalSpacing(2 * kGrid);
  grid->setVerticalSpacing(kGrid / 2);
  grid->setColumnStretch(1, 1);
  now_->setAccessibleName(tr("Memory now"));
  planned_->setAccessibleName(tr("Memory that the recipe is planned to take"));
  const auto row = [&](int at, const QString& title, StackBar* bar, QLabel* words) {
    auto* label = new QLabel(title, bars);
    QFont strong = label->font();
    strong.setWeight(QFont::DemiBold);
    label->setFont(strong);
    grid->addWidget(label, at, 0);
    grid->addWidget(bar, at, 1);
    grid->addWidget(words, at + 1, 1);
  };
  row(0, tr("Now"), now_, nowWords_);
  row(2, tr("Recipe"), planned_, plannedWords_);
  return bars;
}

QWidget* MeterPanel::makeProcesses() {
  auto* area = new QWidget(this);
  auto* column = new QVBoxLayout(area);
  column->setContentsMargins(0, 0, 0, 0);
  table_->setModel(model_);
  table_->setObjectName(QStringLiteral("processes"));
  table_->setAccessibleName(tr("Processes that hold memory"));
  table_->setSelectionBehavior(QAbstractItemView::SelectRows);
  table_->setSelectionMode(QAbstractItemView::SingleSelection);
  table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  table_->setShowGrid(false);
  table_->setFrameShape(QFrame::NoFrame);
  table_->setTabKeyNavigation(false);
  table_->setWordWrap(false);
  table_->verticalHeader()->hide();
  table_->verticalHeader()->setDefaultSectionSize(table_->fontMetrics().height() + kGrid / 2);
  QHeaderView* header = table_->horizontalHeader();
  header->setHighlightSections(false);
  header->setSectionResizeMode(ProcessModel::Program, QHeaderView::Stretch);
  header->setSectionResizeMode(ProcessModel::Pid, QHeaderView::ResizeToContents);
  header->setSectionResizeMode(ProcessModel::Memory, QHeaderView::ResizeToContents);
  hidden_->setText(tr("The driver does not tell here which processes hold the card's memory."));
  hidden_->setWordWrap(true);
  hidden_->setForegroundRole(QPalette::PlaceholderText);
  hidden_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  hidden_->hide();
  column->addWidget(table_, 1);
  column->addWidget(hidden_);
  area->setMinimumWidth(28 * table_->fontMetrics().averageCharWidth());
  return area;
}

void MeterPanel::take(const MemoryReading& reading) {
  reading_ = reading;
  history_->add(reading);
  if (isVisible()) showReading();
}

void MeterPanel::showReading() {
  if (reading_.total == 0) {
    nowWords_->setText(tr("The memory meter starts."));
    return;
  }
  std::vector<StackBar::Part> parts;
  const bool dark = Theme::instance().dark();
  quint64 available = 0;
  for (const MemoryPart& part : memoryParts(reading_)) {
    if (part.kind == MemoryPart::Kind::Free) {
      available = part.bytes;
    } else {
      parts.push_back({part.name, part.meaning, part.bytes, partColor(part.kind, dark)});
    }
  }
  nowWords_->setText(QStringLiteral("%1&ensp; %2&ensp; %3")
                         .arg(fullness(reading_), legend(parts), tr("free %1").arg(formatBytes(available)).toHtmlEscaped()));
  now_->show(std::move(parts), reading_.total);
  showPlanWords();  // what other programs hold is told there too
}

void MeterPanel::showPlan() {
  const MemoryForecast& forecast = session_.forecast();
  const RunPlan* plan = forecast.plan();
  now_->setExpected(forecast.expected().value_or(0));
  history_->setPlanned(forecast.expected());
  if (!plan) {
    planned_->show({}, 0);
    plannedWords_->setText(forecastDetails(forecast));
    return;
  }
  std::vector<StackBar::Part> parts;
  for (const PlannedPart& part : plannedParts(plan->parts())) parts.push_back({part.name, part.meaning, part.bytes, part.color});
  planned_->show(std::move(parts), forecast.profile().total);
  showPlanWords();
}

void MeterPanel::showPlanWords() {
  const MemoryForecast& forecast = session_.forecast();
  const RunPlan* plan = forecast.plan();
  if (!plan) return;
  const QString sentence = planSentence(plan->parts(), forecast.profile(), forecast.others(), forecast.fit());
  const QString words = colored(sentence, fitColor(forecast.fit())) + QStringLiteral("<br>") + legend(planned_->parts());
  if (words != plannedWords_->text()) plannedWords_->setText(words);
}

void MeterPanel::list(const std::vector<ProcessMemory>& processes) {
  model_->set(processes);
  table_->setVisible(!processes.empty());
  hidden_->setVisible(processes.empty());
}

void MeterPanel::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  session_.memory().listProcesses(true);
  showReading();
}

void MeterPanel::hideEvent(QHideEvent* event) {
  QWidget::hideEvent(event);
  session_.memory().listProcesses(false);
}

}  // namespace panicle::ui
