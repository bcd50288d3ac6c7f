#!/usr/bin/env bash
# Installs everything that building, running and testing Panicle needs on Debian 12, Debian 13 or a recent Ubuntu.
# Does nothing when all of it is there. PANICLE_GUI=OFF leaves out Qt and what only the window needs.
set -euo pipefail

packages=(
  g++ cmake ninja-build git ca-certificates pkg-config
  libtorch-dev libopenblas0-openmp
  libopencv-dev libjpeg62-turbo-dev libturbojpeg0-dev
  nlohmann-json3-dev libsqlitecpp-dev libsqlite3-dev libcli11-dev libspdlog-dev libcsv-dev
  libzip-dev libcurl4-openssl-dev libssl-dev
  libgtest-dev libgmock-dev
  ccache mold
)
if [ "${PANICLE_GUI:-ON}" != OFF ]; then
  packages+=(qt6-base-dev qt6-svg-dev libqt6svg6 libqcustomplot-dev libgl-dev libvulkan-dev fonts-dejavu-core)
fi
# Ubuntu names the JPEG headers otherwise.
. /etc/os-release
[ "${ID:-}" = ubuntu ] && packages=("${packages[@]/libjpeg62-turbo-dev/libjpeg-turbo8-dev}")

# torch computes with whatever backs libblas.so.3, which is a choice for the whole machine: it is told of here, and changed by
# nobody but its owner.
check_blas() {
  local triplet blas
  triplet=$(gcc -print-multiarch)
  blas=$(readlink -f "/usr/lib/$triplet/libblas.so.3" || true)
  case $blas in
    */openblas-openmp/* | "") ;;
    *)
      echo "setup.sh: torch computes with $blas, not with OpenBLAS for OpenMP: training may be far slower. To change that:" >&2
      echo "  sudo update-alternatives --set libblas.so.3-$triplet /usr/lib/$triplet/openblas-openmp/libblas.so.3" >&2
      ;;
  esac
}

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  check_blas
  exit 0
fi

sudo=
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "setup.sh: not root and no sudo; install by hand: ${missing[*]}" >&2; exit 1; }
  sudo=sudo
fi
echo "Installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
check_blas
