#include "ui/frame/start_page.h"

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kWidth = 640;

// A dashed field that says that things can be dropped, and lights up when something hovers.
class DropArea : public QWidget {
 public:
  using QWidget::QWidget;

  bool lit = false;

 protected:
  void paintEvent(QPaintEvent*) override {
    const ThemeColors& colors = Theme::instance().colors();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(lit ? colors.accent : colors.mutedText, lit ? 2 : 1, Qt::DashLine));
    painter.setBrush(lit ? colors.base : QColor(Qt::transparent));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), kGrid, kGrid);
    painter.setPen(lit ? colors.text : colors.mutedText);
    painter.drawText(rect(), Qt::AlignCenter | Qt::TextWordWrap, StartPage::tr("Drop a folder of photos or a CSV anywhere"));
  }
};

QPushButton* choice(const QString& icon, const QString& text, const QString& help, QWidget* parent) {
  auto* button = new QPushButton(lineIcon(icon), text, parent);
  button->setIconSize(QSize(20, 20));
  button->setMinimumHeight(5 * kGrid);
  button->setToolTip(QStringLiteral("<p>%1</p>").arg(help));
  button->setAccessibleDescription(help);
  return button;
}

QString homely(const QString& path) {
  const QString home = QDir::homePath();
  return path.startsWith(home + u'/') ? u'~' + path.mid(home.size()) : path;
}

}  // namespace

StartPage::StartPage(Session& session, QWidget* parent) : QWidget(parent), session_(session) {
  auto* outer = new QHBoxLayout(this);
  auto* middle = new QWidget(this);
  middle->setMaximumWidth(kWidth);
  middle->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
  outer->addStretch(1);
  outer->addWidget(middle, 8);
  outer->addStretch(1);

  auto* column = new QVBoxLayout(middle);
  column->setSpacing(2 * kGrid);
  column->addStretch(1);
  auto* title = new QLabel(tr("Begin with photos"), middle);
  QFont font = title->font();
  font.setPointSizeF(font.pointSizeF() * 1.8);
  title->setFont(font);
  column->addWidget(title);
  auto* text = new QLabel(tr("A folder with one subfolder of photos for each class, or a CSV that names photos and labels. Panicle "
                             "shows what is in it, trains a network on it, and shows what the network gets wrong."),
                          middle);
  text->setWordWrap(true);
  column->addWidget(text);
  column->addWidget(makeChoices());
  drop_ = new DropArea(middle);
  drop_->setMinimumHeight(12 * kGrid);
  drop_->setAccessibleName(tr("Drop area"));
  column->addWidget(drop_);
  recent_ = makeRecent();
  column->addWidget(recent_);
  column->addStretch(2);
  connect(&session, &Session::datasetFailed, this, &StartPage::fillRecent);
}

QWidget* StartPage::makeChoices() {
  auto* area = new QWidget(this);
  auto* row = new QHBoxLayout(area);
  row->setContentsMargins(0, 0, 0, 0);
  row->setSpacing(kGrid);
  auto* folder = choice(QStringLiteral("folder"), tr("Open folder…"),
                        tr("A folder with one subfolder for each class, or a competition's folder with train.csv and train_images. (Ctrl+O)"), area);
  makePrimary(folder);
  auto* csv = choice(QStringLiteral("csv"), tr("Open CSV…"),
                     tr("A table with a column of photos and a column of labels. (Ctrl+Shift+O)"), area);
  auto* sample = choice(QStringLiteral("sample"), tr("Sample data"),
                        tr("720 drawn photos of rice leaves in ten classes: enough to try everything in a few minutes. They are "
                           "written into the workspace once."),
                        area);
  row->addWidget(folder, 1);
  row->addWidget(csv, 1);
  row->addWidget(sample, 1);
  connect(folder, &QPushButton::clicked, this, &StartPage::folderRequested);
  connect(csv, &QPushButton::clicked, this, &StartPage::csvRequested);
  connect(sample, &QPushButton::clicked, this, &StartPage::sampleRequested);
  return area;
}

QWidget* StartPage::makeRecent() {
  auto* area = new QWidget(this);
  auto* column = new QVBoxLayout(area);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(kGrid);
  column->addWidget(new QLabel(tr("Opened before"), area));
  recentList_ = new QListWidget(area);
  recentList_->setAccessibleName(tr("Data sets opened before"));
  recentList_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  recentList_->setTextElideMode(Qt::ElideMiddle);
  recentList_->setUniformItemSizes(true);
  recentList_->setIconSize(QSize(20, 20));
  column->addWidget(recentList_);
  const auto open = [this](const QListWidgetItem* item) { session_.openDataset(item->data(Qt::UserRole).toString()); };
  connect(recentList_, &QListWidget::itemClicked, this, open);
  connect(recentList_, &QListWidget::itemActivated, this, open);
  return area;
}

void StartPage::fillRecent() {
  recentList_->clear();
  const QStringList recent = session_.recent();
  for (const QString& path : recent) {
    const bool csv = path.endsWith(QStringLiteral(".csv"), Qt::CaseInsensitive);
    auto* item = new QListWidgetItem(lineIcon(csv ? QStringLiteral("csv") : QStringLiteral("folder")), homely(path), recentList_);
    item->setData(Qt::UserRole, path);
    item->setToolTip(path);
  }
  recent_->setVisible(!recent.isEmpty());
  const int rows = static_cast<int>(std::clamp<qsizetype>(recent.size(), 1, 6));
  recentList_->setFixedHeight(rows * (std::max(20, fontMetrics().height()) + 4) + 2 * recentList_->frameWidth() + 4);
}

void StartPage::setDropping(bool dropping) {
  static_cast<DropArea*>(drop_)->lit = dropping;
  drop_->update();
}

void StartPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  fillRecent();
}

}  // namespace panicle::ui
