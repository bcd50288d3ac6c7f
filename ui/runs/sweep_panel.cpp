#include "ui/runs/sweep_panel.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCompleter>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QSpinBox>
#include <QSplitter>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <utility>

#include "core/base/error.h"
#include "core/runs/compare_runs.h"
#include "core/runs/memory_plan.h"
#include "ui/runs/halving_box.h"
#include "ui/runs/sweep_model.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/jobs.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_profiles.h"
#include "ui/shared/session.h"
#include "ui/shared/table_look.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kPlanMs = 250;               // after the last letter
constexpr std::size_t kMostForecasts = 200;  // members whose memory is predicted
constexpr int kMostDraws = 1000;
constexpr int kMostSeeds = 20;

// What people sweep first.
const char* const kUsual[] = {"model.arch", "stages.0.resize.size", "stages.0.augment.size", "stages.0.schedule.lr_max", "stages.0.schedule.epochs"};

QString paragraph(const QString& words) { return QStringLiteral("<p>%1</p>").arg(words.toHtmlEscaped()); }

// Values that a field may take, as they are typed: to begin with, not to end with.
QString proposal(const FieldDescription& field) {
  const std::string now = settingText(field.value);
  if (field.kind == FieldKind::Choice) {
    QStringList choices;
    for (const std::string& choice : field.choices) choices << QString::fromStdString(choice);
    return choices.join(QLatin1Char(','));
  }
  if (field.kind == FieldKind::Boolean) return QStringLiteral("true,false");
  if (field.kind == FieldKind::Real && field.value.is_number()) {
    const double value = field.value.get<double>();
    if (value > 0 && field.info.max >= value * 3) return QStringLiteral("%1,%2,%3").arg(formatReal(value / 3), formatReal(value), formatReal(value * 3));
  }
  return QString::fromStdString(now);
}

// Equal for runs whose epochs take as long.
std::string alike(const RunSummary& run) { return run.architecture + '\n' + run.transforms + '\n' + run.data; }

}  // namespace

SweepPanel::SweepPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      model_(new SweepModel(this)),
      more_(new QPushButton(lineIcon(QStringLiteral("plus")), tr("Another &setting"), this)),
      sample_(new QCheckBox(tr("Only a random sa&mple"), this)),
      draws_(new QSpinBox(this)),
      seeds_(new QSpinBox(this)),
      rounds_(new HalvingBox(this)),
      problem_(new QLabel(this)),
      state_(new QLabel(this)),
      table_(new QTableView(this)),
      add_(new QPushButton(tr("Add to &queue"), this)),
      close_(new QPushButton(tr("Close"), this)) {
  delay_.setSingleShot(true);
  delay_.setInterval(kPlanMs);
  connect(&delay_, &QTimer::timeout, this, &SweepPanel::plan);
  auto* splitter = new QSplitter(Qt::Horizontal, this);
  splitter->addWidget(makeLeft());
  splitter->addWidget(makeRight());
  splitter->setStretchFactor(0, 2);
  splitter->setStretchFactor(1, 3);
  splitter->setChildrenCollapsible(false);
  splitter->setHandleWidth(kGrid);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid / 2, 0, 0);
  layout->addWidget(splitter);
  connect(more_, &QPushButton::clicked, this, [this] { addAxis({}, {}); });
  connect(sample_, &QCheckBox::toggled, this, [this](bool on) {
    draws_->setEnabled(on);
    plan();
  });
  connect(draws_, &QSpinBox::valueChanged, &delay_, qOverload<>(&QTimer::start));
  connect(seeds_, &QSpinBox::valueChanged, &delay_, qOverload<>(&QTimer::start));
  connect(rounds_, &HalvingBox::changed, &delay_, qOverload<>(&QTimer::start));
  connect(add_, &QPushButton::clicked, this, &SweepPanel::queue);
  connect(close_, &QPushButton::clicked, this, &SweepPanel::closed);
}

