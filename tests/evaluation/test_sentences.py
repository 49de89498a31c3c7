"""A sentence ends where a reader would end it."""

import pytest

from uncertainty.evaluation._sentences import split_sentence

WHOLE = """It was Prof. Dumbledore|Sgt. Pepper's Lonely Hearts Club Band|It is approx. 8848 m|No. 5
It was J. R. R. Tolkien|W. A. Mozart|Apple Inc. in 1976|in the U.S. the law|at 5 p.m. on Monday
a mammal, e.g. a whale|i.e. Paris|Martin Luther King Jr. gave it|Ali vs. Frazier|c. 1450|Dr. Watson
Jan. 1990|IN THE U.S. THE LAW|3.14 is pi|John F. Kennedy|well... it is Paris"""
ENDING = """Vitamin C. Vitamin A is another|Paris. London|In the U.S. It is big|Paris! London|Paris? London
Apple Inc. The firm is big|Option B. It is right|Paris... London|Paris." London|a.m. He came"""


@pytest.mark.parametrize("text", WHOLE.replace("\n", "|").split("|"))
def test_nothing_ends_here(text):
    sentence, sign, rest = split_sentence(text)
    assert (sentence, sign, rest) == (text, "", "")


@pytest.mark.parametrize("text", ENDING.replace("\n", "|").split("|"))
def test_a_sentence_ends_here(text):
    sentence, _, rest = split_sentence(text)
    assert sentence and rest and len(sentence) + len(rest) + 3 >= len(text)


def test_a_right_answer_with_a_full_stop_inside_is_one_sentence():
    assert split_sentence("Oh! Calcutta! is a play. Yes.")[0] == "Oh"
    kept = ("Oh! Calcutta!",)
    assert split_sentence("Oh! Calcutta! is a play. Yes.", kept)[0].startswith("Oh! Calcutta")


def test_a_line_ends_a_sentence_except_after_a_colon():
    assert split_sentence("Paris\nLondon") == ("Paris", "", "London")
    assert split_sentence("The capital:\nParis")[0] == "The capital:\nParis"
