"""What is proven on a few tokens before a model's numbers are believed.

Proven means here: computed in two ways by this very model, with one result. A list of known
architectures would not know the next one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

import torch
import transformers
from torch import Tensor, nn

from .._inputs import input_device, require_eval_mode

# Relative differences, of logits, that are still rounding.
FULL_PRECISION_TOLERANCE = 1e-3
HALF_PRECISION_STEPS = 0.1  # a model beyond it is refused
HALF_PRECISION_PADDING = 0.02  # a model beyond it reads its prompts without padding

NEW_TOKENS = 3
PADDING = 3

_stepwise_errors: WeakKeyDictionary[nn.Module, float] = WeakKeyDictionary()
_padding_errors: WeakKeyDictionary[nn.Module, float] = WeakKeyDictionary()


class _Steps(NamedTuple):
    """What a model writes after the probe: all token ids ``(1, tokens)``, logits ``(steps, V)``."""

    sequence: Tensor
    logits: Tensor


def require_decoder(model) -> None:
    """Refuse a model whose answers this room would misread.

    A decoder predicts each token from those before it, so one pass over prompt and answer must give
    the logits that the answer was written from. That is proven the first time, on a few tokens.

    Raises:
        ValueError: an encoder-decoder, a model in training mode, one that looks ahead (BERT without
            ``is_decoder``), or one that counts positions in another way while it generates.
    """
    name = type(model).__name__
    if model.config.is_encoder_decoder:
        raise ValueError(f"{name} is an encoder-decoder; this needs a decoder-only model.")
    require_eval_mode(model)
    if model not in _stepwise_errors:
        _stepwise_errors[model] = _stepwise_error(model)
    error = _stepwise_errors[model]
    if error > _tolerance(model, HALF_PRECISION_STEPS):
        raise ValueError(
            f"{name}: the logits of its steps differ by {error:.0%} from those of one pass over "
            "the same tokens, so they depend on how they are computed. (Does it look ahead, as "
            "BERT does? Does it count positions differently while it generates?) It is refused "
            "rather than misread."
        )


def ignores_left_padding(model, pad_id: int) -> bool:
    """Return whether padding on the left changes no logits, so that uneven prompts make a batch.

    It does change them where a state runs through the padding (RWKV, RecurrentGemma), or where
    positions are not counted by the attention mask. That is proven the first time.
    """
    if model not in _padding_errors:
        _padding_errors[model] = _padding_error(model, pad_id)
    return _padding_errors[model] <= _tolerance(model, HALF_PRECISION_PADDING)


@contextmanager
def neutral_generation_config(model) -> Iterator[None]:
    """Empty the model's own generation config meanwhile.

    generate() takes from it what it is not told: penalties, biases, truncation.
    """
    original = model.generation_config
    model.generation_config = transformers.GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = original


@torch.no_grad()
def _stepwise_error(model) -> float:
    """Return how far generated steps are from one pass over the same tokens, relative."""
    steps = _continue_probe(model, padding=0, pad_id=0)
    read = model(input_ids=steps.sequence, use_cache=False).logits[0, -NEW_TOKENS - 1 : -1]
    return _relative_difference(read, steps.logits)


@torch.no_grad()
def _padding_error(model, pad_id: int) -> float:
    """Return how far padding on the left moves the logits of the first two steps, relative."""
    plain = _continue_probe(model, padding=0, pad_id=pad_id)
    padded = _continue_probe(model, padding=PADDING, pad_id=pad_id)
    error = _relative_difference(padded.logits[:1], plain.logits[:1])
    same_token = padded.sequence[0, -NEW_TOKENS] == plain.sequence[0, -NEW_TOKENS]
    if same_token:
        second = _relative_difference(padded.logits[1:2], plain.logits[1:2])
        error = max(error, second)
    return error


def _continue_probe(model, *, padding: int, pad_id: int) -> _Steps:
    vocabulary = model.config.get_text_config().vocab_size
    device = input_device(model)
    probe = torch.arange(1, 6) * (vocabulary // 7)  # ordinary tokens, from all over the vocabulary
    pad = torch.full((padding,), pad_id)
    input_ids = torch.cat([pad, probe])[None].to(device)  # (1, padding + 5)
    mask = torch.ones_like(input_ids)
    mask[:, :padding] = 0
    with neutral_generation_config(model):
        output = model.generate(
            input_ids,
            attention_mask=mask,
            max_new_tokens=NEW_TOKENS,
            do_sample=False,
            pad_token_id=pad_id,
            output_logits=True,
            return_dict_in_generate=True,
        )
    return _Steps(output.sequences, torch.cat(output.logits))


def _relative_difference(ours: Tensor, theirs: Tensor) -> float:
    """Return the largest difference over the largest logit; infinite where one is no number."""
    ours = ours.double()
    theirs = theirs.to(ours)
    finite = theirs.isfinite() & ours.isfinite()
    if not finite.any() or not torch.equal(ours.isfinite(), theirs.isfinite()):
        return float("inf")
    difference = (ours - theirs)[finite].abs().max()
    return (difference / theirs[finite].abs().max()).item()


def _tolerance(model, half_precision: float) -> float:
    is_exact = model.dtype.itemsize >= 4 and not getattr(model, "is_quantized", False)
    return FULL_PRECISION_TOLERANCE if is_exact else half_precision