QWidget* SweepPanel::makeLeft() {
  draws_->setRange(1, kMostDraws);
  draws_->setValue(8);
  draws_->setEnabled(false);
  draws_->setAccessibleName(tr("How many are drawn"));
  draws_->setToolTip(paragraph(tr("How many of the combinations are drawn, all different. Where there are many settings a sample finds good ones sooner than the grid.")));
  sample_->setToolTip(paragraph(tr("Instead of every combination of the values only so many, drawn at random. A range then needs no count: log:1e-4..1e-2")));
  seeds_->setRange(1, kMostSeeds);
  seeds_->setAccessibleName(tr("Seeds"));
  seeds_->setToolTip(paragraph(tr("How often each is run, with another seed each time: what differs between seeds is luck.")));
  keepWheelForFocus(draws_);
  keepWheelForFocus(seeds_);
  more_->setToolTip(paragraph(tr("Varies one more setting")));
  problem_->setWordWrap(true);
  problem_->setTextFormat(Qt::PlainText);
  problem_->setObjectName(QStringLiteral("sweep_problem"));
  auto* content = new QWidget(this);
  rows_ = new QVBoxLayout(content);
  rows_->setContentsMargins(0, 0, kGrid, 0);
  rows_->setSpacing(kGrid / 2);
  rows_->addWidget(more_, 0, Qt::AlignLeft);
  auto* options = new QWidget(content);
  auto* flow = new FlowLayout(options);
  flow->addWidget(sample_);
  flow->addWidget(draws_);
  flow->addWidget(labelledField(tr("S&eeds"), seeds_, options)->parentWidget());
  rows_->addWidget(options);
  rows_->addWidget(rounds_);
  rows_->addWidget(problem_);
  rows_->addStretch(1);
  auto* scroll = new QScrollArea(this);
  scroll->setWidget(content);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  return scroll;
}

QWidget* SweepPanel::makeRight() {
  table_->setModel(model_);
  table_->setAccessibleName(tr("Runs of the sweep"));
  setTableLook(*table_);
  state_->setForegroundRole(QPalette::PlaceholderText);
  state_->setWordWrap(true);
  state_->setObjectName(QStringLiteral("sweep_state"));
  makePrimary(add_);
  add_->setToolTip(paragraph(tr("Puts these runs at the end of the queue; those that cannot run are left out.")));
  close_->setToolTip(paragraph(tr("Back to the queue")));
  auto* right = new QWidget(this);
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(kGrid);
  buttons->addWidget(state_, 1);
  buttons->addWidget(add_);
  buttons->addWidget(close_);
  auto* layout = new QVBoxLayout(right);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addLayout(buttons);
  layout->addWidget(table_, 1);
  return right;
}

void SweepPanel::open() {
  commitFocusedField();
  base_ = session_.recipe();
  fields_ = describe(base_);
  if (axes_.empty()) {
    addAxis(QStringLiteral("model.arch"), QString::fromStdString(base_.model.arch));
  } else {
    plan();
  }
  session_.memoryProfiles().look();
}

void SweepPanel::setTimed(const std::vector<RunSummary>& runs) {
  timed_.clear();
  for (const RunSummary& run : runs) {
    if (std::isfinite(run.seconds_per_epoch)) timed_.emplace(alike(run), run.seconds_per_epoch);
  }
}

QString SweepPanel::problem() const { return problem_->text(); }

void SweepPanel::fillFields(QComboBox* box) {
  const FieldLabels labels = fieldLabels(base_);
  std::vector<std::string> paths;
  for (const char* path : kUsual) paths.emplace_back(path);
  for (const FieldDescription& field : fields_) {
    const bool data = field.path.starts_with("data.") && !field.path.starts_with("data.split") && !field.path.starts_with("data.subset");
    const bool plain = field.kind != FieldKind::Object && field.path != "name" && field.path != "version" && !data;
    if (plain && std::find(paths.begin(), paths.end(), field.path) == paths.end()) paths.push_back(field.path);
  }
  for (const std::string& path : paths) {
    const bool there = std::any_of(fields_.begin(), fields_.end(), [&](const FieldDescription& field) { return field.path == path; });
    if (!there) continue;
    const auto label = labels.find(path);
    const QString key = QString::fromStdString(path);
    box->addItem(label == labels.end() || label->second.isEmpty() ? key : QStringLiteral("%1  (%2)").arg(label->second, key), key);
  }
}

