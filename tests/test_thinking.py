"""Thinking blocks are set apart from the answer, however they are written."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty._thinking import (
    NOT_CLOSED,
    NOTHING_FOLLOWS,
    SeparatedThinking,
    separate_thinking,
)

SEPARATED = [  # completion, thinking, answer
    ("Paris", "", "Paris"),
    ("", "", ""),
    ("I think it is Paris.", "", "I think it is Paris."),
    ("Thinking about 1 < 2 and 3 > 2: Paris", "", "Thinking about 1 < 2 and 3 > 2: Paris"),
    ("<b>Paris</b>", "", "<b>Paris</b>"),
    ("<answer>Paris</answer>", "", "<answer>Paris</answer>"),
    ("<think>Lyon?</think>Paris", "Lyon?", "Paris"),
    ("<think>Lyon?</think>\n\nParis", "Lyon?", "\n\nParis"),
    ("<THINK>Lyon?</Think>Paris", "Lyon?", "Paris"),
    ("<thinking>Lyon?</thinking>Paris", "Lyon?", "Paris"),
    ("<thinking>Lyon?</think>Paris", "Lyon?", "Paris"),
    ("<reasoning>Lyon?</reasoning>Paris", "Lyon?", "Paris"),
    ("<thought>Lyon?</thought>Paris", "Lyon?", "Paris"),
    ("<seed:think>Lyon?</seed:think>Paris", "Lyon?", "Paris"),
    ('<think budget="100">Lyon?</think>Paris', "Lyon?", "Paris"),
    ("< think >Lyon?</ think >Paris", "Lyon?", "Paris"),
    ("&lt;think&gt;Lyon?&lt;/think&gt;Paris", "Lyon?", "Paris"),
    ("[THINK]Lyon?[/THINK]Paris", "Lyon?", "Paris"),
    ("◁think▷Lyon?◁/think▷Paris", "Lyon?", "Paris"),
    ("<|begin_of_thought|>Lyon?<|end_of_thought|>Paris", "Lyon?", "Paris"),
    ("<|START_THINKING|>Lyon?<|END_THINKING|>Paris", "Lyon?", "Paris"),
    ("<|channel>thought\nLyon?<channel|>Paris", "\nLyon?", "Paris"),
    ("Here is my thought process:\nLyon?\nHere is my response:\nParis", "\nLyon?\n", "\nParis"),
    # the opening mark stands in the prompt
    ("Lyon?</think>Paris", "Lyon?", "Paris"),
    ("Lyon?\n</reasoning>\nParis", "Lyon?\n", "\nParis"),
    ("Lyon?[/THINK]Paris", "Lyon?", "Paris"),
    # repeated, nested, empty
    ("<think>a</think>Paris <think>b</think>it is.", "a\nb", "Paris it is."),
    ("<think>a<think>b</think>c</think>Paris", "a\nb\nc", "Paris"),
    ("<think>\n<think>\nLyon?</think>Paris", "\n\n\nLyon?", "Paris"),
    ("<think>a</think>b</think>Paris", "a\nb", "Paris"),
    (
        "<thinking>a<reflection>b</reflection>c</thinking>Paris",
        "a<reflection>b</reflection>c",
        "Paris",
    ),
    ("<think></think>Paris", "", "Paris"),
    ("<think>\n\n</think>\n\nParis", "\n\n", "\n\nParis"),
    # channels
    (
        "<|channel|>analysis<|message|>Lyon?<|end|><|start|>assistant<|channel|>final<|message|>"
        "Paris<|return|>",
        "Lyon?",
        "Paris",
    ),
    ("<|channel|>final<|message|>Paris", "", "Paris"),
    ("Lyon?<|end|><|start|>assistant<|channel|>final<|message|>Paris", "Lyon?<|end|>", "Paris"),
    (
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary "
        "to=functions.f <|constrain|>json<|message|>{}<|call|><|start|>assistant<|channel|>final"
        "<|message|>Paris",
        None,
        "Paris",
    ),
    ("analysisWe think of Lyon.assistantfinalParis", "analysisWe think of Lyon.", "Paris"),
    ("Analysis of the question: Paris", "", "Analysis of the question: Paris"),
    ("analysis of variance", "", "analysis of variance"),
]

WITHOUT_ANSWER = [  # completion, problem
    ("<think>Answer: Lyon", NOT_CLOSED),
    ("<think>", NOT_CLOSED),
    ("Paris <think>or Lyon", NOT_CLOSED),
    ("<think>a</think>Paris<think>b", NOT_CLOSED),
    ("<think>a<think>b</think>c", NOT_CLOSED),
    ("<thinking>a<reflection>b</reflection>Answer: Lyon", NOT_CLOSED),
    ("<think>Lyon</thi", NOT_CLOSED),
    ("<reasoning>a</think>Lyon", NOT_CLOSED),
    ("[THINK]Lyon", NOT_CLOSED),
    ("<|channel|>analysis<|message|>Lyon", NOT_CLOSED),
    ("analysisThe user asks: Lyon?", NOT_CLOSED),
    ("<think>Lyon</think>", NOTHING_FOLLOWS),
    ("<think>Lyon</think>\n \n", NOTHING_FOLLOWS),
    ("Paris</think>", NOTHING_FOLLOWS),
    ("<think></think>", NOTHING_FOLLOWS),
    ("<|channel|>analysis<|message|>Lyon<|end|><|channel|>final<|message|>", NOTHING_FOLLOWS),
]


@pytest.mark.parametrize(("completion", "thinking", "answer"), SEPARATED)
def test_the_answer_is_what_follows_the_thinking(completion, thinking, answer):
    got = separate_thinking(completion)
    assert got.answer == answer and got.problem is None
    assert thinking is None or got.thinking == thinking


@pytest.mark.parametrize(("completion", "problem"), WITHOUT_ANSWER)
def test_without_an_answer_the_problem_says_why(completion, problem):
    got = separate_thinking(completion)
    assert got.answer is None and got.problem == problem


PLAIN = st.text(st.characters(exclude_characters="<>[]◁▷&|"), max_size=40)


@given(PLAIN, PLAIN, st.sampled_from(["think", "thinking", "reasoning", "scratchpad"]))
def test_a_block_before_the_answer_never_changes_it(thinking, answer, name):
    for block in (f"<{name}>{thinking}</{name}>", f"{thinking}</{name}>"):
        got = separate_thinking(block + "Paris" + answer)
        assert got.answer == "Paris" + answer and thinking in got.thinking
    assert separate_thinking(f"<{name}>{thinking}" + answer).answer is None


@given(st.text(max_size=60))
def test_a_text_without_marks_is_its_own_answer(text):
    unmarked = re.sub(r"[<&\[◁▷]", "", "." + text)
    assert separate_thinking(unmarked) == SeparatedThinking("", unmarked)


REPEATED = [
    "<think>",
    "</think>",
    "<think>a</think>",
    "<",
    "</",
    "< ",
    "<think ",
    "&lt;",
    "[THINK]",
]
REPEATED += [
    "<|channel|>",
    "<|channel|>final",
    "<|channel|>analysis<|message|>",
    "analysis",
    "think",
]
REPEATED += [
    "analysisA",
    "assistantfinal",
    " ",
    "\n",
    "a:",
    "<a:",
    "<aaaaaaaaaa",
    "◁think▷",
    "Here is my ",
]


@pytest.mark.parametrize("repeated", REPEATED)
def test_the_time_is_linear(repeated):
    text = (repeated * 40_000)[:40_000]
    start = time.process_time()
    separate_thinking(text)
    separate_thinking("analysis" + text)
    assert time.process_time() - start < 0.5
