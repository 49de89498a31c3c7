"""The logit lens: what the model would say if it stopped at each depth, and how unsure it would be.

At every depth the model's own final norm and unembedding are applied to the residual stream. All
depths of a block of tokens form one tall matrix, which is multiplied by one slice of the
unembedding at a time. A few statistics of each slice are kept, its logits are not, so nothing of
size depths x tokens x vocabulary ever exists. Each slice is treated as a small distribution of its
own (its log-sum-exp, and means under it); at the end the slices are combined in float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .._inputs import IGNORE_INDEX, is_whole, one_text_ids, without_wrapper
from ..architecture.middle import resid_mid_modules
from ..architecture.parts import ModelParts, model_parts, with_float32_head
from . import _vocabulary_slices


@dataclass(eq=False)
class LensTrace:
    """What each depth says about the next token, in nats.

    The first axis of every tensor is the depth: 0 the embedding, -1 the model itself.

    Attributes:
        entropy: ``(depths, tokens)`` Shannon entropy of the lens' distribution p_l.
        kl_to_final: ``(depths, tokens)`` KL(p_L || p_l), where p_L is the model's own distribution.
        reverse_kl: ``(depths, tokens)`` KL(p_l || p_L).
        top_tokens, top_probabilities: ``(depths, tokens, top)`` the likeliest tokens, likeliest
            first.
        renyi: order -> ``(depths, tokens)`` Renyi entropy.
        cross_entropy: ``(depths, tokens)`` -log p_l(target), with one more axis when there are
            several targets a token; nan where the target is -100; None without targets.
        rank: the same shape, how many *other* tokens are likelier than the target (0: it is the top
            token); -1 where the target is -100; None without targets.
    """

    entropy: Tensor
    kl_to_final: Tensor
    reverse_kl: Tensor
    top_tokens: Tensor
    top_probabilities: Tensor
    renyi: dict[float, Tensor]
    cross_entropy: Tensor | None
    rank: Tensor | None

    @property
    def top_token(self) -> Tensor:
        """The likeliest token, ``(depths, tokens)``."""
        return self.top_tokens[..., 0]

    @property
    def cross_entropy_to_final(self) -> Tensor:
        """CE(p_L, p_l) = H(p_L) + KL(p_L || p_l), ``(depths, tokens)``.

        How surprised depth l is, on average, by a token drawn from the model.
        """
        return self.entropy[-1] + self.kl_to_final

    def tokens_between(self, start: int, stop: int) -> "LensTrace":
        """Return the trace of the tokens ``start`` to ``stop - 1`` only."""
        part = slice(start, stop)
        return LensTrace(
            entropy=self.entropy[:, part],
            kl_to_final=self.kl_to_final[:, part],
            reverse_kl=self.reverse_kl[:, part],
            top_tokens=self.top_tokens[:, part],
            top_probabilities=self.top_probabilities[:, part],
            renyi={alpha: values[:, part] for alpha, values in self.renyi.items()},
            cross_entropy=None if self.cross_entropy is None else self.cross_entropy[:, part],
            rank=None if self.rank is None else self.rank[:, part],
        )


@torch.no_grad()
def logit_lens(
    model,
    input_ids: Tensor | Sequence,
    *,
    targets: Tensor | Sequence | None = None,
    renyi: Sequence[float] = (),
    top: int = 1,
    middle: bool = False,
    float32_head: bool = True,
    rows_at_a_time: int | None = None,
) -> LensTrace:
    """Read the residual stream at every depth through the final norm and the unembedding.

    The norm is computed anew at each depth. Rows that pad a vocabulary take part, as they do in the
    model's own softmax.

    Args:
        input_ids: ``(tokens,)`` or ``(1, tokens)``.
        targets: token ids to measure: one a token, or ``(tokens, k)``; -100 for none. Position t
            says what comes *after* token t, so the text's own next tokens are ``[*input_ids[1:],
            -100]``.
        renyi: orders of Renyi entropies, 0 and infinity included; an order given twice counts once.
        top: how many of the likeliest tokens to keep.
        middle: include the stream between attention and MLP: ``2 * layers + 1`` depths instead of
            ``layers + 1``.
        float32_head: whether norm and unembedding compute in float32 where the weights are
            bfloat16 or float16. Otherwise they do as the model does, which rounds logits to three
            digits and moved the default model's entropies by up to 0.08 nats in bfloat16; in
            float32 those are exact to 2e-5, for this stream and these weights.
        rows_at_a_time: rows (a token at a depth) whose logits are in memory at a time; None: as
            many as are fast on the device, fewer where its memory is short. The result does not
            depend on it beyond rounding.

    Returns:
        A `LensTrace` on the CPU, float32 (float64 for a float64 model).

    Raises:
        ValueError: shapes that do not fit, ids outside the vocabulary, an order that is negative or
            too near to 1, more tokens than the model has positions, a model in training mode or one
            that `model_parts` cannot prove, ``middle`` where a block has none, nan or infinite
            numbers.

    Source: arXiv 2412.05768, section 2; arXiv 2502.16570, section 3.
    """
    model = without_wrapper(model)
    parts = model_parts(model)
    ids = one_text_ids(model, input_ids)
    resid_mid = resid_mid_modules(model) if middle else ()
    with parts.record_stream(middle=resid_mid) as stream:
        model.base_model(input_ids=ids, use_cache=False)
    states = [state[0] for state in stream]  # a (tokens, width) tensor for each depth
    return read_stream(
        parts,
        states,
        targets=targets,
        renyi=renyi,
        top=top,
        float32_head=float32_head,
        rows_at_a_time=rows_at_a_time,
    )


@torch.no_grad()
def read_stream(
    parts: ModelParts,
    stream: Sequence[Tensor] | Tensor,
    *,
    targets: Tensor | Sequence | None = None,
    renyi: Sequence[float] = (),
    top: int = 1,
    float32_head: bool = True,
    rows_at_a_time: int | None = None,
) -> LensTrace:
    """Read a residual stream that was recorded before.

    ``stream`` holds a ``(tokens, width)`` tensor for each depth, the last one the model's own.
    Other arguments, result and errors are those of `logit_lens`.
    """
    # 1. what is asked for
    if float32_head:
        parts = with_float32_head(parts)
    tokens = len(stream[0])
    vocabulary = len(parts.unembedding.weight)
    if not 1 <= top <= vocabulary:
        raise ValueError(f"top must lie between 1 and {vocabulary}, got {top}.")
    if rows_at_a_time is None:
        rows_at_a_time = _vocabulary_slices.rows_that_fit(parts)
    if rows_at_a_time < 1:
        raise ValueError(f"rows_at_a_time must be 1 or more, got {rows_at_a_time}.")
    target_ids, several = _target_ids(targets, tokens, vocabulary)  # (tokens, k)
    orders = _renyi_orders(renyi)

    # 2. block by block of tokens, all depths together
    block_size = max(1, rows_at_a_time // len(stream))
    blocks = []
    for start in range(0, max(tokens, 1), block_size):
        part = slice(start, start + block_size)
        block = _vocabulary_slices.block_statistics(
            parts,
            torch.stack([state[part] for state in stream], 1),  # (block, depths, width)
            target_ids[part],
            orders=orders,
            top=top,
        )
        blocks.append(block)

    # 3. the blocks in a row, depths first
    trace = LensTrace(
        entropy=_join([block.entropy for block in blocks]),
        kl_to_final=_join([block.kl_to_final for block in blocks]),
        reverse_kl=_join([block.reverse_kl for block in blocks]),
        top_tokens=_join([block.top_tokens for block in blocks]),
        top_probabilities=_join([block.top_probabilities for block in blocks]),
        renyi={alpha: _join([block.renyi[alpha] for block in blocks]) for alpha in orders},
        cross_entropy=None,
        rank=None,
    )
    _require_numbers(trace.entropy)
    if targets is None:
        return trace

    # 4. the targets: tokens without one are marked, and one target a token needs no axis
    no_target = target_ids == IGNORE_INDEX
    cross_entropy = _join([block.cross_entropy for block in blocks])  # (depths, tokens, k)
    cross_entropy[:, no_target] = math.nan
    rank = _join([block.rank for block in blocks])
    rank[:, no_target] = -1
    trace.cross_entropy = cross_entropy if several else cross_entropy[..., 0]
    trace.rank = rank if several else rank[..., 0]
    return trace


def _join(blocks: list[Tensor]) -> Tensor:
    """Join blocks of ``(block, depths, ...)`` into ``(depths, tokens, ...)`` on the CPU."""
    return torch.cat(blocks).transpose(0, 1).cpu()


def _require_numbers(entropy: Tensor) -> None:
    """Raise ValueError where an entropy, ``(depths, tokens)``, is nan or infinite."""
    wrong = (~entropy.isfinite()).nonzero()
    if len(wrong):
        depth, token = wrong[0].tolist()
        raise ValueError(
            f"nan or infinite numbers at depth {depth}, token {token}: load the model in another "
            "precision (bfloat16 or float32 instead of float16)."
        )


def _target_ids(
    targets: Tensor | Sequence | None, tokens: int, vocabulary: int
) -> tuple[Tensor, bool]:
    """Return the targets as ``(tokens, k)``, and whether they had an axis for several."""
    if targets is None:
        return torch.zeros(tokens, 0, dtype=torch.long), False
    ids = torch.as_tensor(targets).cpu()
    if ids.shape == (1, tokens):
        ids = ids[0]
    if ids.ndim not in (1, 2) or len(ids) != tokens or (ids.numel() and not is_whole(ids)):
        raise ValueError(
            f"need one target id for each of {tokens} tokens, or (tokens, k); "
            f"got {tuple(ids.shape)}, {ids.dtype}."
        )
    outside = (ids < 0) | (ids >= vocabulary)
    wrong = ids[outside & (ids != IGNORE_INDEX)]
    if len(wrong):
        raise ValueError(
            f"targets must lie in 0..{vocabulary - 1}, or be {IGNORE_INDEX} for none; "
            f"got {wrong[0]}."
        )
    several = ids.ndim == 2
    if not several:
        ids = ids[:, None]
    return ids.long(), several


def _renyi_orders(renyi: Sequence[float]) -> list[float]:
    """Return each order once; ValueError for one that cannot be computed."""
    orders = list(dict.fromkeys(renyi))
    for alpha in orders:
        if not alpha >= 0 or 0 < abs(alpha - 1) < 0.01:
            raise ValueError(
                "a Renyi order must be 0 or larger (infinity is allowed), and 1 or at least 0.01 "
                f"away from it: {alpha}. Nearer to 1 the formula divides one rounding error by "
                "another; 1 itself is the Shannon entropy."
            )
    return orders
