"""The grader reads awkward answers as a person would."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from uncertainty.evaluation.grader import Grade, grade_answer, is_correct

PARIS = ("Paris",)
UK = ("United Kingdom", "UK", "Britain")

RIGHT = [
    ("Paris", PARIS),
    ("paris.", PARIS),
    ("  **Paris**!\n", PARIS),
    ('"Paris"', PARIS),
    ("Paris\n\nLondon is another capital.", PARIS),
    ("The capital of France is Paris.", PARIS),
    ("The answer is: Paris", PARIS),
    ("The capital is:\n\nParis", PARIS),
    ("Answer: Paris", PARIS),
    ("A: Paris", PARIS),
    ("1. Paris", PARIS),
    ("- Paris", PARIS),
    ("Sure! It is Paris.", PARIS),
    ("What is the capital of France? Paris.", PARIS),
    ("Paris, France", PARIS),
    ("Paris, not London", PARIS),
    ("It is not London, but Paris.", PARIS),
    ("Probably Paris.", PARIS),
    ("Paris is the capital or seat of government.", PARIS),
    ("The capital or seat of government is Paris.", PARIS),
    ("Paris, but to be exact it is actually Paris.", PARIS),
    ("Trinidad and Tobago", ("Trinidad", "Trinidad and Tobago")),
    (
        "The capital of that large and famous country, which we all know, is typically Paris, on the Seine.",
        PARIS,
    ),
    ("Paris and it lies on the Seine", PARIS),
    ("It is Paris and is known for its tower.", PARIS),
    ("The U.K.", UK),
    ("UK or United Kingdom", UK),
    ("the united kingdom (Britain)", UK),
    ("Brasilia", ("Brasília",)),
    ("BRASÍLIA", ("Brasília",)),
    ("four", ("4",)),
    ("A dog has four legs.", ("4",)),
    ("4", ("four",)),
    ("1,000", ("1000",)),
    ("one thousand", ("1000",)),
    ("a hundred and five", ("105",)),
    ("twenty-one", ("21",)),
    ("12.0", ("12",)),
    ("$12$", ("12",)),
    ("7 + 5 = \\boxed{12}", ("12",)),
    ("It ended on 8 May 1945.", ("1945",)),
    ("It was signed on July 4, 1776, in the city of Philadelphia, by the delegates", ("1776",)),
    ("Au", ("Au",)),
    ("The symbol for gold is Au (from Latin aurum).", ("Au",)),
    ("H₂O", ("H2O",)),
    ("It was written by J.R.R.Tolkien.", ("J. R. R. Tolkien", "Tolkien")),
    ("J. K. Rowling wrote it.", ("J. K. Rowling",)),
    ("St. Petersburg", ("Saint Petersburg", "St Petersburg")),
    ("Apples, for example", ("apple",)),
    ("Cherries", ("cherry",)),
    ("A Midsummer Night’s Dream", ("A Midsummer Night's Dream",)),
]
WRONG = [
    ("", PARIS),
    ("...", PARIS),
    ("Paris", ()),
    ("Parisian", PARIS),
    ("not Paris", PARIS),
    ("It isn't Paris.", PARIS),
    ("The capital of France is not Paris.", PARIS),
    ("I don't know, maybe Paris?", PARIS),
    ("Paris or London", PARIS),
    ("London or Paris", PARIS),
    ("Paris/London", PARIS),
    ("Either Paris or London.", PARIS),
    ("Paris, London or Rome", PARIS),
    ("Paris and London", PARIS),
    ("London, Paris", PARIS),
    ("London, but Paris", PARIS),
    ("London. No, it is Paris.", PARIS),
    ("London\nParis", PARIS),
    ("Its capital is larger than Paris.", PARIS),
    ("It is Paris, but it is actually London.", PARIS),
    ("Pride by Jane Austen is often attributed to George Eliot", ("Jane Austen",)),
    ("The nearest planet is Venus, but it is Earth's twin.", ("Earth",)),
    ("24", ("4",)),
    ("12.5", ("12",)),
    ("12,000", ("12",)),
    ("-12", ("12",)),
    ("12/5", ("12",)),
    ("3-4", ("4",)),
    ("three or four", ("4",)),
    ("twenty-four", ("4",)),
    ("four hundred", ("4",)),
    ("4 million", ("4",)),
    ("7 + 5 = 13", ("5",)),
    ("au", ("Au",)),
    ("AU", ("Au",)),
    ("CO", ("Co",)),
    ("𑁒 ٣ ½", ("3.5",)),
]


@pytest.mark.parametrize(("text", "answers"), RIGHT)
def test_right_answers(text, answers):
    assert is_correct(text, answers)


@pytest.mark.parametrize(("text", "answers"), WRONG)
def test_wrong_answers(text, answers):
    assert not is_correct(text, answers)


EDGE = st.text(" \t\n.,!?\"'()*", max_size=4)
WORDING = st.sampled_from(
    ["Paris", "four", "The answer is Paris", "not Paris", "Paris or London", "London", "12"]
)


@given(WORDING, EDGE, EDGE)
@example("Paris", "", " *")
@example("Paris", "(* ", " * *")
@example("The answer is Paris", "", "? !.")
def test_grading_ignores_case_outer_punctuation_and_whitespace(text, left, right):
    expected = is_correct(text, ("Paris", "4"))
    for wording in (text, text.upper(), text.lower(), text.replace(" ", "  ")):
        assert is_correct(left + wording + right, ("Paris", "4")) == expected


@given(st.text())
def test_the_grader_survives_any_text(text):
    assert is_correct(text, PARIS) in (True, False)


@given(st.integers(0, 999_999))
def test_a_number_is_the_same_with_and_without_separators(number):
    assert is_correct(f"{number:,}", (str(number),)) and is_correct(str(number), (f"{number:,}",))
    assert not is_correct(str(number + 1), (str(number),))


@given(st.text(), st.lists(st.text(), max_size=3))
def test_no_text_and_no_right_answer_raises(text, answers):
    assert is_correct(text, answers) in (True, False)


PIECES = [
    "Paris",
    "not",
    "or",
    "1",
    "2/3",
    "10^6",
    "A",
    "C++",
    "July 4",
    "1776",
    ".",
    ",",
    "?",
    "\n",
]
PIECES += [
    "Answer:",
    "\\boxed{",
    "}",
    "{",
    '"answer":',
    "<answer>",
    "```",
    "**",
    "|",
    "½",
    "−",
    "No",
    "%",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=12), st.lists(st.sampled_from(PIECES), max_size=3)
)
def test_no_mixture_of_what_the_grader_knows_raises(pieces, answers):
    assert is_correct(" ".join(pieces), [" ".join(answers)]) in (True, False)
    assert is_correct("".join(pieces), answers) in (True, False)


@given(st.text(st.characters(categories=["Ll", "Lu"]), min_size=3, max_size=12))
def test_every_word_is_its_own_answer(word):
    assert is_correct(word, [word])
    assert is_correct(f"**{word}**.", [word])


@given(st.integers(-(10**18), 10**18))
def test_every_integer_is_its_own_answer_and_no_other(number):
    assert is_correct(str(number), [str(number)])
    assert not is_correct(str(number + 1), [str(number)])
    assert not is_correct(str(-number - 1), [str(number)])


@given(st.integers(1, 99_999), st.integers(1, 9_999))
def test_decimals_are_read_with_point_and_comma(whole, part):
    decimal = f"{whole}.{part:04d}"
    assert is_correct(decimal, [decimal]) and is_correct(decimal.replace(".", ","), [decimal])
    assert not is_correct(decimal.replace(".", ","), [str(whole)])


@pytest.mark.parametrize(
    ("text", "answers", "named"),
    [
        ("It is not Paris.", PARIS, "denied"),
        ("Paris or Lyon", PARIS, "another answer"),
        ("Lyon", PARIS, "no right answer in 'Lyon'"),
        ("7 + 5", ["5"], "a part of a sum"),
        ("Lyon, Paris", PARIS, "not as the answer"),
        ("Is it Paris?", PARIS, "only asked about"),
        ("Paris. That is wrong.", PARIS, "takes the answer back"),
        ("Paris. No, it is Lyon.", PARIS, "wrong"),
        ("Paris. Or Lyon.", PARIS, "offers another"),
        ("Lyon\nAnswer: Paris", PARIS, "another answer stands before: 'Lyon'"),
        ("<think>Paris", PARIS, "thinking never ends"),
    ],
)
def test_a_refused_answer_has_its_reason(text, answers, named):
    grade = grade_answer(text, answers)
    assert not grade.correct and named in (grade.problem or "")


def test_a_right_answer_has_no_problem():
    assert grade_answer("It is Paris.", PARIS) == Grade(True, None)


@pytest.mark.parametrize(
    ("text", "answers", "message"),
    [
        ("Paris", "Paris", r"answers must be a list of strings, got 'Paris'"),
        ("Paris", None, "answers must be a list of strings, got None"),
        ("4", [4], "each right answer must be a string, got 4"),
        (None, ["Paris"], "answer_text must be a string, got NoneType"),
    ],
)
def test_other_types_are_refused(text, answers, message):
    with pytest.raises(TypeError, match=message):
        is_correct(text, answers)


# Repeated to 20,000 characters; "_" is a space, "~n" a line break.
HOSTILE = r"""a 1 . ? ( [ { < <answer> \boxed{ ` ``` ** _ # - – ' " A. J.R. not_ or_ Paris_ Paris._ Paris?_
Answer:_ hundred_ 1,000_ 10^6 1e9 1/2_ 1- 1, ½ é ß हि 。 {"answer": {"a": [1 <think> July_4,_ $1_
% km/ =_1_ + | A+ C# Prof._ etc._ wait_ no,_ if_ not_sure_ What? What_is_ Sure!_ a.b. 's ^{ ~~
\frac{1}{2} Answer:_Paris~n"""


@pytest.mark.parametrize("piece", HOSTILE.split())
def test_the_time_grows_in_proportion_to_the_text(piece):
    piece = piece.replace("_", " ").replace("~n", "\n")
    text = (piece * 20_000)[:20_000]
    started = time.process_time()
    is_correct(text, PARIS)
    is_correct("The answer is Paris.", [text])
    is_correct(text[:-1] + "x", [text[:10_000] + "y"])
    assert time.process_time() - started < 3
