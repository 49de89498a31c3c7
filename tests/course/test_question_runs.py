"""What lessons 02, 05 and 07 ask: each record is what the plain functions say of the same answer."""

import numpy as np
import pytest
import torch

from uncertainty import (
    aleatoric_epistemic,
    answer_measures,
    answers_by_token,
    ask_confidence,
    evidence_measures,
    first_token_id,
    generate,
    given_answer_measures,
    load_model,
    prompt_token_ids,
    score,
    second_turn_replies,
    short_prompt,
    token_measures,
    word_choice_logits,
    word_choice_prompt,
    word_choices,
)
from uncertainty.data.word_choices import WordChoice

PROMPTS = ["one", "two and three", "four"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("UNCERTAINTY_RECORD", str(tmp_path))


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny", device="cpu")


def test_the_second_turn_is_the_models_own_reply_with_three_words_at_its_beginning(tiny):
    [reply] = second_turn_replies(*tiny, [("a?", "b")], max_new_tokens=4)
    asked = generate(*tiny, ask_confidence("a?", answer="b"), max_new_tokens=4)
    assert reply["text"] == asked.text
    begun = score(*tiny, ask_confidence("a?", answer="b"), " l").logits.softmax(
        -1
    )  # a token a byte
    space, *letters = (tiny[1](text, add_special_tokens=False).input_ids[0] for text in " lmh")
    assert reply["words"] == pytest.approx((begun[0, space] * begun[1, letters]).tolist(), rel=1e-3)


def test_answers_by_token_keep_what_the_model_gave_each_token(tiny):
    records = answers_by_token(*tiny, PROMPTS, max_new_tokens=5)
    for prompt, record in zip(PROMPTS, records):
        answer = generate(*tiny, prompt, max_new_tokens=5)
        assert record["ids"] == answer.token_ids.tolist()
        expected = token_measures(answer)
        for name in ("probability", "max_probability", "entropy"):
            assert record[name] == pytest.approx(expected[name].tolist(), abs=1e-3)


def test_evidence_for_each_k_and_with_the_level_taken_off(tiny):
    [record] = evidence_measures(*tiny, ["one"], max_new_tokens=8)
    logits = generate(*tiny, "one", max_new_tokens=8).logits
    assert record["plain"] == pytest.approx(answer_measures(logits), abs=1e-3)
    for k in (2, 5, 10, 25):
        au, eu = (part.numpy() for part in aleatoric_epistemic(logits, k))
        found = record["evidence"][str(k)]
        expected = [au.mean(), eu.mean(), (au * eu).mean(), np.sort(au * eu)[-5:].mean()]
        assert list(found.values()) == pytest.approx(expected, abs=1e-3)
    moved, _ = aleatoric_epistemic(logits - logits.mean(-1, keepdim=True), 2)
    assert record["centred"]["aleatoric"] == pytest.approx(moved.mean().item(), abs=1e-3)


def test_given_answers_are_measured_and_not_written(tiny):
    [record] = given_answer_measures(*tiny, [("one?", "two")])
    given = score(*tiny, short_prompt("one?"), "two")
    p = given.logits.softmax(-1)
    written = p[torch.arange(len(p)), given.token_ids]
    assert record["written"] == pytest.approx(1 - written.mean().item(), abs=1e-5)
    assert record["favourite"] == pytest.approx(1 - p.amax(-1).mean().item(), abs=1e-5)


def test_the_logits_of_a_lists_words_where_the_answer_begins():
    model, tokenizer = load_model("tiny", device="cpu")
    choice = WordChoice("letters", ("a", "bc", "d", "e"), frozenset("a"))
    with pytest.warns(UserWarning, match="in 1 of 1 lists two words begin with the same token"):
        [found] = word_choice_logits(model, tokenizer, [choice])  # bytes: every word's first is " "
    read = prompt_token_ids(tokenizer, word_choice_prompt(choice)).tolist()
    for word, logit in zip(choice.words, found):
        ids = tokenizer(f" {word}").input_ids
        with torch.no_grad():
            rows = model(torch.tensor([read + ids])).logits[0, len(read) - 1 :]
        expected = sum(rows[step, token].item() for step, token in enumerate(ids)) / len(ids)
        assert logit == pytest.approx(expected, abs=1e-4)


@pytest.mark.model
def test_word_logits_of_the_default_model_are_the_first_steps():
    model, tokenizer = load_model(device="cpu")
    [choice] = word_choices(1)
    [found] = word_choice_logits(model, tokenizer, [choice])
    step = generate(model, tokenizer, word_choice_prompt(choice), max_new_tokens=1).logits[0]
    ids = [first_token_id(tokenizer, f" {word}") for word in choice.words]
    assert found == pytest.approx(step[ids].tolist(), abs=1e-3)
