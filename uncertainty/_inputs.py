"""Checks and constants that many rooms need."""

import operator
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor

SKIPPED_POSITIONS = 4
"""How many first positions of a text stay out of a measurement: they can be attention sinks."""

IGNORE_INDEX = -100
"""The target that means "nothing to predict at this position", as in PyTorch's cross-entropy."""

# Where a configuration says how many positions a model knows.
CONTEXT_LENGTHS = ("max_position_embeddings", "n_positions", "max_seq_len")


def one_text_ids(model, input_ids) -> Tensor:
    """Return the token ids of one text as ``(1, tokens)`` on the model's device.

    Args:
        input_ids: ``(tokens,)`` or ``(1, tokens)`` integers, a tensor or anything that makes one.

    Raises:
        ValueError: another shape, no tokens, numbers that are no integers, ids outside the
            vocabulary, more tokens than the model has positions, or a model in training mode.
    """
    ids = torch.as_tensor(input_ids)
    if ids.ndim == 1:
        ids = ids[None]  # (1, tokens)
    if ids.ndim != 2 or len(ids) != 1 or not ids.shape[1] or not is_whole(ids):
        raise ValueError(
            "need the token ids of one text, (tokens,) or (1, tokens), "
            f"got shape {tuple(ids.shape)}, {ids.dtype}."
        )
    require_ids_in_vocabulary(ids, model.get_input_embeddings().weight.shape[0])
    require_eval_mode(model)
    require_context(model, ids.shape[1])
    return ids.long().to(input_device(model))


def is_whole(values: Tensor) -> bool:
    """Return whether a tensor holds whole numbers; truth values are none."""
    is_number = values.dtype != torch.bool and not values.is_complex()
    return is_number and not values.is_floating_point()


def require_ids_in_vocabulary(token_ids: Tensor, vocabulary_size: int) -> None:
    """Raise ValueError unless every token id is a whole number in ``0..vocabulary_size - 1``."""
    if not token_ids.numel():
        return
    if not is_whole(token_ids):
        raise ValueError(f"token ids must be whole numbers, got {token_ids.dtype}.")
    smallest = int(token_ids.min())
    largest = int(token_ids.max())
    if smallest < 0 or largest >= vocabulary_size:
        raise ValueError(
            f"token ids must lie in 0..{vocabulary_size - 1}, got {smallest}..{largest}."
        )


def index_list(indices: Any, count: int, *, name: str) -> list[int]:
    """Return indices as whole numbers in ``0..count - 1``, in the order given.

    Args:
        indices: one number, several, or a mask: ``count`` truth values, which mean the places that
            are true. A tensor, an array or any iterable.
        count: how many things there are to choose from.
        name: what the error message calls the indices.

    Raises:
        ValueError: a mask of another length, a number that is not whole (5.7) or out of range.
    """
    values = indices.tolist() if hasattr(indices, "tolist") else indices
    values = list(values) if isinstance(values, Iterable) else [values]
    values = [value.item() if hasattr(value, "item") else value for value in values]
    if values and all(isinstance(value, bool) for value in values):
        if len(values) != count:
            raise ValueError(
                f"{name}: a mask needs one truth value for each of {count}, got {len(values)}."
            )
        return [place for place, chosen in enumerate(values) if chosen]
    for value in values:
        if not _is_index(value, count):
            raise ValueError(
                f"{name} must be whole numbers in 0..{count - 1}, or a mask of {count} truth "
                f"values; got {value!r}."
            )
    return [operator.index(value) for value in values]


def require_eval_mode(model) -> None:
    """Raise ValueError when the model is in training mode."""
    if model.training:
        raise ValueError(
            "the model is in training mode, where dropout changes every number: call model.eval()."
        )


def require_whole_layers(model) -> None:
    """Raise ValueError where layers are split over processes, each of which sees a part only."""
    if any(type(weight).__name__ == "DTensor" for weight in model.parameters()):
        raise ValueError(
            f"the layers of this {type(model).__name__} are split over processes (tensor "
            "parallelism), so this process sees only a part of its weights and heads: load it with "
            "device_map='auto' instead of tp_plan='auto'."
        )


def require_context(model, tokens: int, *, new_tokens: int = 0) -> None:
    """Raise ValueError when a text and what is written after it need more positions than there are.

    Beyond them a model with a table of positions has nothing to look up, and one with rotary
    positions goes on with numbers that it never saw in training.

    Args:
        tokens: how many are read.
        new_tokens: how many may be written; the last of them is not read again.
    """
    limit = context_length(model)
    if limit is None:
        return
    name = type(model).__name__
    needed = tokens + max(new_tokens - 1, 0)
    if tokens > limit:
        raise ValueError(
            f"{tokens} tokens are more than the {limit} positions of this {name}: cut the text, or "
            "give it in pieces."
        )
    if needed > limit:
        raise ValueError(
            f"a prompt of {tokens} tokens and {new_tokens} new ones need {needed} positions, and "
            f"this {name} has {limit}: shorten the prompt, or take max_new_tokens="
            f"{limit - tokens + 1} at most."
        )


def context_length(model) -> int | None:
    """Return how many positions the model knows; None where nothing limits them.

    ALiBi (Bloom, some of Falcon) has no table of positions, nor has a recurrent model (Mamba).
    """
    config = model.config.get_text_config()
    if getattr(config, "alibi", False):
        return None
    named = [getattr(config, name, None) for name in CONTEXT_LENGTHS]
    limits = [limit for limit in named if isinstance(limit, int) and limit > 0]
    if not limits:
        return None
    rotary = getattr(config, "rope_parameters", None) or {}
    if rotary.get("rope_type") == "dynamic":  # the frequencies follow the length of the text
        return int(min(limits) * rotary.get("factor", 1))
    return min(limits)


def input_device(model) -> torch.device:
    """Return where the model wants its token ids.

    A model whose weights accelerate keeps elsewhere until they are used says "meta" of itself.
    """
    if model.device.type != "meta":
        return model.device
    hook = getattr(model.get_input_embeddings(), "_hf_hook", None)
    device = getattr(hook, "execution_device", None)
    if device is None:
        raise ValueError(
            f"the weights of this {type(model).__name__} are not in memory (device 'meta'): load "
            "the model again."
        )
    return torch.device(device)


def without_wrapper(model):
    """Return the model inside what `torch.compile` or PEFT's LoRA has put around it.

    The modules are the same: adapters stay where they are and stay active.

    Raises:
        ValueError: a PEFT method that puts virtual tokens before the text (prompt tuning).
    """
    model = getattr(model, "_orig_mod", model)
    if not hasattr(model, "get_base_model"):
        return model
    if model.active_peft_config.is_prompt_learning:
        raise ValueError(
            f"this {type(model).__name__} puts virtual tokens before the text, which would get "
            "rows of their own: use LoRA, whose merge_and_unload() gives a plain model, or pass "
            "model.get_base_model() to measure the model without them."
        )
    return model.get_base_model()


def hooks_are_called() -> AbstractContextManager:
    """Return a context in which compiled models run as they are written, so that hooks are called.

    What `torch.compile` made before a hook was put on a module does not call it.
    """
    return torch.compiler.set_stance("force_eager")


def _is_index(value: Any, count: int) -> bool:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        return False
    return 0 <= operator.index(value) < count
