"""A report on the tiny model with questions of which it gets some right, made once."""

import numpy as np
import pytest

from uncertainty import generate, load_model, make_report, short_prompt

RIGHT = 12
WRONG = 12


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Kept answers of one test are none of the next one's; no corpora, so the documentation is read."""
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session")
def tiny():
    return load_model("tiny")


@pytest.fixture(scope="session")
def rows(tiny):
    """Questions as a list of dicts; what the tiny model writes is made the right answer of every other one."""
    asked = []
    number = 0
    while len(asked) < RIGHT:
        question = f"What comes after {number}?"
        text = generate(*tiny, short_prompt(question), max_new_tokens=24).text
        letters = "".join(c if c.isalnum() and c.isascii() else " " for c in text).split()
        from uncertainty import is_correct

        if letters and is_correct(text, [text.strip()]):
            asked.append({"question": question, "answers": [text.strip()], "category": "right"})
        number += 1
        assert number < 400, "the tiny model writes nothing that can be graded"
    wrong = [
        {"question": f"Who is number {n}?", "answers": ["nobody at all"], "category": "wrong"}
        for n in range(WRONG)
    ]
    order = np.random.default_rng(0).permutation(RIGHT + WRONG)
    return [(asked + wrong)[i] for i in order]


@pytest.fixture(scope="session")
def report(tiny, rows, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNCERTAINTY_CACHE", str(tmp_path_factory.mktemp("cache")))
        return make_report(*tiny, rows, progress=False)
