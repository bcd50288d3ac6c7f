#include "ui/runs/paired_panel.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSplitter>
#include <QVBoxLayout>

#include "ui/shared/photo_grid.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kTile = 112;
constexpr int kShares = 100;  // a splitter scales what it is given

QString iconOf(PairVerdict::Kind kind) {
  switch (kind) {
    case PairVerdict::Kind::Better: return QStringLiteral("chevron-down");
    case PairVerdict::Kind::Worse: return QStringLiteral("chevron-up");
    case PairVerdict::Kind::Open: return QStringLiteral("minus");
    case PairVerdict::Kind::None: return QStringLiteral("info");
  }
  return {};
}

QPushButton* sideButton(const QString& help, QWidget* parent) {
  auto* button = new QPushButton(parent);
  button->setCheckable(true);
  button->setToolTip(QStringLiteral("<p>%1</p>").arg(help.toHtmlEscaped()));
  button->setAccessibleDescription(help);
  return button;
}

}  // namespace

PairedPanel::PairedPanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      pairs_(new QListWidget(this)),
      verdict_(new QLabel(this)),
      gained_(sideButton(tr("Photos that the first run got wrong and the other gets right: what the change is good for."), this)),
      lost_(sideButton(tr("Photos that the first run got right and the other gets wrong: what the change costs."), this)),
      sides_(new QButtonGroup(this)),
      grid_(new PhotoGrid(PhotoGrid::Strip::Prediction, this)) {
  auto* splitter = new QSplitter(Qt::Horizontal, this);
  splitter->addWidget(makeLeft());
  splitter->addWidget(makeRight());
  splitter->setSizes({2 * kShares, 3 * kShares});
  splitter->setChildrenCollapsible(false);
  splitter->setHandleWidth(kGrid);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter);
  connect(pairs_, &QListWidget::currentRowChanged, this, &PairedPanel::showPair);
  connect(sides_, &QButtonGroup::idToggled, this, [this](int, bool on) {
    if (on) showPhotos();
  });
  connect(grid_, &PhotoGrid::currentChanged, this, &PairedPanel::select);
  connect(&session_, &Session::selectionChanged, this, [this] {
    if (!selecting_) ours_ = false;
  });
  connect(&session_, &Session::currentPhotoChanged, this, &PairedPanel::followSession);
}

QWidget* PairedPanel::makeLeft() {
  pairs_->setAccessibleName(tr("Pairs of runs"));
  pairs_->setToolTip(tr("<p>Each run beside the first one, on the validation photos that both have predicted. An arrow down errs less, an arrow up errs "
                        "more, a dash may be luck.</p>"));
  pairs_->setFrameShape(QFrame::NoFrame);
  pairs_->setWordWrap(true);
  pairs_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  verdict_->setWordWrap(true);
  verdict_->setTextFormat(Qt::PlainText);
  verdict_->setAlignment(Qt::AlignTop | Qt::AlignLeft);
  verdict_->setTextInteractionFlags(Qt::TextSelectableByMouse);
  verdict_->setMargin(kGrid / 2);
  verdict_->setObjectName(QStringLiteral("verdict"));
  verdict_->setToolTip(tr("<p>Both runs are asked about the same photos, so only those count on which they differ. McNemar's p tells how often two "
                          "equally good runs would differ as much; the interval is from drawing the photos again 10,000 times.</p>"));
  auto* scroll = new QScrollArea(this);
  scroll->setWidget(verdict_);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  scroll->setFocusPolicy(Qt::NoFocus);
  auto* left = new QWidget(this);
  auto* layout = new QVBoxLayout(left);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addWidget(pairs_, 1);
  layout->addWidget(scroll, 1);
  return left;
}

QWidget* PairedPanel::makeRight() {
  sides_->addButton(gained_, 0);
  sides_->addButton(lost_, 1);
  gained_->setChecked(true);
  grid_->setAccessibleName(tr("Photos that changed sides"));
  grid_->setToolTip(tr("<p>What the other run says, and in the last line what the first one said. A click shows the photo at the right; the arrow keys "
                       "walk on.</p>"));
  grid_->setTargets(true);
  grid_->setTileSize(kTile);
  auto* right = new QWidget(this);
  auto* row = new QHBoxLayout;
  row->setSpacing(kGrid / 2);
  row->addWidget(gained_);
  row->addWidget(lost_);
  row->addStretch(1);
  auto* layout = new QVBoxLayout(right);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addLayout(row);
  layout->addWidget(grid_, 1);
  return right;
}

void PairedPanel::setComparison(std::shared_ptr<const Comparison> comparison) {
  const int before = pairs_->currentRow();
  comparison_ = std::move(comparison);
  {
    const QSignalBlocker quiet(pairs_);
    pairs_->clear();
    for (std::size_t i = 0; comparison_ && i < comparison_->paired.size(); ++i) {
      const PairVerdict verdict = verdictOf(*comparison_, comparison_->paired[i]);
      auto* item = new QListWidgetItem(lineIcon(iconOf(verdict.kind)), verdict.headline, pairs_);
      item->setToolTip(QStringLiteral("<p>%1</p>").arg(verdict.text.toHtmlEscaped()));
    }
    pairs_->setCurrentRow(before >= 0 && before < pairs_->count() ? before : pairs_->count() > 0 ? 0 : -1);
  }
  showPair();
}

const PairedPhotos* PairedPanel::shown() const {
  const int row = pairs_->currentRow();
  return comparison_ && row >= 0 ? &comparison_->paired[static_cast<std::size_t>(row)] : nullptr;
}

const std::vector<Photo>& PairedPanel::photos() const {
  static const std::vector<Photo> none;
  const PairedPhotos* pair = shown();
  return !pair ? none : sides_->checkedId() == 0 ? pair->wrongToRight : pair->rightToWrong;
}

void PairedPanel::showPair() {
  const PairedPhotos* pair = shown();
  verdict_->setText(pair ? verdictOf(*comparison_, *pair).text : QString());
  const auto label = [](const QString& words, std::size_t count) { return QStringLiteral("%1 (%2)").arg(words, formatCount(count)); };
  gained_->setText(label(tr("Wrong → right"), pair ? pair->wrongToRight.size() : 0));
  lost_->setText(label(tr("Right → wrong"), pair ? pair->rightToWrong.size() : 0));
  gained_->setEnabled(pair);
  lost_->setEnabled(pair);
  showPhotos();
}

void PairedPanel::showPhotos() {
  ours_ = false;
  const PairedPhotos* pair = shown();
  grid_->setEmptyText(!pair || !pair->test.problem.empty() ? tr("These runs cannot be compared photo by photo.")
                      : sides_->checkedId() == 0           ? tr("No photo went from wrong to right.")
                                                           : tr("No photo went from right to wrong."));
  grid_->setPhotos(photos());
}

void PairedPanel::select(int index) {
  if (index < 0) return;
  if (ours_) return session_.setCurrent(index);
  selecting_ = true;
  ours_ = true;
  session_.select(photos(), index);
  selecting_ = false;
}

void PairedPanel::followSession() {
  if (!selecting_ && ours_ && session_.currentIndex() >= 0) grid_->setCurrent(session_.currentIndex());
}

}  // namespace panicle::ui
