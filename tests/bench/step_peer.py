"""Images per second of training steps of Python's torch with timm, for step_bench to hold beside its own.

    python3 step_peer.py ARCH SIZE BATCH fp32|bf16 contiguous|channels_last [--steps N] [--threads N]

Needs torch (1.13 or newer) and timm (0.6) in the Python that runs it. A step is what step_bench's is: forward, cross
entropy and backward in training mode, ten classes, drop rates 0, no update; the median of N after two more. Prints one number.
"""
import argparse
import time

import timm
import torch
import torch.nn.functional as F


def layer_norm_in_float32():
    """torch 1.13's autocast hands layer norms bf16, which they refuse beside float32 weights."""
    original = F.layer_norm
    F.layer_norm = lambda x, *arguments, **named: original(x.float(), *arguments, **named)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arch")
    parser.add_argument("size", type=int)
    parser.add_argument("batch", type=int)
    parser.add_argument("precision", choices=("fp32", "bf16"))
    parser.add_argument("layout", choices=("contiguous", "channels_last"))
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = timm.create_model(arguments.arch, num_classes=10, drop_path_rate=0.0).train()
    images = torch.randn(arguments.batch, 3, arguments.size, arguments.size)
    targets = torch.arange(arguments.batch) % 10
    if arguments.layout == "channels_last":
        model, images = (x.to(memory_format=torch.channels_last) for x in (model, images))
    half = arguments.precision == "bf16"
    if half:
        layer_norm_in_float32()
    seconds = []
    for step in range(2 + arguments.steps):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = F.cross_entropy(model(images).float(), targets)
        loss.backward()
        model.zero_grad(set_to_none=False)
        if step >= 2:
            seconds.append(time.perf_counter() - start)
    print(arguments.batch / sorted(seconds)[len(seconds) // 2])


if __name__ == "__main__":
    main()
