#include "ui/shared/session.h"

#include <QFileInfo>
#include <QSettings>
#include <QTimer>
#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/runs/planner_error.h"
#include "ui/shared/data_reading.h"
#include "ui/shared/field_editor.h"
#include "ui/shared/field_rules.h"
#include "ui/shared/jobs.h"
#include "ui/shared/lane_runs.h"
#include "ui/shared/memory_forecast.h"
#include "ui/shared/memory_profiles.h"
#include "ui/shared/memory_sampler.h"
#include "ui/shared/memory_words.h"
#include "ui/shared/photo_targets.h"
#include "ui/shared/recipe_history.h"
#include "ui/shared/run_controller.h"
#include "ui/shared/weight_states.h"

namespace panicle::ui {
namespace {

constexpr int kMaxRecent = 10;
constexpr int kSaveRecipeMs = 500;
const QLatin1StringView kRecentKey("recent/datasets");
const QLatin1StringView kRecipeKey("recipe");
// Causes of what tell() says.
const QLatin1StringView kDataCause("data"), kRecipeCause("recipe"), kMemoryCause("memory"), kDeviceCause("device");

QSettings userSettings() {
  return QSettings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("Panicle"), QStringLiteral("panicle"));
}

// The fields that say which files are read; the others (split, subset, policies) leave what is on show as it is.
Json dataSource(const DataOptions& data) {
  Json source = toJson(data);
  for (const char* key : {"split", "subset", "bad_images", "exif"}) source.erase(key);
  return source;
}

QString shortName(const QString& path) {
  const QString name = QFileInfo(path).fileName();
  return name.isEmpty() ? path : name;
}

// With what runs of the workspace took beside their tensors.
std::vector<DeviceProfile> learnedProfiles(const RunStore& store) {
  std::vector<DeviceProfile> profiles = deviceProfiles();
  const std::vector<MeasuredRun> runs = store.measuredRuns();
  for (DeviceProfile& profile : profiles) learnOverhead(profile, runs);
  return profiles;
}

}  // namespace

struct Session::Impl {
  Impl(Session* owner, std::unique_ptr<RunStore> runStore)
      : self(owner),
        store(std::move(runStore)),
        settings(QString::fromStdString((store->workspace() / "window.ini").string()), QSettings::IniFormat),
        jobs(owner),
        runs(*store, owner),
        lanes(*store, owner),
        weights(jobs, store->workspace()),
        profiles(jobs, settings, [runs = store.get()] { return learnedProfiles(*runs); }),
        forecast(jobs, profiles) {
    saveTimer.setSingleShot(true);
    saveTimer.setInterval(kSaveRecipeMs);
    QObject::connect(&saveTimer, &QTimer::timeout, self, [this] { saveRecipe(); });
  }

  void loadRecipe() {
    const std::string text = settings.value(kRecipeKey).toString().toStdString();
    if (text.empty()) return;
    try {
      recipes.reset(specFromJson(parseJson(text, "the last recipe"), "the last recipe"));
    } catch (const Error&) {
      // Written by another version: the defaults are as good a start, and the next change writes a good one.
    }
  }

  void saveRecipe() {
    settings.setValue(kRecipeKey, QString::fromStdString(specToJson(recipes.current()).dump()));
  }

  void recipeMoved() {
    problems.reset();
    saveTimer.start();
    Q_EMIT self->recipeChanged();
    followRecipe();
  }

  // Undo of an opening, or another CSV column in the form: what is on show is what the recipe would train on.
  void followRecipe() {
    const DataOptions& data = recipes.current().data;
    if (data.root.empty() || dataSource(data) == source) return;
    scan(data, {});
  }

