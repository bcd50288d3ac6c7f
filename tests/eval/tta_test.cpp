#include "core/eval/tta.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/error.h"
#include "core/base/json.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

Outputs outputsOf(const Json& rows) {
  Outputs outputs;
  for (const Json& row : rows) {
    outputs.items.push_back(static_cast<std::uint32_t>(outputs.items.size()));
    for (const Json& value : row) outputs.values.push_back(value.get<float>());
  }
  return outputs;
}

// What fastai's tta() made of its passes, for each of the arguments that it was called with.
class TtaReference : public ::testing::TestWithParam<const char*> {};

TEST_P(TtaReference, EqualsFastais) {
  const Json cases = readJson(testing::reference("fastai/data/10_tta_preds.json"));
  const Json& wanted = cases["tta"][GetParam()];
  const Json arguments = wanted.value("kwargs", Json::object());
  TtaOptions options;
  options.beta = arguments.value("beta", options.beta);
  options.use_max = arguments.value("use_max", options.use_max);

  std::vector<Target> targets{{.name = "label", .vocab = cases["vocab"].get<Vocab>(), .values = {}}};
  for (const Json& actual : wanted["targs"]) targets[0].values.push_back(actual.get<float>());
  TtaPasses passes(options, targets);
  for (const Json& pass : wanted["aug_preds"]) passes.add(outputsOf(pass));
  const Outputs result = passes.combine(outputsOf(wanted["plain_preds"]));
  const Outputs expected = outputsOf(wanted["result"]);
  ASSERT_EQ(result.items, expected.items);
  EXPECT_THAT(result.values, Pointwise(FloatNear(1e-7f), expected.values));
  for (std::size_t i = 0; i < result.items.size(); ++i) {
    const auto actual = static_cast<std::size_t>(targets[0].values[i]);
    EXPECT_FLOAT_EQ(result.losses[i], -std::log(expected.row(i)[actual])) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Arguments, TtaReference,
                         ::testing::Values("default", "n2_beta0", "use_max", "beta1"));

// Two classes and a number.
std::vector<Target> twoTargets() {
  return {{.name = "label", .vocab = {"a", "b"}, .values = {0, std::numeric_limits<float>::quiet_NaN()}},
          {.name = "age", .vocab = {}, .values = {40, 50}}};
}

Outputs twoRows(std::vector<float> values) {
  return {.items = {0, 1}, .values = std::move(values), .losses = {}};
}

TEST(TtaPasses, NumbersAreAveragedEvenWhereTheHighestProbabilityCounts) {
  const std::vector<Target> targets = twoTargets();
  TtaPasses passes({.n = 2, .beta = 0.5, .use_max = true}, targets);
  passes.add(twoRows({0.9f, 0.1f, 40, 0.5f, 0.5f, 60}));
  passes.add(twoRows({0.2f, 0.8f, 44, 0.4f, 0.6f, 62}));
  const Outputs result = passes.combine(twoRows({0.3f, 0.7f, 46, 0.7f, 0.3f, 51}));
  EXPECT_THAT(result.values, ::testing::ElementsAre(0.9f, 0.8f, 44, 0.7f, 0.6f, 56));
}

TEST(TtaPasses, OnlyClassesThatAreKnownHaveALoss) {
  const std::vector<Target> targets = twoTargets();
  TtaPasses passes({.n = 1, .beta = 1}, targets);
  passes.add(twoRows({1, 0, 0, 1, 0, 0}));
  const Outputs result = passes.combine(twoRows({0.25f, 0.75f, 46, 0.7f, 0.3f, 51}));
  EXPECT_THAT(result.losses, ::testing::ElementsAre(::testing::FloatEq(-std::log(0.25f)), 0, 0, 0));
}

TEST(TtaPasses, APassOfOtherImagesIsRefused) {
  const std::vector<Target> targets = twoTargets();
  TtaPasses passes({}, targets);
  EXPECT_THROW(passes.combine(twoRows({1, 0, 0, 1, 0, 0})), std::logic_error);
  passes.add(twoRows({1, 0, 0, 1, 0, 0}));
  try {
    passes.add({.items = {1}, .values = {1, 0, 0}, .losses = {}});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("read 2 images in one pass and 1 in another"));
  }
}

}  // namespace
}  // namespace panicle
