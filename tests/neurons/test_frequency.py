"""Token frequency against scikit-learn's counts, scipy's divergences and plain loops over the model's own logits."""

import numpy as np
import pytest
import torch
from families import FAMILIES, VOCABULARY, tiny_model
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.feature_extraction.text import CountVectorizer
from torch.nn.functional import kl_div

import uncertainty.neurons.frequency
from uncertainty._inputs import SKIPPED_POSITIONS
from uncertainty.architecture.final_norm import final_norm
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.architecture.parts import model_parts
from uncertainty.data.corpora import offline_texts, text_chunks
from uncertainty.loading.models import load_model
from uncertainty.neurons.frequency import (
    compare_with_unigrams,
    count_unigram,
    frequency_cosine,
    frequency_direction,
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
    """11 positions in pieces of 4 and 260 rows in slices of 128, so that every seam is crossed."""
    monkeypatch.setattr(uncertainty.neurons.frequency, "POSITIONS", 4)
    monkeypatch.setattr(uncertainty.neurons.frequency, "ROWS", 128)


class Letters:
    """A tokenizer whose tokens are characters."""

    def __call__(self, text, add_special_tokens, verbose):
        assert not add_special_tokens
        return type("Encoding", (), {"input_ids": [ord(letter) for letter in text]})


def test_texts_are_there_offline_and_in_a_fixed_order(monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    texts = offline_texts()
    assert texts == offline_texts() and len(texts) > 50 and sum(map(len, texts)) > 200_000
    assert all(isinstance(text, str) and text.strip() for text in texts) and "Iris" in "".join(
        texts[-6:]
    )


@given(st.lists(st.text("abcdef", max_size=30), max_size=5), st.integers(1, 7))
def test_windows_are_all_pieces_of_the_texts_shuffled(texts, length):
    pieces = sorted(
        text[i : i + length]
        for text in texts
        for i in range(0, len(text), length)
        if len(text[i:]) >= length
    )
    if not pieces:
        with pytest.raises(ValueError, match="fill 0 windows"):
            text_chunks(Letters(), texts, length)
        return
    found = text_chunks(Letters(), texts, length)
    assert sorted("".join(map(chr, row)) for row in found) == pieces
    assert torch.equal(text_chunks(Letters(), texts, length, count=1), found[:1])


def test_windows_depend_on_the_seed_and_need_text():
    text = ["the quick brown fox jumps over the lazy dog"]
    assert torch.equal(
        text_chunks(Letters(), text, 3, seed=1), text_chunks(Letters(), text, 3, seed=1)
    )
    assert not torch.equal(
        text_chunks(Letters(), text, 3, seed=1), text_chunks(Letters(), text, 3, seed=2)
    )
    refused = (
        (3, 15, "fill 14 windows of 3"),
        (44, None, "fill 0"),
        (3, 0, "so 0 cannot"),
        (0, 1, "length 0"),
    )
    for length, count, message in refused:
        with pytest.raises(ValueError, match=message):
            text_chunks(Letters(), text, length, count)


@given(counts, st.sampled_from([0.01, 0.5, 1.0, 3.0]), st.integers(20, 40))
def test_smoothed_counts_against_scikit_learn(ids, smoothing, rows):
    counter = CountVectorizer(vocabulary=[str(i) for i in range(rows)], token_pattern=r"\d+")
    counted = counter.transform([" ".join(map(str, ids))]).toarray()[0]
    p = count_unigram(ids, rows, smoothing).numpy()
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
        count_unigram(ids, 8, smoothing)


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


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=30))
def test_the_direction_is_centred_long_one_and_blind_to_scale(weights):
    weights = torch.tensor(weights, dtype=torch.float64)
    if weights.log().std() < 1e-6:
        return
    v = frequency_direction(weights / weights.sum())
    assert (
        abs(v.sum()) < 1e-6
        and np.isclose(v.norm(), 1)
        and torch.allclose(frequency_direction(weights), v, atol=1e-6)
    )
    assert np.isclose(stats.pearsonr(v, weights.log())[0], 1)