  // `opened` is the path to remember, empty when the recipe led here.
  void scan(DataOptions options, const QString& opened) {
    options.subset = {};
    source = dataSource(options);
    jobs.cancel(scanJob);
    jobs.cancel(censusJob);
    const QString name = shortName(QString::fromStdString(options.root));
    scanning = true;
    scanJob = jobs.start(
        self, Session::tr("Reading %1").arg(name),
        [options](std::stop_token stop, const Progress& progress) { return readData(options, stop, progress); },
        [this, options, opened](const ReadData& read) {
          if (read.dataset) adopt(read.dataset, options, opened);
          tellData(read, options);
          if (!read.dataset) fail(read, opened);
        });
  }

  // What is wrong stands at its fields as long as the recipe reads the data like this, and in the bar until the data is read without it.
  void tellData(const ReadData& read, const DataOptions& options) {
    scanning = false;
    dataProblems = read.problems();
    problemSource = dataSource(options);
    problems.reset();
    const FieldLabels labels = fieldLabels(recipes.current());
    QStringList words;
    for (const QString& problem : read.missing) words << inLabels(problem, labels);
    if (words.isEmpty() && !read.failure.isEmpty()) words << inLabels(read.failure, labels);
    self->tell(kDataCause, words.join(u'\n'), Weight::Error);
    Q_EMIT self->draftProblemsChanged();
  }

  void fail(const ReadData& read, const QString& opened) {
    // A failed opening leaves the recipe at what is on show; a failed change of the recipe is not tried over and over.
    if (!opened.isEmpty() && dataset) source = dataSource(shown);
    Q_EMIT self->datasetFailed(inLabels(read.failure, fieldLabels(recipes.current())));
  }

  void adopt(std::shared_ptr<const Dataset> loaded, const DataOptions& options, const QString& opened) {
    scanning = false;
    dataset = std::move(loaded);
    census.reset();
    keepSelection(shown.root == options.root);
    shown = options;
    if (!opened.isEmpty()) {
      remember(opened);
      RunSpec spec = recipes.current();
      const SubsetOptions subset = spec.data.root == options.root ? spec.data.subset : SubsetOptions{};
      spec.data = options;
      spec.data.subset = subset;
      self->setRecipe(spec, Session::tr("Open %1").arg(shortName(opened)));
    }
    problems.reset();
    Q_EMIT self->datasetChanged();
    Q_EMIT self->selectionChanged();
    Q_EMIT self->currentPhotoChanged();
    takeCensus();
  }

