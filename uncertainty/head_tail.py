"""Shifted logits, fast: the likely tokens exactly, the rest through moments, with a bound on the error of every pair.

Under the tail's own distribution q the shift less its mean, x = alpha (y - E y) + beta (u - E u), has a variance and a
covariance with l = log p that follow from a few moments, and those are matrix products. With B no less than any |x|,

    E e^x = 1 + E x^2 / 2 + r,    |r| <= e^B E |x|^3 / 6        (Taylor)

and likewise for E[x e^x] and E[l e^x], with E[|l| |x|^3] in the last. The third moments are bounded through those of y and u
(Minkowski). So every sum over the tail is known up to a bound, and through them the entropy.
Shapes as in `shifted_logits`; K likely tokens, the head.
"""

import torch
from torch import Tensor

from .shifted_logits import Positions, finished, unigram_part

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
        self.size = (self.mass + at.log_p.gather(1, self.head).double().exp().sum(1, keepdim=True)).log()  # 0 but for rounding
        self.l_most = at.log_p.gather(1, self.head[:, -1:]).double()
        self.products = [q @ unembedding]  # (T, width): E u = this @ column; then with y, with l and y, with l
        weighted = q * y
        self.yy = _expect(weighted, y)
        self.products.append(weighted @ unembedding)
        weighted *= level
        self.ly, self.lyy = weighted.sum(1, keepdim=True).double(), _expect(weighted, y)
        self.products.append(weighted @ unembedding)
        self.q, self.q_l, self.q_size = q, level.mul_(q), torch.abs(level, out=weighted)
        self.products.append(self.q_l @ unembedding)
        cubes = y.abs_().pow_(3)
        self.y_cubed, self.ly_cubed = _expect(q, cubes), _expect(self.q_size, cubes)
        self.l_size = self.q_size.sum(1, keepdim=True).double()

    def _reach(self, at: Positions, y: Tensor, q: Tensor):
        """How far y is from its mean; and the same, with log count and probability, of tokens whose probability rounds to 0."""
        unseen = (q <= 0).scatter_(1, self.head, False)
        y.scatter_(1, self.head, 0.0)  # the head is none of the tail's business
        seen = y.masked_fill(unseen, 0) if unseen.any() else y
        self.y_reach, self.y_unseen = (torch.maximum(v.amax(1, True), -v.amin(1, True)).double() for v in (seen, y - seen))
        most = torch.where(unseen, at.log_p, -torch.inf).amax(1, keepdim=True)
        self.l_unseen = (most + unseen.sum(1, keepdim=True).log()).double()

    def columns(self, vectors: Tensor, u: Tensor) -> dict[str, Tensor]:
        """Moments of columns u (V, B) that are ``unembedding @ vectors.T``: each (T, B) in float64, less their means.

        A column's usual mean over the tails is taken from it, in place: no probability knows, and cubes stay small.
        """
        mean, yu, lyu, lu = ((product @ vectors.T).double() for product in self.products)
        usual = self.q.mean(0) @ u
        u -= usual
        lyu, mean = lyu - mean * self.ly, mean - usual
        squares = u.square()
        uu, luu = (self.q @ squares).double() - mean**2, (self.q_l @ squares).double() - 2 * mean * lu
        cubes = squares.mul_(u.abs())
        u_cubed, lu_cubed = ((weights @ cubes).double() for weights in (self.q, self.q_size))
        reach = torch.maximum(u.amax(0) - mean, mean - u.amin(0))
        return dict(mean=mean, yu=yu, lu=lu, lyu=lyu, uu=uu.clamp(min=0), luu=luu, reach=reach,
                    third=_root(u_cubed) + mean.abs(), l_third=_root(lu_cubed) + mean.abs() * _root(self.l_size))