void SweepPanel::addAxis(const QString& field, const QString& values) {
  Axis axis{new QWidget(this), new QComboBox(this), new QLineEdit(this)};
  fillFields(axis.field);
  axis.field->setEditable(true);
  axis.field->setInsertPolicy(QComboBox::NoInsert);
  axis.field->completer()->setFilterMode(Qt::MatchContains);
  axis.field->completer()->setCompletionMode(QCompleter::PopupCompletion);
  axis.field->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  axis.field->setMinimumContentsLength(16);
  axis.field->setAccessibleName(tr("Setting to vary"));
  axis.field->setToolTip(paragraph(tr("The setting that is varied: type a part of its name. Two that go together, as a network with its size, are written with +: model.arch+stages.0.augment.size")));
  keepWheelForFocus(axis.field);
  axis.values->setAccessibleName(tr("Values"));
  axis.values->setObjectName(QStringLiteral("values"));
  axis.values->setPlaceholderText(tr("0.003,0.01 or log:1e-4..1e-2:5"));
  axis.values->setToolTip(tr("<p>Its values, apart by commas: <code>resnet26d,convnext_small</code>, <code>480,[640,480]</code>.<br>A range with a count: "
                             "<code>1e-3..1e-2:4</code>, evenly apart in factors <code>log:1e-4..1e-2:5</code>.</p>"));
  auto* remove = new QToolButton(axis.row);
  remove->setIcon(lineIcon(QStringLiteral("close")));
  remove->setAutoRaise(true);
  remove->setToolTip(paragraph(tr("Does not vary this one")));
  remove->setAccessibleName(tr("Remove the setting"));
  auto* row = new QHBoxLayout(axis.row);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid / 2);
  row->addWidget(axis.field, 1);
  row->addWidget(axis.values, 1);
  row->addWidget(remove);
  rows_->insertWidget(static_cast<int>(axes_.size()), axis.row);
  const int known = axis.field->findData(field);
  axis.field->setCurrentIndex(field.isEmpty() ? -1 : known);
  if (known < 0) axis.field->setEditText(field);
  axis.field->lineEdit()->setCursorPosition(0);  // the name's beginning tells more than its end
  axis.values->setText(values);
  axes_.push_back(axis);
  connect(axis.field, &QComboBox::activated, this, [this, axis] { proposeValues(axis); });
  connect(axis.field, &QComboBox::editTextChanged, &delay_, qOverload<>(&QTimer::start));
  connect(axis.values, &QLineEdit::textChanged, &delay_, qOverload<>(&QTimer::start));
  connect(remove, &QToolButton::clicked, this, [this, row = axis.row] { removeAxis(row); });
  if (field.isEmpty()) axis.field->setFocus();
  plan();
}

void SweepPanel::removeAxis(QWidget* row) {
  std::erase_if(axes_, [row](const Axis& axis) { return axis.row == row; });
  row->hide();
  row->deleteLater();
  plan();
}

void SweepPanel::proposeValues(const Axis& axis) {
  const std::string path = axis.field->currentData().toString().toStdString();
  const auto field = std::find_if(fields_.begin(), fields_.end(), [&](const FieldDescription& one) { return one.path == path; });
  if (field != fields_.end()) axis.values->setText(proposal(*field));
  axis.values->setFocus();
  axis.values->selectAll();
}

void SweepPanel::plan() {
  delay_.stop();
  QString problem;
  std::vector<SweepMember> planned;
  halving_.reset();
  try {
    halving_ = rounds_->halving();
    planned = members(halving_);
  } catch (const Error& error) {
    problem = QString::fromUtf8(error.what());
  }
  problem_->setText(problem);
  problem_->setVisible(!problem.isEmpty());
  model_->setMembers(std::move(planned));
  fitColumnsToContents(*table_);
  forecast();
  showState();
}

// Of a halving, those of its first round.
std::vector<SweepMember> SweepPanel::members(const std::optional<Halving>& halving) const {
  SweepOptions options;
  options.repeat = seeds_->value();
  if (sample_->isChecked()) options.random = draws_->value();
  const std::string epochs = "stages." + std::to_string(base_.stages.size() - 1) + ".schedule.epochs";
  for (const Axis& axis : axes_) {
    const int index = axis.field->findText(axis.field->currentText());
    const QString key = index >= 0 ? axis.field->itemData(index).toString() : axis.field->currentText().trimmed();
    if (key.isEmpty() || axis.values->text().trimmed().isEmpty()) continue;
    options.axes.push_back(parseSweepAxis((key + QLatin1Char('=') + axis.values->text().trimmed()).toStdString()));
    const auto& keys = options.axes.back().keys;
    if (halving && std::find(keys.begin(), keys.end(), epochs) != keys.end()) {
      throw Error("the rounds of the halving set " + epochs + "; take it out of the settings, or switch the halving off");
    }
  }
  if (options.axes.empty()) return {};
  std::vector<SweepMember> planned = planSweep(base_, options);
  if (!halving) return planned;
  for (SweepMember& member : planned) member.spec.stages.back().schedule.epochs = halving->epochs.front();
  return planned;
}

