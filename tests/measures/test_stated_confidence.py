"""The parser of stated confidence on a table of real and awkward completions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty import PROMPTS, parse_confidence
from uncertainty.measures.stated_confidence import PROBABILITY_WORDS

READ = [  # completion, answer, confidence
    ("Answer: Paris\nConfidence: 85", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 85%", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 85 %", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 85 percent", "Paris", 0.85),
    ("Answer: Paris\nConfidence: about 85", "Paris", 0.85),
    ("Answer: Paris\nConfidence: ~85%.", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 0.85", "Paris", 0.85),
    ("Answer: Paris\nConfidence: .85", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 0,85", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 0.9%", "Paris", 0.009),
    ("Answer: Paris\nConfidence: 1.0", "Paris", 1.0),
    ("Answer: Paris\nConfidence: 0", "Paris", 0.0),
    ("Answer: Paris\nConfidence: 100", "Paris", 1.0),
    ("Answer: Paris\nConfidence: 8.5/10", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 85 out of 100", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 4 / 5", "Paris", 0.8),
    ("Answer: Paris\nConfidence: 8 on a scale of 1-10", "Paris", 0.8),
    ("**Answer:** Paris\n**Confidence:** 85%", "Paris", 0.85),
    ("**Answer**: Paris\n**Confidence**: **85**", "Paris", 0.85),
    ("- Answer: Paris\n- Confidence: 85", "Paris", 0.85),
    ("```\nAnswer: Paris\nConfidence: 85\n```", "Paris", 0.85),
    ("# Answer: Paris\n# Confidence: 85", "Paris", 0.85),
    ("answer: paris\nconfidence: 85", "paris", 0.85),
    ("Answer: Paris\nConfidence score: 85", "Paris", 0.85),
    ("Answer: Paris\nConfidence (0-100): 85", "Paris", 0.85),
    ("Answer: Paris\nConfidence level = 85", "Paris", 0.85),
    ("Answer: Paris\nConfidence:\n85", "Paris", 0.85),
    ("Answer: Paris\nProbability: 0.85", "Paris", 0.85),
    ("Answer: Paris, Confidence: 85", "Paris", 0.85),
    ("Paris. Confidence: 85%", "Paris.", 0.85),
    ("Confidence: 85\nAnswer: Paris", "Paris", 0.85),
    ("Answer: 1984\nConfidence: 85", "1984", 0.85),
    ("Answer: 42, as in 6 x 7\nConfidence: 85", "42, as in 6 x 7", 0.85),
    ("Answer: Paris\nConfidence: 85, because it has been the capital since 987", "Paris", 0.85),
    ("Answer: Paris\nConfidence: 85% (0.85)", "Paris", 0.85),
    (
        "Answer: Paris\nConfidence: 85\n\nQuestion: What is 2 + 2?\nAnswer: 4\nConfidence: 99",
        "Paris",
        0.85,
    ),
    ("Answer: Paris\nMy confidence is 85%", "Paris", 0.85),
    ("Paris. I am 85% confident.", "Paris. I am 85% confident.", 0.85),
    ("I am 85 % sure that it is Paris", "I am 85 % sure that it is Paris", 0.85),
    ("Answer: Paris\nConfidence: very likely", "Paris", PROBABILITY_WORDS["very likely"]),
    ("Answer: Paris\nConfidence: Very Likely.", "Paris", PROBABILITY_WORDS["very likely"]),
    ("Answer: Paris\nConfidence: very unlikely", "Paris", PROBABILITY_WORDS["very unlikely"]),
    ("Answer: Paris\nConfidence: unlikely", "Paris", PROBABILITY_WORDS["unlikely"]),
    ("Answer: Paris\nConfidence: High", "Paris", PROBABILITY_WORDS["high"]),
    ("Answer: Paris\nConfidence: almost certain", "Paris", PROBABILITY_WORDS["almost certain"]),
    ("85", None, 0.85),
    (" 85%.", None, 0.85),
    ("0.85", None, 0.85),
    ("very likely", None, PROBABILITY_WORDS["very likely"]),
    ("Answer: The probability is 0.5\nConfidence: 90", "The probability is 0.5", 0.9),
    ("<think>My confidence is 40%.</think>\nAnswer: Paris\nConfidence: 95", "Paris", 0.95),
    ("Answer: Paris\nConfidence: [very likely]", "Paris", PROBABILITY_WORDS["very likely"]),
    ("Answer: Paris\nConfidence: [about 85]", "Paris", 0.85),
    (
        "Answer: Paris\nConfidence: extremely unlikely",
        "Paris",
        PROBABILITY_WORDS["extremely unlikely"],
    ),
    ("Answer: \u4e1c\u4eac\nConfidence: 85\uff05", "\u4e1c\u4eac", 0.85),
]

NOT_READ = [  # completion, what the problem says
    ("Answer: Paris\nConfidence: 150", "out of range"),
    ("Answer: Paris\nConfidence: 150%", "out of range"),
    ("Answer: Paris\nConfidence: -5", "out of range"),
    ("Answer: Paris\nConfidence: 11/10", "out of range"),
    ("Answer: Paris\nConfidence: 5/0", "out of range"),
    ("Answer: Paris\nConfidence: 70-90", "several numbers"),
    ("Answer: Paris\nConfidence: between 70 and 90", "several numbers"),
    ("Answer: Paris\nConfidence: 80 or 90", "several numbers"),
    ("Answer: Paris\nConfidence: [a whole number from 0 to 100]", "template"),
    ("Answer: [your answer]\nConfidence: [0-100]", "template"),
    ("Answer: Paris\nConfidence: I do not know", "neither"),
    ("Answer: Paris\nConfidence: not likely", "negated"),
    ("Answer: Paris\nConfidence: I cannot be certain", "negated"),
    ("Answer: Paris\nConfidence: far from certain", "negated"),
    ("Answer: Paris\nConfidence: isn't high", "negated"),
    ("Answer: Paris\nConfidence: impossible to say", "negated"),
    ("Answer: Paris\nConfidence: likely or very likely", "several"),
    ("Answer: Paris\nConfidence: <10%", "bound"),
    ("Answer: Paris\nConfidence: less than 50%", "bound"),
    ("Answer: Paris\nConfidence:", "neither"),
    ("Answer: Paris\nConfidence: not 100%", "negated number"),
    ("It is likely Italy, but I'm not 100% sure.", "negated number"),
    ("I wouldn't be 100% sure about that, it isn't 100% certain", "negated number"),
    ("The capital of France is Paris.", "no confidence stated"),
    ("In 1984 there were 56 million people in France.", "no confidence stated"),
    ("It is likely Paris.", "no confidence stated"),
    ("", "no confidence stated"),
    ("Answer: Paris", "no confidence stated"),
]

REFUSED = [
    "Answer: NO ANSWER\nConfidence: 0",
    "Answer: [NO ANSWER]\nConfidence: [0]",
    "I don\u2019t know",
    "NO ANSWER",
    "**Answer:** NO ANSWER\n**Confidence:** 90",
    "no answer.",
    "Answer: I don't know\nConfidence: 10",
    "I cannot answer this question.",
]


@pytest.mark.parametrize("completion,answer,confidence", READ)
def test_what_is_stated_is_read(completion, answer, confidence):
    got = parse_confidence(completion)
    assert got.confidence == pytest.approx(confidence) and got.answer == answer
    assert not got.refused and got.problem is None


@pytest.mark.parametrize("completion,words", NOT_READ)
def test_what_is_not_stated_is_not_made_up(completion, words):
    got = parse_confidence(completion)
    assert got.confidence is None and words in got.problem and not got.refused


@pytest.mark.parametrize("completion", REFUSED)
def test_a_refusal_is_an_outcome_of_its_own(completion):
    got = parse_confidence(completion)
    assert got.refused and got.confidence is None and got.answer is None


def test_the_prompt_is_not_mistaken_for_its_reply():
    for prompt in PROMPTS.values():
        assert parse_confidence(prompt.format(question="What is 2 + 2?")).confidence is None


@given(st.integers(0, 100), st.sampled_from(["", "%", " %", " percent", "/100", " out of 100"]))
def test_every_percentage_in_every_spelling(number, unit):
    stated = f"Answer: x\nConfidence: {number}{unit}"
    assert parse_confidence(stated, scale=100).confidence == pytest.approx(number / 100)
    assert parse_confidence(stated).confidence == (
        None if number == 1 and not unit else pytest.approx(number / 100)
    )


def test_a_bare_one_is_read_only_when_the_scale_is_known():
    for scale, expected in ((1, 1.0), (100, 0.01), (None, None)):
        assert parse_confidence("Answer: x\nConfidence: 1", scale).confidence == expected
        assert parse_confidence("Confidence: 0.9", scale).confidence == 0.9
    assert "ambiguous" in parse_confidence("Confidence: 1").problem
    with pytest.raises(ValueError, match="got 10"):
        parse_confidence("Confidence: 5", scale=10)


@given(st.text(max_size=60))
def test_anything_can_be_parsed_and_stays_in_range(text):
    for completion in (text, f"Answer: {text}\nConfidence: {text}"):
        confidence = parse_confidence(completion).confidence
        assert confidence is None or 0 <= confidence <= 1
