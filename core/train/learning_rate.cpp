#include "core/train/learning_rate.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <string_view>

namespace panicle {
namespace {

std::string numberText(double value) {
  std::string text = Json(value).dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

std::string withoutSpaces(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (!std::isspace(static_cast<unsigned char>(c))) out += c;
  }
  return out;
}

std::optional<double> numberOf(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// 0.003, slice(0.003), slice(None,0.003) as Python prints it, slice(1e-6,1e-4).
std::optional<LearningRate> parse(std::string_view text) {
  constexpr std::string_view kOpen = "slice(";
  LearningRate rate;
  if (text.starts_with(kOpen) && text.ends_with(')')) {
    rate.slice = true;
    text = text.substr(kOpen.size(), text.size() - kOpen.size() - 1);
    const std::size_t comma = text.find(',');
    if (comma != std::string_view::npos) {
      const std::string_view low = text.substr(0, comma);
      if (low != "None") {
        rate.low = numberOf(low);
        if (!rate.low) return std::nullopt;
      }
      text.remove_prefix(comma + 1);
    }
  }
  const auto high = numberOf(text);
  if (!high) return std::nullopt;
  rate.high = *high;
  return rate;
}

}  // namespace

std::vector<double> evenMults(double low, double high, std::size_t groups) {
  if (groups == 1) return {high};
  std::vector<double> rates;
  const double step = std::pow(high / low, 1.0 / static_cast<double>(groups - 1));
  for (std::size_t i = 0; i < groups; ++i) rates.push_back(low * std::pow(step, static_cast<double>(i)));
  return rates;
}

std::vector<double> LearningRate::of(std::size_t groups) const {
  if (low) return evenMults(*low, high, groups);
  std::vector<double> rates(groups, slice ? high / 10 : high);
  rates.back() = high;
  return rates;
}

std::string LearningRate::text() const {
  std::string text = numberText(high);
  if (low) text = numberText(*low) + "," + text;
  return low || slice ? "slice(" + text + ")" : text;
}

Json leafToJson(const LearningRate& rate) {
  if (rate.low || rate.slice) return rate.text();
  return rate.high;
}

std::string leafFromJson(LearningRate& out, const Json& json, const FieldInfo& info) {
  std::optional<LearningRate> rate;
  if (json.is_number()) rate = LearningRate{.high = json.get<double>()};
  if (json.is_string()) rate = parse(withoutSpaces(json.get<std::string>()));
  const auto fits = [&](double value) { return value >= info.min && value <= info.max; };
  if (!rate || !fits(rate->high) || !fits(rate->low.value_or(rate->high))) {
    return "must be a learning rate from " + numberText(info.min) + " to " + numberText(info.max) +
           ": a number, slice(HIGH) or slice(LOW,HIGH), not " + json.dump();
  }
  out = *rate;
  return "";
}

}  // namespace panicle
