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


def top(row: np.ndarray, count: int) -> np.ndarray:
    return row[np.argpartition(row, -count)[-count:]]


def eu(row, count):
    return count / (np.maximum(0, top(row, count)).sum() + count)


def au(row, count):
    largest = top(row, count)
    total = largest.sum()
    return -np.sum(largest / total * (digamma(largest + 1) - digamma(total + 1)))


def published_loop(logits: np.ndarray) -> list[tuple]:
    """The way of LogTokU's published code: token by token, six metrics, each with its own pass over the row."""

    def entropy(row):
        p = softmax(row)
        return -np.sum(p * np.log(p + 1e-10))

    return [
        (softmax(row).max(), entropy(row), au(row, 5), eu(row, 5), au(row, 2), eu(row, 2))
        for row in logits
    ]


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
    ours, floor, published = timed(
        lambda: token_measures(logits),
        lambda: floors(logits),
        lambda: published_loop(logits.numpy()),
    )
    print(f"one exp + one topk(5)      {1e3 * floor:7.1f} ms")
    print(
        f"all eight measures, ours   {1e3 * ours:7.1f} ms   {ours / floor:.2f} x the floor (target: 3 at most)"
    )
    print(
        f"six metrics, published way {1e3 * published:7.1f} ms   {published / ours:.1f} x ours (target: 8 at least)"
    )
    exact = token_measures(logits.double())["entropy"]
    print(
        f"largest error of the entropy against float64: {(token_measures(logits)['entropy'] - exact).abs().max():.1e}"
    )
    theirs = np.array(published_loop(logits.numpy()))[:, 4:]
    assert np.allclose(np.stack(aleatoric_epistemic(logits), 1), theirs, rtol=1e-4), (
        "the two must measure the same thing"
    )


if __name__ == "__main__":
    main()
