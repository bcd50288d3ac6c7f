#!/usr/bin/env python3
"""Writes mcnemar.json: p-values of McNemar's tests in exact rational arithmetic, which needs no library of statistics.

exact: two-sided binomial; mid_p: Fagerland, Lydersen and Laake 2013; chi_square: with the continuity correction.
"""
import json
import math
import pathlib
from fractions import Fraction


def case(only_a, only_b):
    n, low = only_a + only_b, min(only_a, only_b)
    if n == 0:
        return dict(only_a=0, only_b=0, exact=1.0, mid_p=1.0, chi_square=1.0)
    point = Fraction(math.comb(n, low), 2**n)
    tail = sum(Fraction(math.comb(n, k), 2**n) for k in range(low + 1))
    mid = 1 - point / 2 if only_a == only_b else 2 * tail - point
    statistic = max(0, abs(only_a - only_b) - 1) ** 2 / n
    return dict(only_a=only_a, only_b=only_b, exact=float(min(Fraction(1), 2 * tail)), mid_p=float(mid),
                chi_square=math.erfc(math.sqrt(statistic / 2)))


pairs = [(0, 0), (1, 0), (0, 1), (1, 1), (5, 0), (2, 7), (10, 10), (11, 10), (3, 25), (40, 60), (120, 121), (300, 200),
         (0, 60), (1000, 900), (2000, 1500)]
path = pathlib.Path(__file__).parent / "mcnemar.json"
path.write_text("[\n" + ",\n".join(json.dumps(case(*pair)) for pair in pairs) + "\n]\n")
