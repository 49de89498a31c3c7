"""Tokenizers that add a BOS, an end token or a space: nothing is added twice, nothing where it does not belong."""

import pytest
import torch
from families import tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizer_kinds import byte_tokenizer, space_tokenizer

from uncertainty import choice_log_probabilities, first_token_id, generate, load_model, score
from uncertainty.generation.prompts import prompt_token_ids
from uncertainty.generation.tokens import continuation_token_ids
from uncertainty.measures.self_evaluation import p_true, p_true_conversation

SPACES = ["normaliser", "metaspace", "metaspace first"]
PROMPT = "The capital of France is"


@pytest.fixture(scope="module")
def model():
    return tiny_model("llama")


@pytest.fixture(scope="module")
def tokenizers():
    return {kind: space_tokenizer(kind) for kind in SPACES}


@pytest.mark.parametrize("kind", ["bytes", *SPACES])
def test_a_text_begins_with_one_bos_however_it_is_written(kind, tokenizers):
    tokenizer = byte_tokenizer(bos=True) if kind == "bytes" else tokenizers[kind]
    assert tokenizer(PROMPT).input_ids[0] == tokenizer.bos_token_id
    assert prompt_token_ids(tokenizer, PROMPT, chat=False).tolist() == tokenizer(PROMPT).input_ids

    conversation = [{"role": "user", "content": "Where is Rome?"}]
    templated = tokenizer.apply_chat_template(conversation, tokenize=False)
    twice = tokenizer(templated).input_ids
    assert twice[:2] == [tokenizer.bos_token_id] * 2  # the trap
    once = prompt_token_ids(tokenizer, templated, chat=False).tolist()
    assert once == twice[1:]
    as_template = tokenizer.apply_chat_template(conversation, tokenize=True, return_dict=True)
    assert once == as_template["input_ids"]


def test_an_end_token_is_not_put_before_the_answer(model):
    plain = byte_tokenizer()
    ending = byte_tokenizer(bos=True, eos=True)
    assert ending(PROMPT).input_ids[-1] == ending.eos_token_id  # the trap
    expected = [ending.bos_token_id, *plain(PROMPT).input_ids]
    assert prompt_token_ids(ending, PROMPT, chat=False).tolist() == expected
    answer = generate(model, ending, PROMPT, chat=False, max_new_tokens=2)
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([expected])).logits[0, -1]
    assert torch.allclose(answer.logits[0], logits, atol=1e-5)


def test_a_tokenizer_that_adds_nothing_is_left_alone():
    tokenizer = load_model("tiny")[1]
    assert prompt_token_ids(tokenizer, PROMPT, chat=False).tolist() == tokenizer(PROMPT).input_ids
    assert continuation_token_ids(tokenizer, " Paris") == tokenizer(" Paris").input_ids
    assert first_token_id(tokenizer, "Paris") == tokenizer("Paris").input_ids[0]


def test_the_first_token_of_a_word_is_not_the_bos():
    plain, with_bos = byte_tokenizer(), byte_tokenizer(bos=True)
    assert with_bos(" Paris").input_ids[0] == with_bos.bos_token_id  # the trap
    assert first_token_id(with_bos, " Paris") == plain(" Paris").input_ids[0]
    with pytest.raises(ValueError, match="no first token"):
        first_token_id(with_bos, "")


@pytest.mark.parametrize("kind", SPACES)
@pytest.mark.parametrize("answer", [" Paris", "Paris", ", and", " the capital is Rome"])
def test_an_answer_is_read_as_it_stands_in_the_whole_text(kind, answer, model, tokenizers):
    """The tokens of prompt and answer are those of the text in one piece."""
    tokenizer = tokenizers[kind]
    whole = tokenizer(PROMPT + answer).input_ids
    scored = score(model, tokenizer, PROMPT, answer, chat=False)
    assert [*scored.prompt_ids.tolist(), *scored.token_ids.tolist()] == whole
    assert tokenizer.decode(whole, skip_special_tokens=True) == PROMPT + answer
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([whole])).logits[0]
    assert torch.allclose(scored.logits, logits[len(scored.prompt_ids) - 1 : -1], atol=1e-5)


@pytest.mark.parametrize("kind", SPACES)
def test_a_word_with_a_space_is_one_token_and_not_two(kind, tokenizers):
    tokenizer = tokenizers[kind]
    token = first_token_id(tokenizer, " Paris")
    stored = tokenizer.convert_ids_to_tokens(token)
    assert stored.startswith("\u2581P")
    naive = tokenizer(" Paris", add_special_tokens=False).input_ids
    if kind == "normaliser":  # the trap: a space of its own before the word's
        assert tokenizer.convert_ids_to_tokens(naive)[0] == "\u2581"


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SPACES), st.text("abcdehilmortP ,.", min_size=1, max_size=12))
def test_prompt_and_continuation_add_up_to_the_text(kind, text):
    tokenizer = _TOKENIZERS[kind]
    ids = continuation_token_ids(tokenizer, text)
    begun = tokenizer("x:", add_special_tokens=False).input_ids
    assert tokenizer.decode([*begun, *ids]) == "x:" + text


_TOKENIZERS = {kind: space_tokenizer(kind) for kind in SPACES}


@pytest.mark.parametrize("kind", SPACES)
def test_choices_and_p_true_compare_the_words(kind, model, tokenizers):
    tokenizer = tokenizers[kind]
    conversation = p_true_conversation("What is the capital?", answer="Paris")
    prompt_ids = prompt_token_ids(tokenizer, conversation)
    true_id, false_id = (first_token_id(tokenizer, word) for word in (" true", " false"))
    assert true_id != false_id
    with torch.no_grad():
        logits = model(input_ids=prompt_ids[None]).logits[0, -1]
    log_p = logits.log_softmax(-1)[[true_id, false_id]]
    found = choice_log_probabilities(model, tokenizer, [conversation], choices=[" true", " false"])
    assert torch.allclose(found[0], log_p, atol=1e-5)
    assert p_true(model, tokenizer, [conversation])[0] == pytest.approx(
        log_p.softmax(-1)[0].item(), abs=1e-5
    )


def test_a_text_that_cannot_be_read_without_a_space_is_refused(monkeypatch, tokenizers):
    monkeypatch.setattr("uncertainty.generation.tokens.ANCHORS", ())
    with pytest.raises(ValueError, match=r"puts a space before 'Paris'.*pass token ids"):
        continuation_token_ids(tokenizers["normaliser"], "Paris")
