#include "core/runs/run_query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "core/base/fields.h"

namespace panicle {
namespace {

enum class Comparison { Contains, Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual };

struct Operator {
  std::string_view text;
  Comparison comparison;
};
// Two characters before one, so that <= is not taken for <.
constexpr std::array kOperators{Operator{"<=", Comparison::LessOrEqual}, Operator{">=", Comparison::GreaterOrEqual},
                                Operator{"!=", Comparison::NotEqual},    Operator{"<", Comparison::Less},
                                Operator{">", Comparison::Greater},      Operator{"=", Comparison::Equal},
                                Operator{":", Comparison::Contains}};

char folded(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::string folded(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = folded(c);
  return result;
}

// `small` is folded already.
bool contains(std::string_view text, std::string_view small) {
  if (small.size() > text.size()) return false;
  for (std::size_t begin = 0; begin + small.size() <= text.size(); ++begin) {
    std::size_t i = 0;
    while (i < small.size() && folded(text[begin + i]) == small[i]) ++i;
    if (i == small.size()) return true;
  }
  return false;
}

bool equals(std::string_view text, std::string_view small) {
  return text.size() == small.size() && contains(text, small);
}

double mebibytes(std::uint64_t bytes) {
  return bytes == 0 ? RunSummary::kUnknown : static_cast<double>(bytes) / (1 << 20);
}

double idNumber(const RunSummary& run) {
  return std::strtod(run.id.c_str(), nullptr);
}

// What a field reads of a run: one of the three.
struct Access {
  QueryField field;
  std::string_view (*text)(const RunSummary&) = nullptr;
  double (*number)(const RunSummary&) = nullptr;
  std::string_view (*time)(const RunSummary&) = nullptr;
};

using Run = const RunSummary&;
using View = std::string_view;

constexpr std::array kAccess{
    Access{{"run", "the run's number", "run>100"}, nullptr, idNumber},
    Access{{"name", "the run's name", "name:baseline"}, [](Run r) { return View(r.name); }},
    Access{{"status", "queued, running, finished, stopped, failed or interrupted", "status:failed"},
           [](Run r) { return View(toString(r.status)); }},
    Access{{"arch", "the architecture", "arch:convnext"}, [](Run r) { return View(r.architecture); }},
    Access{{"transforms", "resize, augmentation and mixing", "transforms:squish"}, [](Run r) { return View(r.transforms); }},
    Access{{"schedule", "schedule, epochs and rate", "schedule:fine_tune"}, [](Run r) { return View(r.schedule); }},
    Access{{"data", "the data set's folder", "data:paddy"}, [](Run r) { return View(r.data); }},
    Access{{"device", "what it ran on", "device:cuda"}, [](Run r) { return View(r.device); }},
    Access{{"precision", "fp32, bf16 or fp16", "precision:bf16"}, [](Run r) { return View(r.precision); }},
    Access{{"note", "your note", "note:\"try again\""}, [](Run r) { return View(r.note); }},
    Access{{"message", "why it failed", "message:memory"}, [](Run r) { return View(r.message); }},
    Access{{"tag", "a tag, all of it", "tag:baseline"}},
    Access{{"error", "error rate of the best epoch", "error<0.05"}, nullptr, [](Run r) { return r.error; }},
    Access{{"best", "the best epoch by the run's own monitor", "best<0.1"}, nullptr, [](Run r) { return r.best; }},
    Access{{"last", "the monitor after the last epoch", "last<0.1"}, nullptr, [](Run r) { return r.last; }},
    Access{{"tta", "error rate with test-time augmentation", "tta<2.5%"}, nullptr, [](Run r) { return r.tta; }},
    Access{{"loss", "validation loss of the last epoch", "loss<0.2"}, nullptr, [](Run r) { return r.valid_loss; }},
    Access{{"epochs", "epochs done", "epochs>=12"}, nullptr, [](Run r) { return double(r.epochs); }},
    Access{{"seed", "the seed", "seed:42"}, nullptr, [](Run r) { return double(r.seed); }},
    Access{{"batch", "images a step of the optimizer sees", "batch=64"}, nullptr, [](Run r) { return double(r.batch); }},
    Access{{"minutes", "of the whole run", "minutes>30"}, nullptr, [](Run r) { return r.seconds / 60; }},
    Access{{"epoch_minutes", "of an epoch", "epoch_minutes<2"}, nullptr, [](Run r) { return r.seconds_per_epoch / 60; }},
    Access{{"peak", "measured peak of memory in MiB", "peak>4000"}, nullptr, [](Run r) { return mebibytes(r.peak_bytes); }},
    Access{{"predicted", "predicted peak of memory in MiB", "predicted<16000"},
           nullptr,
           [](Run r) { return mebibytes(r.predicted_peak_bytes); }},
    Access{{"created", "when it was made (UTC), by its beginning", "created>=2026-11-20"},
           nullptr,
           nullptr,
           [](Run r) { return View(r.created); }},
    Access{{"finished", "when it ended (UTC), by its beginning", "finished:2026-11"},
           nullptr,
           nullptr,
           [](Run r) { return View(r.finished); }},
    Access{{"starred", "has a star", "starred"}},
    Access{{"tagged", "has a tag", "tagged"}},
    Access{{"noted", "has a note", "noted"}},
};

bool isFlag(std::string_view name) {
  return name == "starred" || name == "tagged" || name == "noted";
}

const Access* findAccess(std::string_view name) {
  const auto found = std::find_if(kAccess.begin(), kAccess.end(), [&](const Access& access) { return name == access.field.name; });
  return found == kAccess.end() ? nullptr : &*found;
}

// Everything that a bare word is looked for in.
bool mentions(const RunSummary& run, std::string_view word) {
  if (equals(run.id, word)) return true;
  for (const View text : {View(run.name), View(run.architecture), View(run.transforms), View(run.schedule), View(run.note), View(run.device),
                          View(toString(run.status))}) {
    if (contains(text, word)) return true;
  }
  return std::any_of(run.tags.begin(), run.tags.end(), [&](const std::string& tag) { return contains(tag, word); });
}

template <typename T>
bool holds(Comparison comparison, const T& left, const T& right) {
  switch (comparison) {
    case Comparison::Less: return left < right;
    case Comparison::LessOrEqual: return left <= right;
    case Comparison::Greater: return left > right;
    case Comparison::GreaterOrEqual: return left >= right;
    case Comparison::NotEqual: return left != right;
    case Comparison::Contains:
    case Comparison::Equal: break;
  }
  return left == right;
}

// One of the alternatives of a term.
struct Value {
  std::string text;  // folded
  double number = 0;
};

// Nothing that is not known matches, not even by !=.
bool matchesNumber(Comparison comparison, double number, double wanted) {
  return !std::isnan(number) && holds(comparison, number, wanted);
}

bool matchesTime(Comparison comparison, std::string_view time, const std::string& wanted) {
  return !time.empty() && holds(comparison, folded(time.substr(0, wanted.size())), wanted);
}

bool matchesText(Comparison comparison, std::string_view text, const std::string& wanted) {
  if (comparison == Comparison::Contains) return contains(text, wanted);
  return equals(text, wanted) == (comparison == Comparison::Equal);
}

bool matchesTags(Comparison comparison, const std::vector<std::string>& tags, const std::string& wanted) {
  const bool has = std::any_of(tags.begin(), tags.end(), [&](const std::string& tag) { return equals(tag, wanted); });
  return has != (comparison == Comparison::NotEqual);
}

std::optional<double> parseNumber(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return percent ? number / 100 : number;
}

}  // namespace

struct RunQuery::Term {
  const Access* access = nullptr;  // null: a bare word
  Comparison comparison = Comparison::Contains;
  bool negated = false;
  std::vector<Value> values;  // any of them

