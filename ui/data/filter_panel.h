// The left side of the Data page: classes, split, size, orientation and problems as facets of one kind.
#pragma once

#include <QString>
#include <QWidget>
#include <array>
#include <memory>

#include "core/data/census.h"
#include "ui/data/photo_filter.h"

class QLabel;
class QToolButton;
class QVBoxLayout;

namespace panicle::ui {

class FacetList;

class FilterPanel : public QWidget {
  Q_OBJECT
 public:
  explicit FilterPanel(QWidget* parent = nullptr);

  // Starts afresh, with nothing chosen. Null: no data set is open.
  void setDataset(std::shared_ptr<const Dataset> dataset);
  // Photos in each part; `problem` says why there is no split, or is empty.
  void setParts(const std::array<std::uint32_t, kParts>& totals, const QString& problem);
  void setCensus(std::shared_ptr<const Census> census);  // null: it is being taken
  // `facts`: whether sizes and orientations have been counted too.
  void setCounts(const FacetCounts& counts, bool facts);

  PhotoFilter filter() const;                 // without the words
  void setFilter(const PhotoFilter& filter);  // no signal

 Q_SIGNALS:
  void changed();

 private:
  struct Facet {
    QLabel* note = nullptr;  // shown while there is nothing to choose from, or more than is listed
    FacetList* list = nullptr;
  };

  Facet addFacet(QVBoxLayout* layout, const QString& title, const QString& help, int max_rows);
  void addClasses(QVBoxLayout* layout);
  void showClasses();
  void showParts();
  void showSizes();
  void showOrientations();
  void showProblems();
  void note(const Facet& facet, const QString& text);

  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<const Census> census_;
  std::array<std::uint32_t, kParts> part_totals_{};
  std::vector<std::size_t> class_totals_;
  FacetCounts counts_;
  bool have_counts_ = false;
  bool have_facts_ = false;
  QString split_problem_;
  std::set<PhotoSize> chosen_sizes_;  // listed even when they are rare

  QWidget* facets_ = nullptr;
  QLabel* class_title_ = nullptr;
  QToolButton* sort_ = nullptr;
  Facet classes_;
  Facet parts_;
  Facet sizes_;
  Facet orientations_;
  Facet problems_;
};

}  // namespace panicle::ui
