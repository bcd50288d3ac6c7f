#include <ATen/Parallel.h>
#include <torch/version.h>

#include <fstream>
#include <opencv2/core/version.hpp>
#include <set>
#include <sstream>
#include <thread>

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

// The linear algebra really loaded: which file backs libblas decides the speed of transformers (the reference one is 27 to 30
// times slower than OpenBLAS), and only the process map tells.
std::string blasLibrary() {
  std::ifstream in("/proc/self/maps");
  std::string line;
  std::set<std::string> files;
  while (std::getline(in, line)) {
    const auto slash = line.find('/');
    if (slash == std::string::npos) continue;
    const std::string file = line.substr(slash);
    for (const char* name : {"libopenblas", "libblas", "libmkl_rt", "libblis"}) {
      if (file.find(name) != std::string::npos) files.insert(file);
    }
  }
  std::string text;
  for (const auto& file : files) text += (text.empty() ? "" : ", ") + file;
  return text.empty() ? "built into torch" : text;
}

}  // namespace

Json describeEnvironment() {
  return {{"panicle", PANICLE_VERSION},
          {"torch", TORCH_VERSION},
          {"opencv", CV_VERSION},
          {"processor", processorName()},
          {"cores", std::thread::hardware_concurrency()},
          {"blas", blasLibrary()}};
}

}  // namespace panicle