  class Parser;

  bool matches(const RunSummary& run) const {
    return std::any_of(values.begin(), values.end(), [&](const Value& value) { return matches(run, value); }) != negated;
  }

 private:
  bool matches(const RunSummary& run, const Value& value) const {
    if (!access) return mentions(run, value.text);
    if (access->text) return matchesText(comparison, access->text(run), value.text);
    if (access->number) return matchesNumber(comparison, access->number(run), value.number);
    if (access->time) return matchesTime(comparison, access->time(run), value.text);
    const std::string_view name = access->field.name;
    if (name == "starred") return run.starred;
    if (name == "tagged") return !run.tags.empty();
    if (name == "noted") return !run.note.empty();
    return matchesTags(comparison, run.tags, value.text);
  }
};

// Reads one term after the other.
class RunQuery::Term::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::vector<Term> parse() {
    std::vector<Term> terms;
    for (skipBlanks(); at_ < text_.size(); skipBlanks()) terms.push_back(readTerm());
    return terms;
  }

 private:
  [[noreturn]] void fail(const std::string& message, std::size_t begin, std::size_t end) const {
    throw QueryError(message, begin, std::max<std::size_t>(1, end - begin));
  }

  static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  void skipBlanks() {
    while (at_ < text_.size() && isBlank(text_[at_])) ++at_;
  }

