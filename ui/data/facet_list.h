// The values of one facet as bars with counts. Click chooses one, Ctrl-click adds, a click on the only chosen
// one lets go; arrow keys walk, Ctrl+Space adds. Paints only what is visible, so 1,000 classes are no burden.
#pragma once

#include <QColor>
#include <QListView>
#include <QString>
#include <QVector>
#include <vector>

namespace panicle::ui {

struct FacetRow {
  qint64 key = 0;  // the caller's name for it
  QString label;
  quint64 total = 0;  // the length of the faint bar
  quint64 count = 0;  // the solid part: photos that the other facets let through
  QColor color;       // of bar and dot; invalid: no dot, a neutral bar
  QString tip;
};

class FacetModel;

class FacetList : public QListView {
  Q_OBJECT
 public:
  explicit FacetList(const QString& name, QWidget* parent = nullptr);

  // Keeps what is chosen, by key.
  void setRows(std::vector<FacetRow> rows);
  const std::vector<FacetRow>& rows() const;
  QVector<qint64> chosen() const;               // keys
  void setChosen(const QVector<qint64>& keys);  // no signal
  // As tall as its rows, but at most `rows`; 0: as tall as the layout likes, up to all rows.
  void setMaxRows(int rows);

  QSize sizeHint() const override;
  QSize minimumSizeHint() const override;

 Q_SIGNALS:
  void chosenChanged();

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  void fitHeight();

  FacetModel* model_;
  int max_rows_ = 0;
  bool quiet_ = false;
};

}  // namespace panicle::ui
