#include "ui/data/photo_filter.h"

#include <algorithm>
#include <string_view>

namespace panicle::ui {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Words to look for, in lower case.
std::vector<std::string> splitWords(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != '\t') {
      word += lower(c);
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

class Matcher {
 public:
  enum Facet : unsigned { kClass = 1, kPart = 2, kSize = 4, kOrientation = 8, kBad = 16, kWords = 32 };

  Matcher(const PhotoIndex& index, const PhotoFilter& filter)
      : index_(index),
        filter_(filter),
        classes_(index.dataset->vocab.size(), filter.classes.empty()),
        words_(splitWords(filter.words)) {
    for (const int target : filter.classes) {
      if (target >= 0 && target < static_cast<int>(classes_.size()))
        classes_[static_cast<std::size_t>(target)] = true;
    }
  }

  // The facets that turn the photo away.
  unsigned failing(std::uint32_t photo) {
    const Item& item = index_.item(photo);
    unsigned failed = 0;
    if (!passesClass(item.target)) failed |= kClass;
    if (!passesPart(index_.part(photo))) failed |= kPart;
    if (!index_.facts.empty()) {
      const FileFacts& facts = index_.facts[photo];
      if (!filter_.sizes.empty() && !filter_.sizes.contains({facts.width, facts.height})) failed |= kSize;
      if (!filter_.orientations.empty() && !filter_.orientations.contains(facts.orientation))
        failed |= kOrientation;
    }
    if (!filter_.bad.empty() && !index_.bad.empty() && !filter_.bad.contains(index_.bad[photo]))
      failed |= kBad;
    if (!words_.empty() && !passesWords(item.path)) failed |= kWords;
    return failed;
  }

 private:
  bool passesClass(int target) const {
    return target < 0 ? filter_.classes.empty() : classes_[static_cast<std::size_t>(target)];
  }
  bool passesPart(Part part) const {
    return filter_.parts.empty() ? part != Part::Test : filter_.parts.contains(part);
  }
  bool passesWords(const std::string& path) {
    lowered_.resize(path.size());
    std::transform(path.begin(), path.end(), lowered_.begin(), lower);
    return std::all_of(words_.begin(), words_.end(),
                       [this](const std::string& word) { return lowered_.find(word) != std::string::npos; });
  }

  const PhotoIndex& index_;
  const PhotoFilter& filter_;
  std::vector<bool> classes_;
  std::vector<std::string> words_;
  std::string lowered_;
};

// Counts a photo in every facet that alone might turn it away.
void count(FacetCounts& counts, const PhotoIndex& index, std::uint32_t photo, unsigned failed) {
  const auto passesAllBut = [failed](unsigned facet) { return (failed & ~facet) == 0; };
  const int target = index.item(photo).target;
  if (target >= 0 && passesAllBut(Matcher::kClass)) ++counts.classes[static_cast<std::size_t>(target)];
  if (passesAllBut(Matcher::kPart)) ++counts.parts[static_cast<std::size_t>(index.part(photo))];
  if (!index.bad.empty() && passesAllBut(Matcher::kBad)) ++counts.bad[index.bad[photo] ? 1 : 0];
  if (index.facts.empty()) return;
  const FileFacts& facts = index.facts[photo];
  if (facts.width == 0) return;
  if (passesAllBut(Matcher::kSize)) ++counts.sizes[{facts.width, facts.height}];
  if (passesAllBut(Matcher::kOrientation)) ++counts.orientations[facts.orientation];
}

}  // namespace

const Item& PhotoIndex::item(std::uint32_t photo) const {
  return photo < labelled() ? dataset->items[photo] : dataset->test[photo - labelled()];
}

FilterResult applyFilter(const PhotoIndex& index, const PhotoFilter& filter) {
  FilterResult result;
  result.counts.classes.resize(index.dataset->vocab.size());
  Matcher matcher(index, filter);
  for (std::uint32_t photo = 0; photo < index.all(); ++photo) {
    const unsigned failed = matcher.failing(photo);
    if (failed == 0) result.photos.push_back(photo);
    if ((failed & (failed - 1)) == 0) count(result.counts, index, photo, failed);
  }
  return result;
}

}  // namespace panicle::ui
