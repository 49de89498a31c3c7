"""What a text means, as a vector: sentence embeddings, and how similar answers are by them."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor

from ..loading.embedding_model import Embedder, load_embedder
from .meaning import Entails

MAX_TOKENS = 256  # the model's own setting: it was not trained on longer texts
SAME_MEANING = 0.75  # the default of sentence-transformers' `community_detection`


@torch.no_grad()
def sentence_embeddings(
    texts: Sequence[str], *, embedder: Embedder | None = None, batch_size: int = 64
) -> Tensor:
    """Return the embedding of each text, a unit vector: ``(texts, 384)``, float32 on the CPU.

    With h_t the last hidden state of token t = 1..T, [CLS] and [SEP] among them::

        v = sum_t h_t / T
        embedding = v / |v|

    The product of two embeddings is the cosine of their angle. An empty text is embedded by its
    [CLS] and [SEP] alone. Of a text with more than 256 tokens the first 256 are read.

    The model was trained on pairs of questions and answers, too, among others from TriviaQA and
    Natural Questions, so embed answers without their questions, unless that is meant.

    Args:
        embedder: another model with its tokenizer; None: all-MiniLM-L6-v2, fetched on first use.
        batch_size: how many texts are read together.

    Raises:
        ValueError: one text instead of a list of texts, or no batch.
        ModelUnavailable: see `load_embedder`.

    Warns:
        UserWarning: some texts are longer than 256 tokens.

    Source: Reimers and Gurevych 2019 (arXiv 1908.10084), mean pooling; the weights are
    sentence-transformers/all-MiniLM-L6-v2.
    """
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"texts must be a list of strings, got {texts!r}.")
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    model, tokenizer = load_embedder() if embedder is None else embedder
    distinct = list(dict.fromkeys(texts))  # samples often repeat
    lengths = _lengths(tokenizer, distinct)
    order = sorted(range(len(distinct)), key=lambda place: lengths[place])
    vectors = torch.empty(len(distinct), model.config.hidden_size)
    for start in range(0, len(order), batch_size):
        places = order[start : start + batch_size]
        vectors[places] = _embed(model, tokenizer, [distinct[place] for place in places])
    place_of = {text: place for place, text in enumerate(distinct)}
    return vectors[[place_of[text] for text in texts]]


def answer_similarities(
    answer: str, samples: Sequence[str], *, embedder: Embedder | None = None
) -> Tensor:
    """Return the cosine of an answer's embedding with each sample's: ``(samples,)`` in [-1, 1].

    Raises:
        ValueError, ModelUnavailable: see `sentence_embeddings`.
    """
    vectors = sentence_embeddings([answer, *samples], embedder=embedder)  # (1 + samples, width)
    return (vectors[1:] @ vectors[0]).clamp(-1, 1)


def similarity_matrix(texts: Sequence[str], *, embedder: Embedder | None = None) -> Tensor:
    """Return the cosine of every pair of texts' embeddings: ``(texts, texts)`` in [-1, 1].

    It is symmetric and has no negative eigenvalues beyond rounding, so it is a kernel.

    Raises:
        ValueError, ModelUnavailable: see `sentence_embeddings`.
    """
    vectors = sentence_embeddings(texts, embedder=embedder)
    return (vectors @ vectors.T).clamp(-1, 1)


def embedding_entails(
    threshold: float = SAME_MEANING, *, embedder: Embedder | None = None
) -> Entails:
    """Return a judge for `cluster_by_meaning`: yes where two answers' cosine reaches a threshold.

    A cosine is symmetric, so this judge knows no direction: "Lima" and "Lima, in Peru" entail each
    other or neither does. It also gives opposites of like words a high cosine: the numbers "4" and
    "5" count as the same meaning at the default threshold. The question is not read. On the default
    model's short answers these clusters served `semantic_entropy` worse than `cluster_by_string`
    (``benchmarks/sampling_measures.py``): what all answers to a question share makes them alike.

    Args:
        threshold: the smallest cosine that counts as the same meaning. The default is a setting
            that sentence-transformers chose for other purposes, not a measured one.

    Raises:
        ValueError: a threshold outside [-1, 1].
    """
    if not -1 <= threshold <= 1:
        raise ValueError(f"a cosine lies in [-1, 1], got the threshold {threshold}.")

    def judge(question: str, pairs: list[tuple[str, str]]) -> list[bool]:
        texts = [text for pair in pairs for text in pair]
        vectors = sentence_embeddings(texts, embedder=embedder)
        cosines = (vectors[::2] * vectors[1::2]).sum(-1)  # (pairs,)
        return (cosines >= threshold).tolist()

    return judge


def _lengths(tokenizer, texts: list[str]) -> list[int]:
    """Return how many tokens of each text are read; a warning says how many texts are cut."""
    if not texts:
        return []
    rows = tokenizer(texts, truncation=False, padding=False, verbose=False).input_ids
    longer = sum(len(row) > MAX_TOKENS for row in rows)
    if longer:
        warnings.warn(
            f"{longer} of {len(texts)} texts have more than {MAX_TOKENS} tokens: only their "
            "beginnings are embedded.",
            stacklevel=4,
        )
    return [min(len(row), MAX_TOKENS) for row in rows]


def _embed(model, tokenizer, texts: list[str]) -> Tensor:
    """Return the unit vectors of one batch of texts, ``(texts, width)``."""
    inputs = tokenizer(
        texts, truncation=True, max_length=MAX_TOKENS, padding=True, return_tensors="pt"
    ).to(model.device)
    states = model(**inputs).last_hidden_state  # (texts, tokens, width)
    mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)  # (texts, tokens, 1)
    means = (states * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(means, dim=-1).float().cpu()
