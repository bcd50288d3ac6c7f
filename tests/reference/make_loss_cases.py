#!/usr/bin/env python3
"""Losses, mixing and metrics as fastai 2.7 computes them, for the tests of core/train and core/transforms.

Run with fastai 2.7.13 and torch 1.13 on the Python path:  make_loss_cases.py > fastai/loss_cases.json
The numbers of a case are what fastai's own classes return: losses of LabelSmoothingCrossEntropyFlat and others with
class weights, one training batch of a Learner with MixUp or CutMix (shares, partners and centres given instead of drawn),
and metrics over all predictions (scikit-learn's, through fastai's wrappers).
"""
import json
import sys
import warnings
from contextlib import redirect_stdout

import torch
from fastai.basics import *
from fastai.callback.mixup import CutMix, MixUp
from fastai.metrics import (BalancedAccuracy, CohenKappa, F1Score, R2Score, Recall, accuracy, error_rate, mae, rmse,
                            top_k_accuracy)

warnings.filterwarnings('ignore')


def plain(value):
    value = value.tolist() if hasattr(value, 'tolist') else value
    if isinstance(value, list): return [plain(v) for v in value]
    return value if value == value else 'nan'


def losses():
    torch.manual_seed(3)
    logits, targets = torch.randn(8, 4) * 2, torch.tensor([0, 3, 1, 1, 2, 0, 3, 3])
    weight = torch.tensor([.5, 4., 1., 4 / 3])  # balanced for 8, 1, 4 and 3 photos
    cases = []
    for name, make in {
        'cross_entropy': lambda w: CrossEntropyLossFlat(weight=w),
        'label_smoothing_0.1': lambda w: LabelSmoothingCrossEntropyFlat(weight=w, eps=.1),
        'label_smoothing_0.25': lambda w: LabelSmoothingCrossEntropyFlat(weight=w, eps=.25),
        'focal_2': lambda w: FocalLossFlat(weight=w, gamma=2.),
        'focal_0.5': lambda w: FocalLossFlat(weight=w, gamma=.5),
    }.items():
        for w in (None, weight):
            x = logits.clone().requires_grad_()
            loss = make(w)(x, targets)
            loss.backward()
            cases.append({'loss': name, 'weighted': w is not None, 'value': plain(loss.detach()), 'grad': plain(x.grad)})
    return {'logits': plain(logits), 'targets': plain(targets), 'weight': plain(weight), 'cases': cases}


def regressions():
    torch.manual_seed(4)
    predicted, truth = torch.randn(7, 1) * 3, torch.randn(7) * 3
    functions = {'mse': MSELossFlat(), 'l1': L1LossFlat(), 'smooth_l1': BaseLoss(nn.SmoothL1Loss, floatify=True, is_2d=False)}
    return {'predicted': plain(predicted), 'truth': plain(truth),
            'values': {name: plain(f(predicted, truth)) for name, f in functions.items()}}


class Catch(Callback):
    order = 90
    def after_batch(self):
        if self.training:
            self.learn.caught = [plain(t.detach().clone()) for t in (self.x, self.pred, self.loss)]


def mixed(callback, shares, partners, loss, y, centre=None):
    """One training batch with given draws instead of random ones."""
    torch.manual_seed(5)
    count = len(y)
    x = torch.randint(-32, 33, (count, 3, 4, 6)) / 16
    before = plain(x)
    dl = [(x, y)]
    learn = Learner(DataLoaders(dl, dl), nn.Sequential(Flatten(), nn.Linear(72, 4 if y.dtype == torch.long else 1)),
                    loss_func=loss, cbs=[callback, Catch()], lr=0.)
    callback.distrib = type('Given', (), {'sample': lambda self, shape: torch.tensor(shares)})()
    real = torch.randperm, torch.randint
    torch.randperm = lambda n: torch.tensor(partners)
    if centre:
        draws = iter(centre)
        torch.randint = lambda low, high, shape: torch.tensor([next(draws)])
    try:
        with redirect_stdout(sys.stderr): learn.fit(1, lr=0.)
    finally:
        torch.randperm, torch.randint = real
    images, pred, value = learn.caught
    return {'shares_drawn': shares, 'partners': partners, 'centre': centre, 'y': plain(y), 'x': before, 'mixed_x': images,
            'pred': pred, 'loss': value}


