"""Checks and constants that many rooms need."""

import torch
from torch import Tensor

SKIPPED_POSITIONS = 4
"""How many first positions of a text stay out of a measurement: they can be attention sinks."""

IGNORE_INDEX = -100
"""The target that means "nothing to predict at this position", as in PyTorch's cross-entropy."""


def one_text_ids(model, input_ids) -> Tensor:
    """Return the token ids of one text as ``(1, tokens)`` on the model's device.

    Args:
        input_ids: ``(tokens,)`` or ``(1, tokens)`` integers, a tensor or anything that makes one.

    Raises:
        ValueError: another shape, no tokens, numbers that are no integers, ids outside the
            vocabulary, or a model in training mode.
    """
    ids = torch.as_tensor(input_ids)
    if ids.ndim == 1:
        ids = ids[None]  # (1, tokens)
    if ids.ndim != 2 or len(ids) != 1 or not ids.shape[1] or ids.is_floating_point():
        raise ValueError(
            "need the token ids of one text, (tokens,) or (1, tokens), "
            f"got shape {tuple(ids.shape)}, {ids.dtype}."
        )
    require_ids_in_vocabulary(ids, model.get_input_embeddings().weight.shape[0])
    require_eval_mode(model)
    return ids.to(model.device)


def require_ids_in_vocabulary(token_ids: Tensor, vocabulary_size: int) -> None:
    """Raise ValueError unless every token id lies in ``0..vocabulary_size - 1``."""
    if not token_ids.numel():
        return
    smallest = int(token_ids.min())
    largest = int(token_ids.max())
    if smallest < 0 or largest >= vocabulary_size:
        raise ValueError(
            f"token ids must lie in 0..{vocabulary_size - 1}, got {smallest}..{largest}."
        )


def require_eval_mode(model) -> None:
    """Raise ValueError when the model is in training mode."""
    if model.training:
        raise ValueError(
            "the model is in training mode, where dropout changes every number: call model.eval()."
        )


def require_decoder_in_eval_mode(model) -> None:
    """Raise ValueError unless the model is a decoder-only one, and not in training mode."""
    if model.config.is_encoder_decoder:
        raise ValueError(
            f"{type(model).__name__} is an encoder-decoder; this needs a decoder-only model."
        )
    require_eval_mode(model)
