"""The logit lens: what the model would say if it stopped at each depth, and how sure it would be.

At every depth the residual stream goes through the model's own final norm and unembedding. All depths of a block of tokens
are one tall matrix, multiplied by a slice of the unembedding at a time. A slice's few statistics are kept, its logits are
not, so nothing of size depths x tokens x vocabulary ever exists. Each slice is treated as a small distribution of its own
(its log-sum-exp, and means under it); at the end the slices are mixed, in float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .._inputs import IGNORE_INDEX, one_text_ids
from ..architecture.middle import resid_mid_modules
from ..architecture.parts import ModelParts, model_parts
from . import _vocabulary_slices


@dataclass(eq=False)
class LensTrace:
    """What each depth says about the next token. First axis: depths, 0 the embedding, -1 the model itself. Nats.

    Attributes:
        entropy: ``(depths, tokens)`` Shannon entropy of the lens' distribution p_l.
        kl_to_final: ``(depths, tokens)`` KL(p_L || p_l), where p_L is the model's own distribution.
        reverse_kl: ``(depths, tokens)`` KL(p_l || p_L).
        top_tokens, top_probabilities: ``(depths, tokens, top)`` the likeliest tokens, likeliest first.
        renyi: order -> ``(depths, tokens)``.
        cross_entropy: -log p_l(target), ``(depths, tokens)``, with one more axis when there are several targets a token; nan
            where the target is -100; None without targets.
        rank: the same shape, how many *other* tokens are likelier than the target (0: it is the top token); -1 for -100.
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
        """``(depths, tokens)`` the likeliest token."""
        return self.top_tokens[..., 0]

    def columns(self, start: int, stop: int) -> "LensTrace":
        """The trace of some of the tokens only."""
        cut = {
            name: None if value is None else value[:, start:stop]
            for name, value in vars(self).items()
            if name != "renyi"
        }
        return LensTrace(
            renyi={alpha: value[:, start:stop] for alpha, value in self.renyi.items()}, **cut
        )

    @property
    def cross_entropy_to_final(self) -> Tensor:
        """CE(p_L, p_l) = H(p_L) + KL(p_L || p_l): how surprised depth l would be by what the model draws, on average."""
        return self.entropy[-1] + self.kl_to_final


@torch.no_grad()
def logit_lens(
    model,
    input_ids,
    *,
    targets=None,
    renyi: Sequence[float] = (),
    top: int = 1,
    middle: bool = False,
) -> LensTrace:
    """Read the residual stream at every depth and every token through the final norm and the unembedding.

    The norm is computed anew at each depth. Rows that pad a vocabulary take part, as they do in the model's own softmax.

    Args:
        input_ids: ``(tokens,)`` or ``(1, tokens)``.
        targets: token ids to measure: one a token, or ``(tokens, k)``; -100 for none. Position t says what comes *after*
            token t, so the text's own next tokens are ``[*input_ids[1:], -100]``.
        renyi: orders of Renyi entropies, 0 and infinity included.
        top: how many of the likeliest tokens to keep.
        middle: rows for the stream between attention and MLP, too: ``2 * layers + 1`` depths instead of ``layers + 1``.

    Returns:
        A `LensTrace` on the CPU, float32 (float64 for a float64 model). The logits are those of the model's own precision:
        in bfloat16 they are rounded to three digits, and entropies to about 0.05.

    Raises:
        ValueError: shapes that do not fit, ids outside the vocabulary, an order that is negative or too near to 1, a model in
            training mode or one that `model_parts` cannot prove, ``middle`` where a block has none.

    Source: arXiv 2412.05768, section 2; arXiv 2502.16570, section 3.
    """
    parts = model_parts(model)
    ids = one_text_ids(model, input_ids)
    with parts.record_stream(middle=resid_mid_modules(model) if middle else ()) as stream:
        model.base_model(input_ids=ids, use_cache=False)
    return read_stream(parts, [state[0] for state in stream], targets=targets, renyi=renyi, top=top)


@torch.no_grad()
def read_stream(
    parts: ModelParts,
    stream: Sequence[Tensor],
    *,
    targets=None,
    renyi: Sequence[float] = (),
    top: int = 1,
) -> LensTrace:
    """The lens on a stream that is there already: a ``(tokens, width)`` tensor for each depth, the last the model's own.

    Arguments, result and errors as in `logit_lens`.
    """
    tokens, vocabulary = len(stream[0]), len(parts.unembedding.weight)
    if not 1 <= top <= min(vocabulary, _vocabulary_slices.COLUMNS):
        raise ValueError(
            f"top must lie between 1 and {min(vocabulary, _vocabulary_slices.COLUMNS)}, got {top}."
        )
    aims, several = _targets(targets, tokens, vocabulary)
    orders, step = (
        [_order(alpha) for alpha in renyi],
        max(1, _vocabulary_slices.ROWS // len(stream)),
    )
    blocks = [
        _vocabulary_slices.read_block(
            parts,
            torch.stack([state[i : i + step] for state in stream], 1),
            aims[i : i + step],
            orders,
            top,
        )
        for i in range(0, max(tokens, 1), step)
    ]
    found = {
        name: torch.cat([block[name] for block in blocks]).transpose(0, 1).cpu()
        for name in blocks[0]
    }
    found["cross_entropy"][:, aims == IGNORE_INDEX] = math.nan
    found["rank"][:, aims == IGNORE_INDEX] = -1
    for name in ("cross_entropy", "rank"):
        found[name] = None if targets is None else found[name] if several else found[name][..., 0]
    return LensTrace(renyi={alpha: found.pop(alpha) for alpha in orders}, **found)


def _targets(targets, tokens: int, vocabulary: int) -> tuple[Tensor, bool]:
    """Targets as ``(tokens, k)``, and whether there was an axis for several."""
    if targets is None:
        return torch.zeros(tokens, 0, dtype=torch.long), False
    ids = torch.as_tensor(targets).cpu()
    ids = ids[0] if ids.shape == (1, tokens) else ids
    if ids.ndim not in (1, 2) or len(ids) != tokens or ids.is_floating_point():
        raise ValueError(
            f"need one target id for each of {tokens} tokens, or (tokens, k); got {tuple(ids.shape)}, {ids.dtype}."
        )
    wrong = ids[(ids != IGNORE_INDEX) & ((ids < 0) | (ids >= vocabulary))]
    if len(wrong):
        raise ValueError(
            f"targets must lie in 0..{vocabulary - 1}, or be {IGNORE_INDEX} for none; got {wrong[0]}."
        )
    return (ids if ids.ndim == 2 else ids[:, None]).long(), ids.ndim == 2


def _order(alpha: float) -> float:
    if not alpha >= 0 or 0 < abs(alpha - 1) < 0.01:
        raise ValueError(
            f"a Renyi order must be 0 or larger (infinity is allowed), and 1 or at least 0.01 away from it: {alpha}. "
            "Nearer to 1 the formula divides one rounding error by another; 1 itself is the Shannon entropy."
        )
    return alpha
