"""What makes the numbers of a server's answers mean something else than they seem to."""

import math
from collections.abc import Sequence

import torch

from .server_answers import SAME_NATS, ServerAnswer


def warning_words(
    answers: Sequence[ServerAnswer], broken: Sequence[str], *, asked: int, temperature: float
) -> list[str]:
    """Return the warnings that the answers of one call deserve.

    Args:
        broken: the texts that their tokens do not make.
        asked: how many alternatives were asked for.
    """
    measured = [answer for answer in answers if answer.has_logprobs and len(answer)]
    told = [
        _temperature_words(temperature),
        _fewer_words(measured, asked),
        _other_text_words(broken),
    ]
    if temperature == 0:
        told += [_not_likeliest_words(measured), _degenerate_words(measured)]
    return [words for words in told if words]


def _temperature_words(temperature: float) -> str:
    if temperature in (0, 1):
        return ""
    return (
        f"at temperature {temperature:g} servers differ in whether log-probabilities are from "
        "before or after it: look at your server's documentation, or ask at temperature 0 or 1."
    )


def _fewer_words(answers: Sequence[ServerAnswer], asked: int) -> str:
    most = max((answer.top_logprobs.shape[-1] for answer in answers), default=asked)
    if most >= asked:
        return ""
    return (
        f"the server sends {most} alternatives at most, and {asked} were asked for: {most} are "
        "taken as the likeliest."
    )


def _other_text_words(texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return (
        f"the tokens of {len(texts)} answers do not make their text (the first: {texts[0]!r}): "
        "the log-probabilities are of something else, too, such as the model's thinking."
    )


def _not_likeliest_words(answers: Sequence[ServerAnswer]) -> str:
    written = torch.cat([answer.token_logprobs for answer in answers] or [torch.empty(0)])
    largest = torch.cat([answer.top_logprobs[:, 0] for answer in answers] or [torch.empty(0)])
    count = int((written < largest - SAME_NATS).sum())
    if not count:
        return ""
    return (
        f"at temperature 0, {count} of {len(written)} written tokens are not the likeliest: the "
        "server changes the distribution before it chooses, most often by a repetition penalty. "
        "llama-cpp-python's is 1.1 unless extra_body={'repeat_penalty': 1.0} is passed."
    )


def _degenerate_words(answers: Sequence[ServerAnswer]) -> str:
    """Tell of log-probabilities from after temperature 0: one token is certain, at every step."""
    tops = [answer.top_logprobs for answer in answers]  # each (steps, k)
    if not tops or not all(_are_certain(top) for top in tops):
        return ""
    return (
        "every written token has probability 1 and every other 0: the server sends "
        "log-probabilities from after temperature 0. Ask at temperature 1, or change its options."
    )


def _are_certain(top: torch.Tensor) -> bool:
    """Return whether one token of every step is certain, and each other one impossible."""
    names_another = top.shape[-1] > 1
    return names_another and bool(((top[:, 0] == 0) & (top[:, 1:] == -math.inf).all(-1)).all())
