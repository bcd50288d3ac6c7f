// Images per second that networks train with on this processor: the linear algebra as the library chooses it
// by itself beside the kernels, precision and layout that Panicle chooses, the arithmetic rate that this is,
// and the rate of this machine's matrix products, which limits it.
//
//   step_bench [--steps N] [--rounds N] [--threads N] [--only TEXT] [--peer PYTHON]
//
// A step is forward, cross entropy and backward in training mode, ten classes, drop rates 0, no update. Every
// measurement is a process of its own, since OpenBLAS chooses its kernels while it is loaded; the rounds
// alternate between the measurements and the best counts, as other work only ever slows. --only takes the
// networks whose name holds TEXT. --peer also measures Python's torch with timm (tests/bench/step_peer.py) in
// the same rounds; PYTHON is a command that finds both, with its environment.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/error.h"
#include "core/models/kernels.h"
#include "core/train/step_cost.h"

namespace {

using namespace panicle;

struct Arguments {
  int steps = 5;
  int rounds = 3;
  int threads = static_cast<int>(std::thread::hardware_concurrency());
  std::string only;
  std::string peer;
};

struct Network {
  const char* arch;
  int size;
  int batch;
  double asked;  // of what Panicle chooses, over plain fp32
};

constexpr std::array<Network, 4> kNetworks{{{"resnet26d", 128, 16, 1.0},
                                            {"convnext_small_in22k", 128, 8, 1.3},
                                            {"vit_small_patch16_224", 224, 8, 1.3},
                                            {"swin_small_patch4_window7_224", 224, 4, 1.3}}};

struct Variant {
  std::string title;
  bool peer = false;
  bool plain = false;  // kernels as the library chooses them
  bool bf16 = false;
  bool channels_last = true;
};

struct Result {
  double images = 0;  // per second
  double gflops = 0;
};

std::string quoted(const std::string& word) {
  return "'" + word + "'";
}

std::string outputOf(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw Error("cannot start " + command);
  std::string text;
  std::array<char, 256> part{};
  while (std::fgets(part.data(), part.size(), pipe)) text += part.data();
  if (::pclose(pipe) != 0) throw Error("failed: " + command);
  return text;
}

std::string environment(bool plain, const std::string& kernels) {
  return plain || kernels.empty() ? "env -u OPENBLAS_CORETYPE " : "env OPENBLAS_CORETYPE=" + kernels + " ";
}

Result measure(const Network& network, const Variant& variant, const Arguments& arguments,
               const std::string& kernels) {
  const std::string program =
      variant.peer ? arguments.peer + " " + quoted(PANICLE_STEP_PEER)
                   : quoted(std::filesystem::read_symlink("/proc/self/exe").string()) + " --one";
  std::ostringstream command;
  command << environment(variant.plain, kernels) << program << ' ' << network.arch << ' ' << network.size
          << ' ' << network.batch << (variant.bf16 ? " bf16" : " fp32")
          << (variant.channels_last ? " channels_last" : " contiguous") << " --steps " << arguments.steps
          << " --threads " << arguments.threads;
  Result result;
  std::istringstream(outputOf(command.str())) >> result.images >> result.gflops;
  return result;
}

// The other side of measure(): ARCH SIZE BATCH PRECISION LAYOUT --steps N --threads N.
int measureOne(const std::vector<std::string>& words) {
  if (words.size() != 9) throw Error("--one is for the program itself");
  StepCostOptions options;
  options.model = {.arch = words[0], .weights = "none", .head = HeadKind::Timm, .drop_path = 0.0};
  options.size = {std::stoi(words[1]), std::stoi(words[1])};
  options.batch = std::stoi(words[2]);
  options.precision = words[3] == "bf16" ? Precision::Bf16 : Precision::Fp32;
  options.channels_last = words[4] == "channels_last";
  options.steps = std::stoi(words[6]);
  options.threads = std::stoi(words[8]);
  options.device = "cpu";
  options.update = false;
  const StepCost cost = measureStep(options);
  std::printf("%f %f\n", cost.images_per_second, cost.gflops);
  return 0;
}

int measureProduct(const std::vector<std::string>& words) {
  if (words.size() != 2) throw Error("--product is for the program itself");
  const int threads = std::stoi(words[1]);
  std::printf("%f\n", measureMatrixProduct(words[0] == "bf16" ? Precision::Bf16 : Precision::Fp32, threads));
  return 0;
}

double product(const std::string& precision, bool plain, const Arguments& arguments,
               const std::string& kernels) {
  const std::string self = quoted(std::filesystem::read_symlink("/proc/self/exe").string());
  double best = 0;
  for (int round = 0; round < arguments.rounds; ++round) {
    best = std::max(best, std::stod(outputOf(environment(plain, kernels) + self + " --product " + precision +
                                             " " + std::to_string(arguments.threads))));
  }
  return best;
}

std::vector<Variant> variants(const Arguments& arguments) {
  std::vector<Variant> list{
      {.title = "plain fp32, contiguous", .plain = true, .channels_last = false},
      {.title = "chosen kernels, fp32, contiguous", .channels_last = false},
      {.title = "chosen kernels, fp32, channels last"},
      {.title = "chosen kernels, bf16, contiguous", .bf16 = true, .channels_last = false},
      {.title = "chosen kernels, bf16, channels last", .bf16 = true}};
  if (!arguments.peer.empty()) {
    list.push_back({.title = "Python torch, plain, fp32, contiguous",
                    .peer = true,
                    .plain = true,
                    .channels_last = false});
    list.push_back(
        {.title = "Python torch, chosen kernels, fp32, contiguous", .peer = true, .channels_last = false});
    list.push_back(
        {.title = "Python torch, chosen kernels, bf16, channels last", .peer = true, .bf16 = true});
  }
  return list;
}

struct Limits {
  double fp32 = 0;  // GFLOP/s of a matrix product with the chosen kernels
  double bf16 = 0;
};

void compare(const Network& network, const Arguments& arguments, const std::string& kernels,
             const Limits& limits) {
  const std::vector<Variant> list = variants(arguments);
  std::vector<Result> best(list.size());
  for (int round = 0; round < arguments.rounds; ++round) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      const Result result = measure(network, list[i], arguments, kernels);
      if (result.images > best[i].images) best[i] = result;
    }
  }
  const double operations =
      best[0].gflops / best[0].images;  // billions for one image, which Python's own row is not told
  std::printf("\n%s, %d px, batch %d\n", network.arch, network.size, network.batch);
  std::printf("  %-52s %9s %9s %9s %11s\n", "", "images/s", "GFLOP/s", "of limit", "over plain");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const double rate = best[i].images * operations;
    std::printf("  %-52s %9.2f %9.1f %8.0f%% %11.2f\n", list[i].title.c_str(), best[i].images, rate,
                100 * rate / (list[i].bf16 ? limits.bf16 : limits.fp32), best[i].images / best[0].images);
  }
  double chosen = 0;
  const bool bf16 = resolvePrecision(Precision::Auto, "cpu") == Precision::Bf16;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].peer && list[i].channels_last && list[i].bf16 == bf16) chosen = best[i].images;
  }
  const double ratio = chosen / best[0].images;
  std::printf("  as runs train by themselves (%s, channels last): %.2f times plain fp32; asked: %.1f: %s\n",
              bf16 ? "bf16" : "fp32", ratio, network.asked, ratio >= network.asked ? "met" : "missed");
}

