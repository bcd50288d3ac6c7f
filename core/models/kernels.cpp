#include "core/models/kernels.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <thread>

#include "core/models/device.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace panicle {
namespace {

constexpr const char* kCoreType = "OPENBLAS_CORETYPE";

#ifdef __x86_64__
// AMX needs the operating system as well: its tiles are 8 KiB of state that a program is allowed only where
// the kernel knows them.
bool hasAmxBf16() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  constexpr unsigned kAmxBf16 = 1u << 22, kAmxTile = 1u << 24;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return false;
  if ((edx & kAmxBf16) == 0 || (edx & kAmxTile) == 0) return false;
  constexpr long kArchGetXcompSupp = 0x1021;  // of the kernel's asm/prctl.h, where that is new enough
  constexpr unsigned long kTileData = 1ul << 18;
  unsigned long features = 0;
  return ::syscall(SYS_arch_prctl, kArchGetXcompSupp, &features) == 0 && (features & kTileData) != 0;
}
#endif

// The library whose sgemm_ torch's calls reach, and a handle to look into it with. Never closed: the library
// stays for good.
struct Blas {
  std::string file;
  void* handle = nullptr;

  template <typename Function>
  Function* find(const char* symbol) const {
    return handle ? reinterpret_cast<Function*>(::dlsym(handle, symbol)) : nullptr;
  }
  std::string text(const char* symbol) const {
    auto* const function = find<const char*()>(symbol);
    const char* text = function ? function() : nullptr;
    return text ? text : "";
  }
};

Blas loadedBlas() {
  Dl_info info{};
  void* sgemm = ::dlsym(RTLD_DEFAULT, "sgemm_");
  if (!sgemm || !::dladdr(sgemm, &info) || !info.dli_fname) return {};
  std::error_code error;
  const auto real = std::filesystem::canonical(info.dli_fname, error);
  return {error ? info.dli_fname : real.string(), ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD)};
}

// The first word of `text` that is a version: starts with a digit and has a point, leaving out what follows
// the digits and points.
std::string version(const std::string& text) {
  std::istringstream in(text);
  std::string word;
  while (in >> word) {
    if (word.starts_with("v")) word.erase(0, 1);
    const auto end = std::find_if_not(word.begin(), word.end(),
                                      [](unsigned char c) { return std::isdigit(c) || c == '.'; });
    word.erase(end, word.end());
    if (!word.empty() && word.front() != '.' && word.find('.') != std::string::npos) return word;
  }
  return "";
}

std::string named(const std::string& name, const std::string& version) {
  return version.empty() ? name : name + " " + version;
}

// BLIS says which kernels it chose by number and name.
std::string blisKernels(const Blas& blas) {
  auto* const id = blas.find<int()>("bli_arch_query_id");
  auto* const name = blas.find<const char*(int)>("bli_arch_string");
  return id && name ? name(id()) : "";
}

// Fills library, kernels and file.
void identify(const Blas& blas, LinearAlgebra& found) {
  if (at::hasMKL()) {
    found.library = named("MKL", version(at::get_mkl_version()));
    return;
  }
  found.file = blas.file;
  if (const std::string config = blas.text("openblas_get_config"); !config.empty()) {
    found.library = named("OpenBLAS", version(config));
    found.kernels = blas.text("openblas_get_corename");
  } else if (const std::string blis = blas.text("bli_info_get_version_str"); !blis.empty()) {
    found.library = named("BLIS", version(blis));
    found.kernels = blisKernels(blas);
  } else if (blas.find<void()>("MKL_Get_Version_String") || blas.file.find("mkl") != std::string::npos) {
    found.library = "MKL";
  } else if (blas.file.find("atlas") != std::string::npos) {
    found.library = "ATLAS";
  } else {
    found.library = blas.file.empty() ? "unknown BLAS" : "reference BLAS";
  }
}

