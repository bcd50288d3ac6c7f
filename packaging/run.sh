#!/usr/bin/env bash
# Sets up, builds, draws the sample data set if it is absent, and opens Panicle on it. Without a display it trains on the sample
# data with panicle-cli, prints the epoch table and says where the results are.
#
#   packaging/run.sh [--workspace DIR]      default: $PANICLE_WORKSPACE, else ~/Panicle
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

workspace=${PANICLE_WORKSPACE:-$HOME/Panicle}
if [ "${1:-}" = --workspace ]; then
  [ $# -ge 2 ] || { echo "usage: packaging/run.sh [--workspace DIR]" >&2; exit 2; }
  workspace=$2
  shift 2
fi
[ $# -eq 0 ] || { echo "usage: packaging/run.sh [--workspace DIR]" >&2; exit 2; }

packaging/setup.sh
cmake --preset release -DPANICLE_TESTS="${PANICLE_TESTS:-OFF}"
cmake --build --preset release --parallel "${PANICLE_JOBS:-$(nproc)}"
bin=$PWD/build/release/bin
mkdir -p "$workspace"
sample=$workspace/sample-data
"$bin/panicle-cli" sample "$sample"

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ -x "$bin/panicle" ]; then
  exec "$bin/panicle" --workspace "$workspace" "$sample"
fi

spec=$workspace/sample-run.json
"$bin/panicle-cli" spec --set name='sample data' --set data.root="$sample" --set model.arch=resnet18 --set batch.size=32 \
  --set stages.0.resize.size=128 --set stages.0.schedule.epochs=10 --set stages.0.schedule.lr_max=3e-3 > "$spec"
"$bin/panicle-cli" train "$spec" --workspace "$workspace"
