"""A `Generation` is a dataclass, whose logits cannot be read where they were not saved."""

import copy
import dataclasses
import inspect
import pickle

import pytest
import torch

from uncertainty import Generation, generate, load_model

MODEL, TOKENIZER = load_model("tiny")
NEEDED = ["prompt", "text", "token_ids", "logits", "prompt_ids", "finish_reason", "tokenizer"]
KEPT_WHEN_ASKED = ["states", "attentions"]
FIELDS = NEEDED + KEPT_WHEN_ASKED


@pytest.fixture(scope="module")
def answer():
    return generate(MODEL, TOKENIZER, "Hello", max_new_tokens=3)


@pytest.fixture(scope="module")
def without_logits(answer):
    return Generation.from_dict(answer.to_dict(), TOKENIZER)


def assert_no_logits(answer):
    with pytest.raises(ValueError, match="this answer was saved without its logits"):
        answer.logits  # noqa: B018


def test_the_fields_are_those_of_the_constructor_in_order():
    assert [field.name for field in dataclasses.fields(Generation)] == FIELDS
    parameters = inspect.signature(Generation).parameters.values()
    assert [parameter.name for parameter in parameters] == FIELDS
    defaults = {parameter.name: parameter.default for parameter in parameters}
    assert all(defaults[name] is inspect.Parameter.empty for name in NEEDED)
    assert all(defaults[name] is None for name in KEPT_WHEN_ASKED)


def test_replace_changes_one_field(answer, without_logits):
    changed = dataclasses.replace(answer, text="another")
    assert changed.text == "another" and changed.logits is answer.logits
    assert answer.text != "another"
    assert_no_logits(dataclasses.replace(answer, logits=None))
    restored = dataclasses.replace(without_logits, logits=answer.logits)
    assert restored.logits is answer.logits
    with pytest.raises(ValueError, match="saved without its logits"):
        dataclasses.replace(without_logits, text="another")


def test_asdict_holds_every_field(answer):
    values = dataclasses.asdict(answer)
    assert list(values) == FIELDS and values["text"] == answer.text
    assert torch.equal(values["logits"], answer.logits)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))]
)
def test_copies_keep_everything(answer, without_logits, copied):
    twin = copied(answer)
    assert torch.equal(twin.logits, answer.logits) and twin.tokens == answer.tokens
    assert repr(twin) == repr(answer) and twin.prompt == answer.prompt
    assert_no_logits(copied(without_logits))
    assert copied(without_logits).tokens == answer.tokens


def test_two_answers_are_equal_only_when_they_are_one(answer):
    assert answer == answer and answer != copy.copy(answer)
    assert len({answer, copy.copy(answer)}) == 2


def test_logits_can_be_set_and_taken_away(answer):
    twin = copy.copy(answer)
    twin.logits = answer.logits[:1]
    assert len(twin.logits) == 1 and len(answer.logits) == 3
    twin.logits = None
    assert_no_logits(twin)
