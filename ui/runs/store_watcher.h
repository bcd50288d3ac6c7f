// Asks the store, away from the GUI thread, whether another program has changed what it holds: a run of the command line, a second window.
#pragma once

#include <QObject>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/runs/run_store.h"

namespace panicle::ui {

class StoreWatcher : public QObject {
  Q_OBJECT
 public:
  explicit StoreWatcher(const RunStore& store, QObject* parent = nullptr);
  ~StoreWatcher() override;

 Q_SIGNALS:
  void changed();

 private:
  void watch(std::stop_token stop);

  const RunStore& store_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace panicle::ui
