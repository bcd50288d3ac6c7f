#include "ui/memory/fit_bar.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <algorithm>

#include "core/base/error.h"
#include "ui/memory/fit_runner.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/memory_profiles.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kMostMib = 16 * 1024 * 1024;
constexpr int kMostImages = 65'536;
constexpr int kMostSide = 4096;
constexpr quint64 kMib = quint64{1} << 20;
const QLatin1StringView kCardKey("memory/card");
const QLatin1StringView kSizesKey("memory/sizes");
const QLatin1StringView kEffectiveKey("memory/effective");
const QLatin1StringView kBatchKey("memory/batch");
const QLatin1StringView kOwnCard("own");
const QLatin1StringView kFirstSizes("128 192 224 256,192 320,240");  // what the notebooks train at

QString tipText(const QString& text) {
  return QStringLiteral("<p>%1</p>").arg(text);
}

QSpinBox* spin(int least, int most, const QString& name, const QString& tip, QWidget* parent) {
  auto* box = new QSpinBox(parent);
  box->setRange(least, most);
  box->setGroupSeparatorShown(true);
  box->setLocale(QLocale(QLocale::English, QLocale::UnitedStates));
  box->setKeyboardTracking(false);
  box->setAccessibleName(name);
  box->setToolTip(tipText(tip));
  keepWheelForFocus(box);
  return box;
}

}  // namespace

