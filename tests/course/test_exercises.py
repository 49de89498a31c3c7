"""Every exercise: the reference passes, the stub is "untouched", each mistake gets its own sentence."""

import functools
import inspect
import json
import linecache
import math
import re
from itertools import permutations
from pathlib import Path
from unittest.mock import patch

import nbformat
import numpy as np
import pytest
import torch

from uncertainty.course.exercises import (
    check,
    exercise,
    exercises,
    hint,
    progress,
    solution,
)
from uncertainty.course.exercises.comparison import describe_difference
from uncertainty.course.exercises.exercise import BOTH_ALONE

ALL = exercises()
MISTAKES = [
    pytest.param(e, sentence, wrong, id=f"{e.name}-{i}")
    for e in ALL
    for i, (sentence, wrong) in enumerate(e.mistakes + e.declared_pairs)
]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path


def named(function, name):
    function.__name__ = name
    return function


def shown(function, *arguments):
    feedback = "uncertainty.course.exercises.feedback"
    with patch(f"{feedback}.display") as display, patch(f"{feedback}.get_ipython"):
        value = function(*arguments)
    return value, "\n".join(call.args[0].data for call in display.call_args_list)


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_the_reference_passes_and_is_handed_back(e):
    attempt = named(lambda *a: e.reference(*a), e.name)
    got, text = shown(check, attempt)
    assert inspect.unwrap(got) is attempt and "right" in text
    assert e.grade(attempt).state == "right"


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_the_stub_is_untouched_and_the_reference_serves(e):
    def stub(*arguments):
        raise NotImplementedError

    got, text = shown(check, named(stub, e.name))
    assert got is e.reference and "not attempted yet" in text


@pytest.mark.parametrize("e,sentence,wrong", MISTAKES)
def test_each_typical_mistake_gets_its_own_sentence(e, sentence, wrong):
    outcome = e.grade(wrong)
    assert (outcome.state, outcome.message) == ("wrong", sentence)
    got, text = shown(check, named(lambda *a: wrong(*a), e.name))
    assert got is e.reference and sentence in text


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_two_mistakes_at_once_are_told_as_two(e):
    """A pair that gives what one mistake alone gives is told as that one, and no third is named."""
    sentences = [sentence for sentence, _ in e.mistakes]
    both = {BOTH_ALONE.format(*two): set(two) for two in permutations(sentences, 2)}
    told = [(sentence, e.grade(wrong).message) for sentence, wrong in e.made_pairs()]
    as_two = [(sentence, message) for sentence, message in told if message in both]
    declared = [sentence for sentence, _ in e.declared_pairs]
    assert as_two or any(message in declared for _, message in told) or (declared and not told)
    assert all(both[message] == both[sentence] for sentence, message in as_two)


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_a_constant_is_not_taken_for_two_mistakes(e):
    for constant in (0.0, 1.0, True, None):
        assert not e.grade(lambda *a, c=constant: c).message.startswith("Two")


def entropy_of_answers(samples):
    shares = [samples.count(answer) / len(samples) for answer in set(samples)]
    return sum(p * math.log2(p) for p in shares)


def sampling_cost(prompt_tokens, written):
    return sum(prompt_tokens + max(written) for _ in written)


def risk_at(wrong, doubt, share):
    kept = np.argsort(doubt)[::-1][: round(share * len(doubt))]
    return wrong[kept].sum() / len(wrong)


def truth_probability(logits, true_id, false_id):
    return torch.softmax(logits, -1)[false_id]


def last_promised(p_values, delta):
    passed = 0
    while passed < len(p_values) and p_values[passed] < delta:
        passed += 1
    return passed


@pytest.mark.parametrize(
    "attempt, one, other",
    [
        (entropy_of_answers, "That is in bits", "The sign"),
        (sampling_cost, "count it once, not once per sample", "Each sample has its own length"),
        (risk_at, "the largest doubt", "Divide by the answers that are given"),
        (truth_probability, "compare it with p(false) only", "true and false are swapped"),
        (last_promised, "exactly delta still rejects", "the place of the last is one less"),
    ],
)
def test_what_a_learner_writes_with_two_mistakes_is_told_both(attempt, one, other):
    [e] = [e for e in ALL if e.name == attempt.__name__]
    message = e.grade(attempt).message
    assert message.startswith("Two mistakes at once.") and one in message and other in message
    assert e.grade(e.reference).state == "right"  # the exercise itself is as it was


