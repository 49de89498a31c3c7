"""One number for a whole answer: larger means less sure."""

import math

from torch import Tensor

from ..generation.server_answers import ServerAnswer
from .raw_logits import LogitsSource
from .server_measures import ServerMeasures
from .token_measures import get_token_confidence, token_measures


def token_uncertainty_naive(generation: LogitsSource) -> float:
    """Compute 1 - prod_j max_v p_j(v), in [0, 1].

    Under greedy decoding this is the chance that a sampled answer would differ in some token. It
    grows with every step, and so it tends to 1 for long answers: the length trap.
    Source: the summer-school notebook "LLMs and Uncertainty".

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    return _one_minus_product(get_token_confidence(generation))


def token_uncertainty_vanilla(generation: LogitsSource) -> float:
    """Compute 1 - mean_j max_v p_j(v): the average doubt of a step, in [0, 1], for any length.

    Raises:
        ValueError: a source these measures refuse (see `raw_logits`).
    """
    return 1 - get_token_confidence(generation).mean().item()


def token_uncertainty_written(generation: LogitsSource, token_ids: Tensor | None = None) -> float:
    """Compute 1 - mean_j p_j(t_j), t_j the token that was written at step j; in [0, 1].

    Under greedy decoding it equals `token_uncertainty_vanilla`, which looks at the likeliest token
    whatever was written. For a given or a sampled text only this one reads the text.

    Args:
        token_ids: ``(steps,)`` ids of the written tokens; known for a `Generation` and a
            transformers result. Without them a bare tensor of logits counts as decoded greedily.

    Raises:
        ValueError: token ids that do not fit the logits, or a source these measures refuse (see
            `raw_logits`).
    """
    return 1 - token_measures(generation, token_ids)["probability"].mean().item()


def logTokU(  # noqa: N802 (the paper's name)
    generation: LogitsSource, top_k_inconfident: int = 25, n_evidence: int = 2
) -> float:
    """Compute LogTokU's unreliability of an answer, 0 or larger.

    It is the mean of AU x EU (`aleatoric_epistemic`) over the least reliable tokens. The paper's
    reliability is the negative of this.

    Args:
        top_k_inconfident: how many of the *least* reliable tokens count (all, when the answer is
            shorter).
        n_evidence: how many of the largest logits count as evidence. (The paper writes K for both
            numbers.)

    Source: arXiv 2502.00290 and its reference code's settings.

    Raises:
        ValueError: either number too small, or a source these measures refuse (see `raw_logits`).
    """
    unreliability = token_measures(generation, n_evidence=n_evidence)["logtoku"]
    return _mean_of_largest(unreliability, top_k_inconfident)


def answer_measures(
    generation: LogitsSource,
    token_ids: Tensor | None = None,
    *,
    top_k_inconfident: int = 25,
    n_evidence: int = 2,
) -> dict[str, float]:
    """Compute every measure as one number for the answer. Larger means less sure for all of them.

    ===============================  ==========================================================
    naive                            `token_uncertainty_naive`
    vanilla                          `token_uncertainty_vanilla`
    sequence_probability_complement  1 - product of the written tokens' probabilities
    min_probability_complement       1 - the smallest of these probabilities
    mean_margin_complement           1 - mean margin of the likeliest over the second likeliest
    perplexity                       exp of the mean surprisal
    mean_entropy, max_entropy        nats
    logtoku                          `logTokU`
    aleatoric, epistemic             means of its two parts
    ===============================  ==========================================================

    `measure_label` gives each key's words for display. The arguments are those of `token_measures`
    and of `logTokU`. A server's answer has no measures of entropy and of LogTokU; reading one of
    them from the dict raises ValueError, which says what to do instead.

    Raises:
        ValueError: as `token_measures` and `logTokU`.
    """
    per_token = token_measures(generation, token_ids, n_evidence=n_evidence)
    if isinstance(generation, ServerAnswer):
        return ServerMeasures(generation, _measures_of_probabilities(per_token))
    return {
        **_measures_of_probabilities(per_token),
        "mean_entropy": per_token["entropy"].mean().item(),
        "max_entropy": per_token["entropy"].max().item(),
        "logtoku": _mean_of_largest(per_token["logtoku"], top_k_inconfident),
        "aleatoric": per_token["aleatoric"].mean().item(),
        "epistemic": per_token["epistemic"].mean().item(),
    }


def _measures_of_probabilities(per_token: dict[str, Tensor]) -> dict[str, float]:
    """Return the measures of an answer that need no more than its largest probabilities.

    A server's answer may lack some of these; then the measures that rest on them are left out.
    """
    surprisal = per_token["surprisal"]
    measures = {}
    if "max_probability" in per_token:
        measures["naive"] = _one_minus_product(per_token["max_probability"])
        measures["vanilla"] = 1 - per_token["max_probability"].mean().item()
    measures["sequence_probability_complement"] = -math.expm1(-surprisal.sum().item())
    measures["min_probability_complement"] = 1 - per_token["probability"].min().item()
    if "margin" in per_token:
        measures["mean_margin_complement"] = 1 - per_token["margin"].mean().item()
    measures["perplexity"] = surprisal.mean().exp().item()
    return measures


def _one_minus_product(probabilities: Tensor) -> float:
    """Compute 1 - prod p through a sum of logarithms, so that nothing is lost near 0 and 1."""
    log_product = probabilities.log().sum().item()
    return -math.expm1(log_product)


def _mean_of_largest(values: Tensor, count: int) -> float:
    if count < 1:
        raise ValueError(f"top_k_inconfident must be at least 1, got {count}.")
    largest = values.topk(min(count, len(values))).values
    return largest.mean().item()