std::string slowness(const Blas& blas, const LinearAlgebra& found) {
  if (found.library == "reference BLAS") {
    return "Matrix products go to the reference BLAS (" + found.file +
           "), with which transformers train up to 30 times slower than with OpenBLAS. Install the package "
           "libopenblas0-openmp; if it is "
           "there, choose it with 'update-alternatives --config' for libblas.so.3.";
  }
  if (!found.library.starts_with("OpenBLAS")) return "";
  const std::string better = betterKernels(found.kernels, processorVectors());
  if (!better.empty()) {
    return "OpenBLAS computes with its " + found.kernels + " kernels, which leave this processor's " +
           found.vectors + " unused. Start the program with " + kCoreType + "=" + better +
           (std::getenv(kCoreType) ? ", or without that variable." : ".");
  }
  auto* const parallel = blas.find<int()>("openblas_get_parallel");
  if (parallel && parallel() == 0 && std::thread::hardware_concurrency() > 1) {
    return "This OpenBLAS (" + found.file +
           ") computes on one core alone. Install the package libopenblas0-openmp.";
  }
  return "";
}

}  // namespace

Vectors processorVectors() {
#ifdef __x86_64__
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return Vectors::Baseline;
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512cd");
  if (!avx512) return Vectors::Avx2;
  if (!__builtin_cpu_supports("avx512bf16")) return Vectors::Avx512;
  static const bool amx = hasAmxBf16();
  return amx ? Vectors::AmxBf16 : Vectors::Avx512Bf16;
#else
  return Vectors::Baseline;
#endif
}

const char* words(Vectors vectors) {
  static constexpr std::array kWords{"no AVX2", "AVX2", "AVX-512", "AVX-512 bf16", "AMX bf16"};
#ifndef __x86_64__
  return "no x86 vectors";
#endif
  return kWords[static_cast<std::size_t>(vectors)];
}

std::string LinearAlgebra::words() const {
  return library + (kernels.empty() ? "" : " with " + kernels + " kernels") + ", " + std::to_string(threads) +
         (threads == 1 ? " thread, " : " threads, ") + vectors;
}

LinearAlgebra describeLinearAlgebra() {
  const Blas blas = loadedBlas();
  LinearAlgebra found{.vectors = panicle::words(processorVectors()), .threads = computeThreads()};
  identify(blas, found);
  if (at::hasMKLDNN()) found.convolutions = named("oneDNN", version(at::get_mkldnn_version()));
  found.warning = slowness(blas, found);
  return found;
}

std::string betterKernels(const std::string& kernels, Vectors vectors) {
  // OpenBLAS's names for x86, in the order of its own table; whatever is not here came later and knows this
  // processor.
  static constexpr std::array kBeforeAvx2{
      "Katmai", "Coppermine",  "Northwood", "Prescott",  "Banias",     "Atom",         "Core2",
      "Penryn", "Dunnington",  "Nehalem",   "Athlon",    "Opteron",    "Opteron_SSE3", "Barcelona",
      "Nano",   "Sandybridge", "Bobcat",    "Bulldozer", "Piledriver", "Steamroller"};
  static constexpr std::array kAvx2{"Haswell", "Zen", "Excavator"};
  const auto among = [&kernels](const auto& list) {
    return std::find(list.begin(), list.end(), kernels) != list.end();
  };
  const bool old = among(kBeforeAvx2);
  if (!old && !among(kAvx2)) return "";
  if (vectors >= Vectors::Avx512Bf16) return "Cooperlake";
  if (vectors == Vectors::Avx512) return "SkylakeX";
  return old && vectors == Vectors::Avx2 ? "Haswell" : "";
}

void useBestKernels(char** argv) {
  if (std::getenv(kCoreType)) return;
  const Blas blas = loadedBlas();
  // A library built for one processor alone has nothing to choose from.
  if (blas.text("openblas_get_config").find("DYNAMIC_ARCH") == std::string::npos) return;
  const std::string better = betterKernels(blas.text("openblas_get_corename"), processorVectors());
  if (better.empty()) return;
  // By its own path, so that the program keeps its name.
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error || ::setenv(kCoreType, better.c_str(), 0) != 0) return;
  ::execv(program.c_str(), argv);
  ::unsetenv(kCoreType);  // it could not start: describeLinearAlgebra() warns of the kernels that remain
}

}  // namespace panicle