def test_what_raises_is_shown_as_it_is_and_never_as_two_mistakes():
    for e in ALL:
        for error in (TypeError, ValueError, IndexError, RuntimeError):

            def raises(*arguments, error=error):
                raise error("why")

            assert not e.grade(raises).message.startswith("Two mistakes at once. Of each")


@pytest.mark.parametrize("e", ALL, ids=lambda e: e.name)
def test_no_exercise_is_passed_by_a_constant_or_by_its_input(e):
    assert e.grade(lambda *a: 0.0).state == "wrong" and e.grade(lambda *a: a[0]).state == "wrong"
    assert "is there a `return`?" in e.grade(lambda *a: None).message or e.name in ("read_percent",)
    assert len(e.mistakes) >= 2 and len(e.hints[0]) > 10


def test_unforeseen_mistakes_are_shown_with_the_values():
    [softmax] = [e for e in ALL if e.name == "softmax"]
    assert "expected" in softmax.grade(lambda z: z * 0 + 0.3).message
    assert "shape" in softmax.grade(lambda z: z[:2]).message
    assert "ZeroDivisionError" in softmax.grade(lambda z: 1 / 0).message
    assert softmax.grade(lambda z: "text").state == "wrong"
    for strange in (
        [[1.0], [2.0, 3.0]],
        torch.empty(2, device="meta"),
        torch.ones(2, dtype=torch.bfloat16),
    ):
        assert softmax.grade(lambda z, strange=strange: strange).state == "wrong"
    assert softmax.grade(lambda z: z.softmax(-1).requires_grad_()).state == "right"
    assert "NotImplementedError" in softmax.grade(lambda z: z.long().softmax(-1)).message


def test_numbers_in_messages_are_short_and_a_single_number_is_called_one():
    by_name = {e.name: e for e in ALL}
    message = by_name["honest_doubts"].grade(lambda reach: (math.log(96), 1 / 3, [2.0])).message
    assert message == "For (1) it gave (4.564, 0.3333, [2]), expected (3.466, 0, 3.466)."
    assert "it gave (0.3333,)" in by_name["softmax"].grade(lambda z: (1 / 3,)).message
    message = by_name["disagreement"].grade(lambda p: p[0]).message
    assert message.endswith("the result is an array of shape (3,), expected one number.")
    message = by_name["softmax"].grade(lambda z: z.sum()).message
    assert "the result is one number, expected an array of shape" in message


def test_several_arguments_have_their_names_and_rounding_noise_is_no_number():
    by_name = {e.name: e for e in ALL}

    def mean_output(outputs, choosing, judging):
        return outputs[0]

    message = by_name["mean_output"].grade(mean_output).message
    assert ", choosing = [0, 2], judging = [1, 3])" in message
    close = np.array([-3e-17, 2.0, np.inf])
    message = describe_difference(None, (1,), close, close + 1, tolerance=1e-4)
    assert message == "For (1) it gave [0, 2, inf], expected [1, 3, inf]."
    alone = describe_difference(None, (1,), np.array([3e-17]), np.array([1.0]), tolerance=1e-4)
    assert "it gave [3e-17]" in alone


def test_a_misspelt_name_is_told_its_neighbours():
    with pytest.raises(ValueError, match=r"Near it: mean_output"):
        hint("mean_outputs")
    with pytest.raises(ValueError, match=r"There are: .*surprise"):
        hint("zzzzqqqq")


def test_a_large_table_is_told_by_its_first_wrong_entry():
    expected = np.arange(20.0).reshape(4, 5)
    result = expected.copy()
    result[1, 3:] = 0.25
    message = describe_difference(None, (expected,), result, expected, tolerance=1e-4)
    assert message == (
        "For (an array of shape (4, 5)) 2 of 20 entries differ; "
        "the first, at [1, 3], is 0.25, expected 8."
    )
    result = expected + 1e-5
    message = describe_difference(None, (expected,), result, expected, tolerance=1e-7)
    assert "20 of 20 entries differ" in message
    message = describe_difference(None, (expected,), expected.astype(str), expected, tolerance=1e-4)
    assert message.startswith("For (an array of shape (4, 5)) it gave")


