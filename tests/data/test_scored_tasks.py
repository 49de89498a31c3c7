"""Every scored task can be passed, and is not passed by nothing."""

import pytest

from uncertainty.data.scored_tasks import load_scored_tasks
from uncertainty.evaluation.task_checks import (
    contains_facts,
    contains_phrase,
    is_harmless,
    passes_asserts,
)

TASKS = load_scored_tasks()
ENDINGS = {
    "code-01": " a + b",
    "code-05": "\n        if letter in 'aeiou':\n            total += 1\n    return total",
    "code-24": "hypot(a, b)",
    "code-37": " key, value in mapping.items()}",
}


def of_kind(kind):
    return [pytest.param(task, id=task.task.id) for task in TASKS if task.kind == kind]


def test_there_are_enough_of_each_kind():
    assert [len(of_kind(kind)) for kind in ("asserts", "facts", "accepted")] == [37, 42, 40]
    assert len({task.task.id for task in TASKS}) == 119


@pytest.mark.parametrize("task", of_kind("accepted"))
def test_each_translation_accepts_its_references_and_not_the_prompt(task):
    for phrase in task.wanted:
        assert contains_phrase(f"It is: {phrase}!", task.wanted)
    assert not contains_phrase(task.task.prompt, task.wanted)


@pytest.mark.parametrize("task", of_kind("facts"))
def test_each_title_accepts_the_text_itself_and_not_half_of_its_facts(task):
    assert contains_facts(task.task.prompt, task.wanted), "the facts stand in the text"
    assert len(task.wanted) >= 2
    assert not contains_facts(task.wanted[0][0], task.wanted[1:])


@pytest.mark.parametrize("task", of_kind("asserts"))
def test_each_code_check_needs_an_answer(task):
    assert task.wanted and all(is_harmless(f"x = {expression}") for expression in task.wanted)


@pytest.mark.parametrize("name", ENDINGS)
def test_right_code_passes_and_a_function_that_returns_nothing_does_not(name):
    [task] = [task for task in TASKS if task.task.id == name]
    assert passes_asserts(task.task.prompt + ENDINGS[name], task.wanted)
    function = task.task.prompt.split("def ")[1].split(":")[0]
    assert not passes_asserts(f"def {function}:\n    return None", task.wanted)
