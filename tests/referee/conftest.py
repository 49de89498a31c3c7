"""Questions to the tiny model, which answers noise; which answers count as wrong is said here."""

import numpy as np
import pytest

from uncertainty import load_model
from uncertainty.data.questions import Question
from uncertainty.referee import answers as answers_module

COUNT = 60


@pytest.fixture(scope="session")
def tiny():
    return load_model("tiny")


@pytest.fixture
def questions(monkeypatch, tmp_path):
    """60 questions of two topics; of "hard" ones five in six are wrong, of "easy" ones one in six."""
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    monkeypatch.setattr(answers_module, "is_correct", lambda text, right: right == ("it is right",))
    random = np.random.default_rng(3)
    made = []
    for place in range(COUNT):
        topic = "hard" if place % 2 else "easy"
        is_wrong = random.random() < (5 / 6 if topic == "hard" else 1 / 6)
        text = f"{topic} {place}?"
        answer = "it is wrong" if is_wrong else "it is right"
        made.append(Question(f"made-{place}", "unique", topic, text, (answer,)))
    return made


@pytest.fixture
def wrong(questions):
    return np.array([question.answers == ("it is wrong",) for question in questions])
