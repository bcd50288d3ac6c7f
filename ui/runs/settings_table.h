// Runs beside each other, a column each: what came of them, over seeds too, and below it only the settings that differ.
#pragma once

#include <QTableWidget>
#include <memory>

#include "ui/runs/comparison.h"

namespace panicle::ui {

class SettingsTable : public QTableWidget {
  Q_OBJECT
 public:
  explicit SettingsTable(QWidget* parent = nullptr);

  void setComparison(std::shared_ptr<const Comparison> comparison);
  QString toText() const;  // tab-separated, with the header

 protected:
  void keyPressEvent(QKeyEvent* event) override;  // Ctrl+C copies the table

 private:
  void addHeading(const QString& text);
  void addRow(const QString& label, const QString& tip, const QStringList& values);
  void addResults();
  void addSpread();
  void addSettings();

  std::shared_ptr<const Comparison> comparison_;
};

}  // namespace panicle::ui
