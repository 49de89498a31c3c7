"""Tokens as people can read them."""

import pytest
import torch

from uncertainty import Generation
from uncertainty.generation.tokens import token_labels, top_alternatives


class Words:
    """A tokenizer of a few awkward tokens."""

    stored = ("\u0120Paris", "<script>", "\u00e2\u0122", "\u2581Rome")
    spoken = (" Paris", "<script>", "\ufffd", "Rome")

    def decode(self, ids, **_):
        return "".join(self.spoken[i] for i in ids if i < len(self.spoken))

    def convert_ids_to_tokens(self, i):
        return self.stored[i] if i < len(self.stored) else None


def test_labels_keep_spaces_halves_and_padding_apart():
    assert token_labels(Words(), [0, 3, 2, 6]) == [" Paris", " Rome", "\u00e2\u0122", "<unused>"]


def test_alternatives_are_the_sorted_softmax():
    logits = torch.randn(2, 7, generator=torch.Generator().manual_seed(0))
    answer = Generation("?", "", torch.tensor([0, 1]), logits, torch.tensor([0]), "length", Words())
    first, _ = top_alternatives(answer, 3)
    largest = logits[0].softmax(-1).sort(descending=True).values[:3]
    assert [p for _, p in first] == pytest.approx(largest.tolist())
