// The epoch table by itself: the newest row, the best one, its columns.
#include "ui/train/epoch_table.h"

#include <QHeaderView>
#include <QScrollBar>
#include <QTest>
#include <string>
#include <vector>

namespace panicle::ui {

class EpochTableTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void theNewestEpochStaysInSight() {
    EpochTable table;
    table.resize(500, 300);
    table.show();
    QVERIFY(QTest::qWaitForWindowExposed(&table));
    const auto inSight = [&table](int row) { return table.viewport()->rect().contains(table.visualItemRect(table.item(row, 0)).center()); };
    EpochRow epoch;
    for (epoch.epoch = 0; epoch.epoch < 30; ++epoch.epoch) table.add(epoch);
    QTRY_VERIFY(inSight(29));
    table.resize(500, 150);
    QTRY_VERIFY(inSight(29));
    table.verticalScrollBar()->triggerAction(QAbstractSlider::SliderToMinimum);  // the user looks at the first
    table.add(epoch);
    QTest::qWait(50);
    QVERIFY(inSight(0));
  }

  // What keeps the best weights says which row is the best.
  void theBestRowIsTheMonitors() {
    EpochTable table;
    const auto rows = [&](const std::string& monitor) {
      table.begin({"error_rate", "f1_macro"}, monitor);
      const double losses[] = {0.5, 0.3, 0.4}, errors[] = {0.2, 0.3, 0.1}, scores[] = {0.9, 0.5, 0.8};
      for (int i = 0; i < 3; ++i) {
        EpochRow row;
        row.epoch = i;
        row.train_loss = 1.0 / (i + 1);
        row.valid_loss = losses[i];
        row.metrics = {{"error_rate", errors[i]}, {"f1_macro", scores[i]}};
        table.add(row);
      }
      return table.bestRow();
    };
    QCOMPARE(rows(""), 2);
    QCOMPARE(rows("valid_loss"), 1);
    QCOMPARE(rows("train_loss"), 2);
    QCOMPARE(rows("f1_macro"), 0);  // more is better
  }

  void manyMetricsKeepTheirWidth() {
    EpochTable table;
    std::vector<std::string> metrics{"error_rate"};
    for (int i = 0; i < 40; ++i) metrics.push_back("recall/a class with a long name " + std::to_string(i));
    table.begin(metrics);
    table.resize(600, 300);
    table.show();
    QVERIFY(QTest::qWaitForWindowExposed(&table));
    EpochRow row;
    for (const std::string& metric : metrics) row.metrics[metric] = 0.123456;
    table.add(row);
    for (int column = 0; column + 2 < table.columnCount(); ++column) {
      const int needed = table.fontMetrics().horizontalAdvance(table.horizontalHeaderItem(column)->text());
      QVERIFY2(table.columnWidth(column) > needed, qPrintable(table.horizontalHeaderItem(column)->text()));
    }
    table.begin({"error_rate"});
    table.add(row);
    int width = 0;
    for (int column = 0; column < table.columnCount(); ++column) width += table.isColumnHidden(column) ? 0 : table.columnWidth(column);
    QVERIFY(width <= table.viewport()->width());
    QVERIFY(width > table.viewport()->width() - 8);
  }
};

}  // namespace panicle::ui

QTEST_MAIN(panicle::ui::EpochTableTest)
#include "epoch_table_test.moc"
