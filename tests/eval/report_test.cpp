#include "core/eval/report.h"

#include <gmock/gmock.h>

#include <cmath>
#include <regex>

#include "core/data/encode.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    writePng(folder_ / "a.png", Image{40, 30, std::vector<std::uint8_t>(40 * 30 * 3, 90)});
    report_.title = "Run 3: <b>\"pad\" & crop</b>";
    report_.facts = {{"Architecture", "resnet18"}};
    report_.notes = {"a photo could not be read"};
    report_.epochs = {{"epoch", "train_loss"}, {{"1", "0.5"}, {"2", "0.25"}}};
    report_.charts = {{.title = "Loss", .curves = {{"train_loss", {0.5, std::nan(""), 0.25}}}}};
    report_.predictions = {.vocab = {"blast", "<script>"},
                           .ids = {"a", "b"},
                           .paths = {"a.png", "gone.png"},
                           .probabilities = {0.25f, 0.75f, 0.125f, 0.875f},
                           .targets = {0, 1},
                           .losses = {1.386f, 0.134f}};
    report_.shown = "validation photos";
    report_.root = folder_.path();
    report_.spec = "{\"seed\": 42}";
  }

  TempFolder folder_;
  Report report_;
};

TEST_F(ReportTest, HoldsAllOfItAndNamesAreText) {
  const std::string html = reportHtml(report_);
  EXPECT_THAT(html, AllOf(HasSubstr("<title>Run 3: &lt;b&gt;&quot;pad&quot; &amp; crop&lt;/b&gt;</title>"), HasSubstr("resnet18"), HasSubstr("a photo could not be read"),
                          HasSubstr("<td>0.25</td>"), HasSubstr("error rate 0.5000"), HasSubstr("&lt;script&gt;"), HasSubstr("{&quot;seed&quot;: 42}")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("title='blast as &lt;script&gt;: 1 (100.0 %)'>1</td>"));
  EXPECT_THAT(html, AllOf(HasSubstr("prefers-color-scheme:dark"), HasSubstr("cannot be read")));
}

TEST_F(ReportTest, AsksForNothingOutsideItself) {
  const std::string html = reportHtml(report_);
  EXPECT_FALSE(std::regex_search(html, std::regex("https?://|url\\(|<link|<script|@import"))) << "an address";
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  const std::regex source("src='([^']{0,24})");
  std::size_t images = 0;
  for (auto match = std::sregex_iterator(html.begin(), html.end(), source); match != std::sregex_iterator(); ++match, ++images) {
    EXPECT_EQ((*match)[1].str().substr(0, 23), "data:image/jpeg;base64,");
  }
  EXPECT_EQ(images, 2u) << "the photo that is there, among the highest losses and among the mistakes";
}

// Base64 of a JPEG begins with that of FF D8 FF, and what is between the tags is as long as bytes in groups of three make it.
TEST_F(ReportTest, PhotosAreWholeJpegs) {
  const std::string html = reportHtml(report_);
  const std::size_t begin = html.find("base64,") + 7, end = html.find('\'', begin);
  const std::string text = html.substr(begin, end - begin);
  EXPECT_EQ(text.substr(0, 4), "/9j/");
  EXPECT_EQ(text.size() % 4, 0u);
  const std::size_t bytes = encodeJpeg(Image{40, 30, std::vector<std::uint8_t>(40 * 30 * 3, 90)}, 82).size();
  EXPECT_EQ(text.size(), (bytes + 2) / 3 * 4);
  EXPECT_EQ(text.size() - text.find_last_not_of('=') - 1, (3 - bytes % 3) % 3);
}

TEST_F(ReportTest, EveryTagIsClosed) {
  const std::string html = reportHtml(report_);
  for (const std::string tag : {"table", "thead", "tbody", "tr", "td", "figure", "figcaption", "svg", "text", "dl", "div", "html", "body", "head", "style", "h2", "pre"}) {
    const auto count = [&](const std::string& pattern) {
      const std::regex expression(pattern);
      return std::distance(std::sregex_iterator(html.begin(), html.end(), expression), std::sregex_iterator());
    };
    EXPECT_EQ(count("<" + tag + "[ >]"), count("</" + tag + ">")) << tag;
  }
}

TEST_F(ReportTest, ManyClassesShowThoseWithTheMostMistakes) {
  Predictions& all = report_.predictions;
  all.vocab.clear();
  for (int c = 0; c < 60; ++c) all.vocab.push_back("class" + std::to_string(c) + ";");
  all.probabilities.assign(2 * 60, 0.0f);
  all.probabilities[55] = all.probabilities[60 + 1] = 1;
  const std::string html = reportHtml(report_);
  EXPECT_THAT(html, HasSubstr("The 40 of 60 classes with the most mistakes"));
  EXPECT_THAT(html, HasSubstr("title='class0; as class55;: 1"));
}

TEST_F(ReportTest, WithoutLabelsTheTrainingAloneIsTold) {
  report_.predictions.targets = {-1, -1};
  const std::string html = reportHtml(report_);
  EXPECT_THAT(html, AllOf(HasSubstr("Training"), Not(HasSubstr("Confusion matrix"))));
}

}  // namespace
}  // namespace panicle
