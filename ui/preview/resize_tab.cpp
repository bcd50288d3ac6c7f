#include "ui/preview/resize_tab.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/runs/run_spec.h"
#include "ui/preview/damaged_photo.h"
#include "ui/preview/latest_job.h"
#include "ui/preview/method_board.h"
#include "ui/preview/method_card.h"
#include "ui/preview/photo_map.h"
#include "ui/preview/size_advisor.h"
#include "ui/preview/steps_panel.h"
#include "ui/shared/empty_state.h"
#include "ui/shared/flow_layout.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kDraws = 3;
constexpr int kBusyDelayMs = 200;  // shorter waits are not worth a word
constexpr int kShares = 100;       // splitters scale what they are given
constexpr int kMaxEpoch = 9999;
constexpr int kLeastSide = 256;  // of pictures, so that a card that grows a little need not ask again
const QLatin1StringView kSidesKey("preview/resize_sides");
const QLatin1StringView kHalvesKey("preview/resize_halves");
const QLatin1StringView kPanelKey("preview/resize_panel");

}  // namespace

QString readSize(const QString& text, Size& size) {
  try {
    const Size parsed = parseSize(text.trimmed().toStdString());
    RunSpec spec;
    setByPath(spec, "stages.0.resize.size", Json::array({parsed.height, parsed.width}));
    size = parsed;
  } catch (const Error& error) {
    return QString::fromUtf8(error.what());
  }
  return {};
}

ResizeTab::ResizeTab(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      decoded_(std::make_shared<DecodedPhoto>()),
      size_(new QLineEdit(this)),
      size_problem_(new QLabel(this)),
      use_size_(new QPushButton(tr("Use size"), this)),
      epoch_(new QSpinBox(this)),
      draw_(new QPushButton(lineIcon(QStringLiteral("redo")), tr("Re-&draw"), this)),
      busy_(new QLabel(tr("working…"), this)),
      map_(new PhotoMap(this)),
      caption_(new QLabel(this)),
      board_(new MethodBoard(this)),
      damaged_(new DamagedPhoto(this)),
      empty_(new EmptyState(this)),
      steps_(new StepsPanel(this)),
      advisor_(new SizeAdvisor(session, this)),
      stack_(new QStackedWidget(this)),
      sides_(new QSplitter(Qt::Horizontal, this)),
      halves_(new QSplitter(Qt::Vertical, this)),
      panels_(new QStackedWidget(this)),
      job_(new LatestJob(this)) {
  for (QWidget* part : std::initializer_list<QWidget*>{board_, damaged_, empty_}) stack_->addWidget(part);
  panels_->addWidget(steps_);
  panels_->addWidget(advisor_);
  left_ = makeLeft();
  sides_->addWidget(left_);
  sides_->addWidget(stack_);
  sides_->setSizes({26 * kShares, 74 * kShares});
  halves_->addWidget(sides_);
  halves_->addWidget(panels_);
  halves_->setSizes({62 * kShares, 38 * kShares});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, kGrid, 0, 0);
  layout->setSpacing(kGrid);
  layout->addWidget(makeBar());
  layout->addWidget(size_problem_);
  layout->addWidget(halves_, 1);
  connectParts();
  takeRecipe();
}

