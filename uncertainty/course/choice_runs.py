"""What lesson 31 asks: how likely is each option of a multiple-choice question, as a text?"""

from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from ..data.choices import Choice, choice_prompt
from ..generation.scoring import score
from .results import cached_results

DIGITS = 4  # decimals kept of a log-probability
OPTION_PROMPTS = ("question alone", "options listed")


def option_prompt(choice: Choice, prompt: str = "question alone") -> str:
    """Return the text that an option continues, with or without the options in it.

    Raises:
        ValueError: a prompt that is not one of `OPTION_PROMPTS`.
    """
    if prompt == "question alone":
        return f"Question: {choice.question}\n\nAnswer:"
    if prompt == "options listed":
        return choice_prompt(choice)
    raise ValueError(f"unknown prompt {prompt!r}; choose one of {', '.join(OPTION_PROMPTS)}")


def option_log_probabilities(
    model, tokenizer, asked: Sequence[tuple[str, Sequence[str]]]
) -> list[list[float]]:
    """Return log p(option | prompt) of each question's options, nats: the sum over their tokens.

    Args:
        asked: for each question the prompt (`option_prompt`) and the options.
    """

    def log_probability(prompt: str, option: str) -> float:
        given = score(model, tokenizer, prompt, f" {option}", chat=False)
        log_p = given.logits.log_softmax(-1)  # (steps, vocabulary)
        return round(log_p.gather(1, given.token_ids[:, None]).sum().item(), DIGITS)

    def compute(batch: list) -> list[list[float]]:
        return [[log_probability(prompt, one) for one in options] for prompt, options in batch]

    return cached_results(
        model,
        tokenizer,
        [[prompt, list(options)] for prompt, options in asked],
        compute,
        task="options",
        settings={"digits": DIGITS},
        code=(option_log_probabilities, score),
    )


def option_probabilities(log_probabilities: Sequence[Sequence[float]]) -> np.ndarray:
    """Return p(option), with the sum 1 in each question: the softmax, ``(questions, options)``."""
    return softmax(np.asarray(log_probabilities, dtype=float), axis=1)
