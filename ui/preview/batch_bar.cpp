#include "ui/preview/batch_bar.h"

#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalBlocker>
#include <QSpinBox>
#include <QToolButton>
#include <algorithm>
#include <array>
#include <limits>

#include "ui/shared/field_editor.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr std::array kTiles{9, 16, 36, 64};
constexpr int kMaxEpoch = 99'999;
const QLatin1StringView kTilesKey("preview/batch_tiles");
const QLatin1StringView kNormalizedKey("preview/batch_normalized");

}  // namespace

BatchBar::BatchBar(QSettings& settings, QWidget* parent)
    : QWidget(parent),
      settings_(settings),
      mode_(new QComboBox(this)),
      one_photo_(new QCheckBox(tr("&One photo, many draws"), this)),
      epoch_(new QSpinBox(this)),
      batch_(new QSpinBox(this)),
      redraw_(new QPushButton(lineIcon(QStringLiteral("redo")), tr("Re-dra&w"), this)),
      seed_(new QLineEdit(this)),
      own_seed_(new QToolButton(this)),
      normalized_(new QCheckBox(tr("As &normalised"), this)),
      count_(new QComboBox(this)) {
  auto* flow = new FlowLayout(this);
  makeWhere();
  makeSeed();
  makeHow();
  QWidget* const parts[] = {
      mode_,       labelled(tr("&Epoch"), epoch_), labelled(tr("&Batch"), batch_), redraw_, one_photo_,
      normalized_, labelled(tr("T&iles"), count_), labelled(tr("See&d"), seed_)};
  QWidget* before = nullptr;
  for (QWidget* part : parts) {
    flow->addWidget(part);
    if (before) setTabOrder(before, part);
    before = part;
  }
  showState();
}

QWidget* BatchBar::labelled(const QString& label, QWidget* field) {
  QHBoxLayout* row = labelledField(label, field, this);
  if (field == seed_) row->addWidget(own_seed_);
  return row->parentWidget();
}

void BatchBar::makeWhere() {
  mode_->addItem(tr("Training"));
  mode_->addItem(tr("Validation"));
  mode_->setAccessibleName(tr("Training or validation"));
  mode_->setToolTip(
      tr("<p><b>Training</b> shows photos with the random changes that the network learns from. "
         "<b>Validation</b> shows "
         "the photos that it is judged on, in their fixed order and without random changes.</p>"));
  epoch_->setRange(1, kMaxEpoch);
  epoch_->setAccessibleName(tr("Epoch"));
  epoch_->setToolTip(
      tr("<p>Which epoch of the run, counted over all its stages. Each shuffles the training photos anew and "
         "draws other "
         "changes.</p>"));
  batch_->setRange(1, 1);
  batch_->setAccessibleName(tr("Batch"));
  batch_->setToolTip(tr(
      "<p>Which batch of the epoch. In training order: what you see is what step this number is fed.</p>"));
  for (QSpinBox* box : {epoch_, batch_}) {
    box->setKeyboardTracking(false);
    box->setAccelerated(true);
    keepWheelForFocus(box);
    connect(box, &QSpinBox::valueChanged, this, &BatchBar::tell);
  }
  keepWheelForFocus(mode_);
  redraw_->setShortcut(Qt::Key_F5);
  connect(mode_, &QComboBox::activated, this, &BatchBar::tell);
  connect(redraw_, &QPushButton::clicked, this, &BatchBar::redrawRequested);
}

void BatchBar::makeHow() {
  one_photo_->setToolTip(
      tr("<p>The current photo as it will look in this epoch and those that follow, each time in the batch "
         "that it is "
         "in then. Left and Right on the page choose another photo.</p>"));
  normalized_->setToolTip(
      tr("<p>Shows the numbers that the network computes with, after ImageNet's mean was taken off and its "
         "standard "
         "deviation divided out: 0 is grey. Off: the same numbers as a photo again.</p>"));
  normalized_->setChecked(settings_.value(kNormalizedKey, false).toBool());
  for (const int tiles : kTiles) count_->addItem(QString::number(tiles), tiles);
  count_->setCurrentIndex(std::max(0, count_->findData(settings_.value(kTilesKey, kTiles.front()).toInt())));
  count_->setAccessibleName(tr("Tiles"));
  count_->setToolTip(
      tr("<p>How many tiles are shown: of a batch its first photos, of one photo so many epochs.</p>"));
  keepWheelForFocus(count_);
  connect(one_photo_, &QCheckBox::toggled, this, &BatchBar::tell);
  connect(normalized_, &QCheckBox::toggled, this, [this](bool on) {
    settings_.setValue(kNormalizedKey, on);
    tell();
  });
  connect(count_, &QComboBox::activated, this, [this] {
    settings_.setValue(kTilesKey, count_->currentData());
    tell();
  });
}

