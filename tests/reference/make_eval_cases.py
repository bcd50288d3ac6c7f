"""Ensembles, calibration, precision-recall curves, intervals and orders of a confusion matrix, computed with numpy, scipy and scikit-learn.

    python3 make_eval_cases.py > eval.json

Written with Python 3.11, numpy 1.24, scipy 1.10 and scikit-learn 1.2.
"""
import json

import numpy as np
from scipy import stats
from scipy.cluster import hierarchy
from scipy.spatial import distance
from sklearn import metrics

rng = np.random.default_rng(8)


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def floats(array):
    return [float(x) for x in np.asarray(array, dtype=np.float64).ravel()]


def network(targets, classes, skill, seed):
    own = np.random.default_rng(seed)
    logits = own.normal(size=(len(targets), classes))
    logits[np.arange(len(targets)), targets] += skill
    return softmax(logits).astype(np.float32)


def ensemble():
    """The notebooks' last step: torch.stack(all_preds).mean(0) of three models, vit's twice; rows are joined by id first."""
    classes, images = 5, 40
    targets = rng.integers(0, classes, images)
    ids = [f"{200001 + i}.jpg" for i in range(images)]
    members = {name: network(targets, classes, skill, seed) for name, skill, seed in (("swin", 1.5, 1), ("convnext", 1.2, 2), ("vit", 1.4, 3))}
    stack = np.stack([members["swin"], members["convnext"], members["vit"], members["vit"]])
    mean = stack.mean(0, dtype=np.float64)
    shuffled = {}
    for name, rows in members.items():
        order = rng.permutation(images)
        columns = rng.permutation(classes)
        shuffled[name] = {"ids": [ids[i] for i in order], "columns": [f"class {c}" for c in columns],
                          "probabilities": floats(rows[order][:, columns]), "targets": [f"class {targets[i]}" for i in order]}
    predicted = {name: rows.argmax(1) for name, rows in members.items()}
    names = list(members)
    return {"members": shuffled, "ids": ids, "mean": floats(mean), "argmax": mean.argmax(1).tolist(), "error": float((mean.argmax(1) != targets).mean()),
            "disagreement": [[float((predicted[a] != predicted[b]).mean()) for b in names] for a in names],
            "without": {name: float((np.stack([members[n] for n in ("swin", "convnext", "vit", "vit") if n != name]).mean(0).argmax(1) != targets).mean())
                        for name in names}}


def greedy():
    """Caruana's forward selection with replacement, written out."""
    classes, images, rounds = 4, 120, 12
    targets = rng.integers(0, classes, images)
    library = [network(targets, classes, skill, 10 + i) for i, skill in enumerate((1.0, 1.3, 0.2, 1.1))]
    total = np.zeros((images, classes), dtype=np.float32)
    steps, taken = [], []
    for step in range(rounds):
        scores = []
        for m, rows in enumerate(library):
            mean = total + rows
            wrong = int((mean.argmax(1) != targets).sum())
            loss = float(-np.log(np.maximum(mean[np.arange(images), targets] / np.float32(step + 1), 1e-12)).sum())
            scores.append((wrong, loss, m))
        best = min(scores)
        taken.append(best[2])
        total += library[best[2]]
        steps.append(best)
    end = min(range(rounds), key=lambda k: (steps[k][0], steps[k][1], k))
    return {"classes": classes, "targets": targets.tolist(), "members": [floats(rows) for rows in library], "taken": taken,
            "errors": [s[0] / images for s in steps], "losses": [s[1] / images for s in steps], "counts": [taken[:end + 1].count(m) for m in range(len(library))]}


def calibration():
    classes, images, bins = 4, 300, 15
    targets = rng.integers(0, classes, images)
    rows = network(targets, classes, 1.6, 77)
    confidence, right = rows.max(1).astype(np.float64), rows.argmax(1) == targets
    place = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(int)
    ece = mce = 0.0
    counts = []
    for b in range(bins):
        inside = place == b
        counts.append(int(inside.sum()))
        if inside.any():
            off = abs(right[inside].mean() - confidence[inside].mean())
            ece += off * inside.mean()
            mce = max(mce, off)
    truth = np.eye(classes)[targets]
    precision, recall, thresholds = metrics.precision_recall_curve(targets == 1, rows[:, 1])
    # scikit-learn's curve has every threshold; here only those of the class's own images, with the last recall 0 left out.
    own = set(rows[targets == 1, 1].tolist())
    points = [[float(t), float(p), float(r)] for p, r, t in zip(precision, recall, thresholds) if float(t) in own][::-1]
    return {"classes": classes, "targets": targets.tolist(), "probabilities": floats(rows), "bins": counts, "ece": float(ece), "mce": float(mce),
            "brier": float(((rows - truth) ** 2).sum(1).mean()), "log_loss": float(metrics.log_loss(targets, rows.astype(np.float64), labels=range(classes))),
            "average_precision": [float(metrics.average_precision_score(targets == c, rows[:, c])) for c in range(classes)], "curve_of_1": points,
            "entropy": floats(stats.entropy(rows.astype(np.float64), axis=1) / np.log(classes)), "accuracy": float(right.mean())}


def wilson():
    cases = []
    for successes, trials in ((0, 10), (10, 10), (1, 3), (37, 50), (1999, 2081), (5, 100000)):
        for confidence in (0.9, 0.95, 0.99):
            interval = stats.binomtest(successes, trials).proportion_ci(confidence, method="wilson")
            cases.append({"successes": successes, "trials": trials, "confidence": confidence, "low": float(interval.low), "high": float(interval.high)})
    return cases


def f1_bootstrap():
    """F1 of one class, images drawn again: what the interval that the program computes in closed form is compared with."""
    right, missed, taken, others = 40, 8, 12, 140
    draws = rng.multinomial(right + missed + taken + others, np.array([right, missed, taken, others]) / (right + missed + taken + others), 200000)
    f1 = 2 * draws[:, 0] / (2 * draws[:, 0] + draws[:, 1] + draws[:, 2])
    return {"right": right, "missed": missed, "taken": taken, "others": others, "low": float(np.quantile(f1, 0.025)), "high": float(np.quantile(f1, 0.975))}


def clusters():
    """Average linkage by scipy: how high two classes join."""
    classes = 9
    counts = rng.integers(0, 12, (classes, classes)) * (rng.random((classes, classes)) < 0.5)
    np.fill_diagonal(counts, 30 + rng.integers(0, 20, classes))
    shares = counts / counts.sum(1, keepdims=True)
    far = 1 - (shares + shares.T) / 2
    np.fill_diagonal(far, 0)
    tree = hierarchy.linkage(distance.squareform(far, checks=False), "average")
    return {"counts": counts.tolist(), "cophenetic": distance.squareform(hierarchy.cophenet(tree)).tolist()}


print(json.dumps({"ensemble": ensemble(), "greedy": greedy(), "calibration": calibration(), "wilson": wilson(), "f1_bootstrap": f1_bootstrap(), "clusters": clusters()}))