  // The photos that are selected, as the data set now has them: with the labels of another column.
  void keepSelection(bool sameFolder) {
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; sameFolder && i < selection.size(); ++i) places.emplace(selection[i].path.toStdString(), i);
    std::vector<const Item*> found(selection.size());
    for (const std::vector<Item>* items : {&dataset->items, &dataset->test}) {
      if (places.empty()) break;
      for (const Item& item : *items) {
        if (const auto place = places.find(item.path); place != places.end()) found[place->second] = &item;
      }
    }
    const int before = std::exchange(current, -1);
    std::vector<Photo> kept;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!found[i]) continue;
      if (static_cast<int>(i) == before) current = static_cast<int>(kept.size());
      kept.push_back(self->photo(*found[i]));
    }
    selection = std::move(kept);
  }

  void takeCensus() {
    const DecodeOptions decode{.exif = recipes.current().data.exif};
    censusJob = jobs.start(
        self, Session::tr("Looking at every photo of %1").arg(shortName(QString::fromStdString(dataset->root.string()))),
        [data = dataset, decode](std::stop_token stop, const Progress& progress) {
          return std::make_shared<const Census>(panicle::takeCensus(*data, decode, 0, stop, progress));
        },
        [this](std::shared_ptr<const Census> taken) {
          census = std::move(taken);
          Q_EMIT self->censusChanged();
        });
  }

  QStringList findProblems() const {
    const RunSpec& recipe = recipes.current();
    QStringList found = draftProblems;
    const bool nothingOpen = recipe.data.root.empty();
    if (nothingOpen) found << Session::tr("No data set is open: open a folder or a CSV first.");
    bool noFolder = nothingOpen;
    for (const std::string& problem : check(recipe)) {
      const bool ofFolder = problem.starts_with("data.root");
      if (!nothingOpen || !ofFolder) found << QString::fromStdString(problem);
      noFolder = noFolder || ofFolder;
    }
    const Json now = dataSource(recipe.data);
    if (now == problemSource && !noFolder) {
      for (const QString& problem : dataProblems) {
        if (!found.contains(problem)) found << problem;
      }
    }
    const SplitOptions& split = recipe.data.split;
    const bool byColumn = split.kind == SplitKind::Column && !split.column.empty();
    if (byColumn && dataset && now == dataSource(shown) && !dataset->column(split.column)) {
      found << QStringLiteral("data.split.column: ") + noSuchColumn(split.column, Session::tr("the label table"), dataset->column_names);
    }
    return found;
  }

  void remember(const QString& path) {
    QSettings user = userSettings();
    QStringList recent = user.value(kRecentKey).toStringList();
    recent.removeAll(path);
    recent.prepend(path);
    user.setValue(kRecentKey, recent.mid(0, kMaxRecent));
  }

  void runEvents(const std::vector<TrainEvent>& events) {
    const bool stored = std::any_of(events.begin(), events.end(), [](const TrainEvent& event) {
      return std::holds_alternative<RunStarted>(event) || std::holds_alternative<EpochEnded>(event);
    });
    if (stored) Q_EMIT self->runsChanged();
  }

  Session* self;
  std::unique_ptr<RunStore> store;
  QSettings settings;
  RecipeHistory recipes;
  QStringList draftProblems;
  QStringList dataProblems;  // of reading the data as `problemSource` says
  Json problemSource;
  std::optional<QStringList> problems;  // of the recipe; computed when asked for
  QTimer saveTimer;
  std::shared_ptr<const Dataset> dataset;
  std::shared_ptr<const Census> census;
  DataOptions shown;   // how `dataset` was read
  Json source;         // what the running or last scan reads
  bool scanning = false;
  quint64 scanJob = 0;
  quint64 censusJob = 0;
  std::vector<Photo> selection;
  int current = -1;
  // Last, so that they end their threads before anything above goes.
  Jobs jobs;
  RunController runs;
  LaneRuns lanes;
  WeightStates weights;
  MemoryProfiles profiles;
  MemoryForecast forecast;
  MemorySampler memory;
};

Session::Session(std::unique_ptr<RunStore> store, QObject* parent)
    : QObject(parent), impl_(std::make_unique<Impl>(this, std::move(store))) {
  impl_->loadRecipe();
  connect(&impl_->jobs, &Jobs::problem, this, &Session::report);
  connect(&impl_->runs, &RunController::events, this,
          [this](const std::vector<TrainEvent>& events) { impl_->runEvents(events); });
  const auto plan = [this] { impl_->forecast.setRecipe(recipe(), headOutputs(impl_->dataset.get(), recipe())); };
  connect(this, &Session::recipeChanged, this, plan);
  connect(this, &Session::datasetChanged, this, plan);
  connect(&impl_->memory, &MemorySampler::sampled, &impl_->forecast, &MemoryForecast::setReading);
  connect(&impl_->forecast, &MemoryForecast::changed, this, [this] {
    if (!impl_->forecast.refused()) tell(kMemoryCause, {}, Weight::Notice);
  });
  plan();
  connect(this, &Session::runsChanged, &impl_->profiles, &MemoryProfiles::lookAgain);
  connect(&impl_->runs, &RunController::ended, this, [this](const QString&, RunStatus status, const QString& message) {
    impl_->forecast.forgetRun();
    Q_EMIT runsChanged();
    if (status == RunStatus::Failed) report(message);
  });
  connect(&impl_->lanes, &LaneRuns::events, this,
          [this](const QString&, const std::vector<TrainEvent>& events) { impl_->runEvents(events); });
  connect(&impl_->lanes, &LaneRuns::ended, this, [this](const QString& lane, RunStatus status, const QString& message) {
    Q_EMIT runsChanged();
    if (status == RunStatus::Failed) report(tr("A run of the queue failed on %1: %2").arg(lane, message));
  });
}

