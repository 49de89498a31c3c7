"""Shifted logits, fast: the likely tokens exactly, the rest through moments, with a bound on the error of every pair.

Under the tail's own distribution q the shift less its mean, x = alpha (y - E y) + beta (u - E u), has a variance and a
covariance with l = log p that follow from a few moments, and those are matrix products. With B no less than any |x|,

    E e^x = 1 + E x^2 / 2 + r,    |r| <= e^B E |x|^3 / 6        (Taylor)

and likewise for E[x e^x] and E[l e^x], with E[|l| |x|^3] in the last. The third moments are bounded through those of y and u
(Minkowski). So every sum over the tail is known up to a bound, and through them the entropy.
Shapes as in `shifted_logits`; K likely tokens, the head.
"""

from functools import cached_property

import torch
from torch import Tensor

from ._shifted_logits import Positions, finished, unigram_part

HEAD = 128
TIE = 1e-5  # logits so close are no matter for estimates
NOTHING = -30.0  # what weighs less than e to this in the sum of e^z is left out


class Tail:
    """The tail of each position's distribution: everything but its `HEAD` likeliest tokens; means under q are called E."""

    def __init__(self, at: Positions, unembedding: Tensor):
        q = at.p
        del at.p  # it would be found again if anybody asked
        self.head_p, self.head = q.topk(min(HEAD, q.shape[1] - 1))
        q.scatter_(1, self.head, 0)
        self.mass = q.sum(1, keepdim=True).double().clamp(min=1e-30)
        q /= self.mass.to(q)
        self.y_mean, self.l_mean = _expect(q, at.y), _expect(q, at.log_p)
        y = at.y - self.y_mean.to(q)
        self._reach(at, y, q)
        level = at.log_p - self.l_mean.to(q)
        self.size = (
            self.mass + at.log_p.gather(1, self.head).double().exp().sum(1, keepdim=True)
        ).log()  # 0 but for rounding
        self.l_most = at.log_p.gather(1, self.head[:, -1:]).double()
        self.products = [
            q @ unembedding
        ]  # (T, width): E u = this @ column; then with y, with l and y, with l
        weighted = q * y
        self.yy = _expect(weighted, y)
        self.products.append(weighted @ unembedding)
        weighted *= level
        self.ly, self.lyy = weighted.sum(1, keepdim=True).double(), _expect(weighted, y)
        self.products.append(weighted @ unembedding)
        self.q, self.q_l, self.q_size = q, level.mul_(q), torch.abs(level, out=weighted)
        self.ll = _expect(self.q_l, at.log_p).clamp(min=0)  # E l = 0
        self.products.append(self.q_l @ unembedding)
        cubes = y.abs_().pow_(3)
        self.y_cubed, self.ly_cubed = _expect(q, cubes), _expect(self.q_size, cubes)
        self.l_size = self.q_size.sum(1, keepdim=True).double()

    def _reach(self, at: Positions, y: Tensor, q: Tensor):
        """How far y is from its mean; and the same, with log count and probability, of tokens whose probability rounds to 0."""
        unseen = (q <= 0).scatter_(1, self.head, False)
        y.scatter_(1, self.head, 0.0)  # the head is none of the tail's business
        seen, most, self.y_unseen = y, -torch.inf, 0.0
        if unseen.any():
            seen, most = (
                y.masked_fill(unseen, 0),
                torch.where(unseen, at.log_p, -torch.inf).amax(1, keepdim=True),
            )
            self.y_unseen = _largest(y - seen)
        self.y_reach, self.l_unseen = (
            _largest(seen),
            (most + unseen.sum(1, keepdim=True).log()).double(),
        )


class Columns:
    """Moments of columns u (V, B) that are ``unembedding @ vectors.T``: each (T, B) in float64, less their means.

    A column's usual mean over the tails is taken from it, in place: no probability knows, and cubes stay small.
    """

    def __init__(self, tail: Tail, vectors: Tensor, u: Tensor):
        mean, yu, lyu, lu = ((product @ vectors.T).double() for product in tail.products)
        usual = tail.q.mean(0) @ u
        u -= usual
        squares = u.square()
        self.tail, self.u, self.mean, self.yu, self.lu, self.lyu = (
            tail,
            u,
            mean - usual,
            yu,
            lu,
            lyu - mean * tail.ly,
        )
        self.uu = ((tail.q @ squares).double() - self.mean**2).clamp(min=0)
        self.luu = (tail.q_l @ squares).double() - 2 * self.mean * lu
        self.reach = torch.maximum(u.amax(0) - self.mean, self.mean - u.amin(0))

    @cached_property
    def rough(self) -> tuple[Tensor, Tensor]:
        """The cube roots of no less than E |u|^3 and E |l| |u|^3, without looking at the columns again (Cauchy and Schwarz)."""
        return _root(self.uu * self.reach), _root((self.tail.ll * self.uu).sqrt() * self.reach**2)

    @cached_property
    def thirds(self) -> tuple[Tensor, Tensor]:
        """The same, nearer to them."""
        cubes = self.u.abs().pow_(3)
        plain, with_l = ((weights @ cubes).double() for weights in (self.tail.q, self.tail.q_size))
        return _root(plain) + self.mean.abs(), _root(with_l) + self.mean.abs() * _root(
            self.tail.l_size
        )


