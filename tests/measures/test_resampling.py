"""resampling.py and experiments.py: clusters, entropies and agreement against brute force; judges; what runs cost."""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from uncertainty import answer_measures, generate, load_model, sample_answers, semantic_entropy
from uncertainty.course.answer_runs import (
    greedy_answers,
    measure_columns,
    sampled_answers,
    short_prompt,
)
from uncertainty.evaluation.answer_words import plain_words
from uncertainty.evaluation.leaderboard import check_orientation
from uncertainty.generation.scoring import choice_log_probabilities, score
from uncertainty.measures.judges import model_entails, nli_entails
from uncertainty.measures.meaning import answer_core, cluster_by_meaning, cluster_by_string
from uncertainty.measures.sampling import agreement_measures, lexical_agreement
from uncertainty.measures.self_evaluation import p_true, p_true_conversation, scored_confidence

texts = st.lists(
    st.lists(st.sampled_from(["red", "green", "blue", "dog"]), max_size=6).map(" ".join),
    min_size=2,
    max_size=6,
)


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


@pytest.fixture(scope="module")
def real():
    return load_model()


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "text,core",
    [
        ("The capital of Peru is Lima.", "lima"),
        ("Lima", "lima"),
        ("It is called **Lima**, on the coast.", "lima"),
        ("Well, it is Lima; the largest city.", "lima"),
        ("LIMA!", "lima"),
        ("Peru's capital is Cusco", "cusco"),
        ("Peru.", "peru"),
        ("", ""),
        ("the", ""),
    ],
)
def test_the_core_is_what_the_answer_adds(text, core):
    assert answer_core(text, "What is the capital of Peru?") == core


def test_cores_of_numbers_and_choices():
    assert answer_core("There are twelve of them", "How many?") == answer_core(
        "12 of them.", "How many?"
    )
    for question in ("Which is larger, the Earth or Mars?", "Is the Earth or Mars larger?"):
        for pattern in ("{}", "{}, by far", "{} is the larger planet", "The answer is {}."):
            assert answer_core(pattern.format("Earth"), question) != answer_core(
                pattern.format("Mars"), question
            )
    assert answer_core("-2", "What is 7 minus 9?") != answer_core("2", "What is 7 minus 9?")
    assert answer_core("2 plus 2 equals 4", "What is 2 plus 2?") == answer_core(
        "4", "What is 2 plus 2?"
    )
    assert (
        answer_core("1,000 grams.", "How many grams?")
        == answer_core("one thousand", "How many grams?")
        == "1000"
    )


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12))
def test_semantic_entropy_is_scipys_entropy_of_the_counts(clusters):
    expected = scipy.stats.entropy(list(Counter(clusters).values()))
    assert semantic_entropy(clusters) == pytest.approx(expected, abs=1e-12)
    assert 0 <= semantic_entropy(clusters) <= math.log(len(clusters)) + 1e-12
    assert semantic_entropy([c + 7 for c in reversed(clusters)]) == pytest.approx(
        expected, abs=1e-12
    )


def brute_rouge(a, b):
    """Longest common subsequence by trying all of them."""

    def parts(words):
        return {
            tuple(words[i] for i in rows)
            for size in range(len(words) + 1)
            for rows in combinations(range(len(words)), size)
        }

    longest = max(map(len, parts(a) & parts(b)))
    return 2 * longest / (len(a) + len(b)) if a or b else 1.0


@given(texts)
def test_lexical_agreement_is_rouge_l_by_brute_force(answers):
    words = [plain_words(text) for text in answers]
    expected = np.mean([brute_rouge(a, b) for a, b in combinations(words, 2)])
    assert lexical_agreement(answers) == pytest.approx(expected)


def test_too_few_samples_are_refused(tiny):
    with pytest.raises(ValueError, match="at least two answers, got 1"):
        lexical_agreement(["a"])
    with pytest.raises(ValueError, match="no samples"):
        semantic_entropy([])
    for samples, temperature in ((0, 1.0), (3, 0.0)):
        with pytest.raises(ValueError, match=f"got {samples} and {temperature}"):
            sample_answers(*tiny, ["Hello"], samples, temperature=temperature)


