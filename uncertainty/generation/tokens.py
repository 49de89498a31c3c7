"""Tokens as people can read them."""

from typing import Any, Protocol

import torch
from torch import Tensor

SPACE_MARKS = ("\u0120", "\u2581")  # how byte-level BPE and SentencePiece store a leading space

# What a continuation is put behind to see its tokens; none of them merges with what follows often.
ANCHORS = ("x:", "x\n", "x.", "x")


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


def text_token_ids(tokenizer, text: str) -> list[int]:
    """Return the token ids of a text that the model reads from its beginning.

    A beginning-of-sequence token is there once where the tokenizer adds it, also where the text has
    it written out. What a tokenizer adds at the end is left out, because the text goes on.
    """
    plain = tokenizer(text, add_special_tokens=False).input_ids
    with_special = tokenizer(text).input_ids
    for added in range(len(with_special) - len(plain) + 1):
        if with_special[added : added + len(plain)] == plain:
            is_written_out = plain[:added] == with_special[:added]
            return plain if is_written_out else with_special[: added + len(plain)]
    return with_special


def continuation_token_ids(tokenizer, text: str) -> list[int]:
    """Return the token ids of a text that continues another: neither BOS nor a space is added.

    Some tokenizers put a space before every text (SentencePiece's, as Llama 2 has). The text is
    then read behind another one. Its own leading space counts: " Paris" continues "capital is".

    Raises:
        ValueError: no way was found to read the text without a space added.
    """
    plain = tokenizer(text, add_special_tokens=False).input_ids
    if not text or not _adds_a_space(tokenizer):
        return plain
    for anchor in ANCHORS:
        before = tokenizer(anchor, add_special_tokens=False).input_ids
        both = tokenizer(anchor + text, add_special_tokens=False).input_ids
        rest = both[len(before) :]
        is_apart = both[: len(before)] == before
        if is_apart and _begins_with_space(tokenizer, rest) == text.startswith(" "):
            return rest
    raise ValueError(
        f"this tokenizer puts a space before {text!r}, or joins it to what stands before it: pass "
        "token ids instead of text."
    )


def first_token_id(tokenizer, text: str) -> int:
    """Return the token that a continuation begins with.

    ``tokenizer(" Paris").input_ids[0]`` is that token for some tokenizers only: others add a
    beginning-of-sequence token, or a space of their own. Mind the leading space of a word.

    Raises:
        ValueError: an empty text; else as `continuation_token_ids`.
    """
    token_ids = continuation_token_ids(tokenizer, text)
    if not token_ids:
        raise ValueError(f"{text!r} has no first token.")
    return token_ids[0]


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
    """Return the likeliest tokens of every step with their probabilities, likeliest first.

    Of a server's answer these are the ones that the server sent, so there may be fewer.
    """
    if hasattr(generation, "alternatives"):
        return generation.alternatives(count)
    token_ids, probabilities = top_tokens(generation.logits, count)
    alternatives = []
    for step_ids, step_probabilities in zip(token_ids, probabilities):
        labels = token_labels(generation.tokenizer, step_ids)
        alternatives.append(list(zip(labels, step_probabilities.tolist())))
    return alternatives


def _adds_a_space(tokenizer) -> bool:
    return _begins_with_space(tokenizer, tokenizer("x", add_special_tokens=False).input_ids)


def _begins_with_space(tokenizer, token_ids: list[int]) -> bool:
    stored = tokenizer.convert_ids_to_tokens(token_ids[0]) if token_ids else ""
    return stored[:1] in SPACE_MARKS


def _label(text: str, stored: str | None) -> str:
    """Return a token's label from its decoded text and from the form the tokenizer stores."""
    if stored is None:
        # a row that pads the vocabulary: it takes part in the softmax, but is no token
        return "<unused>"
    if "\ufffd" in text:  # decode() loses half characters; the stored form keeps them apart
        return stored
    lost_space = stored[:1] in SPACE_MARKS and not text[:1].isspace()
    return " " + text if lost_space else text
