"""Every source the measures accept gives the same numbers; what would mislead is refused."""

import math
from types import SimpleNamespace

import pytest
import torch

from uncertainty import (
    Generation,
    get_token_confidence,
    load_model,
    logTokU,
    token_measures,
    token_uncertainty_naive,
    token_uncertainty_vanilla,
)
from uncertainty.measures.raw_logits import raw_logits

ROWS = 4 * torch.randn(6, 40, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def transformers_result(rows, **fields):
    """A look-alike of what transformers' generate returns for one prompt."""
    sequences = torch.cat([torch.tensor([7, 7, 7]), rows.argmax(-1)])[None]
    return SimpleNamespace(logits=tuple(rows[:, None]), sequences=sequences, **fields)


def top_k_scores(rows, k=5):
    kth_largest = rows.topk(k).values[:, -1:]
    return rows.masked_fill(rows < kth_largest, -math.inf)


@pytest.mark.parametrize(
    "source",
    [
        ROWS,
        ROWS.numpy(),
        tuple(ROWS[:, None]),
        list(ROWS[:, None]),
        transformers_result(ROWS),
        SimpleNamespace(logits=ROWS),
        SimpleNamespace(logits=ROWS.numpy()),
    ],
)
def test_every_source_gives_its_steps(source):
    assert torch.equal(raw_logits(source), ROWS)


def test_half_precision_is_read_in_float32_and_better_is_kept():
    assert raw_logits(ROWS.half()).dtype == torch.float32
    assert raw_logits(ROWS).dtype == torch.float64


def as_answer(rows, tokens):
    """An answer with these logits, whose tokenizer knows this many tokens."""
    return Generation("", "", rows.argmax(-1), rows, torch.tensor([7]), "length", range(tokens))


def test_rows_that_pad_the_vocabulary_may_be_impossible():
    rows = ROWS.clone()
    rows[:, 30:] = -math.inf
    expected = token_measures(ROWS[:, :30])
    for name, values in token_measures(as_answer(rows, tokens=30)).items():
        assert torch.allclose(values, expected[name]), name
    with pytest.raises(ValueError, match="6 of 186 entries are -inf"):
        token_measures(as_answer(rows, tokens=31))
    with pytest.raises(ValueError, match=r"leave those out: logits\[:, :len\(tokenizer\)\]"):
        token_measures(rows)


def test_one_impossible_token_gives_processed_scores_away():
    """What transformers' own generate() returns as scores, with an end token held back."""
    model, tokenizer = load_model("tiny")
    inputs = tokenizer("Hello", return_tensors="pt")
    output = model.generate(
        **inputs,
        do_sample=False,
        max_new_tokens=3,
        min_new_tokens=2,
        output_scores=True,
        output_logits=True,
        return_dict_in_generate=True,
    )
    scores = torch.cat(output.scores)
    assert int((scores == -math.inf).sum()) == 2  # one a step, in the first two
    with pytest.raises(ValueError, match=r"2 of 777 entries are -inf.*min_new_tokens"):
        token_measures(scores)
    assert torch.equal(raw_logits(torch.cat(output.logits)), torch.cat(output.logits))


@pytest.mark.parametrize(
    "source,words",
    [
        (
            SimpleNamespace(logits=None, scores=(ROWS,), sequences=None),
            "only processed scores: call generate",
        ),
        (SimpleNamespace(logits=None, scores=None), "has no raw logits: call generate"),
        (transformers_result(ROWS, beam_indices=torch.zeros(1, 6)), "beam search"),
        (transformers_result(ROWS, sequences_scores=torch.zeros(1)), "beam search"),
        (
            SimpleNamespace(logits=(torch.zeros(3, 9),) * 4, sequences=None),
            "3 answers in one result",
        ),
        (SimpleNamespace(logits=()), "at least one step"),
        (torch.zeros(0, 9), "stopped at once"),
        (torch.zeros(9), "\\(9,\\)"),
        (torch.full((2, 9), math.nan), "not a probability distribution"),
        (top_k_scores(torch.randn(6, 5000)), "processed scores, after top-k"),
        (top_k_scores(torch.randn(6, 259), k=200), "processed scores, after top-k"),
    ],
)
@pytest.mark.parametrize(
    "measure",
    [
        token_uncertainty_naive,
        token_uncertainty_vanilla,
        logTokU,
        get_token_confidence,
        token_measures,
    ],
)
def test_what_would_mislead_is_refused(measure, source, words):
    with pytest.raises(ValueError, match=words):
        measure(source)
