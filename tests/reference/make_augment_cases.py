#!/usr/bin/env python3
"""Runs fastai's own aug_transforms (2.7.13, torch 1.13, CPU) on made pictures and writes down what it drew and what came out.

    make_augment_cases.py [FOLDER]        # default: fastai/ beside this script

It writes two files, which add to fastai/data/05_augment.json: other sizes, paddings, sampling modes and options.

augment_cases.json
    fastai, torch  versions
    cases          a list of
        name       of the case
        call       what was called, for the reader
        options    AugOptions, as a run's recipe spells them (those left out have their default)
        mode       "train" (split_idx 0) or "valid" (split_idx 1)
        item       [height, width] of the pictures; picture b of a case is made(b, height, width), see below
        draws      one object a picture, AugDraw's names: dihedral, rotate, zoom, zoom_x, zoom_y, warp_x, warp_y,
                   brightness, contrast, saturation, hue; those left out have their default
        crop       [left, top, width, height], the same for all pictures; the whole item where nothing was cropped
        coordinate_low, coordinate_high   smallest and largest coordinate of the first sampling grid (null: no grid)
        shape      [pictures, 3, height, width] of the result
        stride     [rows, columns]: only result[:, :, ::rows, ::columns] is kept
        offset     of its values among those of augment_cases.npy
augment_cases.npy
    float32, flat: the kept values of all cases, in C order, 0..1 and not normalised (bicubic sampling exceeds it)

made(b, height, width) is uint8 [height, width, 3] of integer arithmetic only, so that any language makes it again.
"""
import importlib
import json
import math
import random
import sys
from pathlib import Path

import fastai
import numpy as np
import torch
from fastai.vision.all import (Hue, IntToFloatTensor, Pipeline, RandomResizedCropGPU, Saturation, TensorImage,
                               aug_transforms)

augment = importlib.import_module("fastai.vision.augment")
ROUND = 9  # significant digits: enough to give the same float32
KEPT = 3200  # values of a case, to keep the files small


