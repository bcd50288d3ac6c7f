"""Images per second of fastai's own pipeline, to hold beside loader_bench's on the same files.

    python3 fastai_loader.py FOLDER [--images N] [--rounds N]

Needs fastai 2.7 with torch, torchvision and Pillow in the Python that runs it. FOLDER is searched through for JPEG
files, which are taken again and again up to N. Measures Resize(480, squish) + aug_transforms(size=224, min_scale=0.75) +
Normalize in batches of 64, with no workers on one and on two threads, and with two workers; the best round of each counts.
The first figure and the larger of the other two are what loader_bench takes as --fastai.
"""
import argparse
import time
from pathlib import Path

import torch
from fastai.vision.all import (CategoryBlock, DataBlock, ImageBlock, IndexSplitter, Normalize, Resize, ResizeMethod,
                               aug_transforms, imagenet_stats)


def loaders(files, workers):
    block = DataBlock(blocks=(ImageBlock, CategoryBlock), get_items=lambda _: files, get_y=lambda path: path.parent.name,
                      splitter=IndexSplitter([0]), item_tfms=Resize(480, method=ResizeMethod.Squish),
                      batch_tfms=[*aug_transforms(size=224, min_scale=0.75), Normalize.from_stats(*imagenet_stats)])
    return block.dataloaders(None, bs=64, num_workers=workers)


def speed(train, rounds):
    best = 0
    for _ in range(rounds):
        start, images = time.perf_counter(), 0
        for batch in train:
            images += len(batch[0])
        best = max(best, images / (time.perf_counter() - start))
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=360)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    photos = sorted(p for p in arguments.folder.rglob("*") if p.suffix in (".jpg", ".jpeg"))
    files = [photos[i % len(photos)] for i in range(arguments.images)]
    for workers, threads in ((0, 1), (0, 2), (2, 2)):
        torch.set_num_threads(threads)
        images = speed(loaders(files, workers).train, arguments.rounds)
        print(f"{workers} workers, {threads} threads: {images:.1f} images/s", flush=True)


if __name__ == "__main__":
    main()
