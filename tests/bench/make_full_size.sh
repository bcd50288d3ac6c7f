#!/usr/bin/env bash
# Makes a data set of full size out of a sample: every row of the sample's train_full.csv gets an image, a hard link (a copy
# where links cannot be made) of one of the sample's photos of the same label.
#
#   tests/bench/make_full_size.sh SAMPLE_DIR OUT_DIR
set -euo pipefail

if [ $# -ne 2 ] || [ ! -f "$1/train_full.csv" ]; then
  echo "usage: make_full_size.sh SAMPLE_DIR OUT_DIR   (SAMPLE_DIR holds train_full.csv and train_images/<label>/)" >&2
  exit 2
fi
sample=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
cp "$sample/train_full.csv" "$out/train.csv"
mkdir -p "$out/.photos"
cp -r "$sample/train_images/." "$out/.photos/"   # links need one file system
chmod -R u+w "$out/.photos"

python3 - "$out" <<'PY'
import csv, itertools, os, shutil, sys
out = sys.argv[1]
photos = {}
for label in os.listdir(f"{out}/.photos"):
    folder = f"{out}/.photos/{label}"
    photos[label] = itertools.cycle(sorted(f"{folder}/{name}" for name in os.listdir(folder)))
    os.makedirs(f"{out}/train_images/{label}", exist_ok=True)
count = 0
for row in csv.DictReader(open(f"{out}/train.csv", newline="")):
    target = f"{out}/train_images/{row['label']}/{row['image_id']}"
    source = next(photos[row["label"]])
    if not os.path.exists(target):
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
    count += 1
print(f"{count} photos in {out}")
PY
rm -r "$out/.photos"