std::vector<Size> readSizes(const QString& text) {
  std::vector<Size> sizes;
  static const QRegularExpression blanks(QStringLiteral("[\\s;]+"));
  for (const QString& word : text.split(blanks, Qt::SkipEmptyParts)) {
    const Size size = parseSize(word.toStdString());
    if (size.height > kMostSide || size.width > kMostSide)
      throw Error(word.toStdString() + ": sides go up to " + std::to_string(kMostSide) + " pixels here");
    if (std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
  }
  if (sizes.empty()) throw Error("write at least one size, such as 224 or 256,192");
  return sizes;
}

FitBar::FitBar(MemoryProfiles& profiles, QSettings& settings, QWidget* parent)
    : QWidget(parent),
      profiles_(profiles),
      settings_(settings),
      filter_(new QLineEdit(this)),
      card_(new QComboBox(this)),
      own_(spin(256, kMostMib, tr("Memory of the card, MiB"), tr("What the card's driver reports as its memory, in MiB."), this)),
      overhead_(spin(0, kMostMib, tr("Overhead, MiB"),
                     tr("What the process takes beside its tensors: the driver's context, libraries and their workspaces. An assumption "
                        "that you may know better, from what the driver's tool shows beside a run's tensors."),
                     this)),
      standard_(new QToolButton(this)),
      effective_(spin(1, kMostImages, tr("Images a step"),
                      tr("The effective batch: as many images make a step of the optimizer, at once or added up from micro-batches."), this)),
      batch_(new QComboBox(this)),
      sizesEdit_(new QLineEdit(this)),
      stop_(new QPushButton(this)),
      export_(new QPushButton(lineIcon(QStringLiteral("csv")), tr("E&xport CSV …"), this)),
      summary_(new QLabel(this)) {
  makeFields();
  makeButtons();
  arrange();
  follow();
  showBatches();
  takeSizes();
  showProfiles();
}

void FitBar::makeFields() {
  filter_->setPlaceholderText(tr("Name, family …"));
  filter_->setClearButtonEnabled(true);
  filter_->addAction(lineIcon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  filter_->setAccessibleName(tr("Filter the architectures"));
  filter_->setToolTip(tipText(tr("Shows the rows that have all of these words in name or family. (/)")));
  filter_->setFixedWidth(26 * filter_->fontMetrics().averageCharWidth());
  card_->setObjectName(QStringLiteral("card"));
  card_->setAccessibleName(tr("Card"));
  card_->setToolTip(tipText(tr("The memory that the table is for: this machine's, a well-known card's, or one of your own. The bar above "
                               "and the figures beside Start are always this machine's.")));
  card_->setSizeAdjustPolicy(QComboBox::AdjustToContents);  // its entries come later
  keepWheelForFocus(card_);
  overhead_->setObjectName(QStringLiteral("overhead"));
  own_->setObjectName(QStringLiteral("ownCard"));
  effective_->setObjectName(QStringLiteral("effective"));
  effective_->setValue(settings_.value(kEffectiveKey, 64).toInt());
  batch_->setObjectName(QStringLiteral("microBatch"));
  batch_->setAccessibleName(tr("Micro-batch"));
  batch_->setToolTip(tipText(tr("How many images go through the network together: the most that fit, found by halving as the notebooks do "
                                "by hand, or always as many.")));
  keepWheelForFocus(batch_);
  sizesEdit_->setObjectName(QStringLiteral("sizes"));
  sizesEdit_->setAccessibleName(tr("Sizes"));
  sizesEdit_->setText(settings_.value(kSizesKey, QString(kFirstSizes)).toString());
  sizesEdit_->setMinimumWidth(sizesEdit_->fontMetrics().horizontalAdvance(QString(kFirstSizes)) + 4 * kGrid);
}

void FitBar::makeButtons() {
  standard_->setIcon(lineIcon(QStringLiteral("reset")));
  standard_->setAutoRaise(true);
  standard_->setAccessibleName(tr("Standard overhead"));
  standard_->setToolTip(tipText(tr("Takes the overhead that Panicle assumes for this card")));
  stop_->setObjectName(QStringLiteral("stopPlanning"));
  export_->setObjectName(QStringLiteral("exportFit"));
  export_->setToolTip(tipText(tr("Writes all that was planned for this table into a CSV file: one line for each architecture, size and "
                                 "micro-batch.")));
  summary_->setForegroundRole(QPalette::PlaceholderText);
}

void FitBar::arrange() {
  auto* flow = new FlowLayout(this);
  const auto labelled = [this](const QString& text, QWidget* field) { return labelledField(text, field, this)->parentWidget(); };
  auto* overhead = labelledField(tr("o&verhead"), overhead_, this);
  overhead->addWidget(standard_);
  for (QWidget* one : std::initializer_list<QWidget*>{
           filter_, labelled(tr("&Card"), card_), labelled(tr("&MiB"), own_), overhead->parentWidget(),
           labelled(tr("&Images a step"), effective_), labelled(tr("in &batches of"), batch_), labelled(tr("Si&zes"), sizesEdit_), stop_,
           export_, summary_}) {
    flow->addWidget(one);
  }
}

void FitBar::follow() {
  connect(&profiles_, &MemoryProfiles::changed, this, &FitBar::showProfiles);
  connect(card_, &QComboBox::activated, this, [this] {
    settings_.setValue(kCardKey, card_->currentData());
    showProfile();
    Q_EMIT changed();
  });
  connect(own_, &QSpinBox::valueChanged, this, [this](int value) { profiles_.setOwn(static_cast<quint64>(value) * kMib); });
  connect(overhead_, &QSpinBox::valueChanged, this, [this](int value) {
    if (profile()) profiles_.setOverhead(QString::fromStdString(profile()->name), static_cast<quint64>(value) * kMib);
  });
  connect(standard_, &QToolButton::clicked, this, [this] {
    if (profile()) profiles_.setOverhead(QString::fromStdString(profile()->name), std::nullopt);
  });
  connect(effective_, &QSpinBox::valueChanged, this, [this](int value) {
    settings_.setValue(kEffectiveKey, value);
    showBatches();
    Q_EMIT changed();
  });
  connect(batch_, &QComboBox::activated, this, [this] {
    settings_.setValue(kBatchKey, batch_->currentData());
    Q_EMIT changed();
  });
  connect(sizesEdit_, &QLineEdit::editingFinished, this, [this] {
    const std::vector<Size> before = sizes_;
    takeSizes();
    if (sizes_ != before) Q_EMIT changed();
  });
  connect(&Theme::instance(), &Theme::changed, this, &FitBar::takeSizes);  // whose text has a colour of the theme
  connect(stop_, &QPushButton::clicked, this, [this] {
    if (running_) {
      Q_EMIT stopRequested();
    } else {
      Q_EMIT goOnRequested();
    }
  });
  connect(export_, &QPushButton::clicked, this, &FitBar::exportRequested);
}

const DeviceProfile* FitBar::profile() const {
  const std::vector<DeviceProfile>& all = profiles_.all();
  const int row = card_->currentIndex();
  return row >= 0 && static_cast<std::size_t>(row) < all.size() ? &all[static_cast<std::size_t>(row)] : nullptr;
}

void FitBar::showProfiles() {
  const std::vector<DeviceProfile>& all = profiles_.all();
  {
    const QSignalBlocker blocker(card_);
    card_->clear();
    for (const DeviceProfile& profile : all) {
      const QString name = QString::fromStdString(profile.name);
      const bool own = profiles_.isOwn(name);
      card_->addItem(own ? tr("My own card") : tr("%1 (%2 MiB)").arg(name, mib(profile.total)), own ? QString(kOwnCard) : name);
    }
    card_->setCurrentIndex(std::max(0, card_->findData(settings_.value(kCardKey))));
  }
  card_->setEnabled(!all.empty());
  showProfile();
  Q_EMIT changed();
}

void FitBar::showProfile() {
  const DeviceProfile* now = profile();
  const QString name = now ? QString::fromStdString(now->name) : QString();
  const QSignalBlocker ownBlocker(own_), overheadBlocker(overhead_);
  own_->parentWidget()->setVisible(now && profiles_.isOwn(name));
  overhead_->parentWidget()->setVisible(now != nullptr);
  if (!now) return;
  own_->setValue(static_cast<int>(now->total / kMib));
  overhead_->setValue(static_cast<int>(now->overhead / kMib));
  overhead_->setSuffix(now->overhead_measured && !profiles_.overheadChanged(name) ? tr(" MiB, measured") : tr(" MiB"));
  standard_->setEnabled(profiles_.overheadChanged(name));
}

int FitBar::effective() const {
  return effective_->value();
}

std::vector<int> FitBar::batches() const {
  const int fixed = batch_->currentData().toInt();
  return fixed > 0 ? std::vector<int>{fixed} : microBatches(effective());
}

void FitBar::showBatches() {
  const QVariant kept = settings_.value(kBatchKey, 0);
  batch_->clear();
  batch_->addItem(tr("as many as fit"), 0);
  for (const int batch : microBatches(effective())) batch_->addItem(QString::number(batch), batch);
  batch_->setCurrentIndex(std::max(0, batch_->findData(kept.toInt())));
}

void FitBar::takeSizes() {
  const ThemeColors& colors = Theme::instance().colors();
  QPalette palette = sizesEdit_->palette();
  QString tip = tr("The sizes that the table has a column for, with blanks between them: height and width where they differ, as 256,192.");
  palette.setColor(QPalette::Text, colors.text);
  try {
    sizes_ = readSizes(sizesEdit_->text());
    settings_.setValue(kSizesKey, sizesEdit_->text());
  } catch (const Error& error) {
    palette.setColor(QPalette::Text, colors.error);
    tip = QString::fromUtf8(error.what()) + QStringLiteral(". ") + tip;
  }
  sizesEdit_->setPalette(palette);
  sizesEdit_->setToolTip(tipText(tip.toHtmlEscaped()));
  sizesEdit_->setAccessibleDescription(tip);
}

void FitBar::showProgress(bool running, std::size_t done, std::size_t total) {
  running_ = running;
  const bool whole = done >= total;
  stop_->setVisible(running || (!whole && total > 0));
  stop_->setText(running ? tr("S&top") : tr("&Go on"));
  stop_->setIcon(lineIcon(running ? QStringLiteral("stop") : QStringLiteral("play")));
  stop_->setToolTip(tipText(running ? tr("Plans no further cells. Those that are there stay.") : tr("Plans the cells that are missing")));
  export_->setEnabled(done > 0);
  summary_->setText(total == 0 ? QString()
                    : whole    ? tr("%1 cells").arg(done)
                               : tr("%1 of %2 cells").arg(done).arg(total));
}

}  // namespace panicle::ui
