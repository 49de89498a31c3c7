"""All per-token measures of 200 steps over a vocabulary of 49,152, beside two floors and LogTokU's published loop.

    python benchmarks/token_measures.py

Ratios of medians in one run; absolute times depend on the machine and on what else it does.
"""

import time
from statistics import median

import numpy as np
import torch
from scipy.special import digamma, softmax

from uncertainty import aleatoric_epistemic, token_measures

STEPS, VOCABULARY, ROUNDS = 200, 49_152, 9


def published_loop(logits: np.ndarray, count: int) -> list[dict]:
    """The algorithm of LogTokU's reference code, step by step: six metrics, each from its own pass over the row."""
    rows = []
    for row in logits:
        largest = np.partition(row, -count)[-count:]
        total = largest.sum()
        eu = count / (np.maximum(0, largest) + 1).sum()
        au = -np.sum(largest / total * (digamma(largest + 1) - digamma(total + 1)))
        p = softmax(row)
        rows.append(dict(eu=eu, au=au, prob=p.max(), entropy=-np.sum(p * np.log(p + 1e-10)),
                         margin=np.diff(np.sort(softmax(row))[-2:])[0], logtoku=eu * au))
    return rows


def floors(logits):
    logits.exp()
    logits.topk(5)


def timed(*calls) -> list[float]:
    """Median seconds of each call, the calls taking turns so that all meet the same disturbances."""
    seconds = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, record in zip(calls, seconds):
            started = time.perf_counter()
            call()
            record.append(time.perf_counter() - started)
    return [median(record[1:]) for record in seconds]


def main():
    logits = 12 + 4 * torch.randn(STEPS, VOCABULARY, generator=torch.Generator().manual_seed(0))
    ours, floor, published = timed(lambda: token_measures(logits), lambda: floors(logits),
                                   lambda: published_loop(logits.numpy(), 2))
    print(f"one exp + one topk(5)      {1e3 * floor:7.1f} ms")
    print(f"all eight measures, ours   {1e3 * ours:7.1f} ms   {ours / floor:.2f} x the floor (target: 3 at most)")
    print(f"six metrics, published way {1e3 * published:7.1f} ms   {published / ours:.1f} x ours (target: 8 at least)")
    exact = token_measures(logits.double())["entropy"]
    print(f"largest error of the entropy against float64: {(token_measures(logits)['entropy'] - exact).abs().max():.1e}")
    theirs = [row["eu"] for row in published_loop(logits.numpy(), 2)]
    assert np.allclose(aleatoric_epistemic(logits)[1], theirs, rtol=1e-5), "the two must measure the same thing"


if __name__ == "__main__":
    main()