QWidget* ResizeTab::makeBar() {
  size_->setAccessibleName(tr("Size to preview"));
  size_->setPlaceholderText(tr("480 or 640,480"));
  size_->setToolTip(
      tr("<p>What every photo is brought to: <b>480</b> for a square, <b>640,480</b> for height 640 and "
         "width 480, as fastai writes "
         "it. The pictures follow while you type; Return puts the size into the recipe, Esc goes back to "
         "it.</p>"));
  size_->setFixedWidth(size_->fontMetrics().horizontalAdvance(QStringLiteral("0000,00000")) + 3 * kGrid);
  use_size_->setToolTip(
      tr("Puts the size into the recipe and leaves its method (Return in the field does the same)"));
  size_problem_->setWordWrap(true);
  size_problem_->setTextFormat(Qt::PlainText);
  size_problem_->setAccessibleName(tr("What is wrong with the size"));
  size_problem_->hide();
  epoch_->setRange(1, kMaxEpoch);
  epoch_->setKeyboardTracking(false);
  epoch_->setAccessibleName(tr("First epoch of the draws"));
  epoch_->setToolTip(
      tr("<p>In training crop, pad and random_resized_crop place their box anew for each photo in each "
         "epoch. The small pictures are "
         "what this photo will be in three epochs from this one on, with the recipe's seed.</p>"));
  draw_->setToolTip(tr("Shows the draws of the next three epochs"));
  busy_->setForegroundRole(QPalette::PlaceholderText);
  busy_->hide();
  steps_fold_ = makeFold(
      tr("Steps"), tr("What every step of the recipe leaves of this photo, from the file to the network"),
      steps_);
  advisor_fold_ =
      makeFold(tr("Size advisor"),
               tr("Which sizes suit these photos, what they cost, and which networks take them"), advisor_);

  auto* bar = new QWidget(this);
  auto* flow = new FlowLayout(bar);
  for (QWidget* part : std::initializer_list<QWidget*>{labelledField(tr("&Size"), size_, this)->parentWidget(), use_size_,
                                                       labelledField(tr("Draws from &epoch"), epoch_, this)->parentWidget(), draw_,
                                                       steps_fold_, advisor_fold_, busy_}) {
    flow->addWidget(part);
  }
  return bar;
}

QToolButton* ResizeTab::makeFold(const QString& text, const QString& help, QWidget* panel) {
  auto* button = new QToolButton(this);
  button->setText(text);
  button->setCheckable(true);
  button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::TabFocus);
  button->setToolTip(help);
  button->setAccessibleDescription(help);
  connect(button, &QToolButton::clicked, this, [this, panel](bool open) {
    session_.settings().setValue(kPanelKey, open ? panels_->indexOf(panel) : -1);
    fold();
  });
  return button;
}

QWidget* ResizeTab::makeLeft() {
  auto* left = new QWidget(this);
  map_->setAccessibleName(tr("The photo and what is kept of it"));
  map_->setToolTip(
      tr("<p>The photo as decoded. The solid frame is what validation sees with the method under the mouse "
         "or the keyboard; the dashed "
         "frames are the draws of training. Dimmed is lost, hatched is invented.</p>"));
  caption_->setWordWrap(true);
  caption_->setTextFormat(Qt::PlainText);
  caption_->setForegroundRole(QPalette::PlaceholderText);
  caption_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  auto* column = new QVBoxLayout(left);
  column->setContentsMargins(0, 0, kGrid, 0);
  column->setSpacing(kGrid / 2);
  column->addWidget(map_, 1);
  column->addWidget(caption_);
  return left;
}

void ResizeTab::connectParts() {
  const std::pair<QSplitter*, QLatin1StringView> splitters[]{{sides_, kSidesKey}, {halves_, kHalvesKey}};
  for (const auto& [splitter, key] : splitters) {
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(kGrid);
    splitter->restoreState(session_.settings().value(key).toByteArray());
    connect(splitter, &QSplitter::splitterMoved, this, [this, splitter = splitter, key = key] {
      session_.settings().setValue(key, splitter->saveState());
    });
  }
  busy_delay_.setSingleShot(true);
  busy_delay_.setInterval(kBusyDelayMs);
  connect(&busy_delay_, &QTimer::timeout, busy_, &QWidget::show);
  connect(job_, &LatestJob::busyChanged, this, [this] {
    if (job_->busy()) {
      busy_delay_.start();
    } else {
      busy_delay_.stop();
      busy_->hide();
    }
  });
  connect(size_, &QLineEdit::textChanged, this, &ResizeTab::takeSize);
  connect(size_, &QLineEdit::returnPressed, this, &ResizeTab::useSize);
  connect(use_size_, &QPushButton::clicked, this, &ResizeTab::useSize);
  connect(epoch_, &QSpinBox::valueChanged, this, &ResizeTab::render);
  connect(draw_, &QPushButton::clicked, this, [this] { epoch_->setValue(epoch_->value() + kDraws); });
  connect(board_, &MethodBoard::entered, this, &ResizeTab::showBoxes);
  connect(board_, &MethodBoard::left, this, &ResizeTab::markRecipe);
  connect(board_, &MethodBoard::chosen, this, &ResizeTab::useCase);
  connect(board_, &MethodBoard::pictureWidthChanged, this, [this] {
    if (shownSide() > shown_side_) render();
  });
  connect(damaged_, &DamagedPhoto::nextRequested, this,
          [this] { session_.setCurrent(session_.currentIndex() + 1); });
  connect(empty_, &EmptyState::clicked, this,
          [this] { Q_EMIT session_.pageRequested(QStringLiteral("data")); });
  connect(&session_, &Session::recipeChanged, this, &ResizeTab::takeRecipe);
  for (const auto signal :
       {&Session::currentPhotoChanged, &Session::datasetChanged, &Session::censusChanged}) {
    connect(&session_, signal, this, &ResizeTab::render);
  }
  fold();
}