def test_none_is_no_number():
    [mediated] = [e for e in ALL if e.name == "mediated"]

    def with_none(*arguments):
        return [None if np.isnan(share) else share for share in mediated(*arguments)]

    outcome = mediated.grade(with_none)
    assert outcome.state == "wrong" and "[0.75, -0.25, None, 0]" in outcome.message


def test_text_is_no_number():
    [mediated] = [e for e in ALL if e.name == "mediated"]

    def with_text(*arguments):
        return ["nan" if np.isnan(share) else share for share in mediated(*arguments)]

    outcome = mediated.grade(with_text)
    assert outcome.state == "wrong" and "[0.75, -0.25, 'nan', 0]" in outcome.message


@pytest.mark.parametrize("array", [np.array, torch.tensor])
def test_where_a_list_is_expected_an_array_will_do(array):
    [groups] = [e for e in ALL if e.name == "twin_groups"]
    assert groups.grade(lambda accepted: array(groups(accepted))).state == "right"
    outcome = groups.grade(lambda accepted: array(groups(accepted)) + 1)
    assert "it gave [1, 2, 1, 2, 5, 1], expected [0, 1, 0, 1, 4, 0]" in outcome.message


def test_none_is_a_value_where_the_exercise_gives_it_too():
    [letter] = [e for e in ALL if e.name == "label_letter"]
    only_bracket = letter.grade(lambda text: text[0] if text[:1] and text[1:2] == ")" else None)
    assert "For ('C. salt') it gave None, expected 'C'" in only_bracket.message
    assert "is there a `return`?" in letter.grade(lambda text: None).message


def test_a_function_among_the_inputs_is_shown_by_its_name():
    [lens] = [e for e in ALL if e.name == "lens"]
    message = lens.grade(lambda stream, norm, unembedding: stream).message
    assert ", norm = the function norm, unembedding = [[" in message and "0x" not in message


def judged(source, filename="<cell>"):
    """The message for a cell with that source, as IPython would run it."""
    [softmax] = [e for e in ALL if e.name == "softmax"]
    lines = source.splitlines(keepends=True)
    linecache.cache[filename] = (len(source), None, lines, filename)
    cell = {"torch": torch}
    exec(compile(source, filename, "exec"), cell)
    return softmax.grade(cell["softmax"]).message


def test_an_exception_is_shown_with_the_learners_own_line():
    message = judged("def softmax(z):\n    e = z.exp()\n    return e / e.total()\n")
    assert "For ([" in message
    assert ") line 3, `return e / e.total()`, raised AttributeError: 'Tensor' object" in message


def test_of_several_lines_the_innermost_of_the_learner_is_shown_and_no_librarys():
    message = judged(
        "def largest(z):\n    return torch.stack([z, z[:1]])\n\n\n"
        "def softmax(z):\n    return z - largest(z)\n",
        filename="/home/learner/work/4242.py",
    )
    assert ") line 2, `return torch.stack([z, z[:1]])`, raised RuntimeError: stack" in message
    assert "/home" not in message and ".py" not in message and "largest(z)" not in message


def test_a_long_line_is_shortened_and_a_line_without_source_is_a_number():
    long = judged(f"def softmax(z):\n    return z.no_such_thing + {'1 + ' * 40} 0\n")
    assert "line 2, `return z.no_such_thing + 1 + 1" in long and "...`, raised" in long
    namespace = {}
    exec("def softmax(z):\n\n    return 1 / 0\n", namespace)
    [softmax] = [e for e in ALL if e.name == "softmax"]
    message = softmax.grade(namespace["softmax"]).message
    assert ") line 3 raised ZeroDivisionError: division by zero" in message


