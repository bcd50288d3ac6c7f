// Which linear algebra computes: what is said of it against what the system says, and the rule for better
// kernels.
#include "core/models/kernels.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "core/base/file.h"
#include "core/models/device.h"
#include "tests/testing.h"

namespace panicle {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Kernels, BetterOnesFollowTheProcessor) {
  const struct {
    const char* chosen;
    Vectors vectors;
    const char* better;
  } cases[]{{"Prescott", Vectors::AmxBf16, "Cooperlake"},
            {"Haswell", Vectors::AmxBf16, "Cooperlake"},
            {"Haswell", Vectors::Avx512Bf16, "Cooperlake"},
            {"Zen", Vectors::Avx512Bf16, "Cooperlake"},
            {"Haswell", Vectors::Avx512, "SkylakeX"},
            {"Nehalem", Vectors::Avx512, "SkylakeX"},
            {"Prescott", Vectors::Avx2, "Haswell"},
            {"Sandybridge", Vectors::Avx2, "Haswell"},
            {"Haswell", Vectors::Avx2, ""},
            {"Zen", Vectors::Avx2, ""},
            {"Prescott", Vectors::Baseline, ""},
            {"Sandybridge", Vectors::Baseline, ""},
            {"SkylakeX", Vectors::AmxBf16, ""},
            {"Cooperlake", Vectors::AmxBf16, ""},
            {"SapphireRapids", Vectors::AmxBf16, ""},
            {"GraniteRapids", Vectors::AmxBf16, ""},
            {"", Vectors::AmxBf16, ""}};
  for (const auto& each : cases)
    EXPECT_EQ(betterKernels(each.chosen, each.vectors), each.better) << each.chosen;
}

// Linux lists a processor's abilities by name, and leaves out those that it does not let programs use.
TEST(Kernels, VectorsAreThoseThatTheSystemLists) {
  std::istringstream lines(readText("/proc/cpuinfo"));
  std::string flags;
  for (std::string line; flags.empty() && std::getline(lines, line);) {
    if (line.starts_with("flags")) flags = line.substr(line.find(':') + 1) + " ";
  }
  if (flags.empty()) GTEST_SKIP() << "SKIPPED: this system does not list x86 abilities";
  const auto has = [&flags](const std::string& flag) {
    return flags.find(" " + flag + " ") != std::string::npos;
  };
  const Vectors vectors = processorVectors();
  EXPECT_EQ(vectors >= Vectors::Avx2, has("avx2") && has("fma"));
  EXPECT_EQ(vectors >= Vectors::Avx512, has("avx512f") && has("avx512bw") && has("avx512dq") &&
                                            has("avx512vl") && has("avx512cd") && has("avx2") && has("fma"));
  EXPECT_EQ(vectors >= Vectors::Avx512Bf16, has("avx512_bf16"));
  EXPECT_EQ(vectors >= Vectors::AmxBf16, has("amx_bf16") && has("amx_tile") && has("avx512_bf16"));
}

TEST(Kernels, DescriptionIsOfTheLibraryThatIsLoaded) {
  setComputeThreads(2);
  const LinearAlgebra found = describeLinearAlgebra();
  EXPECT_EQ(found.threads, 2);
  EXPECT_EQ(found.vectors, words(processorVectors()));
  ASSERT_THAT(found.library, Not(IsEmpty()));
  EXPECT_THAT(found.words(), AllOf(StartsWith(found.library), HasSubstr(", 2 threads, " + found.vectors)));
  if (!found.file.empty()) {
    EXPECT_THAT(readText("/proc/self/maps"), HasSubstr(found.file + "\n"));
  }
  if (found.file.find("openblas") != std::string::npos) {
    EXPECT_THAT(found.library, StartsWith("OpenBLAS 0."));
    EXPECT_THAT(found.kernels, Not(IsEmpty()));
    EXPECT_EQ(found.warning.find(" kernels, which leave") != std::string::npos,
              !betterKernels(found.kernels, processorVectors()).empty());
  }
  setComputeThreads(1);
  EXPECT_THAT(describeLinearAlgebra().words(), HasSubstr(", 1 thread, "));
}

}  // namespace
}  // namespace panicle
