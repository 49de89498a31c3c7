"""The lessons' model, and depths that were chosen for 30 blocks."""

import pytest

from uncertainty import load_model
from uncertainty.course.lesson_model import (
    LessonStopsError,
    lesson_model,
    needs_geometry,
    scaled_depth,
    scaled_depths,
    use_plain_template,
)
from uncertainty.generation.prompts import prompt_token_ids
from uncertainty.loading.tiny import byte_tokenizer

CHAT = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}]


@pytest.fixture(scope="module")
def model():
    return load_model("tiny", device="cpu")[0]


class Parts:
    """Stands in for `model_parts` of a model with this many blocks."""

    def __init__(self, blocks: int):
        self.blocks = [None] * blocks


def with_blocks(monkeypatch, blocks: int) -> None:
    monkeypatch.setattr("uncertainty.course.lesson_model.model_parts", lambda model: Parts(blocks))


def test_the_environment_names_the_model(monkeypatch):
    monkeypatch.delenv("UNCERTAINTY_MODEL", raising=False)
    assert lesson_model() == "smollm2-135m"
    monkeypatch.setenv("UNCERTAINTY_MODEL", "tiny")
    assert lesson_model() == "tiny"


def test_the_default_models_depths_stay(monkeypatch):
    with_blocks(monkeypatch, 30)
    assert scaled_depths(None, *range(31)) == list(range(31))
    assert [scaled_depth(None, depth) for depth in range(31)] == list(range(31))


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [(2, [0, 1, 2]), (18, [0, 3, 6, 12, 18]), (60, [0, 10, 20, 40, 60])],
)
def test_depths_keep_their_share_of_the_way(monkeypatch, blocks, expected):
    with_blocks(monkeypatch, blocks)
    assert scaled_depths(None, 0, 5, 10, 20, 30) == expected


def test_two_blocks_have_three_depths(model):
    assert scaled_depths(model, 20, 5, 10, 30) == [0, 1, 2]
    assert scaled_depth(model, 30) == 2


@pytest.mark.parametrize("depth", [-1, 31])
def test_a_depth_that_the_default_model_lacks(model, depth):
    with pytest.raises(ValueError, match=f"between 0 and 30, got {depth}"):
        scaled_depths(model, 5, depth)


def test_a_base_model_reads_plain_lines(capsys):
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = None
    use_plain_template(tokenizer)
    assert "no chat template" in capsys.readouterr().out
    text = tokenizer.decode(prompt_token_ids(tokenizer, CHAT))
    assert text == "<|im_start|>System: Be short.\nUser: Why?\nAssistant:"
    begun = [*CHAT, {"role": "assistant", "content": "Because"}]
    text = tokenizer.decode(prompt_token_ids(tokenizer, begun))
    assert text == "<|im_start|>System: Be short.\nUser: Why?\nAssistant: Because"


def test_the_plain_template_without_a_beginning_token():
    tokenizer = byte_tokenizer()
    tokenizer.bos_token = None
    tokenizer.chat_template = None
    use_plain_template(tokenizer)
    assert tokenizer.decode(prompt_token_ids(tokenizer, "Why?")) == "User: Why?\nAssistant:"


def test_a_template_that_is_there_stays(capsys):
    tokenizer = byte_tokenizer()
    own = tokenizer.chat_template
    use_plain_template(tokenizer)
    assert tokenizer.chat_template == own and capsys.readouterr().out == ""


def test_a_model_with_a_geometry_goes_on(model):
    needs_geometry(model)


def test_a_refusal_is_one_sentence_and_no_traceback(monkeypatch):
    def refuse(model):
        raise ValueError("a norm follows the last MLP.")

    monkeypatch.setattr("uncertainty.course.lesson_model.geometry", refuse)
    with pytest.raises(
        LessonStopsError, match=r"a norm follows the last MLP\. Load another"
    ) as stopped:
        needs_geometry(None)
    assert stopped.value._render_traceback_() == [str(stopped.value)]
