"""How unsure was the model of each token, and of the whole answer? One forward pass is all these measures need.

Every function takes a `Generation`, transformers' own result of
``generate(..., return_dict_in_generate=True, output_logits=True)`` for one prompt, or a ``(steps, vocabulary)`` tensor
of **raw** logits. Processed scores (after temperature, top-k, top-p or penalties) are refused: they make any model look
surer than it is. All numbers grow with doubt unless their name says confidence, probability or margin.
(What can be recognised is refused; a temperature leaves no trace in a tensor.)

A `Generation` ends before the end-of-sequence token. transformers' result does not say where that is, so all its steps
count, the stop included: ``torch.cat(result.logits)[:-1]`` leaves it out.
"""

import math

import numpy as np
import torch
from torch import Tensor

from .information import LOWEST, check_rows, upcast

ROWS = 8  # rows worked on at once: 8 x 50,000 float32 stay in a laptop's cache, which is worth a factor of two


def get_token_confidence(generation, top_k: int = 1) -> Tensor:
    """The k largest probabilities of every step, ``(steps, top_k)``, largest first; top_k is cut to the vocabulary.

    Raises:
        ValueError: top_k below 1, or a source these measures refuse (see `raw_logits`).
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}.")
    logits = raw_logits(generation)
    largest = logits.topk(min(top_k, logits.shape[-1])).values
    return (largest - logits.logsumexp(-1, keepdim=True)).exp()


def token_uncertainty_naive(generation) -> float:
    """1 - prod_j max_v p_j(v). Under greedy decoding: the chance that a sampled answer would differ in some token.

    In [0, 1]. Grows with every step and so towards 1 for long answers: the length trap. Source: the summer-school
    notebook "LLMs and Uncertainty".

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    return -math.expm1(get_token_confidence(generation).log().sum().item())