def mixes():
    classes, numbers = torch.tensor([2, 0, 1, 3, 1]), torch.tensor([1.5, -2., .25, 4., 0.])
    weight = torch.tensor([.5, 4., 1., 4 / 3])  # balanced for 8, 1, 4 and 3 photos
    shares, partners = [.1, .7, .5, .95, .3], [3, 1, 4, 0, 2]
    return {
        'weight': plain(weight),
        'mixup': mixed(MixUp(.4), shares, partners, CrossEntropyLossFlat(), classes),
        'mixup_weighted': mixed(MixUp(.4), shares, partners, CrossEntropyLossFlat(weight=weight), classes),
        'mixup_smoothed_weighted': mixed(MixUp(.4), shares, partners,
                                         LabelSmoothingCrossEntropyFlat(weight=weight, eps=.1), classes),
        'mixup_focal': mixed(MixUp(.4), shares, partners, FocalLossFlat(gamma=2.), classes),
        'mixup_number': mixed(MixUp(.4), shares, partners, MSELossFlat(), numbers),
        'cutmix': mixed(CutMix(1.), [.6], partners, CrossEntropyLossFlat(), classes, [5, 1]),
        'cutmix_number': mixed(CutMix(1.), [.35], partners, L1LossFlat(), numbers, [3, 4]),
    }


def metrics_of(logits, targets):
    guesses = logits.argmax(1)  # what these metrics do themselves within a Learner
    values = {'error_rate': error_rate(logits, targets), 'accuracy': accuracy(logits, targets),
              'f1_macro': F1Score(average='macro')(guesses, targets), 'cohen_kappa': CohenKappa()(guesses, targets),
              'recall_macro': BalancedAccuracy()(guesses, targets),
              'recall': Recall(average=None, labels=list(range(logits.shape[1])))(guesses, targets)}
    for k in (3, 5):
        if logits.shape[1] >= k: values[f'top_{k}_accuracy'] = top_k_accuracy(logits, targets, k=k)
    return {'logits': plain(logits), 'targets': plain(targets), 'values': {k: plain(v) for k, v in values.items()}}


def metrics():
    torch.manual_seed(6)
    cases = []
    for rows, classes in ((40, 10), (60, 6), (25, 4), (12, 2)):
        targets = torch.randint(0, classes, (rows,))
        cases.append(metrics_of(torch.randn(rows, classes) + 1.5 * F.one_hot(targets, classes), targets))
    # Classes that never occur, are never predicted, or neither.
    targets = torch.tensor([0, 0, 1, 1, 1, 3, 3, 0])
    guesses = torch.tensor([0, 2, 1, 1, 0, 3, 2, 0])
    cases.append(metrics_of(torch.randn(8, 6) * .1 + 3. * F.one_hot(guesses, 6), targets))
    # Everything of one class and predicted so: kappa is 0 / 0.
    cases.append(metrics_of(torch.tensor([[2., 0, 1]] * 4), torch.tensor([0] * 4)))
    return cases


def number_metrics():
    torch.manual_seed(7)
    cases = []
    for scale, offset, count in ((1., 0., 30), (.5, 1000., 50), (20., 60., 2)):
        truth = torch.randn(count) * scale + offset
        predicted = truth + torch.randn(count) * scale * .6
        cases.append({'predicted': plain(predicted), 'truth': plain(truth), 'values':
                      {'mae': plain(mae(predicted.double(), truth.double())), 'rmse': plain(rmse(predicted.double(), truth.double())),
                       'r2': R2Score()(predicted.double(), truth.double())}})
    return cases


json.dump({'losses': losses(), 'regressions': regressions(), 'mixes': mixes(), 'metrics': metrics(),
           'number_metrics': number_metrics()}, sys.stdout, separators=(',', ':'))
