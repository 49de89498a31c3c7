"""The arithmetic of the lens: statistics of each slice of the vocabulary, combined in float64.

Axes in the comments: T tokens of a block, L depths (the last one is the model itself), V tokens of
one slice of the vocabulary (in other files V is the whole vocabulary), K targets a token, S slices.
Logits at depth l are z_l, probabilities p_l; z_L and p_L are the model's own.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..architecture.parts import ModelParts
from ..information import upcast
from ..loading.memory import fitting_count

# A buffer holds rows x SLICE_SIZE logits, and there are two: 4 MB each in float32 on a CPU, where
# every pass over them should find them in the cache.
TOKEN_DEPTH_PAIRS = {"cpu": 1024, "cuda": 2**14}  # rows of a buffer
SLICE_SIZE = 1024  # columns of a buffer: tokens of the vocabulary
# The top-k search goes through a slice in pieces of this size, which must divide SLICE_SIZE.
PIECE_SIZE = 64


class LensBlock(NamedTuple):
    """The fields of a `LensTrace` for one block of tokens, tokens first: ``(T, L, ...)``."""

    entropy: Tensor
    kl_to_final: Tensor
    reverse_kl: Tensor
    top_tokens: Tensor
    top_probabilities: Tensor
    renyi: dict[float, Tensor]
    cross_entropy: Tensor
    rank: Tensor


class SliceStatistics(NamedTuple):
    """What is kept of one slice of the vocabulary; here p_l is a distribution over the slice.

    Attributes:
        log_sum_exp: ``(T, L)`` log sum_v exp(z_l[v]): log of the slice's unnormalised probability.
        mean: ``(T, L)`` E[z_l] under p_l.
        mean_logit_under_final: ``(T, L)`` E[z_l] under p_L.
        mean_final_logit: ``(T, L)`` E[z_L] under p_l.
        log_power_sums: order alpha -> ``(T, L)`` log sum_v exp(alpha z_l[v]), for the orders
            without a closed form.
        top_logits, top_tokens: ``(T, L, top)`` the largest logits and their token ids, largest
            first.
        larger_count: ``(T, L, K)`` how many logits are larger than the target's.
    """

    log_sum_exp: Tensor
    mean: Tensor
    mean_logit_under_final: Tensor
    mean_final_logit: Tensor
    log_power_sums: dict[float, Tensor]
    top_logits: Tensor
    top_tokens: Tensor
    larger_count: Tensor


def rows_that_fit(parts: ModelParts) -> int:
    """Return how many rows (a token at a depth) to have in a buffer, fewer where memory is short.

    A row takes two buffers' `SLICE_SIZE` logits, and as much again for what is normed.
    """
    device = parts.unembedding.weight.device
    wanted = TOKEN_DEPTH_PAIRS["cuda" if device.type == "cuda" else "cpu"]
    bytes_each = 4 * (2 * SLICE_SIZE + 4 * parts.unembedding.weight.shape[1])
    return fitting_count(wanted, bytes_each=bytes_each, device=device)


def block_statistics(
    parts: ModelParts, stream: Tensor, targets: Tensor, *, orders: list[float], top: int
) -> LensBlock:
    """Compute everything that the lens says about one block of tokens.

    Args:
        stream: ``(T, L, width)`` the residual stream.
        targets: ``(T, K)`` token ids; what is computed for a negative one means nothing.
        orders: orders of the Renyi entropies, without repeats.
        top: how many of the likeliest tokens to keep.
    """
    weight = parts.unembedding.weight
    bias = getattr(parts.unembedding, "bias", None)
    vocabulary = len(weight)

    # 1. what the unembedding multiplies, and the logits of the targets
    states = parts.before_unembedding(stream)  # (T, L, width)
    targets = targets.clamp(min=0).to(stream.device)  # (T, K)
    target_weights = weight[targets].to(states.dtype)
    target_logits = torch.einsum("tld,tkd->tlk", states, target_weights)  # (T, L, K)
    if bias is not None:
        target_logits = target_logits + bias[targets][:, None]
    target_logits = upcast(parts.after_unembedding(target_logits))

    # 2. two buffers that every slice uses again
    buffer_size = states.shape[:2].numel() * min(SLICE_SIZE, vocabulary)
    product_buffer = states.new_empty(buffer_size)
    work_buffer = target_logits.new_empty(buffer_size)

    # 3. slice by slice: the logits, and the few statistics of them that stay
    slices = []
    for start in range(0, vocabulary, SLICE_SIZE):
        columns = slice(start, start + SLICE_SIZE)
        weight_slice = weight[columns].to(states.dtype)  # (V, width)
        shape = (*states.shape[:2], len(weight_slice))  # (T, L, V)
        size = math.prod(shape)
        logits = torch.mm(
            states.flatten(0, 1),
            weight_slice.T,
            out=product_buffer[:size].view(-1, shape[-1]),
        ).view(shape)
        if bias is not None:
            logits.add_(bias[columns])
        logits = upcast(parts.after_unembedding(logits))
        statistics = _slice_statistics(
            logits,
            target_logits,
            targets - start,
            orders=orders,
            top=top,
            workspace=work_buffer[:size].view(shape),
        )
        statistics.top_tokens.add_(start)  # places in the slice become token ids
        slices.append(statistics)

    # 4. combine the slices
    return _combine_slices(slices, target_logits, orders=orders, vocabulary=vocabulary, top=top)


def _slice_statistics(
    logits: Tensor,
    target_logits: Tensor,
    target_places: Tensor,
    *,
    orders: list[float],
    top: int,
    workspace: Tensor,
) -> SliceStatistics:
    """Compute the statistics of one slice of the vocabulary; top tokens are places in the slice.

    Args:
        logits: ``(T, L, V)``.
        target_logits: ``(T, L, K)``.
        target_places: ``(T, K)`` the targets' places in the slice; outside 0..V-1 when they lie in
            another slice.
        workspace: memory to work in, shaped like the logits; whatever is large is written there.
    """
    # 1. the largest logits, and ranks
    top_logits, top_tokens = _topk_by_pieces(logits, min(top, logits.shape[-1]))  # (T, L, top)
    larger_count = _count_larger(logits, target_logits, target_places, workspace)

    # 2. from here on logits are relative to the row's largest, so that exp cannot overflow
    largest = top_logits[..., :1]  # (T, L, 1)
    relative = logits.sub_(largest)  # (T, L, V)
    largest = largest[..., 0].double()  # (T, L)

    # 3. for Renyi entropies: sums of exp(alpha (z - largest))
    log_power_sums = {}
    for alpha in orders:
        if not _has_closed_form(alpha):
            powers = torch.mul(relative, alpha, out=workspace).exp_()
            log_power_sums[alpha] = alpha * largest + powers.sum(-1).double().log()

    # 4. the distribution, not yet divided by its sum
    weights = torch.exp(relative, out=workspace)  # (T, L, V)
    total = weights.sum(-1).double()

    # 5. means of logits; the last one overwrites the weights
    sum_under_final = torch.bmm(weights[:, -1:], relative.transpose(1, 2))[:, 0].double()
    sum_of_final = torch.bmm(relative[:, -1:], weights.transpose(1, 2))[:, 0].double()
    sum_of_own = weights.mul_(relative).sum(-1).double()
    return SliceStatistics(
        log_sum_exp=largest + total.log(),
        mean=largest + sum_of_own / total,
        mean_logit_under_final=largest + sum_under_final / total[:, -1:],
        mean_final_logit=largest[:, -1:] + sum_of_final / total,
        log_power_sums=log_power_sums,
        top_logits=top_logits,
        top_tokens=top_tokens,
        larger_count=larger_count,
    )


def _has_closed_form(alpha: float) -> bool:
    """Return whether the Renyi entropy of this order follows from what is computed anyway."""
    return alpha in (0, 1, math.inf)


def _topk_by_pieces(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return ``logits.topk(count)``: values and places, ``(T, L, count)``.

    The `count` largest logits lie in the `count` pieces with the largest maxima, so only those
    pieces are searched.
    """
    width = logits.shape[-1]
    if width % PIECE_SIZE or count > width // PIECE_SIZE:
        return _largest(logits, count)
    pieces = logits.unflatten(-1, (-1, PIECE_SIZE))  # (T, L, pieces, PIECE_SIZE)
    _, chosen = _largest(pieces.amax(-1), count)  # (T, L, count) which pieces
    row = torch.arange(chosen[..., 0].numel(), device=chosen.device).view(*chosen.shape[:2], 1)
    flat_chosen = (row * pieces.shape[-2] + chosen).flatten()
    searched = pieces.flatten(0, 2).index_select(0, flat_chosen)  # (T * L * count, PIECE_SIZE)
    values, places = _largest(searched.view(*chosen.shape[:2], -1), count)
    piece = chosen.gather(-1, places // PIECE_SIZE)
    return values, piece * PIECE_SIZE + places % PIECE_SIZE


def _largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return ``values.topk(count)``; the maximum alone is found faster."""
    largest, places = values.max(-1, keepdim=True) if count == 1 else values.topk(count)
    return largest, places


def _count_larger(
    logits: Tensor, target_logits: Tensor, target_places: Tensor, workspace: Tensor
) -> Tensor:
    """Count the logits of a slice above each target's, not counting the target: ``(T, L, K)``.

    The targets' logits come from another product and differ by a rounding error, so a margin keeps
    equal logits from counting.
    """
    # 1. all logits above each target's
    margin = 8 * torch.finfo(target_logits.dtype).eps * (1 + target_logits.abs())
    threshold = target_logits + margin  # (T, L, K)
    larger_count = torch.zeros_like(threshold)
    for k in range(threshold.shape[-1]):
        is_larger = torch.gt(logits, threshold[..., k : k + 1], out=workspace)  # (T, L, V)
        larger_count[..., k] = is_larger.sum(-1)

    # 2. take the target itself away, where it lies in this slice and was counted
    last_place = logits.shape[-1] - 1
    inside = (target_places >= 0) & (target_places <= last_place)  # (T, K)
    places = target_places.clamp(0, last_place)[:, None].expand(threshold.shape)  # (T, L, K)
    counts_itself = (logits.gather(-1, places) > threshold) & inside[:, None]
    return larger_count.long() - counts_itself.long()


def _combine_slices(
    slices: list[SliceStatistics],
    target_logits: Tensor,
    *,
    orders: list[float],
    vocabulary: int,
    top: int,
) -> LensBlock:
    """Combine the slices into statistics of the whole vocabulary.

    A mean under the whole distribution is the sum of the slices' means, each times the slice's
    share of the probability.
    """
    dtype = target_logits.dtype

    # 1. log-sum-exp of the whole vocabulary, and each slice's share of the probability
    slice_log_sum_exp = torch.stack([part.log_sum_exp for part in slices])  # (S, T, L)
    log_sum_exp = slice_log_sum_exp.logsumexp(0)  # (T, L)
    share = (slice_log_sum_exp - log_sum_exp).exp()  # (S, T, L)

    # 2. entropy and cross-entropies: CE(p, q) = log-sum-exp of q's logits minus their mean under p.
    #    A mean under p_L needs the slice's share at the last depth, share[..., -1:]: (S, T, 1).
    mean = torch.stack([part.mean for part in slices])  # (S, T, L), and so are the next two
    mean_logit_under_final = torch.stack([part.mean_logit_under_final for part in slices])
    mean_final_logit = torch.stack([part.mean_final_logit for part in slices])
    entropy = log_sum_exp - (share * mean).sum(0)
    ce_to_final = log_sum_exp - (share[..., -1:] * mean_logit_under_final).sum(0)  # CE(p_L, p_l)
    ce_from_final = log_sum_exp[:, -1:] - (share * mean_final_logit).sum(0)  # CE(p_l, p_L)
    # KL = CE - entropy, from the entropy before it is clamped: at the last depth both contain the
    # rounding error of the same p, which cancels in the difference
    kl_to_final = ce_to_final - entropy[:, -1:]
    reverse_kl = ce_from_final - entropy
    nonnegative_entropy = entropy.clamp(min=0)

    # 3. the likeliest tokens of the vocabulary, among the likeliest of each slice
    top_logits, places = torch.cat([part.top_logits for part in slices], -1).topk(top)
    top_tokens = torch.cat([part.top_tokens for part in slices], -1).gather(-1, places)

    # 4. Renyi entropies
    renyi = {}
    for alpha in orders:
        if alpha == 0:
            values = torch.full_like(log_sum_exp, math.log(vocabulary))
        elif alpha == 1:
            values = nonnegative_entropy
        elif alpha == math.inf:
            values = log_sum_exp - top_logits[..., 0]
        else:
            log_power_sums = torch.stack([part.log_power_sums[alpha] for part in slices])
            values = (log_power_sums.logsumexp(0) - alpha * log_sum_exp) / (1 - alpha)
        renyi[alpha] = values.to(dtype)

    # 5. the targets
    cross_entropy = (log_sum_exp[..., None] - target_logits).clamp(min=0)  # (T, L, K)
    rank = torch.zeros_like(slices[0].larger_count)
    for part in slices:
        rank += part.larger_count
    return LensBlock(
        entropy=nonnegative_entropy.to(dtype),
        kl_to_final=kl_to_final.clamp(min=0).to(dtype),
        reverse_kl=reverse_kl.clamp(min=0).to(dtype),
        top_tokens=top_tokens,
        top_probabilities=(top_logits - log_sum_exp[..., None]).exp().to(dtype),
        renyi=renyi,
        cross_entropy=cross_entropy.to(dtype),
        rank=rank,
    )
