#include "core/eval/vocab_match.h"

#include <algorithm>
#include <map>
#include <set>

namespace panicle {
namespace {

constexpr std::size_t kMostNames = 10;

std::vector<std::string> onlyIn(const Vocab& vocab, const Vocab& other) {
  const std::set<std::string> known(other.begin(), other.end());
  std::vector<std::string> names;
  for (const std::string& name : vocab) {
    if (!known.contains(name)) names.push_back(name);
  }
  return names;
}

std::vector<std::string> repeated(const Vocab& vocab) {
  std::set<std::string> seen;
  std::vector<std::string> names;
  for (const std::string& name : vocab) {
    if (!seen.insert(name).second) names.push_back(name);
  }
  return names;
}

}  // namespace

std::string quotedExamples(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) text += (i ? ", '" : "'") + names[i] + "'";
  if (names.size() > most) text += " and " + std::to_string(names.size() - most) + " more";
  return text;
}

std::string vocabDifference(const std::string& nameA, const Vocab& a, const std::string& nameB, const Vocab& b) {
  for (const auto& [name, vocab] : {std::pair(&nameA, &a), std::pair(&nameB, &b)}) {
    if (const auto twice = repeated(*vocab); !twice.empty()) return *name + " has a class more than once: " + quotedExamples(twice, kMostNames);
  }
  std::string text;
  const auto add = [&](const std::string& name, const std::vector<std::string>& names) {
    if (!names.empty()) text += (text.empty() ? " only " : "; only ") + name + " has " + quotedExamples(names, kMostNames);
  };
  add(nameA, onlyIn(a, b));
  add(nameB, onlyIn(b, a));
  return text.empty() ? "" : nameA + " and " + nameB + " have different classes:" + text;
}

std::vector<std::size_t> columnsInOrder(const Vocab& vocab, const Vocab& wanted) {
  std::map<std::string, std::size_t> places;
  for (std::size_t c = 0; c < vocab.size(); ++c) places.emplace(vocab[c], c);
  std::vector<std::size_t> columns;
  for (const std::string& name : wanted) columns.push_back(places.at(name));
  return columns;
}

}  // namespace panicle