@pytest.mark.parametrize(
    "line, span",
    [
        ("z.total('`')", "`` return z.total('`') ``"),
        ("z.total('``')", "``` return z.total('``') ```"),
        ("z.total()  # `", "`` return z.total()  # ` ``"),
    ],
)
def test_backticks_in_the_learners_line_do_not_end_the_code(line, span):
    assert f") line 2, {span}, raised" in judged(f"def softmax(z):\n    return {line}\n")


def test_an_exception_without_a_message_is_its_type():
    message = judged("def softmax(z):\n    raise ValueError\n")
    assert message.endswith(") line 2, `raise ValueError`, raised ValueError.")
    message = judged("def softmax(z):\n    raise ValueError('why')\n")
    assert message.endswith("raised ValueError: why.")


def test_where_no_line_is_the_learners_the_exception_stands_alone():
    [softmax] = [e for e in ALL if e.name == "softmax"]
    assert ") it raised ValueError: only one" in softmax.grade(math.sqrt).message
    assert ") it raised TypeError" in softmax.grade(lambda: 0).message
    meta = torch.empty(2, device="meta")
    assert ") it raised NotImplementedError" in softmax.grade(lambda z: meta).message


def test_a_wrapped_function_is_looked_through():
    [softmax] = [e for e in ALL if e.name == "softmax"]
    wrapped = torch.no_grad()(lambda z: z.no_such_thing)
    assert (
        "`wrapped = torch.no_grad()(lambda z: z.no_such_thing)`" in softmax.grade(wrapped).message
    )


def test_only_a_function_can_be_checked():
    [softmax] = [e for e in ALL if e.name == "softmax"]
    for thing in (softmax, functools.partial(softmax.reference), 0.5):
        with pytest.raises(ValueError, match="check needs the function that you wrote, got"):
            check(thing)


def test_a_cell_that_is_run_again_without_its_stub_is_silent():
    [softmax] = [e for e in ALL if e.name == "softmax"]
    assert shown(check, softmax.reference) == (softmax.reference, "")


def test_a_name_can_be_declared_once_only():
    [softmax] = [e for e in ALL if e.name == "softmax"]
    with pytest.raises(ValueError, match="there is an exercise called 'softmax' already"):
        exercise(inputs=[], hints=[], note="")(softmax.reference)
    assert len(exercises()) == len(ALL)


def test_an_attempt_cannot_spoil_the_inputs():
    [softmax] = [e for e in ALL if e.name == "softmax"]

    def spoiler(z):
        z.zero_()
        return z

    before = [argument.clone() for (argument,) in softmax.inputs]
    softmax.grade(spoiler)
    assert all(torch.equal(a, b) for a, (b,) in zip(before, softmax.inputs))


def test_a_right_result_that_spoils_its_input_is_not_right():
    def dealt_within(values, groups, deal):
        for group in set(groups.tolist()):
            values[groups == group] = deal(values[groups == group])
        return values

    def evidence(logits, k):
        logits[logits < 0] = 0
        return logits.topk(k).values

    def cut_at_stop(token_ids, stop):
        while stop in token_ids:
            token_ids.pop()
        return token_ids

    for attempt in (dealt_within, evidence, cut_at_stop):
        [reference] = [e.reference for e in ALL if e.name == attempt.__name__]
        got, text = shown(check, attempt)
        assert got is reference and "Work on a copy" in text


def test_code_beside_the_stubs_raise_is_told_to_delete_it():
    line = "delete that line"
    for body in (
        "p = z.softmax(-1)\n    raise NotImplementedError",
        "raise NotImplementedError\n    p",
    ):
        assert line in judged(f"def softmax(z):\n    {body}\n").lower()
    stub = "def softmax(z):\n    'Add up to 1.'\n    raise NotImplementedError\n"
    assert judged(stub) == "not attempted yet"


def test_a_single_number_and_a_function_are_named_in_words():
    by_name = {e.name: e for e in ALL}
    message = by_name["perplexity"].grade(lambda p: p.cumsum(0)).message
    assert message.endswith("the result is an array of shape (3,), expected one number.")
    message = by_name["dealt_within"].grade(lambda values, groups, deal: values * 2).message
    assert "the function one_place_on)" in message and " at 0x" not in message


