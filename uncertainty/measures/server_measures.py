"""What can be measured of a server's answer, which has the likeliest tokens only.

What needs more is refused by name, and so is what a step does not show for certain. A server may
send fewer alternatives than it was asked for; then a token that it did not name could be likelier
than one that it did. With m the probability that the named tokens of a step leave over, no other
token is likelier than m. So the j-th largest probability p_j is known where the named tokens are
surely the likeliest, and where p_j >= m.
"""

import torch
from torch import Tensor

from ..generation.server_answers import ServerAnswer

NEEDS_DISTRIBUTION = {"entropy", "mean_entropy", "max_entropy"}
NEEDS_LOGITS = {"aleatoric", "epistemic", "logtoku"}
# How many of the largest probabilities a measure needs of every step.
NEEDS_LARGEST = {
    "max_probability": 1,
    "margin": 2,
    "naive": 1,
    "vanilla": 1,
    "mean_margin_complement": 2,
}


# How far the rounding of log-probabilities may move a sum of probabilities.
ROUNDING = 1e-6


class ServerMeasures(dict):
    """The measures of a server's answer; reading one that it does not allow raises ValueError."""

    def __init__(self, answer: ServerAnswer, measures: dict):
        super().__init__(measures)
        self.answer = answer

    def __missing__(self, name: str):
        raise refusal(name, self.answer)


def refusal(name: str, answer: ServerAnswer) -> ValueError | KeyError:
    """Return the error for a measure that a server's answer does not allow."""
    sent = f"{answer.endpoint} sends the {answer.top_logprobs.shape[-1]} likeliest at most"
    if name in NEEDS_DISTRIBUTION:
        return ValueError(
            f"{name!r} needs the probabilities of all tokens, and {sent}: entropy_bounds(answer) "
            "says between which values the entropy of each step lies."
        )
    if name in NEEDS_LOGITS:
        return ValueError(
            f"{name!r} needs raw logits, and {answer.endpoint} sends log-probabilities, which do "
            "not tell them: load the model here and use generate()."
        )
    if name in NEEDS_LARGEST:
        return _unknown_largest(name, answer, NEEDS_LARGEST[name])
    return KeyError(name)


def largest_probabilities(answer: ServerAnswer, count: int) -> Tensor:
    """Return the largest probabilities of every step, ``(steps, count)``, the largest first.

    Raises:
        ValueError: an answer without tokens, more than the server sent, or a step whose largest are
            not known for certain.
    """
    require_steps(answer)
    if not _are_known(answer, count):
        raise _unknown_largest(f"the {count} largest probabilities", answer, count)
    return answer.top_logprobs[:, :count].exp()


def server_token_measures(answer: ServerAnswer) -> ServerMeasures:
    """Return those of `token_measures` that a server's answer allows, each ``(steps,)``.

    Raises:
        ValueError: an answer without tokens or without log-probabilities.
    """
    require_steps(answer)
    measures = {
        "probability": answer.token_logprobs.exp(),
        "surprisal": -answer.token_logprobs,
    }
    if _are_known(answer, 1):
        measures["max_probability"] = largest_probabilities(answer, 1)[:, 0]
    if _are_known(answer, 2):
        top_two = largest_probabilities(answer, 2)  # (steps, 2)
        measures["margin"] = top_two[:, 0] - top_two[:, 1]
    return ServerMeasures(answer, measures)


def require_steps(answer: ServerAnswer) -> None:
    """Raise ValueError for an answer without tokens."""
    if not len(answer):
        raise ValueError("an answer that stopped at once has nothing to measure.")


def _are_known(answer: ServerAnswer, count: int) -> bool:
    if count > answer.top_logprobs.shape[-1]:
        return False
    return not _unknown_steps(answer, count).any()


def _unknown_steps(answer: ServerAnswer, count: int) -> Tensor:
    """Return the steps whose ``count`` largest probabilities are not certain, ``(steps,)``."""
    probabilities = answer.top_logprobs.double().exp()  # (steps, k)
    left_over = 1 - probabilities.nansum(-1)  # (steps,)
    smallest = probabilities[:, count - 1]  # nan where fewer came, which compares as False
    return ~(answer.complete & ~smallest.isnan() | (smallest >= left_over - ROUNDING))


def _unknown_largest(name: str, answer: ServerAnswer, count: int) -> ValueError:
    sent = answer.top_logprobs.shape[-1]
    if count > sent:
        return ValueError(
            f"{name!r} needs the {count} likeliest tokens of every step, and this answer of "
            f"{answer.endpoint} has {sent}: ask with answers_from(..., top_logprobs={count})."
        )
    step = int(torch.nonzero(_unknown_steps(answer, count))[0])
    return ValueError(
        f"{name!r} needs the {count} likeliest tokens of every step for certain, and "
        f"{answer.endpoint} left some out of step {step} ({answer.tokens[step]!r}): ask for more "
        "alternatives (top_logprobs=), or at temperature 0."
    )
