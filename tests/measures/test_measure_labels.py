"""The keys of the measures and the words that stand for them in tables and figures."""

import re

import torch
from tiny_embedder import tiny_embedder

from uncertainty import (
    MEASURE_LABELS,
    agreement_measures,
    answer_measures,
    embedding_measures,
    measure_label,
    newer_measures,
)

ANSWER_KEYS = set(answer_measures(torch.eye(3)))
NEWER_KEYS = {*newer_measures(torch.eye(3)), "rauq"}
AGREEMENT_KEYS = set(agreement_measures(["Lima", "Cusco"], question="The capital?", answer="Lima"))

EMBEDDING_KEYS = {
    *embedding_measures(
        ["Lima", "Cusco"], question="", answer="Lima", doubt=1.0, embedder=tiny_embedder()
    ),
    "eigen_score",
}


def test_every_key_is_snake_case_and_has_a_label_of_its_own():
    groups = ANSWER_KEYS, NEWER_KEYS, AGREEMENT_KEYS, EMBEDDING_KEYS
    keys = set.union(*groups)
    assert len(keys) == sum(len(group) for group in groups)
    assert keys == set(MEASURE_LABELS)
    assert [key for key in keys if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key)] == []
    assert len(set(MEASURE_LABELS.values())) == len(MEASURE_LABELS)


def test_labels_are_words():
    assert measure_label("sequence_probability_complement") == "1 - sequence probability"
    assert measure_label("answer_disagreement") == "1 - agreement with the answer"
    assert measure_label("max_entropy") == "max entropy"
    assert [label for label in MEASURE_LABELS.values() if "_" in label] == []


def test_a_key_without_a_label_comes_back_as_it_is():
    for key in ("length", "question length", "1 - P(True)", "my_own_measure"):
        assert measure_label(key) == key
