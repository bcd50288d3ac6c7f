// The linear algebra that torch computes with on the processor: which library, which kernels, how many
// threads. Transformers are up to 30 times slower with the reference BLAS than with OpenBLAS, and OpenBLAS
// 0.3.21 takes kernels of 2013 or even 2004 for processors newer than itself. docs/linear_algebra.md has
// measured figures.
#pragma once

#include <string>

namespace panicle {

// The best instructions of this processor that matter here, from the least to the best; each has those before
// it. What the operating system does not let programs use does not count.
enum class Vectors { Baseline, Avx2, Avx512, Avx512Bf16, AmxBf16 };

Vectors processorVectors();
const char* words(Vectors vectors);  // "AVX-512 bf16"

struct LinearAlgebra {
  std::string library;  // "OpenBLAS 0.3.21", "reference BLAS", "MKL 2022.2", "BLIS 0.9.0"
  std::string kernels;  // "SkylakeX"; "" where the library does not say
  std::string file;     // that is loaded; "" where it is a part of torch
  std::string
      convolutions;     // "oneDNN 2.6.3", which also has the bf16 matrix products; "" in a torch without it
  std::string vectors;  // words(processorVectors())
  int threads =
      1;  // that torch computes with in the calling thread; all cores where nothing has set them yet
  std::string warning;  // "" or a sentence on why this is slow, and the remedy

  // "OpenBLAS 0.3.21 with SkylakeX kernels, 2 threads, AMX bf16".
  std::string words() const;
};

LinearAlgebra describeLinearAlgebra();

// The value of OPENBLAS_CORETYPE that suits a processor with `vectors` where OpenBLAS chose `kernels`
// ("Haswell"); "" where those are as good, or newer than what is known here.
std::string betterKernels(const std::string& kernels, Vectors vectors);

// To be called first in main(). Where OpenBLAS has chosen kernels that are worse than what this processor can
// do, sets OPENBLAS_CORETYPE (it is read only while the library is loaded) and starts the program again in
// its place; returns where there is nothing to better, or where the variable is set already, to whatever
// value.
void useBestKernels(char** argv);

}  // namespace panicle
