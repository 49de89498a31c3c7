"""The prompts that ask for a confidence, and the conversations around them."""

import pytest

from uncertainty import load_model, parse_confidence
from uncertainty.generation.prompts import prompt_token_ids
from uncertainty.measures.verbalised import EXAMPLES, PROMPTS, ask_confidence, with_examples

QUESTION = "What is 2 + 2?"


def roles(conversation):
    return [turn["role"] for turn in conversation]


def test_the_worked_examples_are_in_the_format_they_teach():
    parsed = [parse_confidence(reply) for _, reply in EXAMPLES]
    assert [reading.refused for reading in parsed] == [False, False, True]
    assert len({reading.confidence for reading in parsed}) == len(parsed)


def test_the_second_turn_leaves_its_reply_open():
    _, tokenizer = load_model("tiny")
    conversation = ask_confidence(QUESTION, answer="4")
    text = tokenizer.decode(prompt_token_ids(tokenizer, conversation))
    assert text.endswith("Confidence:") and text.count("<|im_end|>") == 3


def test_the_beginning_of_the_reply_is_optional():
    assert roles(ask_confidence(QUESTION, answer="4", begin=None)) == ["user", "assistant", "user"]
    with pytest.raises(TypeError, match="positional argument"):
        ask_confidence(QUESTION, "4")


def test_examples_come_first_and_the_format_is_explained_once():
    few_shot = with_examples(QUESTION)
    assert roles(few_shot) == ["user", "assistant"] * len(EXAMPLES) + ["user"]
    assert few_shot[-1]["content"] == f"Question: {QUESTION}"
    requests = [turn["content"] for turn in few_shot if turn["role"] == "user"]
    assert ["Reply in exactly this format" in request for request in requests] == [
        True,
        *[False] * len(EXAMPLES),
    ]


def test_without_examples_the_prompt_stands_alone():
    conversation = with_examples(QUESTION, prompt=PROMPTS["words"], examples=[])
    expected = PROMPTS["words"].format(question=QUESTION)
    assert conversation == [{"role": "user", "content": expected}]