void ResizeTab::fold() {
  const int panel = session_.settings().value(kPanelKey, -1).toInt();
  steps_fold_->setChecked(panel == panels_->indexOf(steps_));
  advisor_fold_->setChecked(panel == panels_->indexOf(advisor_));
  for (QToolButton* button : {steps_fold_, advisor_fold_}) {
    button->setIcon(
        lineIcon(button->isChecked() ? QStringLiteral("chevron-down") : QStringLiteral("chevron-right")));
  }
  if (panel >= 0) panels_->setCurrentIndex(panel);
  panels_->setVisible(panel >= 0);
}

// --- Size

void ResizeTab::takeRecipe() {
  const Size size = session_.recipe().stages.front().resize.size;
  if (size != recipe_size_) {
    recipe_size_ = size;
    size_->setText(QString::fromStdString(toString(size)));  // renders, when it changes
  }
  use_size_->setEnabled(shown_size_ != recipe_size_);
  render();
}

void ResizeTab::takeSize() {
  Size size = shown_size_;
  const QString problem = readSize(size_->text(), size);
  size_problem_->setText(problem);
  size_problem_->setVisible(!problem.isEmpty());
  QPalette palette = size_problem_->palette();
  palette.setColor(QPalette::WindowText, Theme::instance().colors().error);
  size_problem_->setPalette(palette);
  use_size_->setEnabled(problem.isEmpty() && size != recipe_size_);
  if (!problem.isEmpty()) return;
  shown_size_ = size;
  render();
}

void ResizeTab::useSize() {
  if (!use_size_->isEnabled()) return;
  const QString problem = session_.setRecipeField(QStringLiteral("stages.0.resize.size"),
                                                  Json::array({shown_size_.height, shown_size_.width}));
  if (!problem.isEmpty()) session_.report(problem);
}

bool ResizeTab::leaveDrillDown() {
  const QString recipe = QString::fromStdString(toString(recipe_size_));
  if (size_->text() == recipe) return false;
  size_->setText(recipe);
  return true;
}

ResizeOptions ResizeTab::options() const {
  ResizeOptions options = session_.recipe().stages.front().resize;
  options.size = shown_size_;
  return options;
}

void ResizeTab::useCase(int card) {
  if (!preview_ || static_cast<std::size_t>(card) >= preview_->cases.size()) return;
  const ResizeOptions& chosen = preview_->cases[static_cast<std::size_t>(card)].options;
  RunSpec spec = session_.recipe();
  spec.stages.front().resize = chosen;
  session_.setRecipe(
      spec, tr("Resize: %1 %2").arg(caseName(chosen), QString::fromStdString(toString(chosen.size))));
}

// --- Pictures

void ResizeTab::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (stale_) render();
}

