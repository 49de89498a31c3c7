"""Attention weights as the model itself computes them, with its plain ("eager") attention."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from .parts import relative_tolerance


@contextmanager
def eager_attention(model) -> Iterator[None]:
    """Let a model compute attention plainly inside the context; fast ones never hold the weights.

    The model's own implementation is restored afterwards.

    Raises:
        ValueError: a model that cannot switch.
    """
    implementation = model.config._attn_implementation
    try:
        if implementation != "eager":
            model.set_attn_implementation("eager")
        yield
    finally:
        if implementation != "eager":
            model.set_attn_implementation(implementation)


def checked_weights(model, output) -> tuple[Tensor, ...]:
    """Return the attention weights in a model's output, ``(batch, heads, tokens, tokens)`` a layer.

    Args:
        output: what the model or its body returned for ``output_attentions=True``.

    Raises:
        ValueError: a layer without weights, weights that look ahead, or rows that do not sum to 1.
    """
    name = type(model).__name__
    # a recurrent layer has none
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
    return tuple(patterns)
