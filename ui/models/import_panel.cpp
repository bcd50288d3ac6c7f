#include "ui/models/import_panel.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMimeData>
#include <QPainter>
#include <QPushButton>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/shared/jobs.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

QString factsWords(const WeightFileFacts& facts) {
  QStringList parts{QString::fromStdString(facts.format)};
  if (!facts.layout.empty())
    parts << ImportPanel::tr("layout of %1").arg(QString::fromStdString(facts.layout));
  parts << formatBytes(facts.bytes);
  parts << ImportPanel::tr("%1 tensors").arg(formatCount(facts.tensors));
  parts << ImportPanel::tr("%1 numbers").arg(formatCount(facts.parameters));
  parts << (facts.classes > 0 ? ImportPanel::tr("a classifier of %1 classes")
                                    .arg(formatCount(static_cast<quint64>(facts.classes)))
                              : ImportPanel::tr("no classifier"));
  return parts.join(QStringLiteral(" · "));
}

}  // namespace

ImportPanel::ImportPanel(Session& session, QWidget* parent)
    : QFrame(parent),
      session_(session),
      title_(new QLabel(this)),
      text_(new QLabel(this)),
      import_(new QPushButton(this)),
      close_(new QPushButton(this)) {
  QFont strong = title_->font();
  strong.setWeight(QFont::DemiBold);
  title_->setFont(strong);
  title_->setObjectName(QStringLiteral("importTitle"));
  text_->setObjectName(QStringLiteral("importText"));
  import_->setObjectName(QStringLiteral("importNow"));
  close_->setObjectName(QStringLiteral("importClose"));
  for (QLabel* label : {title_, text_}) {
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  }
  title_->setAccessibleName(tr("Weight file"));
  text_->setAccessibleName(tr("What the weight file is"));
  makePrimary(import_);
  auto* words = new QVBoxLayout;
  words->setSpacing(kGrid / 2);
  words->addWidget(title_);
  words->addWidget(text_);
  auto* row = new QHBoxLayout(this);
  row->setContentsMargins(2 * kGrid, kGrid, kGrid, kGrid);
  row->setSpacing(kGrid);
  row->addLayout(words, 1);
  row->addWidget(import_, 0, Qt::AlignTop);
  row->addWidget(close_, 0, Qt::AlignTop);
  connect(import_, &QPushButton::clicked, this, &ImportPanel::import);
  connect(close_, &QPushButton::clicked, this, &ImportPanel::dismiss);
  connect(&session.jobs(), &Jobs::changed, this, &ImportPanel::follow);
  hide();
}

void ImportPanel::show(State state, const QString& title, const QString& text) {
  state_ = state;
  title_->setText(title);
  text_->setText(text);
  text_->setVisible(!text.isEmpty());
  import_->setVisible(state == State::Offered);
  close_->setVisible(state != State::Invited);
  const bool busy = state == State::Reading || state == State::Importing;
  close_->setText(busy || state == State::Offered ? tr("Cancel") : tr("Close"));
  close_->setToolTip(busy ? tr("Stops; the workspace stays as it was") : tr("Closes this notice (Esc)"));
  setVisible(state != State::Closed);
  update();
}

void ImportPanel::invite() {
  if (open()) return;
  show(State::Invited, tr("Drop the weight file here"),
       tr("It is read first; nothing is copied before you say so."));
}

void ImportPanel::dismiss() {
  if (job_ != 0) session_.jobs().cancel(std::exchange(job_, 0));
  show(State::Closed, {}, {});
}

void ImportPanel::inspect(const QString& file) {
  dismiss();
  file_ = file;
  const QString name = QFileInfo(file).fileName();
  show(State::Reading, tr("Reading %1").arg(name), {});
  job_ = session_.jobs().start(
      this, tr("Reading %1").arg(name),
      [path = std::filesystem::path(file.toStdString()), workspace = session_.store().workspace()](
          std::stop_token, const Progress&) {
        Inspected inspected{inspectWeights(path), false};
        if (!inspected.facts.arch.empty()) {
          inspected.there =
              std::filesystem::exists(workspace / "weights" / (inspected.facts.arch + ".safetensors"));
        }
        return inspected;
      },
      [this](const Inspected& inspected) {
        job_ = 0;
        offer(inspected);
      },
      [this, name](const QString& message) {
        job_ = 0;
        show(State::Refused, tr("%1 cannot be used").arg(name), message);
      });
}

void ImportPanel::offer(const Inspected& inspected) {
  const QString name = QFileInfo(file_).fileName();
  const QString facts = factsWords(inspected.facts);
  if (inspected.facts.arch.empty()) {
    QStringList text{facts};
    for (const std::string& reason : inspected.facts.nearest) text << QString::fromStdString(reason);
    show(State::Refused, tr("%1 fits none of the architectures").arg(name), text.join(QLatin1Char('\n')));
    return;
  }
  arch_ = inspected.facts.arch;
  replace_ = inspected.there;
  const QString arch = QString::fromStdString(arch_);
  import_->setText(replace_ ? tr("Replace") : tr("Import"));
  import_->setToolTip(
      replace_ ? tr("Writes over the weights that the workspace has for %1").arg(arch)
               : tr("Copies the weights into the workspace, where runs of %1 find them").arg(arch));
  const QString there =
      replace_ ? QLatin1Char('\n') + tr("The workspace has weights for %1 already.").arg(arch) : QString();
  show(State::Offered, tr("%1 has weights of %2").arg(name, arch), facts + there);
  import_->setFocus();
}

void ImportPanel::import() {
  const QString arch = QString::fromStdString(arch_);
  show(State::Importing, tr("Importing the weights of %1").arg(arch), {});
  job_ = session_.jobs().start(
      this, tr("Importing %1").arg(arch),
      [path = std::filesystem::path(file_.toStdString()), workspace = session_.store().workspace(),
       arch = arch_, replace = replace_](std::stop_token stop, const Progress& progress) {
        return importWeights(path, workspace, arch, replace, std::move(stop), progress);
      },
      [this, arch](const std::filesystem::path& written) {
        job_ = 0;
        show(State::Done, tr("Imported: runs of %1 start from these weights").arg(arch),
             QString::fromStdString(written.string()));
        session_.weights().refresh();
        Q_EMIT imported(arch);
      },
      [this](const QString& message) {
        job_ = 0;
        show(State::Refused, tr("%1 was not imported").arg(QFileInfo(file_).fileName()), message);
      });
}

// A job that is cancelled in the status bar says nothing more.
void ImportPanel::follow() {
  if (job_ == 0) return;
  const auto running = session_.jobs().running();
  if (std::none_of(running.begin(), running.end(), [this](const JobInfo& job) { return job.id == job_; }))
    dismiss();
}

void ImportPanel::paintEvent(QPaintEvent*) {
  const ThemeColors& colors = Theme::instance().colors();
  QPainter painter(this);
  painter.fillRect(rect(), colors.base);
  painter.fillRect(QRect(0, 0, kGrid / 2, height()), state_ == State::Refused ? colors.error : colors.accent);
  painter.setPen(colors.border);
  painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

QString draggedWeights(const QMimeData* data) {
  const QList<QUrl> urls = data->urls();
  if (urls.size() != 1 || !urls.front().isLocalFile()) return {};
  const QFileInfo info(urls.front().toLocalFile());
  static const QStringList suffixes{QStringLiteral("safetensors"), QStringLiteral("pth"),
                                    QStringLiteral("pt"), QStringLiteral("bin"), QStringLiteral("npz")};
  return info.isFile() && suffixes.contains(info.suffix().toLower()) ? info.filePath() : QString();
}

}  // namespace panicle::ui
