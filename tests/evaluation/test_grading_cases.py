"""The grader on a few hundred realistic answers, by the kind of trap."""

import json
from pathlib import Path

import pytest

from uncertainty.evaluation.grader import is_correct

CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("grading_cases.jsonl").read_text("utf-8").splitlines()
]
KINDS = {case["kind"] for case in CASES}
STRUCTURE = set("{}<\\`\"[#*|\n'")  # what is wrapped already

# A verdict does not change with any of these.
WRAPPERS = {
    "bold": "**{}**",
    "label": "Answer: {}",
    "bold label": "**Final Answer:** {}",
    "heading": "### Answer\n{}",
    "tag": "<answer>{}</answer>",
    "box": "\\boxed{{{}}}",
    "fence": "```\n{}\n```",
    "opening": "Sure! {}",
    "bullet": "- {}",
    "quotes": '"{}"',
    "thinking": "<think>\nLyon? Or Paris, 12?\n</think>\n\n{}",
    "end of turn": "{}<|im_end|>\n<|im_start|>user\nParis?",
    "next question": "{}\n\nQuestion: What is 2 plus 2?\nAnswer: 4",
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['input']!a:.60}")
def test_the_verdict(case):
    assert is_correct(case["input"], case["answers"]) == case["right"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_has_right_and_wrong_answers(kind):
    verdicts = [case["right"] for case in CASES if case["kind"] == kind]
    assert len(verdicts) >= 20
    assert True in verdicts


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapping_changes_no_verdict(wrapper):
    for case in CASES:
        text = case["input"]
        if STRUCTURE & set(text):
            continue
        wrapped = WRAPPERS[wrapper].format(text)
        assert is_correct(wrapped, case["answers"]) == case["right"], wrapped


def test_json_changes_no_verdict():
    for case in CASES:
        if STRUCTURE & set(case["input"]):
            continue
        for wrapped in (
            json.dumps({"answer": case["input"], "confidence": 0.9}),
            f"```json\n{json.dumps({'answer': case['input']}, ensure_ascii=False, indent=2)}\n```",
        ):
            assert is_correct(wrapped, case["answers"]) == case["right"], wrapped


def test_a_full_stop_changes_no_verdict():
    for case in CASES:
        text = case["input"]
        if text[-1].isalnum() and "{" not in text:
            assert is_correct(text + ".", case["answers"]) == case["right"], text


def bare_answers():
    """Cases in which the text is a right answer and nothing else."""
    return [
        case["answers"][0]
        for case in CASES
        if case["right"] and case["input"].strip(" .") == case["answers"][0]
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "It is not {}.",
        "not {}",
        "{} is wrong.",
        "{}? No.",
        "{}. That is wrong.",
        "{} or Zyx",
        "Zyx or {}",
        "Zyx, {}",
        "Neither {} nor Zyx",
        "It is Zyx rather than {}.",
        "I don't think it is {}.",
        "anything but {}",
        "{}. No, wait, Zyx.",
        "{}, maybe Zyx",
    ],
)
def test_a_denial_makes_every_right_answer_wrong(pattern):
    bare = bare_answers()
    assert len(bare) >= 30
    for answer in bare:
        assert is_correct(answer, [answer])
        assert not is_correct(pattern.format(answer), [answer]), pattern.format(answer)


@pytest.mark.parametrize(
    "pattern",
    [
        "It is {}.",
        "The answer is {}.",
        "Zyx? No, {}.",
        "It is not Zyx but {}.",
        "{}, not Zyx",
        "I think it is {}.",
        "Probably {}.",
    ],
)
def test_usual_sentences_give_every_right_answer(pattern):
    for answer in bare_answers():
        assert is_correct(pattern.format(answer), [answer]), pattern.format(answer)
