"""Estimate the effects of a shift of the logits, with a bound on the error.

An ablation turns the clean logits z = log p into z' = z + alpha y + beta u (see `_shift_factors`).
The sums over the vocabulary that the effects need are computed exactly over the head, which are the
likely tokens, and from a few moments over the tail, which are all other tokens (see
`_tail_moments`, also for the symbols).

Let E be the mean under the distribution within the tail, l = log p - E log p, and
x = alpha (y - E y) + beta (u - E u) the shift less its mean. The variance of x and its covariance
with l follow from moments of y and u, which are matrix products. With R an upper bound on |x|,
Taylor's theorem gives

    E e^x = 1 + E x^2 / 2 + r,    |r| <= e^R E |x|^3 / 6

E[x e^x] and E[l e^x] are treated in the same way. The remainder of E[l e^x] contains E[|l| |x|^3].
These third moments are bounded through those of y and u (Minkowski). So every sum over the tail is
known up to a bound on its error. The same holds for the effects.

Shapes: T positions, K tokens of the head, B columns, V the vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ._shift_factors import ShiftFactors
from ._shifted_logits import CleanPositions, clamp_and_mask, kl_from_unigram
from ._tail_moments import ColumnMoments, TailMoments, ThirdMomentRoots
from .effects import Effects

TIE_WIDTH = 1e-5  # logits nearer to each other than this count as tied
LOG_NEGLIGIBLE = -30.0  # terms whose share of the sum of e^z' is below e^-30 are ignored


class Estimate(NamedTuple):
    """Effects without ``rank``, and how far entropy, loss or KL can be off, each (T, B) in nats."""

    effects: Effects
    bound: Tensor


def estimate_effects(
    clean: CleanPositions, moments: ColumnMoments, factors: ShiftFactors, tolerance: float
) -> Estimate:
    """Estimate what `read_effects` would return after a shift along y and a block of columns u.

    First a cheap loose bound is computed. If it exceeds the tolerance for any pair, it is replaced
    by a tight one. The bound is infinite where the two likeliest tokens of the head are tied, where
    a token of the tail might now be the likeliest, and where tokens whose probability was rounded
    to 0 might still matter.
    """
    tail = moments.tail
    u = moments.u

    # 1. The head exactly
    head = _head_sums(clean, tail, u, factors)

    # 2. Moments of the tail, each (T, B): the shift's mean, then with x the shift less its mean
    alpha = factors.alpha.double()
    beta = factors.beta.double()
    mean_shift = alpha * tail.mean_y + beta * moments.mean
    mean_xx = alpha**2 * tail.yy + 2 * alpha * beta * moments.yu + beta**2 * moments.uu
    mean_xx = mean_xx.clamp(min=0)
    mean_lx = alpha * tail.ly + beta * moments.lu
    mean_lxx = alpha**2 * tail.lyy + 2 * alpha * beta * moments.lyu + beta**2 * moments.luu

    # 3. Sums of e^z' and of z' e^z' over head and tail, with z' the shifted logits. In the tail
    #    z' = mean_tail_logit + l + x. Without third moments E[l e^x] = E[l x] + E[l x^2] / 2 and
    #    E[x e^x] = E x^2.
    mean_l_exp_x = mean_lx + mean_lxx / 2
    tail_weight = tail.mass * mean_shift.exp()
    mean_tail_logit = tail.mean_l + mean_shift
    weight = head.weight + tail_weight * (1 + mean_xx / 2)
    weighted_z = head.weighted_z + tail_weight * (
        mean_tail_logit * (1 + mean_xx / 2) + mean_l_exp_x + mean_xx
    )

    # 4. The effects
    log_normaliser = weight.log()
    mean_z = weighted_z / weight
    expected_shift = head.expected_shift + tail.mass * mean_shift  # under the clean p
    effects = Effects(
        entropy=log_normaliser - mean_z,
        loss=log_normaliser - _target_logits(clean, u, alpha, beta),
        kl=log_normaliser - tail.log_total_p - expected_shift,
        argmax_changed=head.top_changed,
    )
    if clean.unigram is not None:
        unigram = clean.unigram.to(u)
        unigram_y = (clean.y @ unigram).double()[:, None]  # (T, 1)
        unigram_u = (unigram @ u).double()  # (B,)
        unigram_shift = alpha * unigram_y + beta * unigram_u
        expected_z = (clean.log_p @ unigram)[:, None] + unigram_shift
        effects.kl_unigram = kl_from_unigram(clean.unigram, expected_z, log_normaliser)

    # 5. Bound the error
    abs_factors = ShiftFactors(alpha.abs(), beta.abs())
    max_abs_x = abs_factors.alpha * tail.max_abs_y + abs_factors.beta * moments.max_abs_u
    tail_share = tail_weight / weight
    distance = mean_tail_logit - mean_z
    x_roots = _add_roots(abs_factors, tail.y_roots, moments.loose_roots)
    bound = _bound(tail_share, distance, max_abs_x, x_roots)
    if not (bound <= tolerance).all():
        # The loose bound exceeds the tolerance somewhere: one more pass over the columns
        x_roots = _add_roots(abs_factors, tail.y_roots, moments.tight_roots)
        bound = _bound(tail_share, distance, max_abs_x, x_roots)

    # 6. No bound where a token of the tail may be the likeliest, or tokens that underflowed matter
    largest_of_tail = tail.largest_log_p + mean_shift + max_abs_x
    may_have_new_top = head.tied | (largest_of_tail >= head.largest)
    largest_y_shift = abs_factors.alpha * tail.max_abs_y_underflowed
    largest_u_shift = abs_factors.beta * moments.max_abs_u
    log_weight_underflowed = tail.log_p_underflowed + largest_y_shift + largest_u_shift
    log_weight_underflowed = log_weight_underflowed + mean_shift  # (T, B), at most
    underflowed_matter = log_weight_underflowed - log_normaliser > LOG_NEGLIGIBLE
    bound = bound.masked_fill(may_have_new_top | underflowed_matter, torch.inf)
    return Estimate(clamp_and_mask(clean, effects), bound)


class HeadSums(NamedTuple):
    """Sums over the tokens of the head, with z' their shifted logits: each (T, B).

    Attributes:
        weight: the sum of e^z'.
        weighted_z: the sum of z' e^z'.
        expected_shift: the sum of p times the shift.
        largest: the largest z'.
        top_changed: whether the clean model's top token is no longer the likeliest.
        tied: whether the clean model's top token and the likeliest other token are tied.
    """

    weight: Tensor
    weighted_z: Tensor
    expected_shift: Tensor
    largest: Tensor
    top_changed: Tensor
    tied: Tensor


def _head_sums(
    clean: CleanPositions, tail: TailMoments, u: Tensor, factors: ShiftFactors
) -> HeadSums:
    """Compute the sums over the likely tokens exactly."""
    # 1. Compute the shift, then reuse its memory for the shifted logits z
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


def _add_roots(
    abs_factors: ShiftFactors, y_roots: ThirdMomentRoots, u_roots: ThirdMomentRoots
) -> ThirdMomentRoots:
    """Return |alpha| (roots of y) + |beta| (roots of u): the roots of x, by Minkowski.

    ``abs_factors`` holds |alpha| and |beta|. The roots are cube roots of third moments.
    """
    return ThirdMomentRoots(
        plain=abs_factors.alpha * y_roots.plain + abs_factors.beta * u_roots.plain,
        with_l=abs_factors.alpha * y_roots.with_l + abs_factors.beta * u_roots.with_l,
    )


def _bound(
    tail_share: Tensor, distance: Tensor, max_abs_x: Tensor, x_roots: ThirdMomentRoots
) -> Tensor:
    """Return how far the entropy can be off, (T, B).

    Loss and KL are off by the error of the log-normaliser alone, because the other terms in them
    are exact. For that error the bound is large enough, too.

    Args:
        tail_share: the tail's share of the sum of e^z'.
        distance: mean logit of the tail less the mean logit of all tokens.
        max_abs_x: no |x| is larger.
        x_roots: the cube roots of the third moments of x.
    """
    third = x_roots.plain**3 * max_abs_x.exp()
    l_third = x_roots.with_l**3 * max_abs_x.exp()
    relative_error = tail_share * third / 6  # of the sum of e^z'

    # The error of the tail's sum of (z' - mean logit) e^z'. There z' - mean logit is distance + l
    # + x, so the error of E e^x counts times the distance, and those of E[l e^x] and E[x e^x] add.
    remainder = tail_share * (distance.abs() * third / 6 + l_third / 6 + third / 2)
    bound = (relative_error + remainder) / (1 - relative_error)
    return bound.masked_fill(relative_error >= 1, torch.inf)