  static const Operator* operatorIn(std::string_view text) {
    for (const Operator& known : kOperators) {
      if (text.starts_with(known.text)) return &known;
    }
    return nullptr;
  }

  Term readTerm() {
    Term term;
    const std::size_t begin = at_;
    if (text_[at_] == '-') {
      term.negated = true;
      if (++at_ == text_.size() || isBlank(text_[at_])) fail("a word must follow the - that leaves runs out", begin, at_);
    }
    const std::size_t nameBegin = at_;
    std::size_t nameEnd = at_;
    while (nameEnd < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[nameEnd])) || text_[nameEnd] == '_')) ++nameEnd;
    const std::string name = folded(text_.substr(nameBegin, nameEnd - nameBegin));
    if (const Operator* found = operatorIn(text_.substr(nameEnd))) {
      readField(term, name, nameBegin, nameEnd, *found);
    } else if (isFlag(name) && (nameEnd == text_.size() || isBlank(text_[nameEnd]))) {
      term.access = findAccess(name);
      term.values.emplace_back();
      at_ = nameEnd;
    } else {
      readValues(term);
    }
    return term;
  }

  void readField(Term& term, const std::string& name, std::size_t begin, std::size_t end, const Operator& comparison) {
    term.access = findAccess(name);
    if (!term.access || isFlag(name)) failUnknown(name, begin, end);
    term.comparison = comparison.comparison;
    at_ = end + comparison.text.size();
    const bool ordered = term.comparison != Comparison::Contains && term.comparison != Comparison::Equal && term.comparison != Comparison::NotEqual;
    if (ordered && !term.access->number && !term.access->time) {
      fail("'" + name + "' is a text and is not larger or smaller; write " + name + ":word", begin, at_);
    }
    readValues(term);
  }

  [[noreturn]] void failUnknown(const std::string& name, std::size_t begin, std::size_t end) const {
    if (isFlag(name)) fail("'" + name + "' stands alone, or with a - before it", begin, end);
    std::vector<std::string> names;
    for (const Access& access : kAccess) names.emplace_back(access.field.name);
    const std::string near = name.empty() ? "" : nearestName(name, names);
    fail((name.empty() ? std::string("a field must stand before the sign") : "there is no field '" + name + "'") +
             (near.empty() ? "" : "; did you mean '" + near + "'?") + " A text with such signs goes in quotes: \"cuda:0\"",
         begin, std::max(end, begin + 1));
  }

  void readValues(Term& term) {
    for (;;) {
      const std::size_t begin = at_;
      const std::string value = readValue();
      if (value.empty()) fail("a value is missing here", begin, at_);
      term.values.push_back({folded(value)});
      if (term.access && term.access->number) {
        const std::optional<double> number = parseNumber(value);
        if (!number) fail("'" + value + "' is not a number; write such as " + term.access->field.example, begin, at_);
        term.values.back().number = *number;
      }
      if (at_ == text_.size() || text_[at_] != '|') return;
      ++at_;
    }
  }

  // A word, or what stands in quotes.
  std::string readValue() {
    const std::size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '"') {
      const std::size_t close = text_.find('"', at_ + 1);
      if (close == std::string_view::npos) fail("the quote that begins here is not closed", begin, text_.size());
      at_ = close + 1;
      return std::string(text_.substr(begin + 1, close - begin - 1));
    }
    while (at_ < text_.size() && !isBlank(text_[at_]) && text_[at_] != '|') ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

RunQuery::RunQuery() = default;
RunQuery::RunQuery(std::string_view text) : terms_(Term::Parser(text).parse()) {}
RunQuery::~RunQuery() = default;
RunQuery::RunQuery(RunQuery&&) noexcept = default;
RunQuery& RunQuery::operator=(RunQuery&&) noexcept = default;

bool RunQuery::matches(const RunSummary& run) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) { return term.matches(run); });
}

std::vector<std::size_t> RunQuery::filter(const std::vector<RunSummary>& runs) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (matches(runs[i])) found.push_back(i);
  }
  return found;
}

std::span<const QueryField> queryFields() {
  static const auto fields = [] {
    std::array<QueryField, kAccess.size()> all{};
    std::transform(kAccess.begin(), kAccess.end(), all.begin(), [](const Access& access) { return access.field; });
    return all;
  }();
  return fields;
}

}  // namespace panicle