Session::~Session() {
  if (impl_->saveTimer.isActive()) impl_->saveRecipe();
}

RunStore& Session::store() {
  return *impl_->store;
}

Jobs& Session::jobs() {
  return impl_->jobs;
}

RunController& Session::runs() {
  return impl_->runs;
}

LaneRuns& Session::laneRuns() {
  return impl_->lanes;
}

WeightStates& Session::weights() {
  return impl_->weights;
}

MemorySampler& Session::memory() {
  return impl_->memory;
}

MemoryProfiles& Session::memoryProfiles() {
  return impl_->profiles;
}

MemoryForecast& Session::forecast() {
  return impl_->forecast;
}

QSettings& Session::settings() {
  return impl_->settings;
}

void Session::openDataset(const QString& folderOrCsv) {
  const QString path = QFileInfo(folderOrCsv).absoluteFilePath();
  DataOptions options = recipe().data;
  if (options.root != path.toStdString()) {
    // Columns and files of another data set mean nothing here; how to split and what to do with bad images still does.
    DataOptions fresh;
    fresh.root = path.toStdString();
    fresh.exif = options.exif;
    fresh.bad_images = options.bad_images;
    fresh.split = options.split;
    options = fresh;
  }
  impl_->scan(options, path);
}

bool Session::opening() const {
  return impl_->scanning;
}

std::shared_ptr<const Dataset> Session::dataset() const {
  return impl_->dataset;
}

std::shared_ptr<const Census> Session::census() const {
  return impl_->census;
}

QStringList Session::recent() const {
  return userSettings().value(kRecentKey).toStringList();
}

Photo Session::photo(const Item& item) const {
  Photo photo;
  photo.id = QString::fromStdString(item.id);
  photo.path = QString::fromStdString(item.path);
  photo.target = item.target;
  if (!impl_->dataset) return photo;
  photo.file = QString::fromStdString(impl_->dataset->file(item).string());
  const Vocab& vocab = impl_->dataset->vocab;
  if (item.target >= 0 && static_cast<std::size_t>(item.target) < vocab.size()) {
    photo.label = QString::fromStdString(vocab[static_cast<std::size_t>(item.target)]);
  }
  // Items of the data set itself know their place; a copy has none.
  const std::vector<Item>& items = impl_->dataset->items;
  const std::less<const Item*> before;
  if (!items.empty() && !before(&item, items.data()) && before(&item, items.data() + items.size())) {
    photo.targets = furtherTargets(*impl_->dataset, static_cast<std::size_t>(&item - items.data()));
  }
  return photo;
}

const RunSpec& Session::recipe() const {
  return impl_->recipes.current();
}

void Session::setRecipe(const RunSpec& spec, const QString& what) {
  if (impl_->recipes.push(spec, what)) impl_->recipeMoved();
}

QString Session::setRecipeField(const QString& path, const Json& value) {
  RunSpec spec = recipe();
  const std::string key = path.toStdString();
  try {
    setByPath(spec, key, value);
  } catch (const Error& error) {
    return QString::fromUtf8(error.what());
  }
  QString label = path.section(u'.', -1);
  for (const FieldDescription& field : describe(spec)) {
    if (field.path == key && *field.info.label) label = QString::fromUtf8(field.info.label).toLower();
  }
  setRecipe(spec, tr("Change %1").arg(label));
  return {};
}

void Session::replaceRecipe(const RunSpec& spec, const QString& what) {
  setDraftProblems({});
  tell(kRecipeCause, {}, Weight::Notice);  // it was about the recipe before
  setRecipe(spec, what);
  Q_EMIT recipeReplaced();
}

