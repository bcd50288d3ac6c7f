// The architectures as a table: what they are, what they cost at the recipe's size, where their weights are.
#pragma once

#include <QAbstractTableModel>

#include "core/models/architecture.h"

namespace panicle::ui {

class MeasuredCosts;
class Session;
class WeightDownloads;

// The name under which findArchitecture() knows the weights, and what timm 0.6 calls the architecture for its
// first.
QString weightsName(const Architecture& architecture, const Pretrained& pretrained);

// What is there of the weights, in a word or two ("workspace", "43 %", "downloadable"), and a sentence or
// two.
struct WeightWords {
  enum class Rank { Found, Downloading, Begun, Downloadable, Absent, Unknown };
  Rank rank = Rank::Unknown;
  QString brief;
  QString sentence;
};
WeightWords weightWords(const Architecture& architecture, const Pretrained& pretrained, Session& session,
                        const WeightDownloads& downloads);

class ModelTable : public QAbstractTableModel {
  Q_OBJECT
 public:
  enum Column {
    Name,
    Family,
    Parameters,
    Input,
    Takes,
    Multiplications,
    Weights,
    Seconds,
    Memory,
    Finding,
    Columns
  };
  static constexpr int kSortRole = Qt::UserRole;
  static constexpr int kSearchRole = Qt::UserRole + 1;

  ModelTable(Session& session, const WeightDownloads& downloads, const MeasuredCosts& costs,
             QObject* parent = nullptr);

  const Architecture& at(int row) const;
  int rowOf(const Architecture& architecture) const;
  void refresh();  // everything but the rows may have changed

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

 private:
  QString text(const Architecture& architecture, int column) const;
  QString tip(const Architecture& architecture, int column) const;
  QString costTip(const Architecture& architecture) const;
  QVariant key(const Architecture& architecture, int column) const;
  QString searchText(const Architecture& architecture) const;
  Size size() const;
  WeightWords weights(const Architecture& architecture) const;

  Session& session_;
  const WeightDownloads& downloads_;
  const MeasuredCosts& costs_;
};

}  // namespace panicle::ui