def test_meanings_are_clustered_when_both_directions_hold_and_equal_words_are_never_asked():
    asked = []

    def judge(question, pairs):
        asked.extend(pairs)
        size = {"big": 2, "large": 2, "huge": 3, "small": 1}
        return [size[plain_words(a)[0]] >= size[plain_words(b)[0]] for a, b in pairs]

    found = cluster_by_meaning(
        "How big?", ["big", "huge", "Large.", "small", "big!", "huge"], judge
    )
    assert found == [0, 1, 0, 2, 0, 1]
    assert (
        ("big", "huge") in asked
        and ("huge", "big") in asked
        and not any(plain_words(a) == plain_words(b) for a, b in asked)
    )
    always, never = (lambda q, pairs: [True] * len(pairs)), (lambda q, pairs: [False] * len(pairs))
    assert cluster_by_meaning("?", ["a1", "b1", "c1"], always) == [0, 0, 0]
    assert cluster_by_meaning("?", ["b1", "c1", "b1"], never) == [0, 1, 0]
    assert cluster_by_string(["Lima", "It is Lima.", "Cusco"], "The capital?") == [0, 0, 1]


def test_agreement_measures_grow_with_doubt():
    question = "What is the capital of Peru?"
    same = agreement_measures(
        question, "Lima.", ["Lima", "It is Lima.", "The capital of Peru is Lima"]
    )
    torn = agreement_measures(question, "Lima.", ["Lima", "Cusco", "Quito"])
    assert (
        same["distinct answers"] == 1
        and same["semantic entropy"] == 0
        and same["1 - agreement with the answer"] == 0
    )
    assert torn["1 - agreement with the answer"] == pytest.approx(2 / 3) and torn[
        "semantic entropy"
    ] == pytest.approx(math.log(3))
    for name in torn:
        check_orientation(name)
        assert torn[name] > same[name], name


def test_samples_come_in_groups_and_repeat_with_the_seed(tiny):
    groups = sample_answers(*tiny, ["Hello there", "Bye"], 3, max_new_tokens=5, seed=4)
    again = sample_answers(*tiny, ["Hello there", "Bye"], 3, max_new_tokens=5, seed=4)
    assert [[g.text for g in group] for group in groups] == [
        [g.text for g in group] for group in again
    ]
    assert [{g.prompt for g in group} for group in groups] == [{"Hello there"}, {"Bye"}]


def test_choice_probabilities_are_the_models_own(tiny):
    model, tokenizer = tiny
    prompts = ["Is it true?", "A rather longer question about nothing?"]
    got = choice_log_probabilities(model, tokenizer, prompts, ["yes", "no"])
    for row, prompt in zip(got, prompts):
        for value, choice in zip(row, ("yes", "no")):
            forced = score(model, tokenizer, prompt, choice)
            assert value == pytest.approx(
                forced.logits[0].log_softmax(-1)[forced.token_ids[0]].item(), abs=1e-4
            )


@pytest.mark.parametrize("choices", [["yes", "yes!"], ["yes", ""], [], "yes"])
def test_choices_that_cannot_be_told_apart_are_refused(tiny, choices):
    with pytest.raises(ValueError, match="choices that begin with different tokens"):
        choice_log_probabilities(*tiny, ["Hello"], choices)


def test_a_single_prompt_is_not_cut_into_characters(tiny, own_cache):
    conversation = short_prompt("Why so?")
    for prompt in ("Why so?", conversation, []):
        for call in (
            lambda p: sample_answers(*tiny, p, 2),
            lambda p: greedy_answers(*tiny, p),
            lambda p: sampled_answers(*tiny, p, 2),
            lambda p: choice_log_probabilities(*tiny, p, ["a", "b"]),
        ):
            with pytest.raises(ValueError, match=r"need a list of prompts, \[prompt, \.\.\.\]"):
                call(prompt)


def test_the_two_judgements_are_expectations_over_their_words_only(tiny, monkeypatch):
    import uncertainty.measures.self_evaluation as module

    logs = torch.tensor([[-30.0, -31.0, -32.0], [-200.0, -150.0, -100.0]])
    monkeypatch.setattr(
        module,
        "choice_log_probabilities",
        lambda m, t, asked, choices: logs[: len(asked), : len(choices)],
    )
    e = math.e
    assert p_true(*tiny, ["a", "b"]) == pytest.approx([e / (1 + e), 0.0], abs=1e-6)
    weights = np.exp([0, -1, -2]) / np.exp([0, -1, -2]).sum()
    assert scored_confidence(*tiny, [("q", "a"), ("q", "b")]) == pytest.approx(
        [weights @ [0, 0.5, 1], 1.0], abs=1e-6
    )
    asked = p_true_conversation("What is the capital of Peru?", "Lima", ["Cusco"])
    assert "Idea: Cusco" in asked[0]["content"] and "Proposed answer: Lima" in asked[0]["content"]


