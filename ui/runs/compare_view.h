// Two to twelve runs side by side: their curves over each other, what differs in their settings, and the photos that changed sides.
#pragma once

#include <QWidget>
#include <memory>
#include <string>
#include <vector>

#include "ui/runs/comparison.h"

class QCheckBox;
class QComboBox;
class QStackedWidget;
class QTabWidget;

namespace panicle::ui {

class EmptyState;
class OverlayPanel;
class PairedPanel;
class Session;
class SettingsTable;

class CompareView : public QWidget {
  Q_OBJECT
 public:
  explicit CompareView(Session& session, QWidget* parent = nullptr);

  // In the order of their ticks. Reads them in a job; while it does, what was there before stays.
  void setRuns(const std::vector<std::string>& ids);
  void refresh();   // they may have changed in the store
  std::shared_ptr<const Comparison> comparison() const { return comparison_; }
  QTabWidget* tabs() const { return tabs_; }

 private:
  QWidget* makeHeader();
  QWidget* makeCurves();
  OverlayPanel* makePanel(const QString& name, const QString& key, const char* wanted);
  void read();
  void show(std::shared_ptr<const Comparison> comparison);
  void drawCurves();
  void showHint();

  Session& session_;
  std::vector<std::string> ids_;
  std::string first_;        // that the others are compared with
  quint64 job_ = 0;          // 0: none
  bool stale_ = false;       // changed while it was read
  std::shared_ptr<const Comparison> comparison_;
  QComboBox* baseline_;
  QCheckBox* seeds_;
  OverlayPanel* left_;
  OverlayPanel* right_;
  SettingsTable* settings_;
  PairedPanel* photos_;
  QTabWidget* tabs_;
  EmptyState* hint_;
  QStackedWidget* stack_;
};

}  // namespace panicle::ui
