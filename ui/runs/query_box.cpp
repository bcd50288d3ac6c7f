#include "ui/runs/query_box.h"

#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>
#include <utility>

#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr int kCharacters = 40;

QString row(const QString& example, const QString& meaning) {
  return QStringLiteral("<tr><td style='padding-right:12px'><code>%1</code></td><td>%2</td></tr>").arg(example.toHtmlEscaped(), meaning.toHtmlEscaped());
}

// How the language is used, by examples; the fields are core's own list.
QString helpText() {
  QString rows = row(QStringLiteral("convnext 480"), QueryBox::tr("both words, anywhere in what describes a run")) +
                 row(QStringLiteral("error<5% epochs>=12"), QueryBox::tr("figures: < <= > >= = !=")) +
                 row(QStringLiteral("arch:vit|swin"), QueryBox::tr("one word or the other in a field")) +
                 row(QStringLiteral("-status:failed"), QueryBox::tr("without these")) +
                 row(QStringLiteral("starred tagged noted"), QueryBox::tr("with a star, a tag, a note")) +
                 row(QStringLiteral("created>2026-11-20"), QueryBox::tr("times by their beginning"));
  QStringList fields;
  for (const QueryField& field : queryFields()) fields << QString::fromUtf8(field.name);
  return QueryBox::tr("<p>Shows the runs that all of this is true of. (/)</p><table>%1</table><p>Fields: %2</p>")
      .arg(rows, fields.join(QStringLiteral(", ")).toHtmlEscaped());
}

}  // namespace

QueryBox::QueryBox(QWidget* parent) : QWidget(parent), input_(new QLineEdit(this)), problem_(new QLabel(this)) {
  input_->setPlaceholderText(tr("Filter, as: resnet error<5%"));
  input_->setClearButtonEnabled(true);
  input_->addAction(lineIcon(QStringLiteral("search")), QLineEdit::LeadingPosition);
  input_->setAccessibleName(tr("Filter the runs"));
  input_->setToolTip(helpText());
  input_->setMinimumWidth(kCharacters * input_->fontMetrics().averageCharWidth());
  problem_->setTextFormat(Qt::PlainText);
  problem_->setWordWrap(true);
  problem_->setObjectName(QStringLiteral("query_problem"));
  problem_->hide();
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(kGrid / 2);
  layout->addWidget(input_);
  layout->addWidget(problem_);
  setFocusProxy(input_);
  connect(input_, &QLineEdit::textChanged, this, &QueryBox::read);
  const auto colour = [this] {
    QPalette palette = problem_->palette();
    palette.setColor(QPalette::WindowText, Theme::instance().colors().error);
    problem_->setPalette(palette);
  };
  connect(&Theme::instance(), &Theme::changed, this, colour);
  colour();
}

QString QueryBox::text() const { return input_->text(); }

void QueryBox::setText(const QString& text) { input_->setText(text); }

QString QueryBox::problem() const { return problem_->text(); }

RunQuery QueryBox::takeQuery() { return std::exchange(query_, RunQuery()); }

void QueryBox::read() {
  QString problem;
  try {
    query_ = RunQuery(input_->text().toStdString());
  } catch (const QueryError& error) {
    problem = QString::fromUtf8(error.what());
  }
  problem_->setText(problem);
  problem_->setVisible(!problem.isEmpty());
  input_->setAccessibleDescription(problem);
  if (problem.isEmpty()) Q_EMIT queryChanged();
}

}  // namespace panicle::ui
