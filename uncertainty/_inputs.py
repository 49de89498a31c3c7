"""Checks and constants that many rooms need."""

import torch
from torch import Tensor

SKIPPED_POSITIONS = 4  # a window's first positions, where attention is parked
IGNORE_INDEX = -100  # as a target: nothing to predict here


def one_text_ids(model, input_ids) -> Tensor:
    """Token ids of one text as ``(1, tokens)`` on the model's device; ValueError for anything else, or a model in training."""
    ids = torch.as_tensor(input_ids)
    ids = ids[None] if ids.ndim == 1 else ids
    vocabulary = model.get_input_embeddings().weight.shape[0]
    if ids.ndim != 2 or len(ids) != 1 or not ids.shape[1] or ids.is_floating_point():
        raise ValueError(
            f"need the token ids of one text, (tokens,) or (1, tokens), got shape {tuple(ids.shape)}, {ids.dtype}."
        )
    if not 0 <= int(ids.min()) <= int(ids.max()) < vocabulary:
        raise ValueError(
            f"token ids must lie in 0..{vocabulary - 1}, got {ids.min()}..{ids.max()}."
        )
    if model.training:
        raise ValueError(
            "the model is in training mode, where dropout changes every number: call model.eval()."
        )
    return ids.to(model.device)