def test_a_direction_needs_positive_and_unequal_probabilities():
    with pytest.raises(ValueError, match="2 probabilities are not positive: count with smoothing"):
        frequency_direction(torch.tensor([0.5, 0.5, 0.0, 0.0]))
    with pytest.raises(ValueError, match="equally likely"):
        frequency_direction(torch.full((7,), 1 / 7))


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
            found["likeness"][place], [stats.pearsonr(z, p.log())[0] for p in UNIGRAMS], atol=1e-4
        )
        if place[1] + 1 < IDS.shape[1]:
            token = IDS[place[0], place[1] + 1]
            assert np.isclose(found["loss"][place], -np.log(q[token]), atol=1e-4)
            assert found["rank"][place] == np.argsort(-q).tolist().index(token)
    assert found["loss"][:, -1].isnan().all() and (found["rank"][:, -1] == -1).all()


def test_a_uniform_unigram_has_no_likeness_and_the_reverse_divergence_is_entropy():
    found = compare_with_unigrams(
        tiny_model("llama"), IDS[0], torch.full((1, VOCABULARY), 1 / VOCABULARY)
    )
    assert found["likeness"].isnan().all()
    assert torch.allclose(
        found["reverse_kl"][..., 0], np.log(VOCABULARY) - found["entropy"], atol=1e-4
    )


DENSE = [
    family for family in FAMILIES if family not in ("mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss")
]


@pytest.mark.parametrize("family", DENSE)
def test_cosines_against_moving_the_stream(family):
    """From a state at right angles to a neuron's weights, a step either way leaves the norm's denominator alike."""
    model = tiny_model(family)
    direction = torch.randn(
        VOCABULARY, dtype=torch.float64, generator=torch.Generator().manual_seed(3)
    )
    neurons, parts, form = (
        last_layer_neurons(model),
        model_parts(model),
        final_norm(model_parts(model)),
    )
    if not neurons.adds_to_stream:
        with pytest.raises(ValueError, match="a norm follows the last MLP"):
            frequency_cosine(model, direction)
        return
    found = frequency_cosine(model, direction)
    assert found.shape == (len(neurons.weight),)
    for i in range(0, len(found), 7):
        w = neurons.weight[i]
        x = form.centre(torch.randn(len(w), generator=torch.Generator().manual_seed(i)))
        x = x - x @ form.centre(w) / form.centre(w).square().sum() * form.centre(w)
        with torch.no_grad():
            effect = parts.logits(x + w) - parts.logits(x - w)
        assert np.isclose(found[i], stats.pearsonr(effect.double(), direction)[0], atol=1e-3)


def test_a_direction_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"shape \(5,\), the unembedding 260 rows"):
        frequency_cosine(tiny_model("llama"), torch.ones(5))


@pytest.mark.model
def test_the_default_model_has_neurons_on_the_frequency_direction():
    model, tokenizer = load_model()
    windows = text_chunks(tokenizer, offline_texts(), 64, count=400)
    assert windows.shape == (400, 64)
    counted = count_unigram(windows, len(model_parts(model).unembedding.weight))
    cosines = [
        frequency_cosine(model, frequency_direction(p))
        for p in (counted, predicted_unigram(model, windows[:8]))
    ]
    for cosine in cosines:
        assert {471, 645} <= set(cosine.argsort()[:3].tolist()) and cosine.min() < -0.3
    assert np.corrcoef(*cosines)[0, 1] > 0.9


@pytest.mark.parametrize("unigrams", [torch.full((7,), 1 / 7), torch.full((2, 7), 1.0)])
def test_a_unigram_that_is_no_row_or_no_distribution_is_refused(unigrams):
    with pytest.raises(ValueError, match="sum to 1"):
        kl_from_unigrams(torch.randn(3, 7), unigrams)
