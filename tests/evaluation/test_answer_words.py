"""An answer's first sentence, and its words as the grader compares them."""

import pytest

from uncertainty.evaluation.answer_words import first_sentence, plain_words, sentence_words


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Paris. London.", "Paris"),
        ("Paris\nLondon", "Paris"),
        ("The capital is:\n\nParis", "The capital is: Paris"),
        ("Sure! Of course, it is **Paris**!", "it is Paris"),
        ("Answer: 1. Paris", "Paris"),
        ("1. 5 cats", "1"),  # a list's number stands before a letter only
        ("- Which city is it? A: Paris", "Paris"),
        ("Sure", "Sure"),  # an opening that is all there is
        ("J. K. Rowling wrote it. Twice.", "J. K. Rowling wrote it"),
        ("St. Petersburg. Moscow.", "St. Petersburg"),
    ],
)
def test_the_first_sentence_without_its_opening(text, sentence):
    assert " ".join(first_sentence(text).split()) == sentence


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The Élysée, a palace; the U.K.", "Elysee , palace ; UK"),
        ("It isn't Dante's", "It isnt Dante's"),
        ("on July 4, 1776 or 8 May 1945", "in 1776 or in 1945"),
        ("credited to Poe & Co", "attributed Poe and Co"),
        ("7 + 5 = 12", "7 5 equals 12"),
        ("-5 to 3-4 or 12/5", "minus 5 to 3 or 4 or 12 or 5"),
        ("1,000 and twenty-one", "1000 and 21"),
        ("snake_case", "snake case"),
    ],
)
def test_the_words_of_a_sentence_keep_their_case(sentence, words):
    assert " ".join(sentence_words(sentence)) == words


def test_plain_words_are_those_of_the_first_sentence_in_lower_case():
    assert plain_words("Sure! The **Twenty-One** Élysées. No.") == ["21", "elysees"]
