// Where the submission goes: the path, the button that writes it, and what came of it. An existing file is asked about here,
// in place.
#pragma once

#include <QWidget>
#include <memory>

#include "ui/submit/submission_check.h"

class QLabel;
class QPushButton;

namespace panicle::ui {

class PathField;
class Session;

class WritePanel : public QWidget {
  Q_OBJECT
 public:
  explicit WritePanel(Session& session, QWidget* parent = nullptr);

  // Proposes <workspace>/submissions/<run>-<arch>.csv unless the user has named a file.
  void setRun(const RunChoice& run);
  void setReport(std::shared_ptr<const SubmissionReport> report);  // null: nothing to write yet
  bool asking() const;
  void keep();                 // do not overwrite

 private:
  void build();
  void write();
  void writeNow();
  void written(const QString& file, std::size_t rows);
  void failed(const QString& message);
  void reset();                // forgets the last outcome

  Session& session_;
  std::shared_ptr<const SubmissionReport> report_;
  bool named_ = false;         // the path is the user's
  bool writing_ = false;
  QString file_;               // the last one written

  PathField* path_;
  QPushButton* write_;
  QWidget* question_;
  QLabel* questionText_;
  QPushButton* overwrite_;
  QPushButton* keep_;
  QWidget* outcome_;
  QLabel* outcomeText_;
  QPushButton* copy_;
  QPushButton* open_;
};

}  // namespace panicle::ui
