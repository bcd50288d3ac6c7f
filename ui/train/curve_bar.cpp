#include "ui/train/curve_bar.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <algorithm>
#include <cstdlib>

#include "ui/shared/flow_layout.h"
#include "ui/shared/labelled_field.h"
#include "ui/shared/theme.h"
#include "ui/train/compare_chooser.h"
#include "ui/train/smoothing.h"

namespace panicle::ui {
namespace {

QString windowWords(int batches) {
  if (batches == 1) return CurveBar::tr("none");
  const QString count = formatCount(static_cast<quint64>(batches));
  return batches == kFastaiWindow ? CurveBar::tr("%1 (fastai)").arg(count) : CurveBar::tr("%1 batches").arg(count);
}

}  // namespace

CurveBar::CurveBar(Session& session, QWidget* parent)
    : QWidget(parent),
      smoothing_(new QSlider(Qt::Horizontal, this)),
      windowText_(new QLabel(this)),
      metric_(new QComboBox(this)),
      compare_(new CompareChooser(session, this)) {
  smoothing_->setRange(0, static_cast<int>(smoothingWindows().size()) - 1);
  smoothing_->setPageStep(1);
  smoothing_->setFixedWidth(12 * kGrid);
  smoothing_->setAccessibleName(tr("Smoothing of the loss"));
  smoothing_->setToolTip(tr("Over how many batches the loss is averaged. Every batch counts, however far you zoom out;\nthe faint line is "
                            "what each batch had. fastai averages over 50."));
  metric_->setAccessibleName(tr("Metric"));
  metric_->setToolTip(tr("What is drawn below of the validation photos"));
  metric_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  int widest = 0;
  for (int batches : smoothingWindows()) widest = std::max(widest, fontMetrics().horizontalAdvance(windowWords(batches)));
  windowText_->setMinimumWidth(widest);  // the fields behind it stay where they are

  auto* layout = new FlowLayout(this);
  QHBoxLayout* smooth = labelledField(tr("S&moothing"), smoothing_, this);
  smooth->addWidget(windowText_);
  layout->addWidget(smooth->parentWidget());
  layout->addWidget(labelledField(tr("Me&tric"), metric_, this)->parentWidget());
  layout->addWidget(labelledField(tr("&Compare with"), compare_, this)->parentWidget());

  connect(smoothing_, &QSlider::valueChanged, this, [this] {
    tellWindow();
    Q_EMIT windowChanged(window());
  });
  connect(metric_, &QComboBox::activated, this, [this](int index) { Q_EMIT metricChosen(metric_->itemData(index).toString().toStdString()); });
  setWindow(kFastaiWindow);
}

int CurveBar::window() const { return smoothingWindows()[static_cast<std::size_t>(smoothing_->value())]; }

void CurveBar::setWindow(int batches) {
  const std::vector<int>& windows = smoothingWindows();
  const auto nearest = std::min_element(windows.begin(), windows.end(),
                                        [&](int a, int b) { return std::abs(a - batches) < std::abs(b - batches); });
  smoothing_->setValue(static_cast<int>(nearest - windows.begin()));
  tellWindow();
}

void CurveBar::tellWindow() {
  const QString words = windowWords(window());
  windowText_->setText(words);
  smoothing_->setAccessibleDescription(words);
}

void CurveBar::setMetrics(const std::vector<MetricChoice>& choices, const std::string& chosen) {
  const QSignalBlocker quiet(metric_);
  metric_->clear();
  for (const MetricChoice& choice : choices) metric_->addItem(choice.label, QString::fromStdString(choice.id));
  metric_->setCurrentIndex(metric_->findData(QString::fromStdString(chosen)));
  metric_->setEnabled(choices.size() > 1);
}

}  // namespace panicle::ui
