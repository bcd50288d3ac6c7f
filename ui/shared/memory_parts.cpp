#include "ui/shared/memory_parts.h"

#include <QCoreApplication>
#include <algorithm>

#include "core/memory/device_profile.h"
#include "ui/shared/theme.h"

namespace panicle::ui {
namespace {

QString tr(const char* text) {
  return QCoreApplication::translate("MemoryParts", text);
}

quint64 less(quint64 whole, quint64 part) {
  return whole > part ? whole - part : 0;
}

MemoryPart tensorPart(quint64 bytes) {
  return {MemoryPart::Kind::Tensors, tr("tensors"), tr("Weights, gradients, activations and the optimizer's memory."), bytes};
}

MemoryPart othersPart(quint64 bytes) {
  return {MemoryPart::Kind::Others, tr("others"), tr("Held by other programs."), bytes};
}

}  // namespace

std::vector<MemoryPart> memoryParts(const MemoryReading& reading) {
  std::vector<MemoryPart> parts;
  const quint64 process = std::min<quint64>(reading.used_by_process, reading.total);
  const quint64 reserved = std::min<quint64>(std::max(reading.reserved, reading.tensors), process);
  const quint64 tensors = std::min<quint64>(reading.tensors, reserved);
  parts.push_back(tensorPart(tensors));
  if (reading.cuda) {
    parts.push_back({MemoryPart::Kind::Cached, tr("cached"),
                     tr("Kept by the allocator for the next tensors; given back when it is short."), reserved - tensors});
    parts.push_back({MemoryPart::Kind::Process, tr("context"),
                     tr("The driver's context and the libraries' code and workspaces."), process - reserved});
  } else {
    parts.push_back({MemoryPart::Kind::Process, tr("rest of Panicle"),
                     tr("The program itself, its libraries, and photos that are decoded ahead or shown."), process - tensors});
  }
  const quint64 others = std::min<quint64>(reading.used_by_others, reading.total - process);
  parts.push_back(othersPart(others));
  parts.push_back({MemoryPart::Kind::Free, tr("free"), tr("What new work can take."), less(reading.total, process + others)});
  return parts;
}

QColor partColor(MemoryPart::Kind kind, bool dark) {
  switch (kind) {
    case MemoryPart::Kind::Tensors: return dark ? QColor(0x4d, 0xa3, 0xe0) : QColor(0x1f, 0x6f, 0xb2);
    case MemoryPart::Kind::Cached: return dark ? QColor(0x7d, 0x9c, 0xb8) : QColor(0x7f, 0xb0, 0xd8);
    case MemoryPart::Kind::Process: return dark ? QColor(0x8f, 0x7f, 0xc4) : QColor(0x86, 0x74, 0xbd);
    case MemoryPart::Kind::Others: return dark ? QColor(0x63, 0x6c, 0x66) : QColor(0xa9, 0xb1, 0xaa);
    case MemoryPart::Kind::Free: break;
  }
  return Theme::colors(dark).base;
}

double takenShare(const MemoryReading& reading) {
  if (reading.total == 0) return 0;
  return static_cast<double>(reading.used_by_process + reading.used_by_others) / static_cast<double>(reading.total);
}

QColor takenColor(double share) {
  const ThemeColors& colors = Theme::instance().colors();
  return share >= kFullShare ? colors.error : share >= kTightShare ? colors.warning : colors.text;
}

QString memoryHeadline(const MemoryReading& reading) {
  if (reading.total == 0) return tr("reading memory");
  return tr("%1 of %2").arg(formatBytes(reading.used_by_process), formatBytes(reading.total));
}

QString memoryTooltip(const MemoryReading& reading, std::optional<quint64> expected) {
  QString rows;
  const bool dark = Theme::instance().dark();
  for (const MemoryPart& part : memoryParts(reading)) {
    rows += QStringLiteral("<tr><td><font color='%1'>■</font> %2&nbsp;&nbsp;</td><td align='right'>%3&nbsp;&nbsp;</td><td>%4</td></tr>")
                .arg(part.kind == MemoryPart::Kind::Free ? Theme::instance().colors().border.name() : partColor(part.kind, dark).name(),
                     part.name, formatBytes(part.bytes), part.meaning);
  }
  const QString device = QString::fromStdString(reading.device).toHtmlEscaped();
  const double share = takenShare(reading);
  const QString full = QStringLiteral("<font color='%1'>%2</font>")
                           .arg(takenColor(share).name(), tr("%1 of it is taken.").arg(formatPercent(share)));
  return QStringLiteral("<p><b>%1</b><br>%2</p><table>%3</table><p>%4</p><p>%5</p>")
      .arg(reading.cuda ? tr("Memory of %1").arg(device) : tr("Memory of this machine"), full, rows,
           tr("Highest since the start: Panicle %1, tensors %2.")
               .arg(formatBytes(reading.process_peak), formatBytes(reading.tensors_peak)),
           (expected ? tr("The arrow below the bar stands at the %1 that the run is planned to take, or the recipe while none is on. ")
                          .arg(formatBytes(*expected))
                     : QString()) +
               tr("The marks stand at 80 %, from where it is tight, and at 95 %. The curve is the last minute: the line is Panicle, the "
                  "filled part its tensors. Click for the Memory page."));
}

}  // namespace panicle::ui