def estimate(
    at: Positions, m: Columns, alpha: Tensor, beta: Tensor, tolerance: float
) -> tuple[dict[str, Tensor], Tensor]:
    """What `shifted_logits.read` would find, and for each pair how far its entropy, loss or KL can be off, (T, B).

    The bound is a rough one where that is within the tolerance everywhere; infinite where the two likeliest tokens are level,
    where a token of the tail might have become the likeliest, and where tokens count whose probability had rounded to 0.
    ``rank`` is not found.
    """
    tail, u = m.tail, m.u
    head = _head(at, tail, u, alpha, beta)
    alpha, beta = alpha.double(), beta.double()
    mean = alpha * tail.y_mean + beta * m.mean  # of the shift, over the tail
    variance = (alpha**2 * tail.yy + 2 * alpha * beta * m.yu + beta**2 * m.uu).clamp(min=0)
    with_l = alpha * tail.ly + beta * m.lu  # E[l x], and then E[l x^2]
    with_l = with_l + (alpha**2 * tail.lyy + 2 * alpha * beta * m.lyu + beta**2 * m.luu) / 2
    weight, level = tail.mass * mean.exp(), tail.l_mean + mean
    total = head["total"] + weight * (1 + variance / 2)
    logs = head["logs"] + weight * (level * (1 + variance / 2) + with_l + variance)
    size, mean_log = total.log(), logs / total
    shift_of_targets, expected = _shift(at, u, alpha, beta), head["expected"] + tail.mass * mean
    found = dict(
        entropy=size - mean_log,
        loss=size - shift_of_targets,
        kl=size - tail.size - expected,
        argmax_changed=head["changed"],
    )
    if at.unigram is not None:
        part = at.unigram.to(u)
        shift = alpha * (at.y @ part).double()[:, None] + beta * (part @ u).double()
        found["kl_unigram"] = size + unigram_part(at, (at.log_p @ part)[:, None] + shift)
    alpha, beta = alpha.abs(), beta.abs()
    reach = alpha * tail.y_reach + beta * m.reach
    unseen = (
        tail.l_unseen + alpha * tail.y_unseen + beta * m.reach + mean
    )  # the log of their weight, at most
    missed = head["tie"] | (tail.l_most + mean + reach >= head["most"]) | (unseen - size > NOTHING)

    def bound(third, l_third):
        third = (
            alpha * _root(tail.y_cubed) + beta * third
        ) ** 3  # at least E |x|^3, and E |l| |x|^3
        l_third = (alpha * _root(tail.ly_cubed) + beta * l_third) ** 3
        return _bound(weight / total, level - mean_log, third * reach.exp(), l_third * reach.exp())

    found_bound = bound(*m.rough)
    if not (found_bound <= tolerance).all():
        found_bound = bound(*m.thirds)
    return finished(at, found), found_bound.masked_fill(missed, torch.inf)


def _head(at: Positions, tail: Tail, u: Tensor, alpha: Tensor, beta: Tensor) -> dict[str, Tensor]:
    """Sums over the likely tokens, exactly: of e^z, of z e^z, of p times the shift; the largest z, and whose it is."""
    shift = u[tail.head].mul_(beta[:, None])  # (T, K, B)
    shift.addcmul_(at.y.gather(1, tail.head)[..., None], alpha[:, None])
    expected = torch.bmm(tail.head_p[:, None], shift)[:, 0]
    z = shift.add_(at.log_p.gather(1, tail.head)[..., None])
    first, other, grown = z[:, 0].double(), z[:, 1:].amax(1).double(), z.exp()
    return dict(
        total=grown.sum(1).double(),
        logs=grown.mul_(z).sum(1).double(),
        expected=expected.double(),
        most=first.maximum(other),
        changed=other > first,
        tie=(other - first).abs() < TIE,
    )


def _shift(at: Positions, u: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    own = at.targets.clamp(min=0)
    y, log_p = (values.gather(1, own[:, None]).double() for values in (at.y, at.log_p))
    return log_p + alpha * y + beta * u[own].double()


def _bound(share: Tensor, distance: Tensor, third: Tensor, l_third: Tensor) -> Tensor:
    """How far the entropy can be off: ``share`` of the weight lies in the tail, ``distance`` from the mean log-probability."""
    sizes = share * third / 6  # relative error of the sum of e^z
    rest = share * (distance.abs() * third / 6 + l_third / 6 + third / 2)
    return ((sizes + rest) / (1 - sizes)).masked_fill(sizes >= 1, torch.inf)


def _largest(values: Tensor) -> Tensor:
    return torch.maximum(values.amax(1, True), -values.amin(1, True)).double()


def _root(cubes: Tensor) -> Tensor:
    return cubes.clamp(min=0) ** (1 / 3)


def _expect(weights: Tensor, values: Tensor) -> Tensor:
    return torch.linalg.vecdot(weights, values).double()[:, None]
