#!/usr/bin/env python3
"""Computes with timm itself (0.6.13, torch 1.13, CPU, in float64) what Swin and SwinV2 give for other image sizes than they were
trained at: logits of 10 classes, and shapes and sums of the masks.

    make_swin_cases.py [FILE]        # default: timm/swin_sizes.json beside this script
"""
import json
import sys
from pathlib import Path

import timm
import torch

from make_timm_cases import filled, pixels, short

SIZES = {
    "swin_tiny_patch4_window7_224": [(448, 448), (448, 224), (224, 672)],
    "swinv2_tiny_window8_256": [(64, 64), (128, 128), (256, 128), (64, 512), (512, 512)],
    "swinv2_base_window12_192_22k": [(96, 192), (384, 96)],
}


@torch.no_grad()
def case(arch, size):
    model = timm.create_model(arch, img_size=size, num_classes=10).eval()
    model.load_state_dict(filled(model.state_dict()))
    logits = model.double()(pixels(1, *size).double())[0]
    masks = {name: {"shape": list(buffer.shape), "sum": float(buffer.sum())} for name, buffer in model.named_buffers()
             if name.endswith("attn_mask")}
    return {"arch": arch, "size": list(size), "logits": [short(value) for value in logits], "masks": masks}


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "timm" / "swin_sizes.json"
    cases = [case(arch, size) for arch, sizes in SIZES.items() for size in sizes]
    lines = ",\n".join(" " + json.dumps(row) for row in cases)
    target.write_text('{"timm": "%s", "cases": [\n%s\n]}\n' % (timm.__version__, lines))
