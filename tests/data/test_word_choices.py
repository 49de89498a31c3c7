"""Lists of four words: one or two belong to the category, none of the others does."""

import itertools

import pytest

from uncertainty import word_choices
from uncertainty.data.word_choices import WORDS


def test_every_second_list_has_two_right_words_and_no_other_word_belongs():
    choices = word_choices(200, seed=3)
    assert [len(choice.right) for choice in choices] == [1, 2] * 100
    for choice in choices:
        belongs = {word for word in choice.words if word in WORDS[choice.category].split()}
        assert len(set(choice.words)) == 4 and belongs == choice.right


def test_no_word_belongs_to_two_categories():
    for one, other in itertools.combinations(WORDS.values(), 2):
        assert not set(one.split()) & set(other.split())


def test_lists_are_distinct_and_repeat_with_the_seed():
    choices = word_choices(100, seed=1)
    assert len({(choice.category, frozenset(choice.words)) for choice in choices}) == 100
    assert word_choices(60, seed=1) == choices[:60] != word_choices(60, seed=2)


def test_no_lists():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        word_choices(0)
