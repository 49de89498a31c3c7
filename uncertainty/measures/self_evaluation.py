"""Ask the model about an answer it gave: P(True), and a stated confidence by scoring words."""

from collections.abc import Sequence

import torch

from ..generation.prompts import Prompt
from ..generation.scoring import choice_log_probabilities
from .verbalised import ask_confidence


def p_true_conversation(
    question: str, answer: str, ideas: Sequence[str] = ()
) -> list[dict[str, str]]:
    """The conversation behind `p_true`; ``ideas`` are other answers the model gave, shown before the one it must judge."""
    shown = "".join(f"Idea: {idea}\n" for idea in ideas)
    asked = f"Question: {question}\n{shown}Proposed answer: {answer}\nIs the proposed answer true or false? Reply with one word."
    return [
        {"role": "user", "content": asked},
        {"role": "assistant", "content": "The proposed answer is"},
    ]


def p_true(model, tokenizer, conversations: Sequence[Prompt]) -> list[float]:
    """P(True): p(" true") / (p(" true") + p(" false")) as the next word after each `p_true_conversation` conversation.

    Source: Kadavath et al. 2022 (arXiv 2207.05221), section 4; the wording is ours.
    """
    chances = choice_log_probabilities(model, tokenizer, conversations, [" true", " false"])
    return chances.softmax(-1)[:, 0].tolist()


def scored_confidence(model, tokenizer, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Stated confidence of (question, answer) pairs without waiting for it to be written: the expectation over words.

    The candidates " low" (0), " medium" (0.5) and " high" (1) are weighed by their probabilities after "Confidence:",
    compared with each other only. The prompt asks for a number (`ask_confidence`), so together they are improbable:
    this reads a preference among three words, as lesson 02 does. Averaged over sampled answers it is the stated
    confidence of the question.
    """
    asked = [ask_confidence(*pair) for pair in pairs]
    chances = choice_log_probabilities(
        model, tokenizer, asked, [" low", " medium", " high"]
    ).softmax(-1)
    return (chances @ torch.tensor([0.0, 0.5, 1.0])).tolist()
