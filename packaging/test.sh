#!/usr/bin/env bash
# Sets up, builds and runs all tests.
#
#   packaging/test.sh            the release preset; where CI is set, warnings are errors
#   packaging/test.sh --asan     under the address and undefined-behaviour sanitizers
#   packaging/test.sh --tsan     the parts without Qt under the thread sanitizer
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=release
case "${1:-}" in
  "") ;;
  --asan) preset=asan ;;
  --tsan) preset=tsan ;;
  *) echo "usage: packaging/test.sh [--asan|--tsan]" >&2; exit 2 ;;
esac

packaging/setup.sh
cmake --preset "$preset" -DPANICLE_TESTS=ON -DPANICLE_WERROR="${CI:+ON}" -DPANICLE_GUI="${PANICLE_GUI:-$([ "$preset" = tsan ] && echo OFF || echo ON)}"
start=$SECONDS
cmake --build --preset "$preset" --parallel "${PANICLE_JOBS:-$(nproc)}" --target all all_verify_interface_header_sets
echo "built in $((SECONDS - start)) s"

export QT_QPA_PLATFORM=offscreen
# torch, OpenCV and Qt keep memory until the process ends; only our own leaks are of interest.
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0" ASAN_OPTIONS="detect_odr_violation=0:${ASAN_OPTIONS:-}"
export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp:${TSAN_OPTIONS:-}"
ctest --preset "$preset"
