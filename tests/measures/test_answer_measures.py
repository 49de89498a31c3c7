"""One number for an answer, against numpy and scipy; the length trap."""

import math

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given
from step_logits import random_logits, steps_of_logits

from uncertainty import (
    answer_measures,
    load_model,
    logTokU,
    score,
    token_measures,
    token_uncertainty_naive,
    token_uncertainty_vanilla,
    token_uncertainty_written,
)


@given(steps_of_logits)
def test_measures_match_numpy_in_float64(rows):
    p = scipy.special.softmax(rows, axis=-1)
    best = p.max(-1)
    entropy = scipy.special.entr(p).sum(-1)
    margin = np.sort(p)[:, -1] - np.sort(p)[:, -2]
    per_token = token_measures(torch.tensor(rows))
    expected = {
        "naive": 1 - best.prod(),
        "vanilla": 1 - best.mean(),
        "sequence_probability_complement": 1 - best.prod(),
        "min_probability_complement": 1 - best.min(),
        "mean_margin_complement": 1 - margin.mean(),
        "perplexity": np.exp(-np.log(best).mean()),
        "mean_entropy": entropy.mean(),
        "max_entropy": entropy.max(),
        "logtoku": per_token["logtoku"].mean().item(),
        "aleatoric": per_token["aleatoric"].mean().item(),
        "epistemic": per_token["epistemic"].mean().item(),
    }
    measures = answer_measures(torch.tensor(rows))
    assert measures.keys() == expected.keys()
    assert measures == pytest.approx(expected, rel=1e-6, abs=1e-8)


@given(steps_of_logits)
def test_the_three_functions_are_rows_of_the_table(rows):
    logits = torch.tensor(rows)
    measures = answer_measures(logits)
    assert token_uncertainty_naive(logits) == pytest.approx(measures["naive"], abs=1e-9)
    assert token_uncertainty_vanilla(logits) == pytest.approx(measures["vanilla"], abs=1e-9)
    assert logTokU(logits) == pytest.approx(measures["logtoku"], abs=1e-9)


def test_the_written_token_counts_where_the_name_says_probability_of_the_sequence():
    rows = random_logits()
    least = rows.argmin(-1)
    p = rows.softmax(-1).amin(-1)
    measures = answer_measures(rows, least)
    assert measures["sequence_probability_complement"] == pytest.approx(1 - p.prod().item())
    assert measures["min_probability_complement"] == pytest.approx(1 - p.min().item())
    assert measures["naive"] == pytest.approx(token_uncertainty_naive(rows))


def test_longer_answers_look_worse_to_naive_and_the_same_to_vanilla():
    row = random_logits(steps=1)
    long = row.repeat(50, 1)
    assert token_uncertainty_naive(long) > token_uncertainty_naive(row)
    assert token_uncertainty_vanilla(long) == pytest.approx(token_uncertainty_vanilla(row))


def test_logtoku_takes_the_least_reliable_tokens_and_no_more_than_there_are():
    rows = random_logits(steps=4)
    unreliability = token_measures(rows)["logtoku"].sort(descending=True).values
    assert logTokU(rows, top_k_inconfident=2) == pytest.approx(unreliability[:2].mean().item())
    assert logTokU(rows, top_k_inconfident=999) == pytest.approx(unreliability.mean().item())
    assert logTokU(rows, top_k_inconfident=1) > logTokU(rows, top_k_inconfident=4)


def test_logtoku_of_no_evidence():
    hopeless = torch.tensor([[-3.0, -1.0, -90.0]])
    assert logTokU(hopeless) == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    "options,words",
    [
        (dict(n_evidence=0), "n_evidence must be at least 2"),
        (dict(top_k_inconfident=0), "top_k_inconfident must be at least 1"),
    ],
)
def test_bad_arguments_are_named(options, words):
    for measure in (logTokU, answer_measures):
        with pytest.raises(ValueError, match=words):
            measure(random_logits(), **options)


@given(steps_of_logits)
def test_the_mean_probability_of_what_was_written(rows):
    p = scipy.special.softmax(rows, axis=-1)
    least = rows.argmin(-1)
    logits = torch.tensor(rows)
    written = p[np.arange(len(p)), least].mean()
    assert token_uncertainty_written(logits, torch.tensor(least)) == pytest.approx(
        1 - written, abs=1e-8
    )
    vanilla = token_uncertainty_vanilla(logits)
    assert token_uncertainty_written(logits) == pytest.approx(vanilla, abs=1e-8)


def test_written_reads_the_token_that_is_there_and_vanilla_does_not():
    model, tokenizer = load_model("tiny")
    one, other = (score(model, tokenizer, "a", [token_id], chat=False) for token_id in (65, 66))
    assert token_uncertainty_vanilla(one) == pytest.approx(token_uncertainty_vanilla(other))
    p = one.logits[0].softmax(-1)
    assert token_uncertainty_written(one) == pytest.approx(1 - p[65].item(), abs=1e-6)
    assert token_uncertainty_written(other) == pytest.approx(1 - p[66].item(), abs=1e-6)
    assert p[65] != p[66]
