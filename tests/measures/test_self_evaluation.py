"""P(True) and the scored confidence: expectations over the words that they offer, and nothing else."""

import numpy as np
import pytest
import torch

import uncertainty.measures.self_evaluation as self_evaluation
from uncertainty.measures.self_evaluation import p_true, p_true_conversation, scored_confidence

LOG_PROBABILITIES = torch.tensor([[-30.0, -31.0, -32.0], [-200.0, -150.0, -100.0]])


@pytest.fixture
def fixed_probabilities(monkeypatch):
    """Give the words of a row known log-probabilities, in the order in which they are offered."""

    def choice_log_probabilities(model, tokenizer, conversations, choices):
        return LOG_PROBABILITIES[: len(conversations), : len(choices)]

    monkeypatch.setattr(self_evaluation, "choice_log_probabilities", choice_log_probabilities)


def test_p_true_compares_true_with_false_only(fixed_probabilities):
    expected = [np.e / (1 + np.e), 0.0]
    assert p_true(None, None, ["a", "b"]) == pytest.approx(expected, abs=1e-6)


def test_scored_confidence_is_the_expectation_over_its_three_words(fixed_probabilities):
    weights = np.exp([0, -1, -2]) / np.exp([0, -1, -2]).sum()
    expected = [weights @ [0, 0.5, 1], 1.0]
    pairs = [("q", "a"), ("q", "b")]
    assert scored_confidence(None, None, pairs) == pytest.approx(expected, abs=1e-6)


def test_the_judged_answer_comes_after_the_other_ideas():
    question = "What is the capital of Peru?"
    first_turn = p_true_conversation(question, answer="Lima", ideas=["Cusco"])[0]["content"]
    assert question in first_turn
    assert first_turn.index("Idea: Cusco") < first_turn.index("Proposed answer: Lima")
    assert "Idea" not in p_true_conversation(question, answer="Lima")[0]["content"]
    with pytest.raises(TypeError, match="positional argument"):
        p_true_conversation(question, "Lima")
