"""The states that a probe learns from, and those of the same network before training."""

from collections.abc import Sequence

from ..generation.prompts import Prompt
from ..lens.answer_states import AnswerStates
from ..loading.random_weights import random_weights
from .lesson_model import scaled_depth, scaled_depths
from .state_runs import kept_answer_states

EVERY = range(0, 31, 3)  # lesson 17's depths, of 30 blocks
LAST_UNTRAINED = 12  # random blocks beyond add nothing


def trained_and_untrained_states(
    model,
    tokenizer,
    prompts: Sequence[Prompt],
    *,
    answers: Sequence[Sequence[int]],
    along: int | None = None,
) -> tuple[AnswerStates, AnswerStates]:
    """Return the states of answers as lesson 17 reads them, and its strongest control.

    The control is the same architecture with random weights: what a probe finds there, the written
    words tell. Both are kept on disk.

    Args:
        answers: the token ids of each answer, none of them empty.
        along: as of `answer_states`, for the trained model.

    Returns:
        The trained states, depth 0 (the embeddings) first, and the untrained ones without depth 0.

    Raises:
        ValueError: as `answer_states` and `random_weights`.
    """
    depths = scaled_depths(model, *EVERY)
    last = max(1, scaled_depth(model, LAST_UNTRAINED))
    early = [depth for depth in depths if 0 < depth <= last] or [1]
    trained = kept_answer_states(
        model, tokenizer, prompts, answers=answers, depths=depths, along=along
    )
    untrained = random_weights(model, blocks=max(early), seed=0)
    noise = kept_answer_states(untrained, tokenizer, prompts, answers=answers, depths=early)
    return trained, noise
