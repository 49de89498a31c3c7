"""Sentence embeddings: mean pooling against a loop in float64, batches, long and empty texts."""

import warnings

import numpy as np
import pytest
import torch
from tiny_embedder import WORDS, tiny_embedder

from uncertainty import (
    answer_similarities,
    cluster_by_meaning,
    embedding_entails,
    sentence_embeddings,
    similarity_matrix,
)
from uncertainty.loading.embedding_model import Embedder, embedder_is_fetched, load_embedder
from uncertainty.measures import embeddings

TEXTS = ["lima", "the capital of peru is lima .", "", "it rains", "unheard words", "lima"]
IS_FETCHED = pytest.mark.skipif(
    not embedder_is_fetched(), reason="run `python -m uncertainty prefetch --embeddings`"
)


def brute_force(embedder, text):
    """One text alone, layer by layer in float64: BERT by hand, then the mean of its tokens."""
    weights = {name: value.double().numpy() for name, value in embedder.model.state_dict().items()}
    config = embedder.model.config
    ids = embedder.tokenizer(text, truncation=True, max_length=256).input_ids

    def linear(x, name):
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + config.layer_norm_eps)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    x = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = norm(x, "embeddings.LayerNorm")
    heads = config.num_attention_heads
    for layer in range(config.num_hidden_layers):
        block = f"encoder.layer.{layer}"
        q, k, v = (
            linear(x, f"{block}.attention.self.{part}").reshape(len(ids), heads, -1)
            for part in ("query", "key", "value")
        )
        mixed = []
        for head in range(heads):
            scores = q[:, head] @ k[:, head].T / np.sqrt(q.shape[-1])
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            mixed.append(shares / shares.sum(-1, keepdims=True) @ v[:, head])
        attended = linear(np.concatenate(mixed, -1), f"{block}.attention.output.dense")
        x = norm(x + attended, f"{block}.attention.output.LayerNorm")
        wide = torch.from_numpy(linear(x, f"{block}.intermediate.dense"))
        wide = (wide * (1 + torch.erf(wide / 2**0.5)) / 2).numpy()
        x = norm(x + linear(wide, f"{block}.output.dense"), f"{block}.output.LayerNorm")
    mean = x.sum(0) / len(ids)  # [CLS] and [SEP] count
    return mean / np.linalg.norm(mean)


def check_against_brute_force(embedder, tolerance):
    found = sentence_embeddings(TEXTS, embedder=embedder, batch_size=4)
    expected = np.stack([brute_force(embedder, text) for text in TEXTS])
    assert found.dtype == torch.float32 and found.shape == expected.shape
    assert np.abs(found.numpy() - expected).max() < tolerance
    off_diagonal = expected @ expected.T - np.eye(len(TEXTS))
    assert np.abs(off_diagonal[:5, :5]).max() < 1 - 1e-3  # the first five texts do differ


def test_mean_pooling_is_a_loop_over_tokens_in_float64():
    check_against_brute_force(tiny_embedder(), 2e-6)


def test_a_batch_gives_what_each_text_alone_gives():
    embedder = tiny_embedder()
    together = sentence_embeddings(TEXTS, embedder=embedder)
    alone = torch.cat([sentence_embeddings([text], embedder=embedder) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=2e-6, rtol=0)
    torch.testing.assert_close(together.norm(dim=1), torch.ones(len(TEXTS)))


def test_equal_texts_are_read_once(monkeypatch):
    embedder = tiny_embedder()
    read = []
    original = embeddings._embed
    monkeypatch.setattr(
        embeddings, "_embed", lambda m, t, texts: read.extend(texts) or original(m, t, texts)
    )
    vectors = sentence_embeddings(["lima", "it rains", "lima"], embedder=embedder)
    assert sorted(read) == ["it rains", "lima"] and torch.equal(vectors[0], vectors[2])


def test_of_a_long_text_256_tokens_are_read_and_a_warning_says_so():
    embedder = tiny_embedder()
    exactly = " ".join(["red"] * 254)  # with [CLS] and [SEP] 256
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = sentence_embeddings([exactly], embedder=embedder)
    with pytest.warns(UserWarning, match="1 of 2 texts have more than 256 tokens") as caught:
        vectors = sentence_embeddings([exactly + " dog dog", "lima"], embedder=embedder)
    assert caught[0].filename == __file__
    torch.testing.assert_close(vectors[:1], first, atol=2e-6, rtol=0)


def test_no_texts_give_no_vectors():
    assert sentence_embeddings([], embedder=tiny_embedder()).shape == (0, 16)


@pytest.mark.parametrize("texts, size", [("lima", 4), ([1], 4), (["lima"], 0)])
def test_what_is_no_list_of_texts_is_refused(texts, size):
    with pytest.raises(ValueError, match=r"list of strings|batch_size"):
        sentence_embeddings(texts, embedder=tiny_embedder(), batch_size=size)


def test_similarities_are_cosines():
    embedder = tiny_embedder()
    vectors = np.stack([brute_force(embedder, text) for text in TEXTS])
    matrix = similarity_matrix(TEXTS, embedder=embedder).numpy()
    assert np.abs(matrix - vectors @ vectors.T).max() < 4e-6 and np.abs(matrix).max() <= 1
    row = answer_similarities(TEXTS[0], TEXTS[1:], embedder=embedder).numpy()
    assert np.abs(row - matrix[0, 1:]).max() < 2e-6


def test_the_judge_says_yes_from_the_threshold_on():
    embedder = tiny_embedder()
    pairs = [("lima", other) for other in WORDS]
    cosines = answer_similarities("lima", WORDS, embedder=embedder)
    threshold = float(cosines.sort().values[len(WORDS) // 2]) - 1e-4
    judge = embedding_entails(threshold, embedder=embedder)
    verdicts = judge("What?", pairs)
    assert verdicts == (cosines >= threshold).tolist() and {True, False} == set(verdicts)
    assert judge("What?", [(b, a) for a, b in pairs]) == verdicts
    with pytest.raises(ValueError, match="threshold 75"):
        embedding_entails(75)


def test_a_threshold_of_1_separates_and_of_minus_1_merges():
    texts = ["lima", "cusco", "it rains"]
    merged = embedding_entails(-1, embedder=tiny_embedder())
    separate = embedding_entails(1, embedder=tiny_embedder())
    assert cluster_by_meaning(texts, merged, question="") == [0, 0, 0]
    assert cluster_by_meaning(texts, separate, question="") == [0, 1, 2]


@pytest.fixture(scope="module")
def real() -> Embedder:
    return load_embedder(device="cpu")


@IS_FETCHED
def test_the_real_model_is_the_loop_in_float64_too(real):
    check_against_brute_force(real, 2e-6)


@IS_FETCHED
def test_the_real_model_puts_paraphrases_near_each_other(real):
    texts = ["The cat sits outside.", "A cat is sitting outdoors.", "Bonds fell on Tuesday."]
    paraphrase, other = answer_similarities(texts[0], texts[1:], embedder=real).tolist()
    assert paraphrase > 0.75 > 0.2 > other
    assert load_embedder(device="cpu") is real
