"""selection.py: words that are not for a classroom, and what was said before."""

import pytest

from uncertainty.data.selection import (
    LEFT_OUT,
    Repeats,
    chosen_passages,
    is_pleasant,
    word_sequences,
)

ONE = "the quick brown fox jumps over the lazy dog while the cat sleeps in the warm afternoon sun"


@pytest.mark.parametrize("word", ["killed", "Killings", "RAPE", "terrorists", "shot dead", "bombs"])
def test_unpleasant_words_are_found_in_any_form(word):
    assert not is_pleasant(f"Someone said {word}, and stopped.")


@pytest.mark.parametrize("word", ["skill", "grape", "rapeseed", "bombard", "execute a program"])
def test_harmless_words_are_no_reason(word):
    assert is_pleasant(f"Someone said {word}, and stopped.")


def test_word_sequences_are_runs_of_eight_words():
    assert word_sequences("A b, c d; e f g H! i") == {tuple("abcdefgh"), tuple("bcdefghi")}
    assert word_sequences("a b c d e f g") == set()


def test_what_was_said_before_is_not_new():
    repeats = Repeats()
    assert repeats.is_new(ONE)
    assert not repeats.is_new(ONE.upper() + "!")
    assert not repeats.is_new(f"{ONE} and yet another day comes")
    assert repeats.is_new("an entirely different thing was said here by someone who never repeats")
    assert Repeats().is_new(ONE)  # nothing is remembered elsewhere


@pytest.mark.parametrize("repeated_runs, new", [(1, True), (2, False)])
def test_a_tenth_may_be_repeated_and_no_more(repeated_runs, new):
    said = [f"a{number}" for number in range(50)]
    other = [f"b{number}" for number in range(50)]
    repeats = Repeats()
    repeats.is_new(" ".join(said))
    repeated_words = 7 + repeated_runs
    passage = said[:repeated_words] + other[: 17 - repeated_words]  # ten runs of eight words
    assert repeats.is_new(" ".join(passage)) == new


def test_only_what_is_pleasant_and_new_is_chosen():
    repeats = Repeats()
    passages = [ONE, "He was killed.", ONE, "A short one."]
    assert chosen_passages(passages, repeats) == [ONE, "A short one."]
    assert chosen_passages([ONE], repeats) == []


def test_every_title_that_is_left_out_has_a_reason():
    assert all(len(reason.split()) > 5 for reason in LEFT_OUT.values())