Arguments parse(const std::vector<std::string>& words) {
  Arguments arguments;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string& value = words[i + 1];
    if (words[i] == "--steps")
      arguments.steps = std::stoi(value);
    else if (words[i] == "--rounds")
      arguments.rounds = std::stoi(value);
    else if (words[i] == "--threads")
      arguments.threads = std::stoi(value);
    else if (words[i] == "--only")
      arguments.only = value;
    else if (words[i] == "--peer")
      arguments.peer = value;
    else
      throw Error("step_bench [--steps N] [--rounds N] [--threads N] [--only TEXT] [--peer PYTHON]");
  }
  return arguments;
}

void bench(const Arguments& arguments) {
  // What the library chooses is known only where nobody has told it.
  if (std::getenv("OPENBLAS_CORETYPE"))
    throw Error("unset OPENBLAS_CORETYPE first: step_bench sets it itself");
  const LinearAlgebra plain = describeLinearAlgebra();
  const std::string kernels = betterKernels(plain.kernels, processorVectors());
  std::printf("plain: %s\nchosen kernels: %s\nbf16 and convolutions: %s; %d threads\n", plain.words().c_str(),
              kernels.empty() ? "the same" : kernels.c_str(), plain.convolutions.c_str(), arguments.threads);
  const Limits limits{product("fp32", false, arguments, kernels), product("bf16", false, arguments, kernels)};
  std::printf(
      "matrix product, 1536 x 1536 (GFLOP/s): plain fp32 %.0f; chosen kernels fp32 %.0f, bf16 %.0f: the "
      "limits\n",
      product("fp32", true, arguments, kernels), limits.fp32, limits.bf16);
  for (const Network& network : kNetworks) {
    if (std::string(network.arch).find(arguments.only) != std::string::npos)
      compare(network, arguments, kernels, limits);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::vector<std::string> words(argv + 1, argv + argc);
    const std::string_view first = words.empty() ? std::string_view() : words.front();
    if (first == "--one") return measureOne({words.begin() + 1, words.end()});
    if (first == "--product") return measureProduct({words.begin() + 1, words.end()});
    bench(parse(words));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