def test_pairs_side_by_side_do_not_pass_for_all_pairs():
    def side_by_side(wrong, doubt):
        one, other = doubt[wrong], doubt[~wrong]
        return ((one > other) + 0.5 * (one == other)).mean()

    [ranking] = [e for e in ALL if e.name == "ranking"]
    assert "Every wrong one must meet every right one" in ranking.grade(side_by_side).message


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"no exercise called 'softmx'.*softmax"):
        check(named(lambda z: z, "softmx"))


def test_hint_and_solution_show_what_is_tested():
    _, text = shown(hint, "softmax")
    assert text.startswith("**Hint 1 of 3 for `softmax`.** ")
    _, text = shown(solution, "softmax")
    code = re.search(r"```python\n(.*)```", text, re.S).group(1)
    namespace = {"torch": torch}
    exec(code, namespace)
    [softmax] = [e for e in ALL if e.name == "softmax"]
    assert code.startswith("def softmax") and softmax.grade(namespace["softmax"]).state == "right"


def test_progress_remembers_and_survives_a_damaged_file(own_cache):
    [softmax] = [e for e in ALL if e.name == "softmax"]
    shown(check, named(lambda z: softmax.reference(z), "softmax"))
    assert json.loads((own_cache / "progress.json").read_text()) == ["softmax"]
    _, text = shown(progress, "01")
    assert text.startswith("**1 of 4 exercises solved**") and "\u2713 `softmax`" in text
    for damaged in ("{half", "5", "null", "[1]"):
        (own_cache / "progress.json").write_text(damaged)
        _, text = shown(progress)
        assert text.startswith(f"**0 of {len(ALL)}")


def lesson_cells():
    for path in sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code" and re.search(r"=\s*check\(", cell.source):
                yield path.name[:2], cell.source


def test_every_exercise_stands_in_its_lesson_and_the_other_way_round():
    asked = {
        (lesson, re.search(r"(\w+)\s*=\s*check\((\w+)\)", source).groups())
        for lesson, source in lesson_cells()
    }
    assert asked == {(e.lesson, (e.name, e.name)) for e in ALL}


def test_the_stubs_take_the_arguments_of_the_reference():
    parameters = {e.name: tuple(inspect.signature(e.reference).parameters) for e in ALL}
    for _, source in lesson_cells():
        name, listed = re.search(r"def (\w+)\((.*?)\)", source).groups()
        assert tuple(part.strip() for part in listed.split(",")) == parameters[name]
        assert "raise NotImplementedError" in source


def test_hints_escalate_and_a_level_that_is_not_there_is_refused():
    [e] = [e for e in ALL if e.name == "softmax"]
    with patch.object(e, "hints", ["look", "use `exp`", "almost"]):
        _, first = shown(hint, "softmax")
        assert first.startswith("**Hint 1 of 3 for `softmax`.** look")
        assert '`hint("softmax", 2)` says more' in first
        _, last = shown(hint, "softmax", 3)
        assert last == "**Hint 3 of 3 for `softmax`.** almost"
        with pytest.raises(ValueError, match="has hints 1 to 3, not 4"):
            hint("softmax", 4)


def test_a_right_answer_is_told_something_more():
    [e] = [e for e in ALL if e.name == "softmax"]
    with patch.object(e, "note", "a constant changes nothing."):
        _, text = shown(check, named(lambda z: e.reference(z), "softmax"))
    assert text.endswith("Note that a constant changes nothing.")


def test_the_traceback_of_the_learners_cell_is_kept_in_a_fold():
    source = "def softmax(z):\n    return helper(z)\n\n\ndef helper(z):\n    return z < 1 / 0\n"
    filename = "/tmp/ipykernel_1/2.py"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    cell = {}
    exec(compile(source, filename, "exec"), cell)
    _, text = shown(check, cell["softmax"])
    fold = text[text.index("<details>") :]
    assert "your cell, line 2, in softmax" in fold and "your cell, line 6, in helper" in fold
    assert "z &lt; 1 / 0" in fold and "ZeroDivisionError: division by zero" in fold
    assert "ipykernel" not in fold and "\n\n" not in fold
