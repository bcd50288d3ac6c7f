#!/usr/bin/env python3
"""Computes with timm itself (0.6.13, torch 1.13, CPU) what our networks are compared with.

    make_timm_cases.py [FOLDER]        # default: timm/ beside this script

resnet50d.json         in the layout of the other architectures' files: state_dict (rows in order: name, shape, dtype, fill,
                       sum of the filled values, param), param_count, num_classes, num_features, cfg, and eval (per input size:
                       features, pooled, logits, argmax, softmax_top5; the first with activations of every block)
vit_other_sizes.json   the same eval rows of a vision transformer made for images of other sizes, its position embeddings being
                       those of 224x224 as resize_pos_embed brings them to the other grid; pos_embed itself likewise

Weights and images are functions of names and places alone: fill() and pixels() below, tests/models/timm_fill.h in C++.
"""
import json
import math
import sys
from pathlib import Path

import numpy as np
import timm
import torch
from timm.models.vision_transformer import checkpoint_filter_fn

CFG_KEYS = ("url", "num_classes", "input_size", "pool_size", "crop_pct", "interpolation", "fixed_input_size", "mean", "std",
            "first_conv", "classifier")
STEMS = ("patch_embed.proj.weight", "stem.0.weight")


def fill_rule(name, shape):
    """(kind, offset, amplitude) of a float tensor; None: it is left as it is."""
    last = name.rsplit(".", 1)[-1]
    fan_in = math.prod(shape) // shape[0] if shape else 1
    if last in ("attn_mask", "relative_position_index", "relative_coords_table", "num_batches_tracked"):
        return None
    named = {"running_mean": (0, 0.1), "running_var": (1, 0.25), "logit_scale": (2.302585092994046, 0.25), "gamma": (0.25, 0.125),
             "relative_position_bias_table": (0, 0.5), "cls_token": (0, 0.05), "pos_embed": (0, 0.05)}
    if last in named:
        return (last, *named[last])
    if len(shape) >= 2:
        small = name in STEMS
        return ("patch" if small else "weight", 0, (0.05 if small else 1) * math.sqrt(3 / fan_in))
    return ("norm", 1, 0.25) if last == "weight" else ("bias", 0, 0.1)


def fill(name, shape):
    rule = fill_rule(name, shape)
    if rule is None:
        return None
    state = 14695981039346656037
    for byte in name.encode():
        state = (state ^ byte) * 1099511628211 % 2**64
    with np.errstate(over="ignore"):
        x = np.arange(math.prod(shape), dtype=np.uint64) + np.uint64((state + 0x9E3779B97F4A7C15) % 2**64)
        x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    unit = ((x >> np.uint64(40)).astype(np.int64) - 2**23) / 2**23
    return torch.from_numpy((rule[1] + rule[2] * unit).astype(np.float32).reshape(shape))


def pixels(count, height, width):
    b, c, y, x = np.meshgrid(*(np.arange(n) for n in (count, 3, height, width)), indexing="ij")
    k = (x * (3 + c) + y * (5 - c) + ((x * y) >> 4) + 37 * c + 91 * b + ((x * x * (b + 1)) >> 5)) & 255
    m = ((x * (2 * b + 1) + 2 * y + 85 * c) >> (b & 3)) & 255
    return torch.from_numpy(((k * m - 16384) / 16384 + ((2 * c + 3 * b) % 5 - 2) * 0.5).astype(np.float32))


def filled(state):
    """The state dict with every tensor filled that the rule fills."""
    result = {}
    for name, tensor in state.items():
        values = fill(name, tuple(tensor.shape))
        result[name] = tensor if values is None or tensor.dtype != torch.float32 else values
    return result


def short(x):
    return float(f"{float(x):.9g}")


def statistics(tensor, first=16):
    values = tensor.detach().double().flatten()
    return {"shape": list(tensor.shape), "mean": short(values.mean()), "std": short(values.std(unbiased=False)),
            "l2": short(values.norm()), "absmax": short(values.abs().max()), "first": [short(v) for v in tensor.flatten()[:first]]}


def eval_row(model, height, width, recorded=()):
    images = pixels(1, height, width)
    activations = {}
    hooks = [dict(model.named_modules())[name].register_forward_hook(
        lambda module, inputs, output, name=name: activations.__setitem__(name, statistics(output, 6))) for name in recorded]
    with torch.no_grad():
        features = model.forward_features(images)
        pooled = model.forward_head(features, pre_logits=True)
        for hook in hooks:
            hook.remove()
        logits = model(images)
    top = logits.softmax(1).topk(5)
    row = {"input": [1, 3, height, width], "features": statistics(features), "pooled": statistics(pooled),
           "logits": statistics(logits), "argmax": logits.argmax(1).tolist(),
           "softmax_top5": [[int(i), short(p)] for i, p in zip(top.indices[0], top.values[0])]}
    if recorded:
        row["activations"] = activations
    return row


def state_rows(model):
    parameters = {name for name, _ in model.named_parameters()}
    rows = []
    for name, tensor in model.state_dict().items():
        rule = fill_rule(name, tuple(tensor.shape)) if tensor.dtype == torch.float32 else None
        row = {"name": name, "shape": list(tensor.shape), "dtype": str(tensor.dtype).removeprefix("torch."),
               "fill": rule and rule[0], "param": name in parameters}
        if rule:
            row["sum"] = short(tensor.double().sum())
        rows.append(row)
    return rows


def resnet(arch, sizes):
    model = timm.create_model(arch, drop_path_rate=0.0).eval()
    model.load_state_dict(filled(model.state_dict()))
    blocks = [f"layer{stage}.{i}" for stage in (1, 2, 3, 4) for i in range(len(getattr(model, f"layer{stage}")))]
    cfg = model.default_cfg
    return {"arch": arch, "timm": timm.__version__, "torch": torch.__version__, "num_classes": model.num_classes,
            "num_features": model.num_features, "param_count": sum(p.numel() for p in model.parameters()),
            "cfg": {key: cfg[key] for key in CFG_KEYS if key in cfg}, "state_dict": state_rows(model),
            "eval": [eval_row(model, *size, blocks if i == 0 else ()) for i, size in enumerate(sizes)]}


def vit_other_sizes(arch, sizes):
    usual = filled(timm.create_model(arch).state_dict())
    rows = []
    for size in sizes:
        model = timm.create_model(arch, img_size=size, drop_path_rate=0.0).eval()
        model.load_state_dict(checkpoint_filter_fn(usual, model))
        rows.append(eval_row(model, *size) | {"pos_embed": statistics(model.pos_embed[:, 1:])})
    return {"arch": arch, "timm": timm.__version__, "torch": torch.__version__, "eval": rows}


def write(path, case):
    """One row of a list a line."""
    parts = []
    for key, value in case.items():
        text = json.dumps(value, separators=(",", ":"))
        if isinstance(value, list):
            text = "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in value) + "\n]"
        parts.append(json.dumps(key) + ":" + text)
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "timm"
    write(folder / "resnet50d.json", resnet("resnet50d", [(224, 224), (288, 224), (131, 97)]))
    write(folder / "vit_other_sizes.json", vit_other_sizes("vit_tiny_patch16_224", [(288, 224), (96, 96), (448, 448)]))


if __name__ == "__main__":
    main()
