#!/usr/bin/env python3
"""Steps fastai's own optimizers (2.7.13, torch 1.13, CPU) with given gradients and writes down where the weights went.

    make_optimizer_cases.py [FOLDER]        # default: fastai/ beside this script

It adds to fastai/data/07_adam_steps.json, which has Adam alone:

optimizer_cases.json
    fastai, torch  versions
    grads          one object a step: name -> gradient. W [6, 4] and b [6] are group 0 (b is a bias: no decay), g [5] and
                   u [3] group 1; u never has a gradient
    hypers         one object a step: lr (one a group) and mom, or null where nothing is scheduled
    clear_before   the state is cleared before this step (fastai does on freeze and unfreeze)
    cases          a list of
        name       of the case
        options    OptimizerOptions, as a run's recipe spells them (those left out have their default)
        init       name -> values
        params     one object a step: name -> values after it
    frozen         cases of fastai's defect: before step `frozen_before` W is frozen by requires_grad, its gradient zeroed and
                   not removed, and the state cleared: options, frozen_before, params; frozen_init as init
    clip           one object a row: max_norm, norm (as returned) and grads of step 0 after torch's clip_grad_norm_
"""
import json
import sys
from functools import partial
from pathlib import Path

import fastai
import torch
from fastai.optimizer import SGD, Adam, Lamb, RAdam, ranger

STEPS = 20
CLEAR_BEFORE = 13
SHAPES = {"W": (6, 4), "b": (6,), "g": (5,), "u": (3,)}
CASES = [
    ("adam, norms and biases decay", {"kind": "adam", "wd": 0.1, "wd_bn_bias": True}, partial(Adam, wd=0.1)),
    ("adam, other eps and sqr_mom", {"kind": "adam", "eps": 1e-3, "sqr_mom": 0.9, "mom": 0.8},
     partial(Adam, eps=1e-3, sqr_mom=0.9, mom=0.8, wd=0.01)),
    ("sgd", {"kind": "sgd", "wd": 0.1}, partial(SGD, wd=0.1)),
    ("sgd with momentum", {"kind": "sgd", "wd": 0.1, "mom": 0.9}, partial(SGD, wd=0.1, mom=0.9)),
    ("radam", {"kind": "radam"}, partial(RAdam, wd=0.01)),
    ("radam, never rectified", {"kind": "radam", "sqr_mom": 0.5}, partial(RAdam, wd=0.01, sqr_mom=0.5)),
    ("ranger", {"kind": "ranger"}, ranger),
    ("lamb", {"kind": "lamb", "wd": 0.05}, partial(Lamb, wd=0.05)),
    ("lamb from zero", {"kind": "lamb", "wd": 0.05}, partial(Lamb, wd=0.05)),
    ("lamb, large weights", {"kind": "lamb", "wd": 0.05}, partial(Lamb, wd=0.05)),
]


def numbers(tensors):
    return {name: tensor.detach().tolist() for name, tensor in tensors.items()}


def hypers():
    """Nothing is scheduled in the first steps, and none of the momentum after step 15."""
    rows = []
    for i in range(STEPS):
        lr = [0.01, 0.03] if i < 5 else [0.002 * (i - 3), 0.004 * (i - 3)]
        rows.append({"lr": lr, "mom": None if i < 5 or i > 15 else 0.95 - 0.01 * (i - 5)})
    return rows


def parameters(init):
    return {name: value.clone().requires_grad_() for name, value in init.items()}


def optimizer(make, params, options):
    opt = make([[params["W"], params["b"]], [params["g"], params["u"]]], lr=1e-3)
    if not options.get("wd_bn_bias"):
        opt.state[params["b"]]["do_wd"] = False
    return opt


def advance(opt, params, grads, row):
    for name, grad in grads.items():
        if params[name].grad is None:
            params[name].grad = torch.zeros_like(params[name])
        if params[name].requires_grad:
            params[name].grad += grad
    opt.set_hyper("lr", row["lr"])
    if row["mom"] is not None:
        opt.set_hyper("mom", row["mom"])
    opt.step()
    opt.zero_grad()
    return numbers(params)


def run(make, options, init, grads, clear_before=None, frozen_before=None):
    params = parameters(init)
    opt = optimizer(make, params, options)
    after = []
    for i, (step, row) in enumerate(zip(grads, hypers())):
        if i == clear_before:
            opt.clear_state()
        if i == frozen_before:
            params["W"].requires_grad_(False)
            opt.clear_state()
        after.append(advance(opt, params, step, row))
    return after


def clip(grads):
    rows = []
    for max_norm in (0.5, 1.0, 100.0):
        params = [torch.zeros_like(grad).requires_grad_() for grad in grads.values()]
        for param, grad in zip(params, grads.values()):
            param.grad = grad.clone()
        norm = torch.nn.utils.clip_grad_norm_(params, max_norm)
        rows.append({"max_norm": max_norm, "norm": norm.item(),
                     "grads": {name: param.grad.tolist() for name, param in zip(grads, params)}})
    return rows


def main(folder):
    torch.manual_seed(5)
    init = {name: torch.randn(shape) for name, shape in SHAPES.items()}
    grads = [{name: torch.randn(shape) * 10 ** (-(i % 3)) for name, shape in SHAPES.items() if name != "u"} for i in range(STEPS)]
    cases = []
    for name, options, make in CASES:
        scale = 0 if "from zero" in name else 100 if "large weights" in name else 1
        first = {**init, "W": init["W"] * scale}
        cases.append({"name": name, "options": options, "init": numbers(first),
                      "params": run(make, options, first, grads, clear_before=CLEAR_BEFORE)})
    frozen = [{"options": {"kind": kind, "wd": 0.1}, "frozen_before": 8,
               "params": run(partial(make, wd=0.1), {}, init, grads, frozen_before=8)}
              for kind, make in (("adam", Adam), ("sgd", SGD), ("ranger", ranger), ("lamb", Lamb))]
    document = {"fastai": fastai.__version__, "torch": torch.__version__, "grads": [numbers(step) for step in grads],
                "hypers": hypers(), "clear_before": CLEAR_BEFORE, "cases": cases, "frozen_init": numbers(init), "frozen": frozen,
                "clip": clip(grads[0])}
    (folder / "optimizer_cases.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "fastai")
