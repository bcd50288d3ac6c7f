// What a data set tells of each of its photos and a network can learn: a class, or a number.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace panicle {

// The class names of a target: its distinct labels sorted by code point (fastai's CategoryMap). A class is an
// index into it.
using Vocab = std::vector<std::string>;

struct Target {
  std::string name;           // the table's column; "label" of class folders
  Vocab vocab;                // empty: a number
  std::vector<float> values;  // one per item: an index into the vocab, or the number; NaN: the photo has none

  bool isNumber() const { return vocab.empty(); }
  // Of the network: one per class, or the number itself.
  std::size_t outputs() const { return isNumber() ? 1 : vocab.size(); }
  // The value in words: the class, or the number as short as it reads back; "" for a photo without one.
  std::string text(std::size_t item) const;
};

// The number that `text` writes; NaN for an empty text, and for nan, na, n/a and null, as tables write a
// missing number. Throws Error saying what is wrong when it is something else or not finite.
float readNumber(const std::string& text);

// A number as short as it reads back as the same float.
std::string numberText(float value);

}  // namespace panicle
