#include "ui/runs/store_watcher.h"

#include <QMetaObject>
#include <chrono>
#include <optional>

#include "core/base/error.h"
#include "core/base/thread_name.h"

namespace panicle::ui {
namespace {

constexpr std::chrono::seconds kEvery(2);

}  // namespace

StoreWatcher::StoreWatcher(const RunStore& store, QObject* parent)
    : QObject(parent), store_(store), thread_([this](std::stop_token stop) { watch(stop); }) {}

StoreWatcher::~StoreWatcher() {
  thread_.request_stop();
  thread_.join();
}

void StoreWatcher::watch(std::stop_token stop) {
  nameThread("runs watch");
  std::optional<std::uint64_t> known;
  while (!stop.stop_requested()) {
    try {
      const std::uint64_t now = store_.changes();
      if (known && now != *known) QMetaObject::invokeMethod(this, &StoreWatcher::changed, Qt::QueuedConnection);
      known = now;
    } catch (const Error&) {
      // The store is busy or out of reach: whoever reads it for the user says so.
    }
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kEvery, [] { return false; });
  }
}

}  // namespace panicle::ui
