#!/usr/bin/env python3
"""Trains with Panicle what fastai_training.py trains with fastai, and compares the two.

    train_peer.py CLI DIR [--seeds 1,2,3,4,5] [--epochs 10] [--precision fp32]
    train_peer.py --compare PANICLE.jsonl FASTAI.jsonl

DIR is the data set's folder (rice_leaf_sethy). The first form trains each seed without and with aug_transforms
and prints a JSON line a run; the second prints, for each of the two, mean error rate and standard error of both
programs, their difference in standard errors of the difference (limit: 2), and the ratio of the mean times.
"""
import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time


def train(options, seed, aug):
    settings = {'data.root': options.folder, 'model.arch': 'resnet18', 'model.weights': 'none', 'batch.size': 32,
                'stages.0.resize.method': 'squish', 'stages.0.resize.size': 128,
                'stages.0.schedule.kind': 'fit_one_cycle', 'stages.0.schedule.epochs': options.epochs,
                'stages.0.schedule.lr_max': 3e-3, 'precision': options.precision, 'seed': seed}
    if not aug:
        settings['stages.0.augment'] = 'null'
    arguments = [item for key, value in settings.items() for item in ('--set', f'{key}={value}')]
    spec = subprocess.run([options.cli, 'spec', *arguments], check=True, capture_output=True, text=True).stdout
    with tempfile.TemporaryDirectory() as workspace:
        start = time.monotonic()
        lines = subprocess.run([options.cli, 'train', '-', '--workspace', workspace, '--json'], input=spec, check=True,
                               stdout=subprocess.PIPE, text=True).stdout.splitlines()
        seconds = time.monotonic() - start
    epochs = [event for event in map(json.loads, lines) if event['event'] == 'epoch']
    return {'seed': seed, 'aug': aug, 'epochs': options.epochs, 'precision': options.precision,
            'error_rate': epochs[-1]['metrics']['error_rate'], 'valid_loss': epochs[-1]['valid_loss'],
            'seconds': round(sum(event['seconds'] for event in epochs), 1), 'whole_run_seconds': round(seconds, 1)}


def read(path):
    with open(path) as file:
        return [json.loads(line) for line in file if line.strip()]


def mean_and_error(values):
    return statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values))


def compare(panicle, fastai):
    good = True
    for aug in (False, True):
        runs = [[run for run in program if run['aug'] == aug] for program in (panicle, fastai)]
        (ours, our_error), (theirs, their_error) = (mean_and_error([run['error_rate'] for run in r]) for r in runs)
        apart = abs(ours - theirs) / math.hypot(our_error, their_error)
        seconds = [statistics.mean(run['seconds'] for run in r) for r in runs]
        good = good and apart <= 2
        print(f'{"with" if aug else "without"} aug_transforms, {len(runs[0])} and {len(runs[1])} seeds: '
              f'Panicle {ours:.4f} +- {our_error:.4f}, fastai {theirs:.4f} +- {their_error:.4f}: '
              f'{apart:.2f} standard errors apart (limit 2); time {seconds[0]:.0f} s / {seconds[1]:.0f} s = '
              f'{seconds[0] / seconds[1]:.2f}')
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--compare', nargs=2, metavar=('PANICLE', 'FASTAI'))
    parser.add_argument('cli', nargs='?')
    parser.add_argument('folder', nargs='?')
    parser.add_argument('--seeds', default='1,2,3,4,5')
    parser.add_argument('--epochs', type=int, default=10)
    parser.add_argument('--precision', default='fp32')
    options = parser.parse_args()
    if options.compare:
        return compare(*map(read, options.compare))
    if not options.cli or not options.folder:
        parser.error('CLI and DIR are needed')
    for seed in map(int, options.seeds.split(',')):
        for aug in (True, False):
            print(json.dumps(train(options, seed, aug)), flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
