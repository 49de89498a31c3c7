"""Unigrams, the distributions of tokens without any context, and how far a model is from them.

Source: Confidence Regulation Neurons (arXiv 2406.16254), section 4.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from .._inputs import SKIPPED_POSITIONS, is_whole, one_text_ids, without_wrapper
from ..architecture.parts import model_parts
from ..information import log_probabilities

POSITIONS_AT_A_TIME = 64  # positions whose logits are in memory


def count_unigram(ids, rows: int, *, smoothing: float = 1.0) -> Tensor:
    """Return P(v) = (count_v + smoothing) / (N + smoothing * rows) over N ids: ``(rows,)`` float64.

    ``rows`` are those of the *unembedding*, which may be padded (Pythia: 50,277 tokens, 50,304
    rows). A row without a token keeps the smoothing's share, so that its logarithm is finite.

    Raises:
        ValueError: an id that is not whole or lies outside the rows, a negative smoothing, or
            neither ids nor smoothing.
    """
    ids = torch.as_tensor(ids).flatten().cpu()
    if len(ids) and not is_whole(ids):
        raise ValueError(f"token ids must be whole numbers, got {ids.dtype}.")
    ids = ids.long()
    if not len(ids) + smoothing > 0 or smoothing < 0:
        raise ValueError(
            f"nothing to estimate a distribution from: {len(ids)} token ids and smoothing "
            f"{smoothing}."
        )
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < rows:
        raise ValueError(
            f"token ids {ids.min()}..{ids.max()} do not fit {rows} rows: pass the unembedding's "
            "number of rows."
        )
    counts = torch.bincount(ids, minlength=rows).double() + smoothing
    return counts / counts.sum()


@torch.no_grad()
def predicted_unigram(model, input_ids) -> Tensor:
    """Return the model's mean next-token distribution along texts, ``(vocabulary,)``, float64.

    It is an estimate of the unigram without counting. ``input_ids`` are ``(sequences, tokens)``;
    each sequence's first `SKIPPED_POSITIONS` positions are left out.

    Raises:
        ValueError: no sequence, or sequences too short to leave a position; else as `model_parts`.
    """
    ids = torch.atleast_2d(torch.as_tensor(input_ids))
    if not len(ids) or ids.shape[1] <= SKIPPED_POSITIONS:
        raise ValueError(
            f"{len(ids)} sequences of {ids.shape[1]} tokens leave nothing when the first "
            f"{SKIPPED_POSITIONS} are skipped."
        )
    unembedding = model_parts(model).unembedding.weight
    total = torch.zeros(len(unembedding), dtype=torch.float64, device=unembedding.device)
    for logits in _logits(model, ids, first_position=SKIPPED_POSITIONS):
        total += logits.double().softmax(-1).sum(0)
    return (total / total.sum()).cpu()


def kl_from_unigrams(logits: Tensor, unigrams: Tensor) -> tuple[Tensor, Tensor]:
    """Return KL(P_freq || P_model) and KL(P_model || P_freq) at each position, in nats.

    From ``(positions, vocabulary)`` logits and ``(unigrams, vocabulary)`` probabilities come two
    tensors ``(positions, unigrams)``, 0 or larger. The paper's code computes the first (and its
    figure's label says the second).

    Raises:
        ValueError: different vocabularies, a probability that is not positive (the second would be
            infinite), a unigram that is not a row or does not sum to 1.
    """
    if unigrams.ndim != 2 or not ((unigrams.double().sum(-1) - 1).abs() < 1e-3).all():
        raise ValueError(
            "need unigrams as rows (unigrams, vocabulary) that each sum to 1, got shape "
            f"{tuple(unigrams.shape)}; a single one is `unigram[None]`."
        )
    log_q = log_probabilities(logits)  # (positions, vocabulary), the model
    log_p = log_unigram(unigrams)  # (unigrams, vocabulary)
    if log_p.shape[-1] != log_q.shape[-1]:
        raise ValueError(
            f"the unigrams have {log_p.shape[-1]} entries, the logits {log_q.shape[-1]}: count "
            "over the rows of the unembedding."
        )
    log_p = log_p.to(log_q)
    q = log_q.exp()
    p = log_p.exp()
    kl = (p * log_p).sum(-1) - log_q @ p.T
    reverse_kl = (q * log_q).sum(-1, keepdim=True) - q @ log_p.T
    # a KL is a difference of sums here: of equal distributions rounding leaves some -1e-5 nats
    return kl.clamp(min=0), reverse_kl.clamp(min=0)


@torch.no_grad()
def compare_with_unigrams(model, input_ids, unigrams: Tensor) -> dict[str, Tensor]:
    """Compare what a model predicts along texts with unigrams.

    ``input_ids`` are ``(sequences, tokens)``, the unigrams ``(unigrams, vocabulary)``.

    Returns:
        By name, in nats:

        - ``entropy``, ``(sequences, tokens)``, of the model's distribution;
        - ``loss`` and ``rank`` of the next token, the same shape: the rank is the number of
          likelier tokens; where a sequence ends they are nan and -1;
        - ``kl`` and ``reverse_kl`` as `kl_from_unigrams`, ``(sequences, tokens, unigrams)``;
        - ``log_probability_correlation``, that shape, too: the correlation over the vocabulary of
          log P_model with log P_freq, nan for a uniform "unigram". Flattening the model's
          distribution brings it closer to *any* unigram in KL, and leaves this correlation as it
          was.

    Raises:
        ValueError: as `kl_from_unigrams` and `model_parts`.
    """
    ids = torch.atleast_2d(torch.as_tensor(input_ids))
    next_tokens = [
        piece for sequence in ids.roll(-1, 1) for piece in sequence.split(POSITIONS_AT_A_TIME)
    ]
    pieces = [
        _compare_positions(logits, targets, unigrams)
        for logits, targets in zip(_logits(model, ids), next_tokens, strict=True)
    ]
    comparison = {}
    for name in pieces[0]:
        values = torch.cat([piece[name] for piece in pieces])
        comparison[name] = values.unflatten(0, ids.shape).cpu()
    comparison["loss"][:, -1] = float("nan")
    comparison["rank"][:, -1] = -1
    return comparison


def log_unigram(unigram) -> Tensor:
    """Return the logarithm of probabilities in float64.

    Raises:
        ValueError: a probability that is not positive.
    """
    log_p = torch.as_tensor(unigram).double().log()
    finite = torch.isfinite(log_p)
    if not finite.all():
        raise ValueError(
            f"{int((~finite).sum())} probabilities are not positive: count with smoothing above 0."
        )
    return log_p


def _logits(model, ids: Tensor, first_position: int = 0) -> Iterator[Tensor]:
    """Yield each sequence's logits from a position on, ``(positions, vocabulary)`` at a time."""
    model = without_wrapper(model)
    parts = model_parts(model)
    for sequence in ids:
        with parts.record_stream() as stream:
            model.base_model(input_ids=one_text_ids(model, sequence), use_cache=False)
        residual = stream[-1][0, first_position:]  # (positions, width)
        for piece in residual.split(POSITIONS_AT_A_TIME):
            yield parts.logits(piece)


