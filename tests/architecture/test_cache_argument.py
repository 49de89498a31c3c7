"""cache_argument.py: the cache is found under both of its names, and passed under the model's own."""

import inspect
import warnings
from types import SimpleNamespace

import pytest

from uncertainty import answer_states, generate, heads_attend_to_bos, load_model
from uncertainty.architecture.cache_argument import (
    CACHE_NAMES,
    cache_argument,
    given_cache,
    named_cache,
)
from uncertainty.generation import shared_prefix


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


def test_the_name_is_the_one_that_the_forward_pass_has(tiny):
    model, _ = tiny
    assert cache_argument(model) in inspect.signature(type(model).forward).parameters


@pytest.mark.parametrize("name", CACHE_NAMES)
def test_both_names_are_known(name):
    scope = {}
    exec(f"def forward(input_ids, {name}=None): ...", scope)
    model = SimpleNamespace(base_model=SimpleNamespace(forward=scope["forward"]))
    assert cache_argument(model) == name
    assert named_cache(model, "kept") == {name: "kept"} and named_cache(model, None) == {}
    assert given_cache({name: "kept", "use_cache": True}) == "kept"


def test_a_pass_without_a_cache_has_no_name_for_it():
    base_model = SimpleNamespace(forward=lambda input_ids, use_cache=None: None)
    assert cache_argument(SimpleNamespace(base_model=base_model)) is None
    assert given_cache(dict.fromkeys(CACHE_NAMES)) is None


def test_no_old_name_is_passed_on_and_the_shared_beginning_is_read_once(tiny, monkeypatch):
    prompts = [f"The same long beginning of every prompt, and then {word}" for word in ("a", "b")]
    read = []
    extend = shared_prefix._extend_cache
    monkeypatch.setattr(
        shared_prefix, "_extend_cache", lambda *a, **k: read.append(a) or extend(*a, **k)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        written = generate(*tiny, prompts * 2, max_new_tokens=3)
        answer_states(*tiny, prompts, answers=[g.token_ids for g in written[:2]])
    assert len(read) >= 2


@pytest.mark.parametrize("name", CACHE_NAMES)
def test_a_cache_is_refused_under_both_names(tiny, name):
    model, _ = tiny
    kept = SimpleNamespace(get_seq_length=lambda: 3)
    ids = tiny[1]("some text", return_tensors="pt").input_ids
    with heads_attend_to_bos(model, [(0, 0)]), pytest.raises(ValueError, match="use_cache=False"):
        model(input_ids=ids, **{name: kept})
