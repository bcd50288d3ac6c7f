#include "ui/preview/method_board.h"

#include <QKeyEvent>
#include <QScrollBar>
#include <algorithm>
#include <map>

#include "ui/preview/method_card.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr double kMinShape = 0.4, kMaxShape = 1.6;

}  // namespace

MethodBoard::MethodBoard(QWidget* parent) : QScrollArea(parent), content_(new QWidget) {
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setFocusPolicy(Qt::NoFocus);
  setWidget(content_);
  setMinimumWidth(MethodCard::kMinWidth + 3 * kGrid);
}

void MethodBoard::setCases(const std::vector<ResizedCase>& cases, std::uint64_t firstEpoch) {
  while (cards_.size() < cases.size()) {
    auto* card = new MethodCard(content_);
    const int index = static_cast<int>(cards_.size());
    connect(card, &MethodCard::entered, this, [this, index] {
      if (cards_[static_cast<std::size_t>(index)]->hasFocus())
        ensureWidgetVisible(cards_[static_cast<std::size_t>(index)], 0, 0);
      Q_EMIT entered(index);
    });
    connect(card, &MethodCard::left, this, &MethodBoard::left);
    connect(card, &MethodCard::clicked, this, [this, index] { Q_EMIT chosen(index); });
    cards_.push_back(card);
  }
  for (std::size_t i = 0; i < cards_.size(); ++i) {
    cards_[i]->setVisible(i < cases.size());
    if (i < cases.size()) cards_[i]->setCase(cases[i], firstEpoch);
  }
  if (!cases.empty()) {
    const Size result = cases.front().valid.facts.result;
    const double shape = result.width > 0 ? static_cast<double>(result.height) / result.width : 1;
    shape_ = std::clamp(shape, kMinShape, kMaxShape);
  }
  arrange();
}

void MethodBoard::resizeEvent(QResizeEvent* event) {
  QScrollArea::resizeEvent(event);
  arrange();
}

// There is nothing to scroll sideways: these keys walk the photos.
void MethodBoard::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Left || event->key() == Qt::Key_Right) {
    event->ignore();
  } else {
    QScrollArea::keyPressEvent(event);
  }
}

int MethodBoard::pictureWidth() const {
  return cards_.empty() ? 0 : cards_.front()->pictureWidth();
}

void MethodBoard::arrange() {
  if (cards_.empty()) return;
  const int before = pictureWidth();
  const int count = static_cast<int>(cards_.size());
  // The whole width: a scroll bar that comes and goes would change it.
  const int bar = verticalScrollBar()->sizeHint().width();
  const int width = contentsRect().width() - bar;
  const int height = contentsRect().height();
  std::map<int, int> known;  // breaking lines takes its time
  const auto wordsHeight = [&](int cardWidth) {
    const auto [entry, fresh] = known.try_emplace(cardWidth, 0);
    for (const MethodCard* card : cards_) {
      if (fresh) entry->second = std::max(entry->second, card->wordsHeightFor(cardWidth));
    }
    return entry->second;
  };
  const auto heightOf = [&](int cardWidth) {
    return cards_.front()->heightFor(cardWidth, shape_, wordsHeight(cardWidth));
  };
  const auto widest = [&](int columns) {
    const int room = std::min(MethodCard::kMaxWidth, (width - (columns - 1) * kGrid) / columns);
    return room - room % (kGrid / 2);
  };
  // The number of columns with the widest cards whose rows all fit; where none fits, as many as are wide
  // enough.
  int columns = std::clamp((width + kGrid) / (MethodCard::kMinWidth + kGrid), 1, count);
  int cardWidth = std::max(widest(columns), 1);
  bool fits = false;
  for (int tried = 1; tried <= count; ++tried) {
    const int rows = (count + tried - 1) / tried;
    int wide = widest(tried);
    while (wide >= MethodCard::kMinWidth && rows * (heightOf(wide) + kGrid) - kGrid > height) wide -= kGrid;
    if (wide < MethodCard::kMinWidth || (fits && wide <= cardWidth)) continue;
    fits = true;
    columns = tried;
    cardWidth = wide;
  }
  const int words = wordsHeight(cardWidth);
  const int cardHeight = heightOf(cardWidth);
  for (int i = 0; i < count; ++i) {
    MethodCard* card = cards_[static_cast<std::size_t>(i)];
    card->setWordsHeight(words);
    card->setGeometry(i % columns * (cardWidth + kGrid), i / columns * (cardHeight + kGrid), cardWidth,
                      cardHeight);
  }
  const int rows = (count + columns - 1) / columns;
  content_->resize(std::max(width, 1), rows * (cardHeight + kGrid) - kGrid);
  if (pictureWidth() != before) Q_EMIT pictureWidthChanged();
}

}  // namespace panicle::ui