def estimate(at: Positions, tail: Tail, u: Tensor, moments: dict[str, Tensor], alpha: Tensor,
             beta: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """What `shifted_logits.read` would find, and for each pair how far its entropy, loss or KL can be off, (T, B).

    The bound is infinite where the two likeliest tokens are level, where a token of the tail might have become the likeliest, and
    where tokens count whose probability had rounded to 0. ``rank`` is not found.
    """
    head = _head(at, tail, u, alpha, beta)
    alpha, beta, m = alpha.double(), beta.double(), moments
    mean = alpha * tail.y_mean + beta * m["mean"]  # of the shift, over the tail
    variance = (alpha**2 * tail.yy + 2 * alpha * beta * m["yu"] + beta**2 * m["uu"]).clamp(min=0)
    with_l = alpha * tail.ly + beta * m["lu"]  # E[l x], and then E[l x^2]
    with_l = with_l + (alpha**2 * tail.lyy + 2 * alpha * beta * m["lyu"] + beta**2 * m["luu"]) / 2
    weight, level = tail.mass * mean.exp(), tail.l_mean + mean
    total = head["total"] + weight * (1 + variance / 2)
    logs = head["logs"] + weight * (level * (1 + variance / 2) + with_l + variance)
    size, mean_log = total.log(), logs / total
    shift_of_targets, expected = _shift(at, u, alpha, beta), head["expected"] + tail.mass * mean
    found = dict(entropy=size - mean_log, loss=size - shift_of_targets, kl=size - tail.size - expected, argmax_changed=head["changed"])
    if at.unigram is not None:
        part = at.unigram.to(u)
        shift = alpha * (at.y @ part).double()[:, None] + beta * (part @ u).double()
        found["kl_unigram"] = size + unigram_part(at, (at.log_p @ part)[:, None] + shift)
    alpha, beta = alpha.abs(), beta.abs()
    reach = alpha * tail.y_reach + beta * m["reach"]
    third = (alpha * _root(tail.y_cubed) + beta * m["third"]) ** 3  # at least E |x|^3, and E |l| |x|^3
    l_third = (alpha * _root(tail.ly_cubed) + beta * m["l_third"]) ** 3
    bound = _bound(weight / total, level - mean_log, third * reach.exp(), l_third * reach.exp())
    unseen = tail.l_unseen + alpha * tail.y_unseen + beta * m["reach"] + mean  # the log of their weight, at most
    missed = head["tie"] | (tail.l_most + mean + reach >= head["most"]) | (unseen - size > NOTHING)
    return finished(at, found), bound.masked_fill(missed, torch.inf)


def _head(at: Positions, tail: Tail, u: Tensor, alpha: Tensor, beta: Tensor) -> dict[str, Tensor]:
    """Sums over the likely tokens, exactly: of e^z, of z e^z, of p times the shift; the largest z, and whose it is."""
    shift = u[tail.head].mul_(beta[:, None])  # (T, K, B)
    shift.addcmul_(at.y.gather(1, tail.head)[..., None], alpha[:, None])
    expected = torch.bmm(tail.head_p[:, None], shift)[:, 0]
    z = shift.add_(at.log_p.gather(1, tail.head)[..., None])
    first, other, grown = z[:, 0].double(), z[:, 1:].amax(1).double(), z.exp()
    return dict(total=grown.sum(1).double(), logs=grown.mul_(z).sum(1).double(), expected=expected.double(),
                most=first.maximum(other), changed=other > first, tie=(other - first).abs() < TIE)


def _shift(at: Positions, u: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    own = at.targets.clamp(min=0)
    y, log_p = (values.gather(1, own[:, None]).double() for values in (at.y, at.log_p))
    return log_p + alpha * y + beta * u[own].double()


def _bound(share: Tensor, distance: Tensor, third: Tensor, l_third: Tensor) -> Tensor:
    """How far the entropy can be off: ``share`` of the weight lies in the tail, ``distance`` from the mean log-probability."""
    sizes = share * third / 6  # relative error of the sum of e^z
    rest = share * (distance.abs() * third / 6 + l_third / 6 + third / 2)
    return ((sizes + rest) / (1 - sizes)).masked_fill(sizes >= 1, torch.inf)


def _root(cubes: Tensor) -> Tensor:
    return cubes.clamp(min=0) ** (1 / 3)


def _expect(weights: Tensor, values: Tensor) -> Tensor:
    return torch.linalg.vecdot(weights, values).double()[:, None]
