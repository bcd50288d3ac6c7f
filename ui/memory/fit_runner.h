// Finds the cells of the fit table, in a job: those that are missing, as long as somebody looks. Lives on the GUI
// thread.
#pragma once

#include <QObject>
#include <QTimer>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/runs/fit_table.h"

namespace panicle::ui {

class Jobs;

struct FitRequest {
  RunSpec base;  // memorySpec() of the recipe
  std::int64_t outputs = 10;
  DeviceProfile profile;
  std::vector<std::string> architectures;  // found in this order
  std::vector<Size> sizes;
  std::vector<int> batches;  // micro-batches, largest first: the first that fits is the cell's, else the last
  int effective = 64;
  quint64 others = 0;       // what other programs hold of the profile's memory, bytes
  std::uint64_t images = 0;  // that an epoch trains on; 0: not known
  std::vector<MeasuredStep> measured;  // on the profile's device
};

// Whether the cells of one are those of the other; what other programs hold changes all the time and does not count.
bool sameCells(const FitRequest& a, const FitRequest& b);

// Micro-batches of `effective` images a step: halves, as accum doubles, down to two images, the least that is
// trained on.
std::vector<int> microBatches(int effective);

class FitRunner : public QObject {
  Q_OBJECT
 public:
  using Table = std::function<void(const RunSpec&, std::int64_t outputs, const DeviceProfile&, const FitTableOptions&,
                                   const std::function<void(const FitCell&)>& onCell, std::stop_token)>;
  using Cells = std::map<std::pair<std::string, std::pair<int, int>>, std::vector<FitCell>>;

  static Table fitCells();  // core's fitTable()

  explicit FitRunner(Jobs& jobs, Table table = fitCells(), QObject* parent = nullptr);
  ~FitRunner() override;

  // Forgets the cells of another request; goes on where this one was paused.
  void start(const FitRequest& request);
  void pause();

  // What was tried of an architecture at a size, largest micro-batch first; null before.
  const std::vector<FitCell>* find(const std::string& architecture, Size size) const;
  const Cells& cells() const { return cells_; }
  bool running() const { return job_ != 0; }
  std::size_t done() const { return cells_.size(); }
  std::size_t total() const { return request_.architectures.size() * request_.sizes.size(); }

 Q_SIGNALS:
  void changed();                       // cells, or whether it runs
  void failed(const QString& problem);

 private:
  struct Basket;

  std::vector<std::pair<std::string, Size>> missing() const;
  void collect();
  void ended();

  Jobs& jobs_;
  Table table_;
  FitRequest request_;
  Cells cells_;
  std::shared_ptr<Basket> basket_;
  QTimer collector_;
  quint64 job_ = 0;
};

}  // namespace panicle::ui
