#include <torch/version.h>

#include <fstream>
#include <opencv2/core/version.hpp>
#include <thread>

#include "core/models/kernels.h"
#include "core/runs/execute.h"

namespace panicle {
namespace {

std::string processorName() {
  std::ifstream in("/proc/cpuinfo");
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

Json describeEnvironment() {
  const LinearAlgebra algebra = describeLinearAlgebra();
  Json environment{{"panicle", PANICLE_VERSION},
                   {"torch", TORCH_VERSION},
                   {"opencv", CV_VERSION},
                   {"processor", processorName()},
                   {"cores", std::thread::hardware_concurrency()},
                   {"threads", algebra.threads},
                   {"vectors", algebra.vectors},
                   {"blas", algebra.library},
                   {"kernels", algebra.kernels},
                   {"blas_file", algebra.file},
                   {"convolutions", algebra.convolutions}};
  if (!algebra.warning.empty()) environment["warning"] = algebra.warning;
  return environment;
}

}  // namespace panicle