void SweepPanel::queue() {
  const std::vector<RunSpec> specs = model_->runnable();
  if (specs.empty()) return;
  const QString group = halving_ ? tr("halving of %1") : tr("sweep of %1");
  Q_EMIT queued(specs, {.group = group.arg(specs.size()).toStdString(), .held = false, .halving = halving_});
}

// From epochs of the newest run with the same network and transforms that were timed here.
double SweepPanel::secondsOf(const RunSpec& spec) const {
  const RunSummary wanted = summarize(spec);
  const auto like = timed_.find(alike(wanted));
  return like == timed_.end() ? -1 : like->second * wanted.planned_epochs;
}

// Of a halving, as if those that go on took as long as all do in the mean.
double SweepPanel::secondsOfAll() const {
  const double first = model_->seconds();
  if (!halving_ || first < 0) return first;
  const std::vector<RunSpec> specs = model_->runnable();
  if (specs.empty()) return 0;
  const int epochs = summarize(specs.front()).planned_epochs;
  const double perEpoch = first / static_cast<double>(specs.size()) / std::max(epochs, 1);
  const std::vector<std::size_t> sizes = rungSizes(*halving_, specs.size());
  double sum = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const int more = halving_->epochs[i] - halving_->epochs.front();
    sum += static_cast<double>(sizes[i]) * perEpoch * (epochs + more);
  }
  return sum;
}

// In a job, each as soon as it is known: the first of a network takes a second, those that are alike nothing.
void SweepPanel::forecast() {
  if (job_ != 0) session_.jobs().cancel(std::exchange(job_, 0));
  planning_ = false;
  const auto& members = model_->members();
  const DeviceProfile* profile = session_.memoryProfiles().ofDevice(base_.device);
  for (std::size_t i = 0; i < members.size(); ++i) model_->setForecast(i, {.bytes = {}, .seconds = secondsOf(members[i].spec)});
  if (!profile || members.empty()) return;
  std::vector<RunSpec> specs;
  for (std::size_t i = 0; i < std::min(members.size(), kMostForecasts); ++i) specs.push_back(memorySpec(members[i].spec));
  std::vector<bool> good;
  for (const SweepMember& member : members) good.push_back(member.problems.empty());
  planning_ = true;
  job_ = session_.jobs().start(
      this, tr("Predicting the memory of the sweep"),
      [specs, good, outputs = headOutputs(session_.dataset().get(), base_), profile = *profile](std::stop_token stop, const Progress& progress) {
        std::vector<std::optional<std::uint64_t>> bytes(specs.size());
        for (std::size_t i = 0; i < specs.size(); ++i) {
          if (stop.stop_requested()) throw Cancelled();
          if (good[i]) bytes[i] = predict(specs[i], outputs, profile, stop).peak();
          progress(i + 1, specs.size());
        }
        return bytes;
      },
      [this, profile = *profile](const std::vector<std::optional<std::uint64_t>>& bytes) {
        job_ = 0;
        planning_ = false;
        for (std::size_t i = 0; i < bytes.size() && i < model_->members().size(); ++i) {
          MemberForecast forecast{.bytes = bytes[i], .fit = Fit::Fits, .seconds = secondsOf(model_->members()[i].spec)};
          if (bytes[i]) forecast.fit = judge(profile, *bytes[i]);
          model_->setForecast(i, forecast);
        }
        fitColumnsToContents(*table_);
        showState();
      },
      [this](const QString& problem) {
        job_ = 0;
        planning_ = false;
        problem_->setText(problem);
        problem_->show();
        showState();
      });
}

void SweepPanel::showState() {
  const std::size_t all = model_->members().size(), good = model_->runnable().size();
  QStringList parts;
  if (all == 0) {
    parts << tr("Choose a setting and at least one value for it.");
  } else {
    parts << (good == 1 ? tr("1 run") : tr("%1 runs").arg(formatCount(good)));
    if (good < all) parts << tr("%1 cannot run").arg(formatCount(all - good));
    if (model_->tooLarge() > 0) parts << tr("%1 will not fit into memory").arg(formatCount(model_->tooLarge()));
    if (halving_ && good > 0) parts << halvingWords(*halving_, good);
    if (const double seconds = secondsOfAll(); good > 0 && seconds >= 0) parts << tr("about %1 in all").arg(formatDuration(seconds));
    if (planning_) parts << tr("memory is being predicted");
  }
  state_->setText(parts.join(QStringLiteral(" · ")));
  add_->setEnabled(good > 0);
}

}  // namespace panicle::ui
