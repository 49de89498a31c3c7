"""Attention patterns, and the induction score of every head."""

import torch
from torch import Tensor

from .._inputs import one_text_ids, require_whole_layers, without_wrapper
from ..architecture.parts import relative_tolerance


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
    name = type(model).__name__
    ids = one_text_ids(model, input_ids)
    implementation = model.config._attn_implementation
    try:
        if implementation != "eager":
            model.set_attn_implementation("eager")
        output = model.base_model(input_ids=ids, output_attentions=True, use_cache=False)
    finally:
        if implementation != "eager":
            model.set_attn_implementation(implementation)
    # each (1, heads, tokens, tokens); a recurrent layer has none
    patterns = getattr(output, "attentions", None) or ()
    layers = model.config.get_text_config().num_hidden_layers
    missing = len(patterns) != layers or any(pattern is None for pattern in patterns)
    if missing or any(pattern.triu(1).any() for pattern in patterns):
        raise ValueError(
            f"{name} gives no attention weights of every layer, or some that look ahead (Falcon, "
            "unless it was loaded so): load it with attn_implementation='eager'. A recurrent layer "
            "has none."
        )
    errors = [(pattern.double().sum(-1) - 1).abs().max().item() for pattern in patterns]
    if not max(errors) <= relative_tolerance(model):
        raise ValueError(
            f"{name}: attention weights miss the sum 1 by up to {max(errors):.2g}, so part of it "
            "goes elsewhere (a sink?) and the rest cannot be read as shares."
        )
    return tuple(pattern[0] for pattern in patterns)


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
