"""Ask the model about an answer it gave: P(True), and a stated confidence by scoring words."""

from collections.abc import Sequence

import torch

from ..generation.prompts import Prompt
from ..generation.scoring import choice_log_probabilities
from .verbalised import ask_confidence

_CONFIDENCE_WORDS = {" low": 0.0, " medium": 0.5, " high": 1.0}


def p_true_conversation(
    question: str, *, answer: str, ideas: Sequence[str] = ()
) -> list[dict[str, str]]:
    """Return the conversation that `p_true` reads.

    Args:
        answer: the answer that the model must judge.
        ideas: other answers that the model gave, shown before the one it must judge.
    """
    idea_lines = "".join(f"Idea: {idea}\n" for idea in ideas)
    request = (
        f"Question: {question}\n{idea_lines}Proposed answer: {answer}\n"
        "Is the proposed answer true or false? Reply with one word."
    )
    return [
        {"role": "user", "content": request},
        {"role": "assistant", "content": "The proposed answer is"},
    ]


def p_true(model, tokenizer, conversations: Sequence[Prompt]) -> list[float]:
    """Compute P(True) = p(" true") / (p(" true") + p(" false")) of the next word.

    Args:
        conversations: one `p_true_conversation` for each answer.

    Source: Kadavath et al. 2022 (arXiv 2207.05221), section 4; the wording is ours.
    """
    choices = [" true", " false"]
    log_probabilities = choice_log_probabilities(model, tokenizer, conversations, choices=choices)
    return log_probabilities.softmax(-1)[:, 0].tolist()


def scored_confidence(model, tokenizer, pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Compute the stated confidence of (question, answer) pairs without letting the model write it.

    It is the expectation over the words " low" (0), " medium" (0.5) and " high" (1), weighted by
    their probabilities after "Confidence:", compared with each other only. The prompt asks for a
    number (`ask_confidence`), so all three words together are improbable: this reads a preference
    among three words, as lesson 07 does. The mean over sampled answers is the stated confidence of
    the question.
    """
    conversations = [ask_confidence(question, answer=answer) for question, answer in pairs]
    words = list(_CONFIDENCE_WORDS)
    log_probabilities = choice_log_probabilities(model, tokenizer, conversations, choices=words)
    weights = log_probabilities.softmax(-1)  # (pairs, words)
    return (weights @ torch.tensor(list(_CONFIDENCE_WORDS.values()))).tolist()
