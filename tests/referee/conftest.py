"""Questions to the tiny model, which answers noise; which answers count as wrong is said here."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from referee_helpers import noise, place_of

from uncertainty import leaderboard, load_model
from uncertainty.data.questions import Question
from uncertainty.referee import answers as answers_module
from uncertainty.referee import leaderboard as leaderboard_module

COUNT = 60
SAMPLED = 30


@pytest.fixture(scope="session")
def tiny():
    return load_model("tiny")


@pytest.fixture(scope="session")
def made_questions():
    """60 questions of two topics; of "hard" ones five in six are wrong, of "easy" ones one in six."""
    random = np.random.default_rng(3)
    made = []
    for place in range(COUNT):
        topic = "hard" if place % 2 else "easy"
        is_wrong = random.random() < (5 / 6 if topic == "hard" else 1 / 6)
        text = f"{topic} {place}?"
        answer = "it is wrong" if is_wrong else "it is right"
        made.append(Question(f"made-{place}", "unique", topic, text, (answer,)))
    return made


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """The tiny model's answers are asked for once, and read from here afterwards."""
    return str(tmp_path_factory.mktemp("referee"))


def stage(patch, cache):
    patch.setenv("UNCERTAINTY_CACHE", cache)
    patch.setattr(answers_module, "is_correct", lambda text, right: right == ("it is right",))


@pytest.fixture
def questions(monkeypatch, cache, made_questions):
    stage(monkeypatch, cache)
    return made_questions


@pytest.fixture(scope="session")
def wrong(made_questions):
    return np.array([question.answers == ("it is wrong",) for question in made_questions])


@pytest.fixture(scope="session")
def shared(tiny, made_questions, cache, wrong):
    """One board of many functions, since judging its rows is what takes long.

    ``seen`` holds the answer that a function was shown by the question, ``shown`` all that the
    function could reach, ``samples`` what another was given.
    """
    model, _ = tiny
    hardness = np.random.default_rng(0).normal(size=COUNT) + wrong
    found = SimpleNamespace(seen={}, shown=[], samples=[], hardness=hardness)

    def looking(generation, question):
        found.seen[question] = generation
        found.shown.append((question, generation.prompt, dict(vars(generation))))
        return noise(question)

    def asks_again(generation, question):
        model(torch.arange(7)[None])
        return noise(question)

    def sampling(generation, samples):
        found.samples.append(samples)
        return noise(samples[0])

    functions = {
        "mine": lambda g, question: hardness[place_of(question)],
        "turned": lambda g, question: -hardness[place_of(question)],
        "topic": lambda g, question: question.startswith("hard") + noise(question) / 100,
        "perfect": lambda g, question: 2.0 * wrong[place_of(question)],
        "a<b": looking,
        "asks again": asks_again,
        "sampling": sampling,
    }
    with pytest.MonkeyPatch.context() as patch:
        stage(patch, cache)
        patch.setattr(leaderboard_module, "_questions", lambda asked: (asked, asked[:SAMPLED]))
        found.board = leaderboard(
            add=functions, model=model, tokenizer=tiny[1], questions=made_questions, rounds=60
        )
    return found
