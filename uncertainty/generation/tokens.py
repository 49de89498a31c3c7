"""Tokens as people can read them."""

from typing import Any, Protocol

import torch
from torch import Tensor

SPACE_MARKS = ("\u0120", "\u2581")  # how byte-level BPE and SentencePiece store a leading space


class AnswerWithLogits(Protocol):
    """What `top_alternatives` reads of a `Generation`, whose module imports this one."""

    logits: Tensor  # (steps, vocabulary)
    tokenizer: Any


class SavedLabels(dict[int, str]):
    """The labels of the tokens in a saved answer, in place of the tokenizer that made them."""

    def __missing__(self, token_id: int) -> str:
        raise ValueError(
            f"the saved answer holds no label for token {token_id}: "
            "read it with its tokenizer, Generation.from_dict(data, tokenizer)."
        )


def token_labels(tokenizer, token_ids) -> list[str]:
    """Return each token as text on its own, with its leading space.

    A piece of a multi-byte character is shown as the tokenizer stores it.
    """
    ids = torch.as_tensor(token_ids).tolist()
    if isinstance(tokenizer, SavedLabels):
        return [tokenizer[i] for i in ids]
    return [_label(tokenizer.decode([i]), tokenizer.convert_ids_to_tokens(i)) for i in ids]


def top_tokens(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the ids and the probabilities of the likeliest tokens, likeliest first.

    Args:
        logits: ``(steps, vocabulary)``.
        count: how many tokens a step; cut to the vocabulary.

    Returns:
        Ids and probabilities, both ``(steps, count)``.
    """
    top = logits.topk(min(count, logits.shape[-1]))
    probabilities = (top.values - logits.logsumexp(-1, keepdim=True)).exp()
    return top.indices, probabilities


def top_alternatives(generation: AnswerWithLogits, count: int = 5) -> list[list[tuple[str, float]]]:
    """Return the likeliest tokens of every step with their probabilities, likeliest first."""
    token_ids, probabilities = top_tokens(generation.logits, count)
    alternatives = []
    for step_ids, step_probabilities in zip(token_ids, probabilities):
        labels = token_labels(generation.tokenizer, step_ids)
        alternatives.append(list(zip(labels, step_probabilities.tolist())))
    return alternatives


def _label(text: str, stored: str | None) -> str:
    """Return a token's label from its decoded text and from the form the tokenizer stores."""
    if stored is None:
        # a row that pads the vocabulary: it takes part in the softmax, but is no token
        return "<unused>"
    if "\ufffd" in text:  # decode() loses half characters; the stored form keeps them apart
        return stored
    lost_space = stored[:1] in SPACE_MARKS and not text[:1].isspace()
    return " " + text if lost_space else text
