"""The newer measures of answers that are known, read again and kept on disk."""

from collections.abc import Sequence

from ..generation.prompts import Prompt
from ..generation.rereading import reread
from ..information import upcast
from ..measures.evidence import aleatoric_epistemic
from ..measures.newer_measures import newer_measures
from ..measures.rauq import smoothed_surprisal
from ..measures.raw_logits import raw_logits
from ..measures.token_measures import token_measures
from .results import cached_results

# One function from each module that decides the measures.
MEASURING = (
    newer_measures,
    smoothed_surprisal,
    token_measures,
    aleatoric_epistemic,
    raw_logits,
    upcast,
)


def newer_answer_measures(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    records: Sequence[dict],
    *,
    batch_size: int = 8,
) -> list[dict[str, float] | None]:
    """Return `newer_measures` of each answer, from disk where it was read before.

    Args:
        records: of `greedy_answers`, one for each prompt; their ``ids`` are read again.

    Returns:
        A dict for each answer; None for one that ended at once.

    Raises:
        ValueError: as `reread`.
    """

    def compute(batch: list) -> list[dict | None]:
        prompts, ids = zip(*batch)
        answers = reread(model, tokenizer, prompts, ids)
        return [newer_measures(answer) if len(answer) else None for answer in answers]

    items = [[prompt, record["ids"]] for prompt, record in zip(prompts, records, strict=True)]
    return cached_results(
        model,
        tokenizer,
        items,
        compute,
        task="newer_measures",
        settings={"batch": batch_size},
        batch_size=batch_size,
        code=(newer_answer_measures, reread, *MEASURING),
    )
