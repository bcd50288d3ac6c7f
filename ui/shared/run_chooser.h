// Chooses among the runs that have kept predictions, newest first. Follows the store; while the newest run is chosen, a newer
// one takes its place.
#pragma once

#include <QComboBox>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace panicle {
struct RunRecord;
}  // namespace panicle

namespace panicle::ui {

class Session;

// One of the sets of predictions that a run has kept.
struct KeptPredictions {
  QString target;                     // the label column
  std::string stem;                   // of the files: "valid", "valid_tta.variety"
  bool number = false;                // of a target that is one; else of classes
  bool tta = false;

  friend bool operator==(const KeptPredictions&, const KeptPredictions&) = default;
};

// What the pages need to know of a run before they read its predictions.
struct RunChoice {
  QString id;
  QString name;
  QString arch;
  std::filesystem::path folder;
  std::filesystem::path root;         // of its photos
  int epochs = 0;                     // trained
  std::optional<double> error_rate;   // of the kept model
  std::vector<KeptPredictions> kept;  // the label's plain ones first

  QString title() const;              // "run 12, fast trial" or "run 12"
  friend bool operator==(const RunChoice&, const RunChoice&) = default;
};

class RunChooser : public QComboBox {
  Q_OBJECT
 public:
  // `stem`: "valid" or "test", the predictions that a run must have.
  RunChooser(Session& session, std::string stem, QWidget* parent = nullptr);

  const RunChoice* current() const;   // null: there is none
  bool listed() const { return listed_; }  // false until the store has been read for the first time
  bool choose(const QString& run);    // false when the run is not in the list

 Q_SIGNALS:
  void runChanged();                  // another one is current, or none is left; also after the first listing

 private:
  void list(std::vector<RunChoice> choices);

  std::vector<RunChoice> choices_;
  QString currentRun_;
  bool listed_ = false;
};

}  // namespace panicle::ui