def test_no_answer_is_missing_not_sure():
    assert np.isnan([*agreement_measures("Q?", "", ["", ""]).values()]).all()
    assert np.isnan([*agreement_measures("Q?", "", ["lima", "cusco"]).values()]).all()
    assert not np.isnan([*agreement_measures("Q?", "lima", ["", "cusco"]).values()]).any()
    with pytest.raises(ValueError, match="at least two answers, got 0"):
        agreement_measures("Q?", "a", [])


def test_a_natural_language_inference_model_can_be_the_judge(tmp_path):
    """A tiny random BERT with MNLI's labels, made to call everything that has a long first sentence entailed."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(vocab_file=str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    sizes = dict(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    labels = {0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT"}
    model = BertForSequenceClassification(
        BertConfig(**sizes, id2label=labels, label2id={v: k for k, v in labels.items()})
    )
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 0.0, 1.0]))
    model.save_pretrained(tmp_path)
    assert nli_entails(str(tmp_path), device="cpu")("a", [("a", "b"), ("b b", "a")]) == [True, True]
    model.config.id2label = {0: "GOOD", 1: "BAD", 2: "UGLY"}
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="not a natural language inference model"):
        nli_entails(str(tmp_path))


def test_the_model_as_judge_reads_yes_and_no(tiny, monkeypatch):
    import uncertainty.measures.judges as module

    seen = []

    def chances(model, tokenizer, prompts, choices):
        seen.extend(prompts)
        return torch.tensor(
            [
                [-1.0, -2.0] if "First answer: a\n" in p[0]["content"] else [-2.0, -1.0]
                for p in prompts
            ]
        )

    monkeypatch.setattr(module, "choice_log_probabilities", chances)
    assert model_entails(*tiny, batch_size=2)("Q?", [("a", "b"), ("b", "a"), ("a", "c")]) == [
        True,
        False,
        True,
    ]
    assert len(seen) == 3 and "Second answer: c" in seen[2][0]["content"]


def test_greedy_answers_are_kept_with_every_measure(tiny, own_cache):
    model, tokenizer = tiny
    prompts = [short_prompt("Why?"), short_prompt("A longer question?"), short_prompt("Why?")]
    records = greedy_answers(model, tokenizer, prompts, max_new_tokens=6)
    alone = generate(model, tokenizer, prompts[1], max_new_tokens=6)
    assert (
        records[0] == records[2]
        and records[1]["text"] == alone.text
        and records[1]["read"] == len(alone.prompt_ids)
    )
    assert records[1]["measures"] == pytest.approx(answer_measures(alone), abs=1e-4)
    assert greedy_answers(model, tokenizer, prompts, max_new_tokens=6) == records
    assert len(list((own_cache / "results").glob("greedy-*.jsonl"))) == 1
    assert greedy_answers(model, tokenizer, prompts, max_new_tokens=3)[1]["tokens"] == 3


def test_an_answer_that_ends_at_once_is_counted_not_dropped():
    records = [
        {"text": "", "tokens": 0, "read": 3, "measures": None},
        {"text": "a", "tokens": 1, "read": 3, "measures": {"naive": 0.5}},
    ]
    columns = measure_columns(records)
    assert np.isnan(columns["naive"]).tolist() == [True, False] and columns["length"].tolist() == [
        0.0,
        1.0,
    ]


def test_sampled_answers_differ_between_batches_and_repeat(tiny, own_cache, monkeypatch, tmp_path):
    model, tokenizer = tiny
    prompts = [short_prompt(f"Question {i}?") for i in range(4)]
    first = sampled_answers(model, tokenizer, prompts, 3, max_new_tokens=5, batch_size=2)
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / "another"))
    assert sampled_answers(model, tokenizer, prompts, 3, max_new_tokens=5, batch_size=2) == first
    for other in (dict(seed=1), dict(temperature=0.3)):
        assert (
            sampled_answers(model, tokenizer, prompts, 3, max_new_tokens=5, batch_size=2, **other)
            != first
        )
    assert first[0]["texts"] != first[2]["texts"] and all(
        len(record["texts"]) == len(record["surprisal"]) == 3 for record in first
    )


@pytest.mark.model
def test_the_default_model_agrees_with_itself_on_what_it_knows(real):
    questions = ["What is the capital of Hungary?", "What is the capital of Drulvania?"]
    groups = sample_answers(
        *real, [short_prompt(q) for q in questions], 8, temperature=0.5, seed=0, max_new_tokens=16
    )
    entropies = [
        semantic_entropy(cluster_by_string([g.text for g in group], q))
        for q, group in zip(questions, groups)
    ]
    assert entropies[0] < entropies[1] - 0.5
