"""The grammar of stated confidences: every kind of completion, what may not change a value, and the time it takes."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty import parse_confidence
from uncertainty.measures.stated_confidence import PROBABILITY_WORDS

FILE = Path(__file__).parent / "confidence_cases.jsonl"
CASES = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
KINDS = sorted({case["kind"][:2] for case in CASES})


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['kind'][:2]}-{i}" for i, case in enumerate(CASES)]
)
def test_the_confidence_is_the_one_a_careful_reader_reads(case):
    got = parse_confidence(case["input"])
    if case["right"] is None:
        assert got.confidence is None and got.problem
    else:
        assert got.confidence == pytest.approx(case["right"]) and got.problem is None


def test_every_kind_has_three_own_cases_for_one_of_the_review():
    for kind in KINDS:
        origins = [case["from"] for case in CASES if case["kind"][:2] == kind]
        assert origins.count("own") >= 3 * origins.count("review"), kind
    assert KINDS == ["P1", "P2", "P3", "P4", "P5", "P6", "P7"]


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ('{"answer": "Oslo", "confidence": 0.7}', "Oslo"),
        ('{"answer": "Lyon", "final_answer": "Paris", "confidence": 0.7}', "Paris"),
        ('[{"answer": "Lyon"}, {"answer": "Paris"}]', None),
        ("{'answer': 'Oslo', 'confidence': 0.7}", "Oslo"),
        ("<answer>Oslo</answer><confidence>70</confidence>", "Oslo"),
        ("| Answer | Confidence |\n|---|---|\n| Oslo | 70% |", "Oslo"),
        ("| Answer | Oslo |\n| Confidence | 70% |", "Oslo"),
        ("Answer\tConfidence\nOslo\t70%", "Oslo"),
        ("Réponse : Oslo (confiance : 70 %)", "Oslo"),
        ("## Answer\nOslo\n\n## Confidence\n70%", "Oslo"),
        ("Answer and Confidence (0-100): June 6, 1944, 98%", "June 6, 1944"),
        ("Answer and Confidence: Oslo (70%)", "Oslo"),
        ("Confidence and Answer: 70%, Oslo", "Oslo"),
        ("Answer: Lyon\nConfidence: 30\n\nFinal answer: Paris\nConfidence: 90", "Paris"),
        ("Answer: Lyon\nConfidence: 30\n\nAnswer: Paris\nConfidence: 90", None),
        ("The answer is Oslo, with a confidence of 0.9.", "The answer is Oslo"),
        ("My confidence is 70%.", None),
        ("Confidence in this answer: 70%", None),
        ("**Confidence**\n\n70%", None),
        ("<think>Answer: Lyon</think>Answer: Oslo", "Oslo"),
        ("<think>Answer: Lyon", None),
        (
            "I don't know the year, but I'm 70% sure it was May.",
            "I don't know the year, but I'm 70% sure it was May.",
        ),
    ],
)
def test_the_answer_beside_the_confidence(completion, answer):
    assert parse_confidence(completion).answer == answer


def test_thinking_that_never_ends_is_said_so():
    got = parse_confidence("<think>Answer: Lyon\nConfidence: 40")
    assert got.answer is None and not got.refused and "thinking never ends" in got.problem


@pytest.mark.parametrize(
    ("completion", "words"),
    [
        ("Confidence: at least 90%", "bound"),
        ("Confidence: 1,000", "several ways"),
        ("Confidence: 4:1", "odds"),
        ("Confidence: 4 stars", "number of something"),
        ("Confidence: maybe 80", "hedge"),
        ("Confidence: 80?", "question"),
        ("Confidence: 80% if you mean Georgia", "condition"),
        ("Confidence: 80\nConfidence: 90", "differ: 0.8, 0.9"),
        ("Confidence: low (95%)", "disagree"),
        ("Initial confidence: 80", "step or a draft"),
        ("There is a 10% chance that I am wrong.", "being wrong"),
        ("He said he was 90% sure.", "asked or reported"),
        ("It is 90% certain to rain.", "not said of the answer"),
        ("Confidence (1-5): 9", "scale"),
        ("It is likely Italy, but I'm not 100% sure.", "a negated number: 'not 100% sure'"),
    ],
)
def test_the_problem_says_why(completion, words):
    got = parse_confidence(completion)
    assert got.confidence is None and words in got.problem


# ---- what may not change a value

STATED = st.sampled_from(
    ["85", "85%", "0.85", "8.5/10", "85 out of 100", "85 percent", "eighty-five percent", "8.5e-1"]
)
REMARKS = st.sampled_from(
    [
        ", because it was founded in 1048",
        " - 3 sources agree",
        " (2 of them are books)",
        ". It has 700,000 inhabitants.",
        "; only 7 people know this",
        ", as 9 of 10 maps show it",
        ". About 20% of all capitals lie at the sea.",
        ", since 1814 at the latest",
        ", maybe 60",
        " or 95%",
        " [4]",
        " in 2024",
    ]
)
WRAPPERS = [
    "{}",
    "{}\n",
    "\n\n{}",
    "```\n{}\n```",
    "<think>Confidence: 12</think>\n{}",
    "Confidence: 12\n</think>\n{}",
    "<reasoning>I am 12% sure.</reasoning>{}",
    "> {}",
    "- {}",
    "**{}**",
]


@given(STATED, REMARKS)
def test_a_remark_with_a_number_never_makes_it_another_number(stated, remark):
    got = parse_confidence(f"Answer: Oslo\nConfidence: {stated}{remark}").confidence
    assert got is None or got == pytest.approx(0.85)


@given(st.sampled_from(sorted(PROBABILITY_WORDS)), REMARKS)
def test_a_remark_with_a_number_never_beats_the_word(word, remark):
    got = parse_confidence(f"Answer: Oslo\nConfidence: {word}{remark}").confidence
    assert got is None or got == PROBABILITY_WORDS[word]


@given(STATED, st.sampled_from(WRAPPERS), st.booleans(), st.booleans())
def test_wrapping_keeps_the_value(stated, wrapper, has_answer, has_crlf):
    reply = f"Confidence: {stated}"
    if has_answer and "**" not in wrapper and wrapper[0] not in ">-":
        reply = "Answer: Oslo\n" + reply
    reply = wrapper.format(reply)
    got = parse_confidence(reply.replace("\n", "\r\n") if has_crlf else reply)
    assert got.confidence == pytest.approx(0.85)


@given(st.sampled_from(sorted(PROBABILITY_WORDS)))
def test_every_probability_word_is_read_in_every_shape(word):
    replies = [
        f"Confidence: {word}",
        f"Confidence: {word.capitalize()}.",
        json.dumps({"answer": "Oslo", "confidence": word}),
        f"<confidence>{word}</confidence>",
        f"| Answer | Confidence |\n|---|---|\n| Oslo | {word} |",
    ]
    for reply in replies:
        assert parse_confidence(reply).confidence == PROBABILITY_WORDS[word], reply


@given(st.integers(0, 100))
def test_every_percentage_is_read_in_every_shape(number):
    for reply in (
        json.dumps({"answer": "Oslo", "confidence": f"{number}%"}),
        f"<confidence>{number}%</confidence>",
        f"| Confidence | {number}% |",
        f"I am {number}% sure.",
        f"I'd put my confidence at {number} %.",
        f"Answer and Confidence (0-100): Oslo, {number}%",
        f"Konfidenz: {number} Prozent",
    ):
        assert parse_confidence(reply).confidence == pytest.approx(number / 100), reply


@given(
    st.integers(0, 99), st.integers(1, 100), st.sampled_from(["-", " - ", "–", " to ", "~", " or "])
)
def test_a_range_is_never_one_number(low, width, joined):
    high = min(low + width, 100)
    for reply in (f"Confidence: {low}{joined}{high}%", f"I'm {low}{joined}{high}% sure."):
        assert parse_confidence(reply).confidence is None, reply


@given(
    st.integers(0, 100),
    st.sampled_from(
        ["at least", "at most", "more than", "less than", "over", "under", "up to", ">", "<="]
    ),
)
def test_a_bound_is_never_a_number(number, bound):
    for reply in (f"Confidence: {bound} {number}%", f"I'm {bound} {number}% sure."):
        assert parse_confidence(reply).confidence is None, reply


@given(
    st.integers(0, 100),
    st.sampled_from(["I'm not {}% sure.", "I can't be {}% certain.", "If so, I'm {}% sure."]),
)
def test_a_denied_number_is_never_stated(number, sentence):
    assert parse_confidence(sentence.format(number)).confidence is None


# ---- anything at all

PIECES = st.sampled_from(
    [
        *(
            "Confidence",
            "confidence:",
            "Answer:",
            "probability",
            "I am",
            "sure",
            "certain",
            "not",
            "if",
        ),
        *(
            "85",
            "0.85",
            "%",
            "/",
            "10",
            "1",
            "-",
            "to",
            "between",
            "and",
            "or",
            "at least",
            "~",
            "+-",
        ),
        *(
            "high",
            "very likely",
            "low",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            '"',
            "'",
            ":",
            "=",
            ",",
            ".",
            "\n",
        ),
        *(
            "|",
            "---",
            "<",
            ">",
            "<confidence>",
            "</confidence>",
            "<think>",
            "</think>",
            "scale",
            "of",
        ),
        *(
            "final",
            "step 1",
            "ninety",
            "percent",
            "½",
            "٨",
            "％",
            "\r\n",
            "\t",
            "$",
            "\\",
            "*",
            "\u0301",
        ),
        *(
            "I don't know",
            "because",
            "my",
            "is",
            "out of",
            "e",
            "1e999",
            "0.8.5",
            "1,000",
            "nan",
            "P(",
        ),
    ]
)


@settings(max_examples=600)
@given(st.lists(PIECES, max_size=25), st.sampled_from(["", " "]), st.sampled_from([None, 1, 100]))
def test_any_mixture_of_words_is_parsed_and_stays_in_range(pieces, between, scale):
    got = parse_confidence(between.join(pieces), scale)
    assert got.confidence is None or 0 <= got.confidence <= 1
    assert (got.confidence is None) == (got.problem is not None)


REPEATED = [
    *(
        "[",
        "]",
        "9",
        "%",
        "{",
        "}",
        "(",
        "<",
        ">",
        " ",
        '"',
        "'",
        ".",
        ",",
        "-",
        "|",
        "*",
        "_",
        "`",
        "$",
    ),
    *(
        "confidence:",
        "confidence ",
        "Confidence: 85 ",
        "Confidence: 85\n",
        "<think>",
        "</think>",
        "1,",
    ),
    *("90% sure ", "I am 90% sure. ", "I'm ", "not ", "if ", "high ", "high, ", "very ", "ninety "),
    *(
        '{"a":',
        '{"',
        '{"confidence": 1}',
        '{"confidence":{',
        "[1,",
        "[[",
        "a:",
        "a ",
        "\n",
        "\r",
        "\t",
    ),
    *(
        "1-",
        "1 - ",
        "1/",
        "1:",
        "1e",
        "0.",
        "one ",
        "my confidence in ",
        "confidence in a ",
        "P(a) ",
    ),
    *("answer:", "Answer: 1\n", "answer and confidence: ", "on a scale of 1 to ", "(1-10) ", "a|"),
    *("| a ", "|---", "a,b\n", "a\tb\n", "| Confidence | 85 |\n", "<confidence>", "</confidence>"),
    *(
        "<confidence>85</confidence>",
        "<td>",
        'confidence="',
        "<a b=",
        "\\text{",
        "&lt;",
        "½",
        "٣",
        "ﷺ",
    ),
    *(
        "\u0301",
        "a\u0301\u0327",
        "\u0f71\u0f74",
        "\u200b",
        "> ",
        "1. ",
        "# ",
        "- ",
        "...",
        "->",
        "?",
    ),
    *(
        "probability of ",
        "there is a 65% chance ",
        "because ",
        "i don't know ",
        "step 1: ",
        "final ",
    ),
]


@pytest.mark.parametrize("repeated", REPEATED)
def test_the_time_is_linear(repeated):
    text = (repeated * 20_000)[:20_000]
    start = time.process_time()
    parse_confidence(text)
    parse_confidence("Answer: Oslo\nConfidence: " + text)
    # Under a second for most; NFKC makes 18 letters of "\ufdfa". What is quadratic takes minutes.
    assert time.process_time() - start < 6


def test_deeply_nested_json_is_no_error():
    for text in ('{"a":' * 5_000, "[" * 5_000 + "{}", '{"confidence": ' + "[" * 5_000):
        assert parse_confidence(text).confidence is None
    nested = '{"a":' * 200 + '{"confidence": 0.7}' + "}" * 200
    assert parse_confidence(nested).confidence in (None, 0.7)
