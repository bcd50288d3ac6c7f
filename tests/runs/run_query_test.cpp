#include "core/runs/run_query.h"

#include <gmock/gmock.h>

#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RunSummary convnext() {
  RunSummary run;
  run.id = "12";
  run.name = "Baseline of Tuesday";
  run.status = RunStatus::Finished;
  run.architecture = "convnext_small_in22k";
  run.transforms = "squish 480 → aug 224";
  run.schedule = "fine_tune 12 at 0.01";
  run.device = "cuda:0 NVIDIA H200";
  run.created = "2026-11-20T10:00:00Z";
  run.best = 0.023;
  run.error = 0.023;
  run.epochs = 13;
  run.seed = 42;
  run.seconds = 1800;
  run.peak_bytes = 5000ull << 20;
  run.tags = {"baseline", "paddy"};
  run.note = "try again";
  run.starred = true;
  return run;
}

RunSummary failed() {
  RunSummary run;
  run.id = "13";
  run.status = RunStatus::Failed;
  run.architecture = "vit_small_patch16_224";
  run.transforms = "crop 480";
  run.message = "out of memory";
  run.created = "2026-11-21T09:00:00Z";
  run.tags = {"baseline2"};
  return run;
}

// The ids of those that match.
std::vector<std::string> found(const std::string& query) {
  const std::vector<RunSummary> runs{convnext(), failed()};
  std::vector<std::string> ids;
  for (const std::size_t i : RunQuery(query).filter(runs)) ids.push_back(runs[i].id);
  return ids;
}

TEST(RunQuery, FindsWhatItSays) {
  const std::vector<std::string> both{"12", "13"};
  const std::vector<std::string> first{"12"};
  const std::vector<std::string> second{"13"};
  const std::vector<std::string> none;
  const std::vector<std::pair<const char*, std::vector<std::string>>> cases{
      {"", both},
      {"  ", both},
      {"480", both},
      {"CONVNEXT", first},
      {"convnext 480", first},
      {"convnext crop", none},
      {"\"of tuesday\"", first},
      {"12", first},
      {"13", second},
      {"arch:vit", second},
      {"ARCH:vit|convnext", both},
      {"arch=vit", none},
      {"arch=vit_small_patch16_224", second},
      {"arch!=vit_small_patch16_224", first},
      {"note:\"try again\"", first},
      {"message:memory", second},
      {"tag:baseline", first},
      {"tag:base", none},
      {"tag!=baseline", second},
      {"status:failed", second},
      {"-status:failed", first},
      {"-convnext", second},
      {"starred", first},
      {"-starred", second},
      {"\"starred\"", none},
      {"tagged", both},
      {"noted", first},
      {"error<0.05", first},
      {"error<5%", first},
      {"error>=0.023", first},
      {"error<0.023", none},
      {"-error<0.05", second},
      {"error!=0.5", first},  // what is not known is not unequal
      {"epochs>=13 seed:42", first},
      {"epochs=0", second},
      {"run>12", second},
      {"minutes=30", first},
      {"peak>4000 peak<6000", first},
      {"created>2026-11-20", second},
      {"created>=2026-11-20", both},
      {"created:2026-11", both},
      {"created<2026-11-20T11", first},
      {"device:\"cuda:0\"", first},
      {"squish|crop", both},
  };
  for (const auto& [query, ids] : cases) EXPECT_EQ(found(query), ids) << query;
}

TEST(RunQuery, AnErrorNamesThePlace) {
  struct Case {
    const char* query;
    std::size_t position, length;
    const char* message;
  };
  for (const Case& expected : {Case{"480 arhc:vit", 4, 4, "did you mean 'arch'"}, Case{"error<much", 6, 4, "'much' is not a number"},
                               Case{"x \"open", 2, 5, "not closed"}, Case{"arch:", 5, 1, "missing"}, Case{"a -", 2, 1, "must follow"},
                               Case{"arch<vit", 0, 5, "is a text"}, Case{"starred:yes", 0, 7, "stands alone"}, Case{"<5", 0, 1, "a field must stand"},
                               Case{"cuda:0", 0, 4, "in quotes"}, Case{"tag:a|", 6, 1, "missing"}}) {
    try {
      RunQuery query(expected.query);
      ADD_FAILURE() << expected.query << " was taken";
    } catch (const QueryError& error) {
      EXPECT_EQ(error.position(), expected.position) << expected.query;
      EXPECT_EQ(error.length(), expected.length) << expected.query;
      EXPECT_THAT(error.what(), HasSubstr(expected.message)) << expected.query;
    }
  }
}

TEST(RunQuery, EveryFieldHasAnExampleThatIsOne) {
  for (const QueryField& field : queryFields()) {
    EXPECT_NO_THROW(RunQuery(field.example)) << field.name;
    EXPECT_THAT(field.example, HasSubstr(field.name));
  }
}

}  // namespace
}  // namespace panicle
