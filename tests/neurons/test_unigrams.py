"""Unigrams against scikit-learn's counts, scipy's divergences and the model's own logits."""

import numpy as np
import pytest
import torch
from families import VOCABULARY, tiny_model
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.feature_extraction.text import CountVectorizer
from torch.nn.functional import kl_div

from uncertainty._inputs import SKIPPED_POSITIONS
from uncertainty.neurons import unigrams as unigrams_module
from uncertainty.neurons.frequency import frequency_direction
from uncertainty.neurons.unigrams import (
    compare_with_unigrams,
    count_unigram,
    kl_from_unigrams,
    predicted_unigram,
)

IDS = torch.randint(3, VOCABULARY, (3, 11), generator=torch.Generator().manual_seed(0))
UNIGRAMS = torch.softmax(
    2 * torch.randn(2, VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(1)),
    -1,
)
counts = st.lists(st.integers(0, 19), max_size=60)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """11 positions in pieces of 4, so that every seam is crossed."""
    monkeypatch.setattr(unigrams_module, "POSITIONS_AT_A_TIME", 4)


@given(counts, st.sampled_from([0.01, 0.5, 1.0, 3.0]), st.integers(20, 40))
def test_smoothed_counts_against_scikit_learn(ids, smoothing, rows):
    counter = CountVectorizer(vocabulary=[str(i) for i in range(rows)], token_pattern=r"\d+")
    counted = counter.transform([" ".join(map(str, ids))]).toarray()[0]
    p = count_unigram(ids, rows, smoothing=smoothing).numpy()
    assert np.isclose(p.sum(), 1) and p.shape == (rows,) and (p > 0).all()
    assert np.allclose(p * (len(ids) + smoothing * rows) - counted, smoothing)


def test_rows_beyond_the_tokenizer_keep_the_smoothing_share():
    p = count_unigram([0, 0, 1, 2], rows=8)
    assert np.allclose(p, [3 / 12, 2 / 12, 2 / 12, *[1 / 12] * 5])
    assert count_unigram(torch.tensor([[0, 0], [1, 2]]), rows=8).equal(p)
    assert torch.isfinite(frequency_direction(p)).all()


@pytest.mark.parametrize(
    "ids,smoothing,message",
    [
        ([8], 1, "8..8 do not fit 8 rows"),
        ([-1], 1, "do not fit"),
        ([], 0, "nothing"),
        ([1], -1, "nothing"),
        ([1], float("nan"), "nothing"),
    ],
)
def test_what_cannot_be_counted_is_refused(ids, smoothing, message):
    with pytest.raises(ValueError, match=message):
        count_unigram(ids, 8, smoothing=smoothing)


def test_mean_prediction_against_the_models_own_logits():
    model = tiny_model("gpt2")
    with torch.no_grad():
        logits = model(input_ids=IDS).logits.double().numpy()
    rows = [
        np.exp(row) / np.exp(row).sum()
        for sequence in logits
        for row in sequence[SKIPPED_POSITIONS:]
    ]
    found = predicted_unigram(model, IDS)
    assert (
        np.allclose(found, np.mean(rows, axis=0), atol=1e-7)
        and np.isclose(found.sum(), 1)
        and found.dtype == torch.float64
    )
    assert torch.allclose(predicted_unigram(model, IDS[0]), predicted_unigram(model, IDS[:1]))
    with pytest.raises(
        ValueError, match=f"4 tokens leave nothing when the first {SKIPPED_POSITIONS}"
    ):
        predicted_unigram(model, IDS[:, :4])
    with pytest.raises(ValueError, match="0 sequences of 11 tokens leave nothing"):
        predicted_unigram(model, IDS[:0])


def test_both_divergences_against_scipy_and_torch():
    logits = 3 * torch.randn(
        5, VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(2)
    )
    forward, reverse = kl_from_unigrams(logits, UNIGRAMS)
    for i, row in enumerate(logits):
        q = row.softmax(-1).numpy()
        for j, p in enumerate(UNIGRAMS):
            assert np.isclose(forward[i, j], stats.entropy(p, q)) and np.isclose(
                reverse[i, j], stats.entropy(q, p)
            )
            papers = kl_div(
                row.log_softmax(-1), p.log(), log_target=True, reduction="sum"
            )  # the call in the paper's code
            assert np.isclose(forward[i, j], papers) and not np.isclose(reverse[i, j], papers)
    assert np.allclose(kl_from_unigrams(UNIGRAMS.log(), UNIGRAMS)[0].diagonal(), 0, atol=1e-9)


def test_divergences_refuse_other_vocabularies_and_zeros():
    with pytest.raises(ValueError, match="have 260 entries, the logits 259"):
        kl_from_unigrams(torch.zeros(1, VOCABULARY - 1), UNIGRAMS)
    with pytest.raises(ValueError, match="1 probabilities are not positive"):
        kl_from_unigrams(torch.zeros(1, 3), torch.tensor([[0.5, 0.5, 0.0]]))


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "granite"])
def test_reading_a_text_against_the_models_own_logits(family):
    model = tiny_model(family)
    found = compare_with_unigrams(model, IDS, UNIGRAMS)
    with torch.no_grad():
        logits = model(input_ids=IDS).logits.double()
    for place in np.ndindex(*IDS.shape):
        z = logits[place].numpy()
        q = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        assert np.isclose(found["entropy"][place], stats.entropy(q), atol=1e-4)
        assert np.allclose(found["kl"][place], [stats.entropy(p, q) for p in UNIGRAMS], atol=1e-4)
        assert np.allclose(
            found["reverse_kl"][place], [stats.entropy(q, p) for p in UNIGRAMS], atol=1e-4
        )
        assert np.allclose(
            found["log_probability_correlation"][place],
            [stats.pearsonr(z, p.log())[0] for p in UNIGRAMS],
            atol=1e-4,
        )
        if place[1] + 1 < IDS.shape[1]:
            token = IDS[place[0], place[1] + 1]
            assert np.isclose(found["loss"][place], -np.log(q[token]), atol=1e-4)
            assert found["rank"][place] == np.argsort(-q).tolist().index(token)
    assert found["loss"][:, -1].isnan().all() and (found["rank"][:, -1] == -1).all()


def test_a_uniform_unigram_has_no_correlation_and_the_reverse_divergence_is_entropy():
    found = compare_with_unigrams(
        tiny_model("llama"), IDS[0], torch.full((1, VOCABULARY), 1 / VOCABULARY)
    )
    assert found["log_probability_correlation"].isnan().all()
    assert torch.allclose(
        found["reverse_kl"][..., 0], np.log(VOCABULARY) - found["entropy"], atol=1e-4
    )


@pytest.mark.parametrize("unigrams", [torch.full((7,), 1 / 7), torch.full((2, 7), 1.0)])
def test_a_unigram_that_is_no_row_or_no_distribution_is_refused(unigrams):
    with pytest.raises(ValueError, match="sum to 1"):
        kl_from_unigrams(torch.randn(3, 7), unigrams)