void ResizeTab::render() {
  stale_ = !isVisible();
  if (stale_) return;
  const Photo* photo = session_.currentPhoto();
  if (!photo) {
    showEmpty();
    return;
  }
  for (QWidget* part : std::initializer_list<QWidget*>{epoch_, draw_}) part->setEnabled(true);
  const RunSpec& recipe = session_.recipe();
  ResizeRequest request;
  request.file = photo->file.toStdString();
  request.path = photo->path.toStdString();
  request.dataset = session_.dataset();
  request.census = session_.census();
  request.decode.exif = recipe.data.exif;
  request.options = options();
  request.seed = recipe.seed;
  request.first_epoch = static_cast<std::uint64_t>(epoch_->value() - 1);
  request.draws = kDraws;
  shown_side_ = std::max(kLeastSide, shownSide());
  request.shown_side = shown_side_;
  job_->start(
      [request, decoded = decoded_](std::stop_token stop) { return renderResize(request, *decoded, stop); },
      [this](ResizePreview preview) { showPreview(std::move(preview)); },
      [this, file = photo->file](const QString& message) { showDamaged(file, message); });
  steps_->setSubject(photo->file, makePipeline(recipe, recipe.stages.front()));
}

// What the cards have room for; pictures are made that large on the worker.
int ResizeTab::shownSide() const {
  return static_cast<int>(std::ceil(board_->pictureWidth() * devicePixelRatioF()));
}

void ResizeTab::showPreview(ResizePreview preview) {
  preview_ = std::move(preview);
  board_->setCases(preview_->cases, static_cast<std::uint64_t>(epoch_->value() - 1));
  map_->setPhoto(preview_->original, preview_->source);
  left_->show();
  stack_->setCurrentWidget(board_);
  markRecipe();
}

void ResizeTab::showDamaged(const QString& file, const QString& reason) {
  preview_.reset();
  map_->clear();
  left_->hide();
  damaged_->say(file, reason, session_.recipe().data.bad_images == BadImagePolicy::Skip);
  stack_->setCurrentWidget(damaged_);
}

void ResizeTab::showEmpty() {
  job_->cancel();
  preview_.reset();
  map_->clear();
  left_->hide();
  steps_->clear();
  for (QWidget* part : std::initializer_list<QWidget*>{epoch_, draw_}) part->setEnabled(false);
  if (session_.opening()) {
    empty_->say(tr("Reading the data set…"), {});
  } else if (session_.dataset()) {
    empty_->say(tr("No photo is chosen"),
                tr("Choose photos on the Data page; they show here through every way of resizing."),
                tr("Choose photos"));
  } else {
    empty_->say(tr("Open a data set to preview"),
                tr("Then you see here, side by side, what each way of resizing keeps, loses, bends or "
                   "invents of a photo."),
                tr("Open a data set"));
  }
  stack_->setCurrentWidget(empty_);
}

void ResizeTab::markRecipe() {
  if (!preview_) return;
  const ResizeOptions& recipe = session_.recipe().stages.front().resize;
  int current = 0, focused = -1;
  for (std::size_t i = 0; i < preview_->cases.size(); ++i) {
    MethodCard* card = board_->cards()[i];
    const bool in = sameCase(preview_->cases[i].options, recipe);
    card->setInRecipe(in);
    if (in) current = static_cast<int>(i);
    if (card->hasFocus() || card->underMouse()) focused = static_cast<int>(i);
  }
  showBoxes(focused >= 0 ? focused : current);
}

void ResizeTab::showBoxes(int card) {
  if (!preview_ || static_cast<std::size_t>(card) >= preview_->cases.size()) return;
  const ResizedCase& shown = preview_->cases[static_cast<std::size_t>(card)];
  std::vector<Box> train;
  for (const ResizedPicture& picture : shown.train) train.push_back(picture.facts.box);
  map_->setBoxes(shown.valid.facts.box, train);
  const Size source = preview_->source;
  const Box& box = shown.valid.facts.box;
  caption_->setText(tr("%1 × %2 pixels (width × height). Frame: %3, %4 × %5 → %6.")
                        .arg(source.width)
                        .arg(source.height)
                        .arg(caseName(shown.options))
                        .arg(box.width)
                        .arg(box.height)
                        .arg(QString::fromStdString(toString(shown.valid.facts.result))));
}

}  // namespace panicle::ui
