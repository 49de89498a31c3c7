"""What a model says at every token, clean or ablated: entropy, loss, KL, the top token."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(eq=False)
class Effects:
    """What the model says at every token, for every ablated neuron or group of neurons: a column.

    Each tensor is ``(tokens, columns)``; for the clean model ``(tokens,)``. Unit: nats.

    Attributes:
        entropy: of the next-token distribution.
        loss: -log p(next token); nan where a sequence ends.
        kl: KL(clean || ablated).
        argmax_changed: whether another token is now likelier than the clean model's top token.
        kl_unigram: KL(unigram || model), where a unigram was given.
        rank: how many tokens are likelier than the next one (0: it is the top token), -1 where a
            sequence ends. None in fast mode except for the clean model.
    """

    entropy: Tensor
    loss: Tensor
    kl: Tensor
    argmax_changed: Tensor
    kl_unigram: Tensor | None = None
    rank: Tensor | None = None


def tensors_by_name(effects: Effects) -> dict[str, Tensor]:
    """Return the tensors of ``effects`` by name, without those that are None."""
    values = {entry.name: getattr(effects, entry.name) for entry in fields(Effects)}
    return {name: value for name, value in values.items() if value is not None}


def map_effects(function: Callable[[Tensor], Tensor], effects: Effects) -> Effects:
    """Apply a function to each tensor."""
    return Effects(**{name: function(value) for name, value in tensors_by_name(effects).items()})


def join_effects(pieces: Sequence[dict[str, Effects]], dim: int) -> dict[str, Effects]:
    """Join the effects of blocks of tokens (``dim`` 0) or of columns (``dim`` 1), kind by kind."""
    joined = {}
    for kind, first in pieces[0].items():
        tensors = {
            name: torch.cat([getattr(piece[kind], name) for piece in pieces], dim)
            for name in tensors_by_name(first)
        }
        joined[kind] = Effects(**tensors)
    return joined
