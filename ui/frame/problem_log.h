// Everything that went wrong or needs a look, gathered for the bar and the list.
#pragma once

#include <QObject>
#include <QString>
#include <QVector>

namespace panicle::ui {

class Session;

struct Problem {
  enum class Kind {
    Error,
    Notice,   // a warning about this machine or of what a recipe became here: it stands in the bar, and another data set does not end it
    Warning,  // of the data set or a run: it stands in the list alone
  };
  Kind kind = Kind::Error;
  QString text;
  QString cause;  // of what goes when it is mended; else ""
};

class ProblemLog : public QObject {
  Q_OBJECT
 public:
  static constexpr int kMax = 500;  // the newest are kept

  explicit ProblemLog(Session& session, QObject* parent = nullptr);

  const QVector<Problem>& problems() const { return problems_; }
  int count() const { return static_cast<int>(problems_.size()); }
  // What is there already moves to the end.
  void add(Problem::Kind kind, const QString& text, const QString& cause = {});
  void end(const QString& cause);
  bool contains(const QString& text) const;
  void clear();

 Q_SIGNALS:
  void changed();
  void added(const panicle::ui::Problem& problem);

 private:
  void dropWarnings();  // of the data set that was open before

  QVector<Problem> problems_;
};

}  // namespace panicle::ui