def made(b, height, width):
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    wave = np.abs((x * (2 + c) + y * (1 + b)) % 128 - 64) * 2
    bend = np.abs((x * y // 16 + 31 * c + 17 * b) % 96 - 48)
    noise = (((x * 73856093) ^ (y * 19349663) ^ ((3 * b + c + 1) * 83492791)) >> 8) & 63
    return np.clip((wave + bend + noise) * 9 // 8 - 8, 0, 255).astype(np.uint8)


def stride_of(out):
    every = -(-out.size // KEPT)
    rows = math.isqrt(every)
    return rows, -(-every // rows)


class Recorder:
    """Notes what fastai draws, by who draws it, and the first sampling grid."""

    def __init__(self):
        self.draws, self.coordinates = {}, None
        self.draw_mask, self.grid_sample = augment._draw_mask, augment._grid_sample

    def __enter__(self):
        augment._draw_mask, augment._grid_sample = self.noted_draw, self.noted_grid
        return self

    def __exit__(self, *_):
        augment._draw_mask, augment._grid_sample = self.draw_mask, self.grid_sample

    def noted_draw(self, *args, **kwargs):
        value = self.draw_mask(*args, **kwargs)
        caller = sys._getframe(1)
        owner = caller.f_code.co_name
        if owner == "before_call":
            owner = type(caller.f_locals["self"]).__name__
        names = {"flip_mat": ["dihedral"], "dihedral_mat": ["dihedral"], "rotate_mat": ["rotate"],
                 "zoom_mat": ["zoom", "zoom_x", "zoom_y"], "_WarpCoord": ["warp_x", "warp_y"],
                 "_BrightnessLogit": ["brightness"], "_ContrastLogit": ["contrast"], "_SaturationLogit": ["saturation"],
                 "_Hue": ["hue"]}[owner]
        name = next(n for n in names if n not in self.draws)
        number = int if name == "dihedral" else lambda v: float(f"{float(v):.{ROUND}g}")
        self.draws[name] = [number(v) for v in value]
        return value

    def noted_grid(self, x, coords, *args, **kwargs):
        if self.coordinates is None:
            self.coordinates = [float(coords.min()), float(coords.max())]
        return self.grid_sample(x, coords, *args, **kwargs)


def run(options, mode, item, pictures, seed):
    arguments = dict(options)
    extra = []
    if "saturation" in arguments:
        extra.append(Saturation(**arguments.pop("saturation")))
    if "hue" in arguments:
        extra.append(Hue(**arguments.pop("hue")))
    if "size" in arguments:
        arguments["size"] = tuple(arguments["size"])
    random.seed(seed)
    torch.manual_seed(seed)
    transforms = [IntToFloatTensor(), *aug_transforms(**arguments, xtra_tfms=extra)]
    crop = [t for t in transforms if isinstance(t, RandomResizedCropGPU)]
    batch = np.stack([made(b, *item) for b in range(pictures)])
    x = TensorImage(torch.from_numpy(batch).permute(0, 3, 1, 2).contiguous())
    with Recorder() as recorder:
        out = Pipeline(transforms, split_idx=0 if mode == "train" else 1)(x)
    box = [0, 0, item[1], item[0]]
    if crop:
        (top, left), (height, width) = crop[0].tl, crop[0].cp_size
        box = [left, top, width, height]
    if mode == "valid":
        recorder.draws = {}  # drawn, but not used
    call = "aug_transforms(" + ", ".join(f"{k}={v!r}" for k, v in arguments.items())
    call += (", xtra_tfms=[" + ", ".join(k for k in options if k in ("saturation", "hue")) + "]" if extra else "") + ")"
    return call, np.array(out, dtype=np.float32), recorder, box


ALL = dict(p_affine=1., p_lighting=1.)
CASES = [
    # name, options, mode, item, pictures
    ("zeros_rotate45", dict(pad_mode="zeros", max_rotate=45., **ALL), "train", (40, 40), 2),
    ("zeros_no_lighting_nonsquare", dict(pad_mode="zeros", max_lighting=0, max_warp=.4, **ALL), "train", (37, 53), 2),
    ("border_warp.6", dict(pad_mode="border", max_warp=.6, **ALL), "train", (48, 32), 2),
    ("nearest", dict(mode="nearest", max_lighting=0, **ALL), "train", (41, 33), 2),
    ("nearest_min_scale", dict(mode="nearest", size=(32, 32), min_scale=.5), "train", (60, 60), 2),
    ("bicubic_overshoots", dict(mode="bicubic", max_lighting=0, **ALL), "train", (36, 44), 2),
    ("bicubic_zeros_lighting", dict(mode="bicubic", pad_mode="zeros", size=(24, 40), **ALL), "train", (64, 64), 2),
    ("bicubic_hue_no_lighting", dict(mode="bicubic", max_lighting=0, hue=dict(p=1.), **ALL), "train", (36, 36), 2),
    ("align_false", dict(align_corners=False, **ALL), "train", (36, 44), 2),
    ("align_false_zeros_size", dict(align_corners=False, pad_mode="zeros", size=(28, 36), max_rotate=30., **ALL), "train", (50, 60), 2),
    ("align_false_border_min_scale", dict(align_corners=False, pad_mode="border", size=(30, 30), min_scale=.6, **ALL), "train", (56, 72), 2),
    ("align_false_valid", dict(align_corners=False, size=(24, 36)), "valid", (50, 61), 2),
    ("align_false_bicubic", dict(align_corners=False, mode="bicubic", size=(30, 30), **ALL), "train", (40, 40), 1),
    ("align_false_nearest", dict(align_corners=False, mode="nearest", size=(30, 30), max_lighting=0, **ALL), "train", (40, 40), 1),
    ("prefilter_size", dict(size=(32, 48)), "train", (200, 150), 2),
    ("prefilter_size_valid", dict(size=(32, 48)), "valid", (200, 150), 2),
    ("prefilter_loses_a_row", dict(size=(64, 64), **ALL), "train", (161, 100), 2),
    ("prefilter_stopped_by_zoom", dict(size=(32, 32), min_zoom=3., max_zoom=4., max_warp=0, **ALL), "train", (100, 100), 2),
    ("prefilter_of_half_the_width", dict(size=(50, 10), do_flip=False, **ALL), "train", (100, 6), 2),
    ("prefilter_at_item_size_tall", dict(max_lighting=0), "valid", (200, 60), 1),
    ("prefilter_at_item_size_tall_train", dict(size=(40, 40), min_scale=.35), "train", (200, 60), 2),
    ("prefilter_align_false_zeros", dict(size=(20, 24), align_corners=False, pad_mode="zeros", **ALL), "train", (120, 90), 2),
    ("min_scale.35_wide", dict(size=(32, 32), min_scale=.35), "train", (90, 120), 2),
    ("min_scale.35_to_nonsquare", dict(size=(24, 48), min_scale=.35, pad_mode="zeros"), "train", (120, 90), 2),
    ("min_scale_falls_back_to_square", dict(size=(32, 32), min_scale=.9), "train", (40, 160), 2),
    ("min_scale_valid_tall", dict(size=(32, 24), min_scale=.5), "valid", (130, 70), 2),
    ("min_scale_flip_vert", dict(size=(32, 32), min_scale=.75, flip_vert=True), "train", (64, 64), 3),
    ("flip_vert_nonsquare", dict(flip_vert=True, **ALL), "train", (30, 50), 3),
    ("hue_and_saturation", dict(hue=dict(max_hue=.3, p=1.), saturation=dict(max_lighting=.5, p=1.)), "train", (40, 40), 2),
    ("hue_half_masked", dict(hue=dict(p=.5)), "train", (32, 32), 3),
    ("saturation_alone", dict(max_lighting=0, saturation=dict(p=1.)), "train", (32, 32), 2),
    ("mult2", dict(mult=2., **ALL), "train", (44, 44), 2),
    ("lighting.8_alone", dict(do_flip=False, max_rotate=0, max_warp=0, max_zoom=1., max_lighting=.8, p_lighting=1.), "train", (32, 40), 2),
    ("neutral_lighting", dict(p_lighting=0.), "train", (32, 40), 2),
    ("zoomed_out", dict(min_zoom=.4, max_zoom=.6, **ALL), "train", (40, 30), 2),
    ("zoomed_out_zeros", dict(min_zoom=.4, max_zoom=.6, pad_mode="zeros", **ALL), "train", (30, 40), 2),
    ("enlarged", dict(size=(70, 90), **ALL), "train", (30, 30), 1),
    ("one_draw_a_batch", dict(batch=True, size=(28, 28)), "train", (40, 40), 3),
    ("one_row", dict(size=(1, 40), **ALL), "train", (30, 40), 2),
    ("presizing_480_to_224", dict(size=(224, 224), min_scale=.75), "train", (480, 480), 2),
    ("presizing_640x480_to_288x224", dict(size=(288, 224), min_scale=.75), "train", (640, 480), 1),
    ("presizing_480_to_128", dict(size=(128, 128), min_scale=.75), "train", (480, 480), 2),
]


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "fastai")
    cases, values, offset = [], [], 0
    for seed, (name, options, mode, item, pictures) in enumerate(CASES, start=100):
        call, out, recorder, crop = run(options, mode, item, pictures, seed)
        stride = stride_of(out)
        kept = np.ascontiguousarray(out[:, :, ::stride[0], ::stride[1]])
        low, high = recorder.coordinates or (None, None)
        cases.append(dict(name=name, call=call, options=dict(options), mode=mode, item=list(item),
                          draws=[{key: value[b] for key, value in recorder.draws.items()} for b in range(pictures)],
                          crop=crop, coordinate_low=low, coordinate_high=high, shape=list(out.shape),
                          stride=list(stride), offset=offset))
        values.append(kept.ravel())
        offset += kept.size
        print(f"{name:36} {list(out.shape)} {stride} {kept.nbytes // 1024:4} kB  {kept.min():.3f}..{kept.max():.3f}")
    text = ",\n".join(json.dumps(case) for case in cases)
    versions = json.dumps(dict(fastai=fastai.__version__, torch=torch.__version__))[1:-1]
    (folder / "augment_cases.json").write_text("{" + versions + ', "cases": [\n' + text + "\n]}\n")
    np.save(folder / "augment_cases.npy", np.concatenate(values))
    print(f"{len(cases)} cases, {offset * 4 // 1024} kB of values")


if __name__ == "__main__":
    main()
