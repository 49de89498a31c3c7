"""Tokens as people can read them."""

import torch

SPACE_MARKS = ("\u0120", "\u2581")  # how byte-level BPE and SentencePiece store a leading space


def token_labels(tokenizer, token_ids) -> list[str]:
    """Each token as text on its own, with its leading space; a piece of a multi-byte character shows as stored."""
    ids = torch.as_tensor(token_ids).tolist()
    return [_label(tokenizer.decode([i]), tokenizer.convert_ids_to_tokens(i)) for i in ids]


def top_alternatives(generation, count: int = 5) -> list[list[tuple[str, float]]]:
    """The likeliest tokens of every step with their probabilities, likeliest first."""
    top = generation.logits.topk(min(count, generation.logits.shape[-1]))
    probabilities = (top.values - generation.logits.logsumexp(-1, keepdim=True)).exp()
    labels = [token_labels(generation.tokenizer, ids) for ids in top.indices]
    return [list(zip(names, row.tolist())) for names, row in zip(labels, probabilities)]


def _label(text: str, stored: str | None) -> str:
    if (
        stored is None
    ):  # a row that pads the vocabulary: it takes part in the softmax, but is no token
        return "<unused>"
    if "\ufffd" in text:  # decode() loses half characters; the stored form keeps them apart
        return stored
    swallowed = stored[:1] in SPACE_MARKS and not text[:1].isspace()
    return " " + text if swallowed else text
