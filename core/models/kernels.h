// The linear algebra that torch computes with on the processor: which library, which kernels, how many threads. Transformers are up to 30
// times slower with the reference BLAS than with OpenBLAS, and OpenBLAS 0.3.21 takes kernels of 2013 or even 2004 for processors newer
// than itself.
#pragma once

#include <string>

namespace panicle {

struct LinearAlgebra {
  std::string library;   // "OpenBLAS 0.3.21", "reference BLAS", "MKL", "BLIS"
  std::string kernels;   // "SkylakeX"; "" where the library does not say
  std::string file;      // that is loaded
  std::string vectors;   // the best instructions of this processor that matter: "AMX bf16", "AVX-512 bf16", "AVX-512", "AVX2"
  int threads = 1;       // that torch computes with
  std::string warning;   // "" or a sentence on why this is slow, and the remedy

  // "OpenBLAS 0.3.21 with SkylakeX kernels, 2 threads, AMX bf16".
  std::string words() const;
};

LinearAlgebra describeLinearAlgebra();

// To be called first in main(). Where OpenBLAS has chosen kernels that are worse than what this processor can do, sets
// OPENBLAS_CORETYPE (it is read only while the library is loaded) and starts the program again in its place; returns where there is
// nothing to better, or where the variable is set already.
void useBestKernels(char** argv);

}  // namespace panicle
