"""Token frequency: the unigram distribution, how far a model is from it, and the direction in the logits that leads to it.

Source: Confidence Regulation Neurons (arXiv 2406.16254), section 4. The text for counting is on every computer with Python.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from .._inputs import SKIPPED_POSITIONS, one_text_ids
from ..architecture.final_norm import final_norm
from ..architecture.parts import model_parts
from ..architecture.unembedding import effective_unembedding
from ..information import log_probabilities
from .geometry import geometry, output_weights

POSITIONS, ROWS = 64, 4096  # of logits, and of the unembedding, at a time


def count_unigram(ids, rows: int, smoothing: float = 1.0) -> Tensor:
    """P(v) = (count_v + smoothing) / (N + smoothing * rows) over N token ids: ``(rows,)``, float64.

    ``rows`` are those of the *unembedding*, which may be padded (Pythia: 50,277 tokens, 50,304 rows); a row without a token
    keeps the smoothing's share, so that its logarithm is finite.

    Raises:
        ValueError: an id outside the rows, a negative smoothing, or neither ids nor smoothing.
    """
    ids = torch.as_tensor(ids, dtype=torch.long).flatten().cpu()
    if not len(ids) + smoothing > 0 or smoothing < 0:
        raise ValueError(
            f"nothing to estimate a distribution from: {len(ids)} token ids and smoothing {smoothing}."
        )
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < rows:
        raise ValueError(
            f"token ids {ids.min()}..{ids.max()} do not fit {rows} rows: pass the unembedding's number of rows."
        )
    counts = torch.bincount(ids, minlength=rows).double() + smoothing
    return counts / counts.sum()


@torch.no_grad()
def predicted_unigram(model, input_ids) -> Tensor:
    """The model's mean next-token distribution along texts, ``(sequences, tokens)`` ids to ``(vocabulary,)``, float64.

    A unigram estimate without counting. Each sequence's first `SKIPPED_POSITIONS` positions are left out.

    Raises:
        ValueError: sequences too short to leave a position; else as `model_parts`.
    """
    ids = torch.atleast_2d(torch.as_tensor(input_ids))
    if ids.shape[1] <= SKIPPED_POSITIONS:
        raise ValueError(
            f"sequences of {ids.shape[1]} tokens leave nothing when the first {SKIPPED_POSITIONS} are skipped."
        )
    total = sum(
        logits.double().softmax(-1).sum(0) for logits in _logits(model, ids, SKIPPED_POSITIONS)
    )
    return (total / total.sum()).cpu()


def frequency_direction(unigram: Tensor) -> Tensor:
    """v = log P - mean(log P), scaled to length 1: a direction in *logit* space, ``(vocabulary,)``, float64.

    Raises:
        ValueError: a probability that is not positive (smooth first), or all alike, which gives no direction.
    """
    v = _log(unigram)
    v = v - v.mean()
    if not v.norm() > 1e-9:
        raise ValueError(
            "all tokens are equally likely, so no direction leads to the frequent ones."
        )
    return v / v.norm()


def kl_from_unigrams(logits: Tensor, unigrams: Tensor) -> tuple[Tensor, Tensor]:
    """KL(P_freq || P_model) and KL(P_model || P_freq) at each position, nats: two tensors ``(positions, unigrams)``.

    From ``(positions, vocabulary)`` logits and ``(unigrams, vocabulary)`` probabilities. The paper's code computes the first
    (and its figure's label says the second).

    Raises:
        ValueError: different vocabularies, a probability that is not positive (the second would be infinite), a unigram that
            is not a row or does not sum to 1.
    """
    if unigrams.ndim != 2 or not ((unigrams.double().sum(-1) - 1).abs() < 1e-3).all():
        raise ValueError(
            f"need unigrams as rows (unigrams, vocabulary) that each sum to 1, got shape {tuple(unigrams.shape)}; one "
            "alone is `unigram[None]`."
        )
    log_q, log_p = log_probabilities(logits), _log(unigrams)
    if log_p.shape[-1] != log_q.shape[-1]:
        raise ValueError(
            f"the unigrams have {log_p.shape[-1]} entries, the logits {log_q.shape[-1]}: count over the "
            "rows of the unembedding."
        )
    log_p, q = log_p.to(log_q), log_q.exp()
    p = log_p.exp()
    return (p * log_p).sum(-1) - log_q @ p.T, (q * log_q).sum(-1, keepdim=True) - q @ log_p.T


@torch.no_grad()
def compare_with_unigrams(model, input_ids, unigrams: Tensor) -> dict[str, Tensor]:
    """What a model says along texts, ``(sequences, tokens)`` ids, beside unigrams, ``(unigrams, vocabulary)``.

    Returns:
        ``entropy``; ``loss`` and ``rank`` of the next token (0: no other is likelier; nan and -1 where a sequence ends), all
        ``(sequences, tokens)``; ``kl`` and ``reverse_kl`` as `kl_from_unigrams`, ``(sequences, tokens, unigrams)``; and
        ``likeness``, the same shape: the correlation over the vocabulary of log P_model with log P_freq. Flattening the model's
        distribution brings it closer to *any* unigram in KL; the likeness stays. (nan for a uniform "unigram".)
    """
    ids = torch.atleast_2d(torch.as_tensor(input_ids))
    following = [piece for row in ids.roll(-1, 1) for piece in row.split(POSITIONS)]
    pieces = [_piece(*pair, unigrams) for pair in zip(_logits(model, ids), following)]
    found = {
        name: torch.cat([piece[name] for piece in pieces]).unflatten(0, ids.shape).cpu()
        for name in pieces[0]
    }
    found["loss"][:, -1], found["rank"][:, -1] = float("nan"), -1
    return found


@torch.no_grad()
def frequency_cosine(model, direction: Tensor) -> Tensor:
    """The cosine between what each neuron of the last MLP adds to the logits and a direction there: ``(neurons,)``, float64.

    Per unit of activation a neuron adds e = W w to the logits, W the effective unembedding, up to the norm's denominator, which
    is the same for all tokens; a softcap is left out. Both sides are centred over the vocabulary: softmax does not see a shift
    of all logits. |e| is read off the singular values of W, so that nothing of size neurons x vocabulary exists.

    Raises:
        ValueError: a direction of another length; a norm after the MLP, so that another vector arrives; else as `geometry`.
    """
    parts, weights = model_parts(model), output_weights(model).double()
    form, vocabulary = final_norm(parts), len(parts.unembedding.weight)
    if direction.shape != (vocabulary,):
        raise ValueError(
            f"the direction has shape {tuple(direction.shape)}, the unembedding {vocabulary} rows."
        )
    v = (direction - direction.mean()).to(weights)
    slices = [slice(i, i + ROWS) for i in range(0, vocabulary, ROWS)]
    along = weights @ sum(
        effective_unembedding(parts, form, torch.float64, rows).T @ v[rows] for rows in slices
    )
    shape = geometry(model)
    length = shape.norms * (shape.cosines * shape.singular_values).norm(dim=1)
    return along.cpu() / (length * v.norm().cpu()).clamp(min=1e-300)


def _logits(model, ids: Tensor, first: int = 0) -> Iterator[Tensor]:
    """Each sequence's logits from position ``first`` on, ``(positions, vocabulary)``, in pieces."""
    parts = model_parts(model)
    for row in ids:
        with parts.record_stream() as stream:
            model.base_model(input_ids=one_text_ids(model, row), use_cache=False)
        yield from map(parts.logits, stream[-1][0, first:].split(POSITIONS))


def _piece(logits: Tensor, following: Tensor, unigrams: Tensor) -> dict[str, Tensor]:
    log_q, log_p = log_probabilities(logits), _log(unigrams).to(logits.device)
    kl, reverse_kl = kl_from_unigrams(log_q, unigrams)
    own = log_q.gather(-1, following[:, None].to(log_q.device))
    z, v = log_q - log_q.mean(-1, keepdim=True), (log_p - log_p.mean(-1, keepdim=True)).to(log_q)
    likeness = (
        z
        @ v.T
        / (
            z.norm(dim=-1)[:, None]
            * torch.where(v.norm(dim=-1) > 1e-4, v.norm(dim=-1), float("nan"))
        )
    )
    return dict(
        entropy=-(log_q.exp() * log_q).sum(-1),
        loss=-own[:, 0],
        rank=(log_q > own).sum(-1),
        kl=kl,
        reverse_kl=reverse_kl,
        likeness=likeness,
    )


def _log(unigrams) -> Tensor:
    log_p = torch.as_tensor(unigrams).double().log()
    if not torch.isfinite(log_p).all():
        raise ValueError(
            f"{int((~torch.isfinite(log_p)).sum())} probabilities are not positive: count with smoothing above 0."
        )
    return log_p