QStringList Session::recipeProblems() const {
  if (!impl_->problems) impl_->problems = impl_->findProblems();
  return *impl_->problems;
}

bool Session::start() {
  commitFocusedField();
  if (runs().active() || !recipeProblems().isEmpty()) return false;
  tell(kDeviceCause, {}, Weight::Notice);
  if (deviceIsBusy(recipe().device)) {
    tell(kDeviceCause, tr("The queue trains on this device just now. Add the recipe to the queue on the Runs page: it follows."), Weight::Notice);
    return false;
  }
  if (!forecast().mayStart()) {
    const MemoryForecast& plan = forecast();
    tell(kMemoryCause,
         tr("%1 Press Start again to train it all the same. The Memory page shows what fits.")
             .arg(planSentence(plan.plan()->parts(), plan.profile(), plan.others(), plan.fit())),
         Weight::Notice);
    return false;
  }
  forecast().keepForRun();
  runs().start(recipe());
  return true;
}

bool Session::deviceIsBusy(const std::string& device) const {
  if (impl_->lanes.activeOn(device)) return true;
  const DeviceProfile* place = impl_->profiles.ofDevice(device);
  const auto running = impl_->lanes.running();
  return std::any_of(running.begin(), running.end(), [&](const RunController* other) {
    const std::string& theirs = other->spec().device;
    return theirs == device || (place && impl_->profiles.ofDevice(theirs) == place);
  });
}

void Session::setDraftProblems(const QStringList& problems) {
  if (problems == impl_->draftProblems) return;
  impl_->draftProblems = problems;
  impl_->problems.reset();
  Q_EMIT draftProblemsChanged();
}

const QStringList& Session::draftProblems() const {
  return impl_->draftProblems;
}

bool Session::canUndo() const {
  return impl_->recipes.canUndo();
}

bool Session::canRedo() const {
  return impl_->recipes.canRedo();
}

QString Session::undoText() const {
  return impl_->recipes.undoText();
}

QString Session::redoText() const {
  return impl_->recipes.redoText();
}

void Session::undo() {
  if (!canUndo()) return;
  setDraftProblems({});
  tell(kRecipeCause, {}, Weight::Notice);
  impl_->recipes.undo();
  impl_->recipeMoved();
}

void Session::redo() {
  if (!canRedo()) return;
  setDraftProblems({});
  tell(kRecipeCause, {}, Weight::Notice);
  impl_->recipes.redo();
  impl_->recipeMoved();
}

const std::vector<Photo>& Session::selection() const {
  return impl_->selection;
}

int Session::currentIndex() const {
  return impl_->current;
}

const Photo* Session::currentPhoto() const {
  const auto index = static_cast<std::size_t>(impl_->current);
  return impl_->current >= 0 && index < impl_->selection.size() ? &impl_->selection[index] : nullptr;
}

void Session::select(std::vector<Photo> photos, int current) {
  impl_->selection = std::move(photos);
  impl_->current = current >= 0 && static_cast<std::size_t>(current) < impl_->selection.size() ? current : -1;
  Q_EMIT selectionChanged();
  Q_EMIT currentPhotoChanged();
}

void Session::setCurrent(int index) {
  if (index < 0 || static_cast<std::size_t>(index) >= impl_->selection.size() || index == impl_->current) return;
  impl_->current = index;
  Q_EMIT currentPhotoChanged();
}

void Session::showField(const QString& path) {
  Q_EMIT pageRequested(QStringLiteral("train"));
  Q_EMIT fieldRequested(path);
}

void Session::inspectRun(const QString& run) {
  Q_EMIT pageRequested(QStringLiteral("inspect"));
  Q_EMIT inspectRequested(run);
}

void Session::report(const QString& problem) {
  Q_EMIT problemReported(problem);
}

void Session::tell(const QString& cause, const QString& text, Weight weight) {
  Q_EMIT told(cause, text, weight);
}

}  // namespace panicle::ui