def token_uncertainty_vanilla(generation) -> float:
    """1 - mean_j max_v p_j(v): the average doubt of a step. In [0, 1], and of the same size for any length.

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    return 1 - get_token_confidence(generation).mean().item()


def aleatoric_epistemic(logits, n_evidence: int = 2) -> tuple[Tensor, Tensor]:
    """Split each step's doubt by treating its largest logits as evidence (LogTokU, arXiv 2502.00290, section 3).

    With alpha_k = relu(k-th largest logit), K = n_evidence of them, and alpha_0 = sum_k alpha_k::

        AU = -sum_k alpha_k / alpha_0 (digamma(alpha_k + 1) - digamma(alpha_0 + 1))    aleatoric, [0, log K], nats
        EU = K / sum_k (alpha_k + 1)                                                   epistemic, (0, 1]

    AU is the mean entropy of a Dirichlet(alpha): high when the candidates have equal evidence ("several answers").
    EU is the vacuity of subjective logic: high when there is little evidence in total ("I do not know").
    No evidence at all (no positive logit) is defined as EU = 1 and AU = log K. (The formula's own limit would be AU = 0
    and would call total ignorance reliable; so there is a step at zero, and a model whose logits are all negative gets
    one constant for every token.) Not invariant to adding a constant to the logits, which changes no
    probability: numbers of different models cannot be compared.

    Returns:
        (AU, EU), each ``(steps,)``, finite, also where logits are ``-inf``.

    Raises:
        ValueError: n_evidence below 2, or a logit that is nan or +inf.
    """
    logits = upcast(torch.as_tensor(logits))
    largest = logits.topk(_evidence_count(n_evidence, logits)).values
    if not (largest < math.inf).all():
        raise ValueError("a logit is nan or +inf: no evidence can be read from it.")
    return _evidence_split(largest)


def logTokU(generation, top_k_inconfident: int = 25, n_evidence: int = 2) -> float:  # noqa: N802 (the paper's name)
    """LogTokU's unreliability of an answer: the mean of AU x EU over its least reliable tokens. 0 or larger.

    Args:
        top_k_inconfident: how many of the *least* reliable tokens count (all, when the answer is shorter).
        n_evidence: how many of the largest logits count as evidence. (The paper writes K for both numbers.)

    The paper's reliability is the negative of this. Source: arXiv 2502.00290 and its reference code's settings.

    Raises:
        ValueError: either number too small, or a source these measures refuse (see `raw_logits`).
    """
    return _mean_of_largest(token_measures(generation, n_evidence=n_evidence)["logtoku"], top_k_inconfident)


@torch.no_grad()
def token_measures(generation, token_ids: Tensor | None = None, *, n_evidence: int = 2) -> dict[str, Tensor]:
    """Every measure of this module, per token: a dict of ``(steps,)`` float tensors, in one pass over the logits.

    ==================  ==========================================================================
    probability         p(token) of the token that was written (needs its id; see below)
    surprisal           -log p(token), nats
    max_probability     max_v p(v); equal to ``probability`` under greedy decoding
    margin              p(likeliest) - p(second likeliest): small when two candidates compete
    entropy             -sum_v p(v) log p(v), nats
    aleatoric           AU of `aleatoric_epistemic`
    epistemic           EU of `aleatoric_epistemic`
    logtoku             AU x EU
    ==================  ==========================================================================

    Args:
        token_ids: ``(steps,)`` ids of the written tokens; known for a `Generation` and a transformers result. Without
            them (a bare tensor) the likeliest token stands in, as if decoding had been greedy.

    Raises:
        ValueError: token ids that do not fit the logits, n_evidence below 2, or a source these measures refuse.
    """
    logits = raw_logits(generation)
    keep = _evidence_count(n_evidence, logits)
    spare = logits.new_empty(2, ROWS, logits.shape[-1])  # fresh memory for every block would cost more than the sums
    blocks = [_statistics(block, keep, spare[:, : len(block)]) for block in logits.split(ROWS)]
    largest, favourites, log_total, entropy = (torch.cat(parts) for parts in zip(*blocks))
    token_ids = _written_tokens(generation, favourites) if token_ids is None else torch.as_tensor(token_ids)
    _check_token_ids(token_ids, logits)
    log_p = logits.gather(-1, token_ids[:, None].to(logits.device)).squeeze(-1) - largest[:, 0] - log_total
    top_two = (largest[:, :2] - largest[:, :1] - log_total[:, None]).exp()
    aleatoric, epistemic = _evidence_split(largest)
    return dict(probability=log_p.exp(), surprisal=-log_p, max_probability=top_two[:, 0],
                margin=top_two[:, 0] - top_two[:, 1:].sum(-1), entropy=entropy,
                aleatoric=aleatoric, epistemic=epistemic, logtoku=aleatoric * epistemic)


def answer_measures(generation, token_ids: Tensor | None = None, *, top_k_inconfident: int = 25,
                    n_evidence: int = 2) -> dict[str, float]:
    """Every measure as one number for the answer; larger means less sure, for all of them, and the names say so.

    naive, vanilla, 1 - sequence probability (prod of p), 1 - min probability, 1 - mean margin, perplexity (exp of the
    mean surprisal), mean and max entropy (nats), LogTokU and the means of its two parts.
    """
    m = token_measures(generation, token_ids, n_evidence=n_evidence)
    return {
        "naive": -math.expm1(m["max_probability"].log().sum().item()),
        "vanilla": 1 - m["max_probability"].mean().item(),
        "1 - sequence probability": -math.expm1(-m["surprisal"].sum().item()),
        "1 - min probability": 1 - m["probability"].min().item(),
        "1 - mean margin": 1 - m["margin"].mean().item(),
        "perplexity": m["surprisal"].mean().exp().item(),
        "mean_entropy": m["entropy"].mean().item(),
        "max_entropy": m["entropy"].max().item(),
        "logtoku": _mean_of_largest(m["logtoku"], top_k_inconfident),
        "aleatoric": m["aleatoric"].mean().item(),
        "epistemic": m["epistemic"].mean().item(),
    }


def raw_logits(source) -> Tensor:
    """The ``(steps, vocabulary)`` raw logits of anything these measures accept, float32 or better.

    Raises:
        ValueError: beam search, processed scores, several prompts at once, no steps, or a row that is no distribution.
    """
    logits = source if isinstance(source, Tensor) else torch.as_tensor(_stacked(source))
    if logits.ndim != 2 or 0 in logits.shape:
        raise ValueError(f"need (steps, vocabulary) logits with at least one step, got shape {tuple(logits.shape)}; "
                         "an answer that stopped at once has nothing to measure.")
    logits = upcast(logits)
    check_rows(logits.amax(-1))
    if logits.amin() == -math.inf:
        _refuse_truncated((logits == -math.inf).float().mean().item())
    return logits


def _refuse_truncated(removed: float) -> None:
    if removed > 0.5:
        raise ValueError(f"{removed:.0%} of the entries are -inf: these are processed scores, after top-k or top-p. "
                         "Pass raw logits: generate(..., output_logits=True).logits.")


def _stacked(source) -> Tensor:
    """The logits of a Generation or of a transformers result, checked for what would silently mislead."""
    if getattr(source, "beam_indices", None) is not None or getattr(source, "sequences_scores", None) is not None:
        raise ValueError("beam search mixes several answers in one row of logits: use num_beams=1.")
    logits = source if isinstance(source, (tuple, list, np.ndarray)) else getattr(source, "logits", None)
    if logits is None:
        has_scores = getattr(source, "scores", None) is not None
        raise ValueError(f"{type(source).__name__} has no raw logits" + (", only processed scores" if has_scores else "")
                         + ": call generate(..., return_dict_in_generate=True, output_logits=True).")
    if isinstance(logits, (Tensor, np.ndarray)):
        return logits
    if len(logits) and len(logits[0]) != 1:
        raise ValueError(f"{len(logits[0])} answers in one result: measure one at a time, "
                         "torch.stack(result.logits, dim=1)[i] up to its end-of-sequence token.")
    return torch.cat(tuple(logits)) if len(logits) else torch.empty(0, 0)


def _check_token_ids(token_ids: Tensor, logits: Tensor) -> None:
    if token_ids.shape != logits.shape[:1]:
        raise ValueError(f"{len(logits)} steps but {token_ids.numel()} token ids.")
    if not 0 <= int(token_ids.min()) <= int(token_ids.max()) < logits.shape[-1]:
        raise ValueError(f"token ids must lie in 0..{logits.shape[-1] - 1}, got {token_ids.min()}..{token_ids.max()}.")


def _written_tokens(source, favourites: Tensor) -> Tensor:
    if hasattr(source, "token_ids"):
        return source.token_ids
    if hasattr(source, "sequences"):
        return source.sequences[0, -len(favourites):]
    return favourites


def _statistics(block: Tensor, keep: int, spare: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Largest logits, likeliest token, log sum of exp(logit - largest) and entropy, each logit touched while in cache."""
    largest, places = block.topk(keep)
    shifted = torch.sub(block, largest[:, :1], out=spare[0]).clamp_(min=LOWEST)
    weights = torch.exp(shifted, out=spare[1])
    total = weights.sum(-1)
    entropy = total.log() - weights.mul_(shifted).sum(-1) / total
    return largest, places[:, 0], total.log(), entropy.clamp_(min=0)


def _evidence_count(n_evidence: int, logits: Tensor) -> int:
    if n_evidence < 2:
        raise ValueError(f"n_evidence must be at least 2 (one candidate cannot disagree with itself), got {n_evidence}.")
    return min(n_evidence, logits.shape[-1])


def _evidence_split(largest: Tensor) -> tuple[Tensor, Tensor]:
    count = largest.shape[-1]
    evidence = largest.clamp(min=0)
    total = evidence.sum(-1, keepdim=True)
    gaps = torch.digamma(total + 1) - torch.digamma(evidence + 1)
    aleatoric = (evidence * gaps).sum(-1) / total.squeeze(-1)
    aleatoric = torch.where(total.squeeze(-1) > 0, aleatoric.clamp(min=0), math.log(count))
    return aleatoric, count / (evidence + 1).sum(-1)


def _mean_of_largest(values: Tensor, count: int) -> float:
    if count < 1:
        raise ValueError(f"top_k_inconfident must be at least 1, got {count}.")
    return values.topk(min(count, len(values))).values.mean().item()
