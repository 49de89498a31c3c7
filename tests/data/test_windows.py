"""windows.py: the windows are all pieces of the texts, shuffled."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.data.windows import text_chunks

FOX = ["the quick brown fox jumps over the lazy dog"]


class Letters:
    """A tokenizer whose tokens are characters."""

    def __call__(self, text, add_special_tokens, verbose):
        assert not add_special_tokens
        return type("Encoding", (), {"input_ids": [ord(letter) for letter in text]})


@given(st.lists(st.text("abcdef", max_size=30), max_size=5), st.integers(1, 7))
def test_windows_are_all_pieces_of_the_texts_shuffled(texts, length):
    pieces = sorted(
        text[i : i + length]
        for text in texts
        for i in range(0, len(text), length)
        if len(text[i:]) >= length
    )
    if not pieces:
        with pytest.raises(ValueError, match="fill 0 windows"):
            text_chunks(Letters(), texts, length=length)
        return
    windows = text_chunks(Letters(), texts, length=length)
    assert sorted("".join(map(chr, row)) for row in windows) == pieces
    assert torch.equal(text_chunks(Letters(), texts, length=length, count=1), windows[:1])


def test_windows_depend_on_the_seed():
    first = text_chunks(Letters(), FOX, length=3, seed=1)
    assert torch.equal(text_chunks(Letters(), FOX, length=3, seed=1), first)
    assert not torch.equal(text_chunks(Letters(), FOX, length=3, seed=2), first)


@pytest.mark.parametrize(
    ("length", "count", "message"),
    [
        (3, 15, "fill 14 windows of 3"),
        (44, None, "fill 0"),
        (3, 0, "so 0 cannot"),
        (0, 1, "length 0"),
    ],
)
def test_too_little_text_is_named(length, count, message):
    with pytest.raises(ValueError, match=message):
        text_chunks(Letters(), FOX, length=length, count=count)


def test_length_and_count_cannot_be_swapped_by_position():
    with pytest.raises(TypeError, match="positional"):
        text_chunks(Letters(), FOX, 3, 2)
