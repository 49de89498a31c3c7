"""Shifted logits, fast: the likely tokens exactly, the rest through moments, the error bounded.

Under the tail's own distribution q the shift less its mean, x = alpha (y - E y) + beta (u - E u),
has a variance and a covariance with l = log p that follow from a few moments, and those are matrix
products. With R no less than any |x|,

    E e^x = 1 + E x^2 / 2 + r,    |r| <= e^R E |x|^3 / 6        (Taylor)

and likewise for E[x e^x] and E[l e^x], with E[|l| |x|^3] in the last. The third moments are bounded
through those of y and u (Minkowski). So every sum over the tail is known up to a bound, and so is
the entropy. Shapes as in `_tail_moments`: T positions, K tokens of the head, B columns, V the
vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ._shift_factors import ShiftFactors
from ._shifted_logits import CleanPositions, finished, kl_from_unigram
from ._tail_moments import ColumnMoments, TailMoments, ThirdMoments
from .effects import Effects

TIE_WIDTH = 1e-5  # logits nearer to each other than this count as level
LOG_NEGLIGIBLE = -30.0  # what weighs less than e to this in the sum of e^z is left out


class Estimate(NamedTuple):
    """Effects without ``rank``, and how far entropy, loss or KL can be off, each (T, B) in nats."""

    effects: Effects
    bound: Tensor


def estimate_effects(
    clean: CleanPositions, columns: ColumnMoments, factors: ShiftFactors, tolerance: float
) -> Estimate:
    """Estimate what `read_effects` would find after a shift along y and a block of columns u.

    The bound is a loose one where that is within the tolerance everywhere. It is infinite where the
    two likeliest tokens are level, where a token of the tail might have become the likeliest, and
    where tokens count whose probability had rounded to 0.
    """
    tail = columns.tail
    u = columns.u

    # 1. The head exactly
    head = _head_sums(clean, tail, u, factors)

    # 2. Moments of the tail, each (T, B): the shift's mean, then with x the shift less its mean
    alpha = factors.alpha.double()
    beta = factors.beta.double()
    mean_shift = alpha * tail.mean_y + beta * columns.mean
    xx = alpha**2 * tail.yy + 2 * alpha * beta * columns.yu + beta**2 * columns.uu
    xx = xx.clamp(min=0)
    lx = alpha * tail.ly + beta * columns.lu
    lxx = alpha**2 * tail.lyy + 2 * alpha * beta * columns.lyu + beta**2 * columns.luu

    # 3. Sums of e^z and of z e^z over head and tail, with z the shifted logits. In the tail, with
    #    l less its mean, z = level + l + x. Up to third moments E[l e^x] = E[l x] + E[l x^2] / 2
    #    and E[x e^x] = E x^2.
    l_growth = lx + lxx / 2
    tail_weight = tail.mass * mean_shift.exp()
    level = tail.mean_l + mean_shift
    weight = head.weight + tail_weight * (1 + xx / 2)
    weighted_z = head.weighted_z + tail_weight * (level * (1 + xx / 2) + l_growth + xx)

    # 4. What the model says
    log_normaliser = weight.log()
    mean_z = weighted_z / weight
    expected_shift = head.expected_shift + tail.mass * mean_shift  # under the clean p
    effects = Effects(
        entropy=log_normaliser - mean_z,
        loss=log_normaliser - _target_logits(clean, u, alpha, beta),
        kl=log_normaliser - tail.log_normaliser - expected_shift,
        argmax_changed=head.top_changed,
    )
    if clean.unigram is not None:
        unigram = clean.unigram.to(u)
        unigram_y = (clean.y @ unigram).double()[:, None]  # (T, 1)
        unigram_u = (unigram @ u).double()  # (B,)
        unigram_shift = alpha * unigram_y + beta * unigram_u
        expected_z = (clean.log_p @ unigram)[:, None] + unigram_shift
        effects.kl_unigram = kl_from_unigram(clean.unigram, expected_z, log_normaliser)

    # 5. Bound how far that can be off
    sizes = ShiftFactors(alpha.abs(), beta.abs())
    reach = sizes.alpha * tail.y_reach + sizes.beta * columns.reach  # no |x| is larger
    tail_share = tail_weight / weight
    distance = level - mean_z
    bound = _bound(tail_share, distance, reach, _thirds(tail, columns.loose_thirds, sizes))
    if not (bound <= tolerance).all():
        bound = _bound(tail_share, distance, reach, _thirds(tail, columns.tight_thirds, sizes))

    # 6. Promise nothing where a token of the tail may be the likeliest, or may have rounded to 0
    largest_of_tail = tail.largest_log_p + mean_shift + reach
    log_unseen = tail.log_p_unseen + sizes.alpha * tail.y_reach_unseen + sizes.beta * columns.reach
    log_unseen = log_unseen + mean_shift  # the weight of what had rounded to 0, at most
    may_have_new_top = head.tied | (largest_of_tail >= head.largest)
    unseen_count = log_unseen - log_normaliser > LOG_NEGLIGIBLE
    bound = bound.masked_fill(may_have_new_top | unseen_count, torch.inf)
    return Estimate(finished(clean, effects), bound)


class HeadSums(NamedTuple):
    """Over the tokens of the head, with z their shifted logits: each (T, B)."""

    weight: Tensor  # the sum of e^z
    weighted_z: Tensor  # the sum of z e^z
    expected_shift: Tensor  # the sum of p times the shift
    largest: Tensor  # z
    top_changed: Tensor  # whether another token than the clean model's top token is the likeliest
    tied: Tensor  # whether it and the likeliest of the others are level


def _head_sums(
    clean: CleanPositions, tail: TailMoments, u: Tensor, factors: ShiftFactors
) -> HeadSums:
    """Compute the sums over the likely tokens exactly."""
    # 1. The shift, then the shifted logits, in one and the same memory
    shift = u[tail.head_tokens].mul_(factors.beta[:, None])  # (T, K, B)
    head_y = clean.y.gather(1, tail.head_tokens)[..., None]  # (T, K, 1)
    shift.addcmul_(head_y, factors.alpha[:, None])
    expected_shift = torch.bmm(tail.head_p[:, None], shift)[:, 0]
    z = shift.add_(clean.log_p.gather(1, tail.head_tokens)[..., None])

    # 2. The clean model's top token against the others
    top = z[:, 0].double()
    largest_other = z[:, 1:].amax(1).double()

    # 3. Sums of e^z and z e^z
    weights = z.exp()
    weight = weights.sum(1).double()
    weighted_z = weights.mul_(z).sum(1).double()
    return HeadSums(
        weight=weight,
        weighted_z=weighted_z,
        expected_shift=expected_shift.double(),
        largest=top.maximum(largest_other),
        top_changed=largest_other > top,
        tied=(largest_other - top).abs() < TIE_WIDTH,
    )


def _target_logits(clean: CleanPositions, u: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Return the shifted logits of the next tokens, (T, B)."""
    targets = clean.targets.clamp(min=0)
    y = clean.y.gather(1, targets[:, None]).double()  # (T, 1)
    log_p = clean.log_p.gather(1, targets[:, None]).double()
    return log_p + alpha * y + beta * u[targets].double()


def _thirds(tail: TailMoments, u_thirds: ThirdMoments, sizes: ShiftFactors) -> ThirdMoments:
    """Add up the third moments of x = alpha y + beta u; ``sizes`` holds |alpha| and |beta|."""
    return ThirdMoments(
        sizes.alpha * tail.y_thirds.plain + sizes.beta * u_thirds.plain,
        sizes.alpha * tail.y_thirds.with_l + sizes.beta * u_thirds.with_l,
    )


def _bound(tail_share: Tensor, distance: Tensor, reach: Tensor, x_thirds: ThirdMoments) -> Tensor:
    """Return how far the entropy can be off, (T, B).

    Args:
        tail_share: the share of the sum of e^z that lies in the tail.
        distance: from the mean logit to the tail's.
        reach: no |x| is larger.
        x_thirds: the third moments of x.
    """
    third = x_thirds.plain**3 * reach.exp()
    l_third = x_thirds.with_l**3 * reach.exp()
    relative_error = tail_share * third / 6  # of the sum of e^z
    remainder = tail_share * (distance.abs() * third / 6 + l_third / 6 + third / 2)
    bound = (relative_error + remainder) / (1 - relative_error)
    return bound.masked_fill(relative_error >= 1, torch.inf)
