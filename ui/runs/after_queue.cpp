#include "ui/runs/after_queue.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCall>
#include <QMessageBox>
#include <QProcess>
#include <QPushButton>
#include <QSettings>
#include <QVariantMap>
#include <utility>

#include "ui/shared/lane_runs.h"
#include "ui/shared/session.h"

namespace panicle::ui {
namespace {

const QLatin1StringView kNotifyKey("runs/notify_when_queue_ends");
constexpr int kSecondMs = 1000;

// Desktops without the service leave it at the window's own word.
void notifyDesktop(const QString& title, const QString& text) {
  const QString service = QStringLiteral("org.freedesktop.Notifications");
  QDBusMessage call = QDBusMessage::createMethodCall(service, QStringLiteral("/org/freedesktop/Notifications"), service, QStringLiteral("Notify"));
  constexpr uint kNew = 0;
  constexpr int kUsualTime = -1;
  call << QStringLiteral("Panicle") << kNew << QStringLiteral("panicle") << title << text.toHtmlEscaped() << QStringList() << QVariantMap() << kUsualTime;
  QDBusConnection::sessionBus().asyncCall(call);
}

void powerOff(std::function<void(const QString&)> failed) {
  auto* process = new QProcess(qApp);
  QObject::connect(process, &QProcess::errorOccurred, process, [process, failed](QProcess::ProcessError) {
    failed(process->errorString());
    process->deleteLater();
  });
  QObject::connect(process, &QProcess::finished, process, [process, failed](int code, QProcess::ExitStatus) {
    if (code != 0) failed(QString::fromLocal8Bit(process->readAllStandardError()).trimmed());
    process->deleteLater();
  });
  process->start(QStringLiteral("systemctl"), {QStringLiteral("--no-ask-password"), QStringLiteral("poweroff")});
}

}  // namespace

Desktop thisDesktop() { return {notifyDesktop, powerOff}; }

AfterQueue::AfterQueue(Session& session, QWidget* owner, Desktop desktop)
    : QObject(owner), session_(session), owner_(owner), desktop_(std::move(desktop)) {
  if (session_.settings().value(kNotifyKey, false).toBool()) choice_ = WhenQueueEnds::Notify;
  second_.setInterval(kSecondMs);
  connect(&second_, &QTimer::timeout, this, &AfterQueue::tick);
  const auto training = [this] {
    if (trains()) callOff();
  };
  connect(&session_.runs(), &RunController::stateChanged, this, training);
  connect(&session_.laneRuns(), &LaneRuns::changed, this, training);
}

bool AfterQueue::trains() const { return session_.runs().active() || session_.laneRuns().active(); }

void AfterQueue::choose(WhenQueueEnds choice) {
  if (choice == choice_) return;
  choice_ = choice;
  session_.settings().setValue(kNotifyKey, choice == WhenQueueEnds::Notify);
  if (choice != WhenQueueEnds::ShutDown) callOff();
  Q_EMIT choiceChanged();
}

void AfterQueue::queueEnded(const QString& words, bool elsewhere) {
  QApplication::alert(owner_->window());  // it may be behind others by then
  if (choice_ == WhenQueueEnds::Nothing) return;
  desktop_.notify(tr("The queue has ended"), words);
  if (choice_ != WhenQueueEnds::ShutDown) return;
  if (!trains() && !elsewhere) return ask(words);
  choose(WhenQueueEnds::Nothing);
  session_.report(tr("The queue has ended, and the computer stays on: another run is in progress."));
}

void AfterQueue::ask(const QString& words) {
  words_ = words;
  left_ = kSeconds;
  box_ = new QMessageBox(QMessageBox::Warning, tr("The computer shuts down"), QString(), QMessageBox::NoButton, owner_->window());
  box_->setAttribute(Qt::WA_DeleteOnClose);
  QPushButton* stay = box_->addButton(tr("Do not shut down"), QMessageBox::RejectRole);
  QPushButton* now = box_->addButton(tr("Shut down now"), QMessageBox::DestructiveRole);
  stay->setToolTip(tr("Leaves the computer on (Esc)"));
  now->setToolTip(tr("Does not wait for the minute to pass"));
  box_->setDefaultButton(stay);
  box_->setEscapeButton(stay);
  connect(box_, &QMessageBox::finished, this, [this, box = box_.data(), now] {
    if (box->clickedButton() == now) return shutDown();
    callOff();  // also where the box was closed by the window's cross
  });
  showLeft();
  box_->open();
  second_.start();
}

void AfterQueue::showLeft() {
  if (box_) box_->setText(tr("The queue has ended: %1. The computer shuts down in %2 s.").arg(words_).arg(left_));
}

void AfterQueue::tick() {
  if (left_ < 0) return;
  if (--left_ > 0) return showLeft();
  shutDown();
}

void AfterQueue::callOff() {
  if (std::exchange(left_, -1) < 0) return;
  second_.stop();
  if (box_) box_->close();
  choose(WhenQueueEnds::Nothing);
}

void AfterQueue::shutDown() {
  if (left_ < 0) return;
  callOff();
  desktop_.shutDown([session = QPointer(&session_)](const QString& reason) {
    if (session) session->report(tr("The computer could not be shut down: %1").arg(reason));
  });
}

}  // namespace panicle::ui
