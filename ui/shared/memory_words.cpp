#include "ui/shared/memory_words.h"

#include <QCoreApplication>

#include "ui/shared/memory_forecast.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

constexpr quint64 kMib = quint64{1} << 20;
constexpr double kGib = 1024.0 * 1024 * 1024;
const QLatin1StringView kHere("This machine: ");  // as deviceProfiles() names what is here
constexpr quint64 kGibFrom = 2048 * kMib;  // totals below are told in MiB

QString tr(const char* text) {
  return QCoreApplication::translate("MemoryWords", text);
}

// "3.1/15.9 GiB", "300/1,024 MiB"
QString shareWords(quint64 bytes, quint64 total) {
  if (total < kGibFrom) return tr("%1/%2 MiB").arg(mib(bytes), mib(total));
  const auto gib = [](quint64 value) { return QString::number(static_cast<double>(value) / kGib, 'f', 1); };
  return tr("%1/%2 GiB").arg(gib(bytes), gib(total));
}

QString paragraph(const QString& text) {
  return QStringLiteral("<p>%1</p>").arg(text.toHtmlEscaped());
}

}  // namespace

QString mib(quint64 bytes) {
  return formatCount((bytes + kMib - 1) / kMib);
}

QString fitWord(Fit fit) {
  switch (fit) {
    case Fit::Fits: return tr("fits");
    case Fit::Tight: return tr("tight");
    case Fit::No: break;
  }
  return tr("does not fit");
}

QColor fitColor(Fit fit) {
  const ThemeColors& colors = Theme::instance().colors();
  return fit == Fit::Fits ? colors.text : fit == Fit::Tight ? colors.warning : colors.error;
}

std::vector<PlannedPart> plannedParts(const MemoryParts& parts) {
  const bool dark = Theme::instance().dark();
  const auto shade = [dark](const char* onLight, const char* onDark) {
    return QColor::fromString(QLatin1StringView(dark ? onDark : onLight));
  };
  const std::vector<PlannedPart> all{
      {tr("weights"), tr("The network's parameters and buffers."), parts.weights, shade("#1f6fb2", "#4da3e0")},
      {tr("gradients"), tr("One for each weight that is trained."), parts.gradients, shade("#4f97cf", "#7dbbe8")},
      {tr("optimizer"), tr("Its momentum and squares, for each weight that is trained."), parts.optimizer,
       shade("#7fb0d8", "#a6d0ee")},
      {tr("copies"), tr("Further copies of the model: the moving average, the best so far."), parts.copies,
       shade("#5b8c85", "#7fb8af")},
      {tr("activations"), tr("What the way forward leaves for the way back. It grows with batch and image size."),
       parts.activations, shade("#c9722e", "#e39a5b")},
      {tr("workspace"), tr("What an operation needs while it runs."), parts.workspace, shade("#dba53c", "#e8c374")},
      {tr("batch"), tr("The images that go in, and their targets."), parts.batch, shade("#9a6fb0", "#bd96d1")},
      {tr("cached"), tr("Kept by the allocator beyond what tensors have: it rounds, and leaves gaps."), parts.cached,
       shade("#a9b1aa", "#7c867f")},
      {tr("loader"), tr("Batches that wait for the network, and those that are being made."), parts.loader, shade("#6f8f4e", "#94b572")},
      {tr("overhead"), tr("The process beside its tensors: driver, libraries, their workspaces. An assumption."),
       parts.overhead, shade("#8674bd", "#8f7fc4")},
  };
  std::vector<PlannedPart> there;
  for (const PlannedPart& part : all) {
    if (part.bytes > 0) there.push_back(part);
  }
  return there;
}

QString planSentence(const MemoryParts& parts, const DeviceProfile& profile, quint64 others, Fit fit) {
  const QString name = QString::fromStdString(profile.name);
  const QString here = name.startsWith(kHere) ? tr("here (%1)").arg(name.mid(kHere.size())) : tr("on %1").arg(name);
  const QString needs = tr("Needs about %1 of %2 MiB %3").arg(mib(parts.total()), mib(profile.total), here);
  const QString held = others >= kMib ? tr(", of which other programs hold %1").arg(mib(others)) : QString();
  return needs + held + QStringLiteral(": ") + fitWord(fit) + u'.';
}

QString planTable(const MemoryParts& parts) {
  QString rows;
  for (const PlannedPart& part : plannedParts(parts)) {
    rows += QStringLiteral("<tr><td><font color='%1'>■</font> %2&nbsp;&nbsp;</td><td align='right'>%3&nbsp;&nbsp;</td><td>%4</td></tr>")
                .arg(part.color.name(), part.name.toHtmlEscaped(), tr("%1 MiB").arg(mib(part.bytes)),
                     part.meaning.toHtmlEscaped());
  }
  return QStringLiteral("<table>%1</table>").arg(rows);
}

QString forecastBrief(const MemoryForecast& forecast) {
  if (!forecast.problem().isEmpty()) return tr("memory not known");
  if (!forecast.plan() || forecast.behind()) return tr("planning memory …");
  const QString share = shareWords(forecast.plan()->peak(), forecast.profile().total);
  return (forecast.fit() == Fit::No ? tr("needs %1") : fitWord(forecast.fit()) + QStringLiteral(" %1")).arg(share);
}

QString forecastDetails(const MemoryForecast& forecast) {
  if (!forecast.problem().isEmpty()) return paragraph(tr("Not known: %1").arg(forecast.problem()));
  const RunPlan* plan = forecast.plan();
  if (!plan) return paragraph(tr("How much memory a run of this recipe takes is being planned."));
  QString text = paragraph(planSentence(plan->parts(), forecast.profile(), forecast.others(), forecast.fit()));
  if (plan->stages.size() > 1) text += paragraph(tr("Stage %1 takes most.").arg(plan->stages[plan->worst].stage + 1));
  text += planTable(plan->parts());
  if (forecast.fit() == Fit::No) {
    text += paragraph(tr("A smaller batch with more of them added up for a step, smaller images or another network take less. A second "
                         "press of Start trains it all the same."));
  } else if (forecast.fit() == Fit::Tight) {
    text += paragraph(tr("Above 80 % of the memory little is left for other programs and for what the plan does not know."));
  }
  return text;
}

}  // namespace panicle::ui