void BatchBar::makeSeed() {
  seed_->setAccessibleName(tr("Seed"));
  seed_->setToolTip(
      tr("<p>All draws follow from it: order of the photos, flips, crops, light. At first it is the run's "
         "own, so that you "
         "see what the run will see. Type another number to see what another run would; the recipe keeps its "
         "own.</p>"));
  own_seed_->setIcon(lineIcon(QStringLiteral("reset")));
  own_seed_->setAutoRaise(true);
  own_seed_->setAccessibleName(tr("The run's seed"));
  QSizePolicy keepsPlace = own_seed_->sizePolicy();
  keepsPlace.setRetainSizeWhenHidden(true);
  own_seed_->setSizePolicy(keepsPlace);
  connect(seed_, &QLineEdit::editingFinished, this, &BatchBar::takeSeed);
  connect(own_seed_, &QToolButton::clicked, this, [this] {
    other_seed_.reset();
    tell();
  });
}

void BatchBar::takeSeed() {
  bool fits = false;
  const quint64 typed = seed_->text().trimmed().toULongLong(&fits);
  // What is no number is taken back: the field shows the seed that is in use.
  if (!fits || typed == seed()) return showState();
  other_seed_ = typed;
  if (typed == run_seed_) other_seed_.reset();
  tell();
}

// One may look beyond the run's end.
void BatchBar::showEpochs() {
  const QSignalBlocker quiet(epoch_);
  epoch_->setSuffix((epoch() < run_epochs_ ? tr(" of %1") : tr(" (run: %1)")).arg(run_epochs_));
}

void BatchBar::tell() {
  showState();
  Q_EMIT changed();
}

void BatchBar::showState() {
  const bool training = mode() == Mode::Train;
  epoch_->setEnabled(training || onePhoto());
  batch_->setEnabled(!onePhoto());
  mode_->setEnabled(!onePhoto());
  redraw_->setEnabled(training || onePhoto());
  showEpochs();
  const QString what =
      onePhoto() ? tr("The draws of the epochs after those on show")
                 : tr("The next epoch: other photos in this batch, and other draws, as training goes on");
  redraw_->setToolTip(redraw_->isEnabled()
                          ? tr("<p>%1. The seed stays (F5).</p>").arg(what)
                          : tr("<p>In validation nothing is drawn: it is the same in every epoch.</p>"));
  const QSignalBlocker quiet(seed_);
  seed_->setText(QString::number(seed()));
  const int least = fontMetrics().horizontalAdvance(QStringLiteral("000000"));
  seed_->setFixedWidth(std::max(least, fontMetrics().horizontalAdvance(seed_->text())) + 2 * kGrid);
  own_seed_->setVisible(other_seed_.has_value());
  own_seed_->setToolTip(tr("Back to the run's seed, %1").arg(run_seed_));
}

Mode BatchBar::mode() const {
  return mode_->currentIndex() == 0 ? Mode::Train : Mode::Valid;
}

std::uint64_t BatchBar::epoch() const {
  return static_cast<std::uint64_t>(epoch_->value()) - 1;
}

std::uint64_t BatchBar::batch() const {
  return static_cast<std::uint64_t>(batch_->value()) - 1;
}

bool BatchBar::onePhoto() const {
  return one_photo_->isChecked();
}

std::uint64_t BatchBar::seed() const {
  return other_seed_.value_or(run_seed_);
}

bool BatchBar::normalized() const {
  return normalized_->isChecked();
}

std::size_t BatchBar::tiles() const {
  return static_cast<std::size_t>(count_->currentData().toInt());
}

void BatchBar::setMode(Mode mode) {
  mode_->setCurrentIndex(mode == Mode::Train ? 0 : 1);
  showState();
}

void BatchBar::setEpoch(std::uint64_t epoch) {
  const QSignalBlocker quiet(epoch_);
  epoch_->setValue(static_cast<int>(std::min<std::uint64_t>(epoch, kMaxEpoch - 1)) + 1);
  showEpochs();
}

void BatchBar::setBatch(std::uint64_t batch) {
  const QSignalBlocker quiet(batch_);
  const int value = static_cast<int>(batch) + 1;
  batch_->setMaximum(std::max(batch_->maximum(), value));
  batch_->setValue(value);
}

void BatchBar::setOnePhoto(bool on) {
  const QSignalBlocker quiet(one_photo_);
  one_photo_->setChecked(on);
  showState();
}

void BatchBar::setRun(std::uint64_t seed, std::uint64_t epochs) {
  run_seed_ = seed;
  run_epochs_ = epochs;
  if (other_seed_ == seed) other_seed_.reset();
  showState();
}

void BatchBar::setBatches(Mode mode, std::uint64_t batches) {
  if (mode != this->mode() || onePhoto()) return;
  const QSignalBlocker quiet(batch_);
  batch_->setMaximum(
      static_cast<int>(std::clamp<std::uint64_t>(batches, 1, std::numeric_limits<int>::max())));
  batch_->setSuffix(tr(" of %1").arg(batches));
}

}  // namespace panicle::ui
