#!/usr/bin/env python3
"""Trains with fastai 2.7 what train_peer.py trains with Panicle, and prints a JSON line a run.

    fastai_training.py DIR [--aug] [--seeds 1,2,3] [--epochs 10]

DIR holds a folder of photos for each class (rice_leaf_sethy/train_images). timm's resnet18 from scratch under
fastai's head, all of it learning; Resize(128, squish), 32 photos a batch, fit_one_cycle(EPOCHS, 3e-3); with
--aug also aug_transforms(). The split is RandomSplitter(0.2, seed=42) of the sorted files, whatever the seed.
Needs fastai 2.7.13 and timm 0.6.13 on torch 1.13.
"""
import argparse
import json
import time

import torch
from fastai.vision.all import *


def train(folder, seed, epochs, aug):
    files = sorted(get_image_files(folder))
    set_seed(seed)
    data = DataBlock(blocks=(ImageBlock, CategoryBlock), get_items=lambda _: files, get_y=parent_label,
                     splitter=RandomSplitter(0.2, seed=42), item_tfms=Resize(128, method='squish'),
                     batch_tfms=aug_transforms() if aug else None).dataloaders(folder, bs=32, num_workers=2)
    set_seed(seed)
    learn = vision_learner(data, 'resnet18', pretrained=False, metrics=error_rate)
    learn.unfreeze()
    start = time.monotonic()
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(epochs, 3e-3)
    seconds = time.monotonic() - start
    rows = [[float(value) for value in row] for row in learn.recorder.values]
    return {'seed': seed, 'aug': aug, 'epochs': epochs, 'error_rate': rows[-1][2], 'valid_loss': rows[-1][1],
            'seconds': round(seconds, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder')
    parser.add_argument('--aug', action='store_true')
    parser.add_argument('--seeds', default='1')
    parser.add_argument('--epochs', type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(2)
    for seed in map(int, options.seeds.split(',')):
        print(json.dumps(train(options.folder, seed, options.epochs, options.aug)), flush=True)


if __name__ == '__main__':
    main()
