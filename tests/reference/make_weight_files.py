"""Writes the small weight files of tests/reference/weights with Python's torch (made with 1.13.1) and NumPy (1.24).

    python3 tests/reference/make_weight_files.py

It needs fastai too (made with 2.7.13, fastcore of the same time).

Every tensor's values follow one rule, so that the tests know them: element k, counted row by row, is k / 4 - 1 of floating
numbers, 3 k - 5 of signed and 3 k of unsigned ones, and whether k is a multiple of 3 of truths.
"""
import argparse
import collections
import pathlib

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent / "weights"


def rule(shape, dtype=torch.float32):
    k = torch.arange(int(np.prod(shape))).reshape(shape)
    if dtype == torch.bool:
        return k % 3 == 0
    if dtype.is_floating_point:
        return (k / 4 - 1).to(dtype)
    return (3 * k - (0 if dtype == torch.uint8 else 5)).to(dtype)


def array(shape, dtype):
    return rule(shape, getattr(torch, dtype)).numpy()


def kinds():
    state = collections.OrderedDict()
    state["conv.weight"] = rule((2, 3, 2, 2))
    state["bn.num_batches_tracked"] = rule(())[None].to(torch.int64)[0] * 0 - 5
    for name in ("float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"):
        state[name] = rule((3, 2), getattr(torch, name))
    state["empty"] = torch.zeros(0, 4)
    return state


def strided():
    padded = torch.zeros(4, 6)
    padded[1:3, 2:5] = rule((2, 3))
    shared = rule((12,))
    return {
        "transposed": rule((2, 3)).t().contiguous().t(),
        "channels_last": rule((2, 3, 2, 2)).to(memory_format=torch.channels_last),
        "part": padded[1:3, 2:5],
        "every_other": torch.stack([rule((5,)), torch.zeros(5)], 1)[:, 0],
        "halves": rule((2, 3, 4), torch.float16).permute(2, 0, 1).contiguous().permute(1, 2, 0),
        "shared.all": shared,
        "shared.view": shared.view(3, 4),
        "shared.start": shared[:6],
        "tied": shared,
    }


def nested():
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = collections.OrderedDict((name, rule(tensor.shape, tensor.dtype)) for name, tensor in model.state_dict().items())
    state["1.num_batches_tracked"] = torch.tensor(-5)
    state._metadata = model.state_dict()._metadata
    return {
        "epoch": 3, "arch": "resnet26d", "best": 0.25, "done": True, "nothing": None, "long": 2 ** 80, "raw": b"\x00\xff",
        "size": torch.Size([2, 3]), "device": torch.device("cpu"), "dtype": torch.float16, "seen": {1, 2},
        "milestones": collections.Counter([3, 3]),
        "state_dict": state,
        "optimizer": {"state": {0: {"step": 5, "exp_avg": rule((2, 3))}},
                      "param_groups": [{"lr": 0.1, "betas": (0.9, 0.99), "params": [0, 1]}]},
        "history": [rule((2,)), (rule((3,)), "text")],
    }


def fastai_learner():
    """What Learner.save writes by default, after the schedule of fit_one_cycle with a slice of learning rates."""
    from fastai.learner import save_model
    from fastai.optimizer import Adam

    model = torch.nn.Linear(3, 2)
    optimizer = Adam([[model.weight], [model.bias]], lr=0.1)
    optimizer.set_hyper("lr", np.array([1e-4, 1e-3]))
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    for parameter in model.parameters():
        parameter.data = rule(parameter.shape)
        for name in ("grad_avg", "sqr_avg"):
            optimizer.state[parameter][name] = rule(parameter.shape)
    save_model(FOLDER / "fastai.pth", model, optimizer)
    save_model(FOLDER / "fastai_legacy.pth", model, optimizer, _use_new_zipfile_serialization=False)


def save(value, name, **options):
    torch.save(value, FOLDER / (name + ".pth"), **options)


def main():
    FOLDER.mkdir(exist_ok=True)
    legacy = {"_use_new_zipfile_serialization": False}
    for name, value in (("kinds", kinds()), ("strided", strided()), ("nested", nested())):
        save(value, name)
        save(value, name + "_legacy", **legacy)
    save(kinds(), "protocol4", pickle_protocol=4)
    linear = torch.nn.Linear(3, 2)
    linear.weight.data, linear.bias.data = rule((2, 3)), rule((2,))
    save(linear.state_dict(keep_vars=True), "parameters")
    fastai_learner()
    # What is refused.
    save({"args": argparse.Namespace(lr=0.1), "state_dict": {"a": rule((2,))}}, "namespace")
    save({"args": argparse.Namespace(lr=0.1), "state_dict": {"a": rule((2,))}}, "namespace_legacy", **legacy)
    save(linear, "module")
    save(rule((2,)), "tensor")
    save({"epoch": 3}, "no_tensors")
    save({"a": rule((1, 1)).expand(40, 50)}, "expanded")
    torch.jit.script(linear).save(str(FOLDER / "script.pth"))

    arrays = {
        "Transformer/encoderblock_0/MlpBlock_3/Dense_0/kernel": array((3, 4), "float32"),
        "fortran": np.asfortranarray(array((2, 3, 4), "float32")), "half": array((3,), "float16"), "double": array((3,), "float64"),
        "long": array((3,), "int64"), "bytes": array((3,), "uint8"), "truths": array((4,), "bool"),
        "scalar": array((), "float32"), "empty": np.zeros((0, 4), np.float32),
    }
    np.savez(FOLDER / "stored.npz", **arrays)
    np.savez_compressed(FOLDER / "compressed.npz", **arrays)
    np.savez(FOLDER / "big_endian.npz", a=array((3,), "float32").astype(">f4"))
    np.savez(FOLDER / "objects.npz", a=np.array([{}, None], dtype=object))
    np.savez(FOLDER / "records.npz", a=np.zeros(2, [("x", "<f4"), ("y", "<f4")]))


if __name__ == "__main__":
    main()