def _compare_positions(logits: Tensor, targets: Tensor, unigrams: Tensor) -> dict[str, Tensor]:
    """Return what `compare_with_unigrams` returns, for ``(positions, vocabulary)`` logits."""
    # 1. the model's distribution and the next token's place in it
    log_q = log_probabilities(logits)
    log_q_target = log_q.gather(-1, targets[:, None].to(log_q.device))  # (positions, 1)

    # 2. the distance from the unigrams, (positions, unigrams)
    log_p = log_unigram(unigrams).to(logits.device)
    kl, reverse_kl = kl_from_unigrams(log_q, unigrams)

    # 3. the correlation of log-probabilities over the vocabulary, (positions, unigrams)
    centred_q = log_q - log_q.mean(-1, keepdim=True)
    centred_p = (log_p - log_p.mean(-1, keepdim=True)).to(log_q)
    length_q = centred_q.norm(dim=-1)[:, None]
    length_p = centred_p.norm(dim=-1)
    length_p = torch.where(
        length_p > 1e-4, length_p, float("nan")
    )  # undefined for a uniform unigram
    return dict(
        entropy=-(log_q.exp() * log_q).sum(-1),
        loss=-log_q_target[:, 0],
        rank=(log_q > log_q_target).sum(-1),
        kl=kl,
        reverse_kl=reverse_kl,
        log_probability_correlation=centred_q @ centred_p.T / (length_q * length_p),
    )
