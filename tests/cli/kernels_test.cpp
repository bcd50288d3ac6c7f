// The program starts itself again with better kernels where there are any, and leaves a choice of the user's
// alone.
#include "core/models/kernels.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "tests/cli/program.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TempFolder;

class StartedKernels : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!describeLinearAlgebra().library.starts_with("OpenBLAS"))
      GTEST_SKIP() << "SKIPPED: torch does not compute with OpenBLAS here";
    if (const char* set = ::getenv("OPENBLAS_CORETYPE")) before_ = set;
  }
  void TearDown() override {
    before_ ? ::setenv("OPENBLAS_CORETYPE", before_->c_str(), 1) : ::unsetenv("OPENBLAS_CORETYPE");
  }
  // The second line of --version, and what follows.
  std::string said() const {
    const testing::Answer answer = testing::run(folder_.path(), {"--version"});
    EXPECT_EQ(answer.status, 0);
    return answer.out.substr(answer.out.find('\n') + 1);
  }

  TempFolder folder_;
  std::optional<std::string> before_;
};

TEST_F(StartedKernels, AreTheBestForTheProcessor) {
  ::unsetenv("OPENBLAS_CORETYPE");
  const std::string words = said();
  EXPECT_THAT(words, HasSubstr("OpenBLAS"));
  EXPECT_THAT(words, Not(HasSubstr("warning:")));
}

TEST_F(StartedKernels, AreTheUsersWhereChosen) {
  ::setenv("OPENBLAS_CORETYPE", "Nehalem", 1);
  const std::string words = said();
  if (words.find("Nehalem") == std::string::npos)
    GTEST_SKIP() << "SKIPPED: this OpenBLAS has no Nehalem kernels";
  EXPECT_EQ(words.find("warning:") != std::string::npos, processorVectors() >= Vectors::Avx2);
}

}  // namespace
}  // namespace panicle
