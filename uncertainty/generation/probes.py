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
from torch.nn.utils.rnn import pad_sequence

from .._inputs import input_device, require_eval_mode

# Relative differences, of logits, that are still rounding.
FULL_PRECISION_TOLERANCE = 1e-3
HALF_PRECISION_STEPS = 0.1  # a model beyond it is refused
HALF_PRECISION_BATCH = 0.02  # a model beyond it reads its prompts one by one

NEW_TOKENS = 3

_stepwise_errors: WeakKeyDictionary[nn.Module, float] = WeakKeyDictionary()
_batch_errors: WeakKeyDictionary[nn.Module, float] = WeakKeyDictionary()


class _Steps(NamedTuple):
    """Token ids ``(rows, tokens)``, probes and what follows; logits ``(steps, rows, V)``."""

    sequences: Tensor
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


def reads_batches(model, pad_id: int) -> bool:
    """Return whether each row of a batch, padded on the left, gives what it gives alone.

    It does not where a state runs through the padding (RecurrentGemma, RWKV), or where positions
    are not counted by the attention mask. That is proven the first time.
    """
    if model not in _batch_errors:
        _batch_errors[model] = _batch_error(model, pad_id)
    return _batch_errors[model] <= _tolerance(model, HALF_PRECISION_BATCH)


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
    steps = _continue_probes(model, [_probe(model, 5)], pad_id=0)
    read = model(input_ids=steps.sequences, use_cache=False).logits[0, -NEW_TOKENS - 1 : -1]
    return _relative_difference(read, steps.logits[:, 0])


@torch.no_grad()
def _batch_error(model, pad_id: int) -> float:
    """Return how far the shorter row of a batch is from the same row alone, relative."""
    short = _probe(model, 5)
    long = _probe(model, 21).flip(0)
    alone = _continue_probes(model, [short], pad_id=pad_id)
    together = _continue_probes(model, [short, long], pad_id=pad_id)
    error = _relative_difference(together.logits[0, 0], alone.logits[0, 0])
    wrote_the_same = together.sequences[0, -NEW_TOKENS] == alone.sequences[0, -NEW_TOKENS]
    if wrote_the_same:
        error = max(error, _relative_difference(together.logits[1, 0], alone.logits[1, 0]))
    return error


def _probe(model, count: int) -> Tensor:
    """Return ordinary token ids, from all over the vocabulary: ``(count,)``."""
    vocabulary = model.config.get_text_config().vocab_size
    return torch.arange(1, count + 1) * (vocabulary // 11) % vocabulary


def _continue_probes(model, rows: list[Tensor], *, pad_id: int) -> _Steps:
    device = input_device(model)
    input_ids = pad_sequence(rows, batch_first=True, padding_value=pad_id, padding_side="left")
    lengths = torch.tensor([len(row) for row in rows])
    width = input_ids.shape[1]
    mask = (torch.arange(width) >= width - lengths[:, None]).long()
    with neutral_generation_config(model):
        output = model.generate(
            input_ids.to(device),
            attention_mask=mask.to(device),
            max_new_tokens=NEW_TOKENS,
            do_sample=False,
            pad_token_id=pad_id,
            output_logits=True,
            return_dict_in_generate=True,
        )
    return _Steps(output.sequences, torch.stack(output.logits))


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
