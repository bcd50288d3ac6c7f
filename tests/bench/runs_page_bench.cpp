// How long the Runs page takes over a workspace of many runs: from its making until its rows are painted, and from a letter typed into the
// filter until the table is painted again. Exit status 1 when it opens in more than 300 ms, or a letter takes more than 50 ms.
//
//   runs_page_bench WORKSPACE        (QT_QPA_PLATFORM=offscreen does)
#include <QAbstractItemModel>
#include <QApplication>
#include <QEventLoop>
#include <QLineEdit>
#include <QTableView>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <vector>

#include "ui/runs/runs_page.h"
#include "ui/runs/runs_table.h"
#include "ui/shared/page.h"
#include "ui/shared/session.h"
#include "ui/shared/theme.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace panicle::ui;

constexpr double kOpens = 300;   // ms
constexpr double kFilters = 50;
constexpr auto kPatience = std::chrono::seconds(60);

double millisecondsSince(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

// Sees that what it watches has been painted.
class Painted : public QObject {
 public:
  explicit Painted(QWidget& widget) { widget.installEventFilter(this); }
  int times = 0;

 protected:
  bool eventFilter(QObject*, QEvent* event) override {
    if (event->type() == QEvent::Paint) ++times;
    return false;
  }
};

template <typename Done>
bool waitFor(Done done) {
  const auto start = Clock::now();
  while (!done()) {
    if (Clock::now() - start > kPatience) return false;
    QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents | QEventLoop::AllEvents, 5);
  }
  return true;
}

// The longest of a letter, ms.
double typeQuery(QLineEdit& box, QTableView& table, const QString& query) {
  Painted painted(*table.viewport());
  double longest = 0;
  for (qsizetype length = 0; length <= query.size(); ++length) {
    const int before = painted.times;
    const auto start = Clock::now();
    box.setText(query.left(length));
    table.viewport()->repaint();
    if (painted.times == before && table.isVisible()) return -1;
    longest = std::max(longest, millisecondsSince(start));
    QCoreApplication::processEvents();
  }
  std::printf("  %-36s %8lld rows  %6.1f ms\n", qPrintable(query), static_cast<long long>(table.model()->rowCount()), longest);
  box.clear();
  return longest;
}

int measure(const std::filesystem::path& workspace) {
  Session session(std::make_unique<panicle::RunStore>(workspace));
  QCoreApplication::processEvents();
  const auto start = Clock::now();
  const std::unique_ptr<Page> page(makeRunsPage(session, nullptr));
  page->resize(1280, 800);
  page->show();
  auto* table = page->findChild<RunsTable*>();
  const double made = millisecondsSince(start);
  if (!waitFor([&] { return table->model()->rowCount() > 0 && table->isVisible(); })) {
    std::fprintf(stderr, "error: %s has no runs\n", workspace.c_str());
    return 1;
  }
  table->viewport()->repaint();
  const double opened = millisecondsSince(start);
  std::printf("runs: %d\npage made in %.1f ms, its rows painted after %.1f ms\nlongest time of a letter of a filter:\n", table->model()->rowCount(), made, opened);
  auto* box = static_cast<QLineEdit*>(page->filterWidget());
  double longest = 0;
  for (const char* query : {"resnet", "arch:convnext error<5%", "-status:failed epochs>=12 vit", "zzzz", "starred tag:baseline"}) {
    longest = std::max(longest, typeQuery(*box, *table, QString::fromUtf8(query)));
  }
  double sorted = 0;
  for (int column : {0, 4, 7, 16}) {
    const auto begin = Clock::now();
    table->sortByColumn(column, Qt::AscendingOrder);
    table->viewport()->repaint();
    sorted = std::max(sorted, millisecondsSince(begin));
  }
  std::printf("longest sort: %.1f ms\nopens in %.1f ms (at most %.0f), filters in %.1f ms (at most %.0f)\n", sorted, opened, kOpens, longest, kFilters);
  return opened <= kOpens && longest <= kFilters ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  QApplication app(argc, argv);
  if (argc != 2) {
    std::fprintf(stderr, "usage: runs_page_bench WORKSPACE\n");
    return 2;
  }
  Theme::instance().use(ThemeChoice::Light);
  try {
    return measure(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
