"""The table of measures from embeddings: each entry by its own function, and answers without words."""

import math

import numpy as np
import pytest
from tiny_embedder import tiny_embedder

from uncertainty import (
    answer_similarities,
    cluster_by_meaning,
    cocoa,
    embedding_entails,
    embedding_measures,
    generate,
    heat_kernel,
    kernel_language_entropy,
    load_model,
    sample_answers,
    semantic_density,
    semantic_entropy,
    similarity_matrix,
    token_measures,
)
from uncertainty.evaluation.orientation import check_orientation

QUESTION = "What is the capital of Peru?"
SAMPLES = ["lima", "the capital of peru is lima", "cusco", "lima", "it rains"]
SURPRISALS = [0.1, 0.4, 1.2, 0.1, 2.0]


def table(samples=SAMPLES, answer="lima", **options):
    return embedding_measures(
        samples, question=QUESTION, answer=answer, doubt=0.6, embedder=tiny_embedder(), **options
    )


def test_every_entry_is_what_its_function_gives():
    embedder = tiny_embedder()
    near = answer_similarities("lima", SAMPLES, embedder=embedder)
    kernel = similarity_matrix(SAMPLES, embedder=embedder)
    clusters = cluster_by_meaning(
        SAMPLES, embedding_entails(0.5, embedder=embedder), question=QUESTION
    )
    expected = {
        "cocoa": cocoa(0.6, near),
        "cocoa_by_string": 0.6 * 2 / 5,
        "semantic_density_complement": 1 - semantic_density(near, SURPRISALS, texts=SAMPLES),
        "kernel_language_entropy": kernel_language_entropy(kernel),
        "heat_kernel_entropy": kernel_language_entropy(heat_kernel(kernel.clamp(min=0))),
        "semantic_entropy_by_embeddings": semantic_entropy(clusters),
    }
    found = table(surprisals=SURPRISALS, threshold=0.5)
    assert found == pytest.approx(expected, abs=1e-5) and list(found) == list(expected)
    assert table()["semantic_density_complement"] == pytest.approx(
        1 - semantic_density(near), abs=1e-5
    )


def test_all_of_them_grow_from_agreement_to_disagreement():
    agreed = table(["lima"] * 4)
    split = table(["cusco", "it rains", "the dog", "red"])
    assert [name for name in agreed if not agreed[name] < split[name]] == []
    zero = {name for name, value in agreed.items() if abs(value) < 1e-5}
    assert zero == set(agreed) - {"heat_kernel_entropy"}


def test_their_names_say_that_they_are_doubts():
    for name in [*table(), "eigen_score"]:
        check_orientation(name)
    with pytest.raises(ValueError, match="grows with confidence"):
        check_orientation("semantic density")


def test_without_an_answer_there_is_no_value():
    for empty in (table(answer=" "), table(["", " "])):
        assert all(math.isnan(value) for value in empty.values())
    assert np.isfinite(list(table(["lima", ""]).values())).all()


def test_one_sample_is_refused():
    with pytest.raises(ValueError, match="at least two samples, got 1"):
        table(["lima"])


def test_each_is_one_line_as_a_function_of_an_answer_and_its_samples_texts():
    model, tokenizer = load_model("tiny")
    generation = generate(model, tokenizer, "the capital of peru is", max_new_tokens=5)
    [drawn] = sample_answers(model, tokenizer, ["the capital of peru is"], 3, seed=0)
    embedder = tiny_embedder()

    def by_cocoa(generation, samples):
        surprisal = token_measures(generation)["surprisal"].mean().item()
        return cocoa(surprisal, answer_similarities(generation.text, samples, embedder=embedder))

    def by_density(generation, samples):
        return 1 - semantic_density(
            answer_similarities(generation.text, samples, embedder=embedder)
        )

    def by_kernel(generation, samples):
        return kernel_language_entropy(similarity_matrix(samples, embedder=embedder))

    for mine in (by_cocoa, by_density, by_kernel):
        assert math.isfinite(mine(generation, [sample.text for sample in drawn]))
