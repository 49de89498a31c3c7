"""Attention patterns, and the induction score of every head."""

import torch
from torch import Tensor

from .._inputs import one_text_ids
from ..architecture.attention_heads import relative_tolerance


@torch.no_grad()
def attention_patterns(model, input_ids) -> tuple[Tensor, ...]:
    """The attention weights of one text: for each layer ``(heads, tokens, tokens)``, each row a distribution over positions.

    The model computes them with its plain ("eager") attention; the fast kind never has them. It is set back afterwards.

    Raises:
        ValueError: a model that cannot switch; rows that do not sum to 1 (GPT-OSS has sinks); else as `logit_lens`.
    """
    ids, before = one_text_ids(model, input_ids), model.config._attn_implementation
    try:
        if before != "eager":
            model.set_attn_implementation("eager")
        patterns = model.base_model(
            input_ids=ids, output_attentions=True, use_cache=False
        ).attentions
    finally:
        if before != "eager":
            model.set_attn_implementation(before)
    if not patterns or patterns[0] is None or any(pattern.triu(1).any() for pattern in patterns):
        raise ValueError(
            f"{type(model).__name__} gives no attention weights, or some that look ahead (Falcon, unless it was "
            "loaded so): load it with attn_implementation='eager'."
        )
    off = max((pattern.double().sum(-1) - 1).abs().max().item() for pattern in patterns)
    if not off <= relative_tolerance(model):
        raise ValueError(
            f"{type(model).__name__}: attention weights miss the sum 1 by up to {off:.2g}, so part of it goes "
            "elsewhere (a sink?) and the rest cannot be read as shares."
        )
    return tuple(pattern[0] for pattern in patterns)


def induction_scores(model, repeats) -> Tensor:
    """How much each head looks at what followed last time, ``(layers, heads)`` between 0 and 1.

    From each position t of the second copy the weight on t - (length - 1), averaged over positions and rows. (The paper's
    diagonal takes in the last two positions before it.) One row's attention is in memory at a time.

    Raises:
        ValueError: rows that are no repeats; else as `attention_patterns`.
    """
    repeats = torch.as_tensor(repeats)
    repeats = repeats[None] if repeats.ndim == 1 else repeats
    length = (repeats.shape[-1] - 1) // 2
    if (
        repeats.ndim != 2
        or length < 1
        or not torch.equal(repeats[:, 1 : 1 + length], repeats[:, 1 + length :])
    ):
        raise ValueError(
            f"need rows [first, S, S] such as `random_repeats` gives, got shape {tuple(repeats.shape)}."
        )
    scores = [
        torch.stack(
            [
                pattern.diagonal(1 - length, -2, -1)[:, -length:].float().mean(-1).cpu()
                for pattern in attention_patterns(model, row)
            ]
        )
        for row in repeats
    ]
    return torch.stack(scores).mean(0)
