"""Attention patterns, and the induction score of every head."""

import torch
from torch import Tensor

from .._inputs import one_text_ids, require_whole_layers, without_wrapper
from ..architecture.attention_weights import checked_weights, eager_attention


@torch.no_grad()
def attention_patterns(model, input_ids) -> tuple[Tensor, ...]:
    """Return the attention weights of one text, ``(heads, tokens, tokens)`` for each layer.

    Each row is a distribution over positions. The model computes the weights with its plain
    ("eager") attention, because fast implementations never hold them. The model's own
    implementation is restored afterwards.

    Raises:
        ValueError: a model that cannot switch, or is split over processes; rows that do not sum to
            1 (GPT-OSS has sinks); else as `logit_lens`.
    """
    model = without_wrapper(model)
    require_whole_layers(model)
    ids = one_text_ids(model, input_ids)
    with eager_attention(model):
        output = model.base_model(input_ids=ids, output_attentions=True, use_cache=False)
    return tuple(weights[0] for weights in checked_weights(model, output))


def induction_scores(model, repeats) -> Tensor:
    """Return how much each head attends to what followed last time, ``(layers, heads)``.

    The score lies between 0 and 1. It is the attention weight from each position t of the second
    copy on position t - (length - 1), averaged over positions and rows. (The paper's diagonal
    includes the last two positions before the second copy.) Only one row's attention is in memory
    at a time.

    Args:
        repeats: ``(rows, 1 + 2 * length)`` ids as from `random_repeats`, or one row.

    Raises:
        ValueError: rows that are not repeats; else as `attention_patterns`.
    """
    repeats = torch.atleast_2d(torch.as_tensor(repeats))
    length = (repeats.shape[-1] - 1) // 2
    first_copy = repeats[:, 1 : 1 + length]
    second_copy = repeats[:, 1 + length :]
    if repeats.ndim != 2 or length < 1 or not torch.equal(first_copy, second_copy):
        raise ValueError(
            "need rows [first, S, S] such as `random_repeats` gives, got shape "
            f"{tuple(repeats.shape)}."
        )
    scores = []
    for row in repeats:
        layers = []
        for pattern in attention_patterns(model, row):
            diagonal = pattern.diagonal(1 - length, -2, -1)  # (heads, positions)
            layers.append(diagonal[:, -length:].float().mean(-1).cpu())
        scores.append(torch.stack(layers))
    return torch.stack(scores).mean(0)
