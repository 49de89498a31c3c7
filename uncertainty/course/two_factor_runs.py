"""The run on questions whose openness and whose subject's fame vary apart."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from ..data.two_factors import FactorItem
from ..generation.decoding import generate
from ..generation.tokens import first_token_id
from ..information import log_probabilities
from ..measures.ensembles import mutual_information
from ..measures.token_measures import token_measures
from .answer_runs import MEASURING
from .results import cached_results

# Worked examples of both kinds, so that the next token begins an answer.
EXAMPLES = (
    "Question: Name the largest ocean.\nAnswer: Pacific\n\n"
    "Question: What is an ocean?\nAnswer: Atlantic\n\n"
    "Question: Please give the painter of the Mona Lisa.\nAnswer: Leonardo da Vinci\n\n"
    "Question: What is a painter?\nAnswer: Picasso\n\n"
    "Question: {}\nAnswer:"
)
KEPT = ("surprisal", "margin", "entropy", "aleatoric", "epistemic")


def first_token_doubts(
    model, tokenizer, questions: Sequence[Sequence[str]], *, batch_size: int = 8
) -> list[dict]:
    """Return the doubt about the first token of the answer, from disk where it was measured before.

    Args:
        questions: each in all its wordings, as `FactorItem.questions` has them; as many wordings
            for every question.

    Each record holds, with one entry a wording, ``first`` (the likeliest token), ``read`` (prompt
    tokens) and the `token_measures` named in `KEPT`; ``kl``, with one entry for each pair of
    wordings (0 and 1, 0 and 2, 1 and 2); and ``mutual_information``, of all wordings together
    (`paraphrase_divergence`). Nats, four decimals.

    Raises:
        ValueError: no questions, or another number of wordings for some.
    """

    def compute(batch: list) -> list[dict]:
        prompts = [EXAMPLES.format(question) for wordings in batch for question in wordings]
        answers = generate(model, tokenizer, prompts, max_new_tokens=1, chat=False)
        size = len(batch[0])
        starts = range(0, len(answers), size)
        return [_doubt_record(answers[start : start + size]) for start in starts]

    counts = {len(wordings) for wordings in questions}
    if len(counts) != 1:
        raise ValueError(f"every question needs as many wordings, got {sorted(counts)}.")
    return cached_results(
        model,
        tokenizer,
        [list(wordings) for wordings in questions],
        compute,
        task="two_factors",
        settings={"examples": EXAMPLES, "batch": batch_size},
        batch_size=batch_size,
        code=(first_token_doubts, paraphrase_divergence, mutual_information, *MEASURING),
    )


def paraphrase_divergence(logits: Tensor) -> tuple[list[float], float]:
    """Return how far the predictions from several wordings of one question lie apart.

    With the wordings' distributions p_1, ..., p_n::

        KL_ij = sum_v (p_i(v) - p_j(v)) log(p_i(v) / p_j(v)) / 2      for i < j

    KL_ij is the mean of the divergences in both directions. Beside it the `mutual_information` of
    wording and next token, at most log n.

    Args:
        logits: ``(wordings, vocabulary)`` raw, at least two rows.

    Returns:
        KL_ij of the pairs (0, 1), (0, 2), ..., (n-2, n-1), and the mutual information; nats.

    Raises:
        ValueError: fewer than two wordings.
    """
    if len(logits) < 2:
        raise ValueError(f"a divergence needs at least two wordings, got {len(logits)}.")
    log_p = log_probabilities(logits).double()
    p = log_p.exp()
    pairs = combinations(range(len(p)), 2)
    kl = [((p[i] - p[j]) * (log_p[i] - log_p[j])).sum().item() / 2 for i, j in pairs]
    return kl, mutual_information(log_p).item()


def doubt_columns(records: Sequence[dict]) -> dict[str, np.ndarray]:
    """Return one number an item for each kind of doubt; larger means less sure.

    ``entropy``, ``surprisal`` (of the likeliest token), ``margin_complement``, ``aleatoric`` and
    ``epistemic`` are means over the wordings; ``disagreement`` is the share of pairs of wordings
    whose likeliest tokens differ, ``kl`` the mean over the pairs, and ``mutual_information`` that
    of `paraphrase_divergence`.
    """
    names = ("entropy", "surprisal", "aleatoric", "epistemic", "kl")
    columns = {name: np.array([np.mean(r[name]) for r in records]) for name in names}
    columns["margin_complement"] = np.array([1 - np.mean(r["margin"]) for r in records])
    columns["disagreement"] = np.array([_share_of_unequal_pairs(r["first"]) for r in records])
    columns["mutual_information"] = np.array([r["mutual_information"] for r in records])
    return columns


def begins_right(tokenizer, item: FactorItem, first_ids: Sequence[int]) -> list[bool]:
    """Return, for each wording, whether its likeliest token begins a right answer."""
    right = {first_token_id(tokenizer, f" {answer}") for answer in item.answers}
    return [token in right for token in first_ids]


def _doubt_record(answers: Sequence) -> dict:
    logits = torch.cat([answer.logits[:1] for answer in answers])  # (wordings, vocabulary)
    measures = token_measures(logits)
    kl, information = paraphrase_divergence(logits)
    record: dict = {name: [round(x, 4) for x in measures[name].tolist()] for name in KEPT}
    record["first"] = logits.argmax(-1).tolist()
    record["read"] = [len(answer.prompt_ids) for answer in answers]
    record["kl"] = [round(x, 4) for x in kl]
    record["mutual_information"] = round(information, 4)
    return record


def _share_of_unequal_pairs(values: Sequence[int]) -> float:
    return float(np.mean([one != other for one, other in combinations(values, 2)]))
