"""Answers as dicts and JSON, and back: bit for bit with their logits, and honest without them."""

import base64
import copy
import dataclasses
import json
import math

import numpy as np
import pytest
import scipy.special
import torch
from families import tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from uncertainty import (
    Generation,
    answer_measures,
    generate,
    get_token_confidence,
    load_model,
    logTokU,
    score,
    token_measures,
    token_uncertainty_naive,
    token_uncertainty_vanilla,
    top_alternatives,
)
from uncertainty.generation.prompts import decode_text
from uncertainty.plotting.heatmap import token_heatmap_html
from uncertainty.plotting.token_figure import plot_tokens

MODEL, TOKENIZER = load_model("tiny")
SAVED = generate(MODEL, TOKENIZER, "Hello", max_new_tokens=2).to_dict(logits=True)
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Why\u2028?"},
]


@pytest.fixture(scope="module")
def answer():
    return generate(MODEL, TOKENIZER, CONVERSATION, max_new_tokens=6, temperature=1.0, seed=0)


def bits(logits):
    return logits.contiguous().view(torch.int32)


def assert_equal(a, b):
    assert (a.prompt, a.text, a.finish_reason) == (b.prompt, b.text, b.finish_reason)
    assert a.token_ids.dtype == b.token_ids.dtype and torch.equal(a.token_ids, b.token_ids)
    assert a.prompt_ids.dtype == b.prompt_ids.dtype and torch.equal(a.prompt_ids, b.prompt_ids)
    assert a.tokens == b.tokens


def no_constants(name):
    raise AssertionError(f"{name} is not JSON")


texts = st.text(max_size=8)
questions = st.text(min_size=1, max_size=8)
conversations = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts}),
    min_size=1,
    max_size=3,
)


@st.composite
def generations(draw):
    """Answers with any logits that are distributions: extremes, signed zeros, -inf."""
    steps = draw(st.integers(0, 4))
    vocabulary = draw(st.integers(1, 9))
    entries = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.just(-math.inf)
    logits = draw(arrays(np.float32, (steps, vocabulary), elements=entries))
    logits[~np.isfinite(logits).any(-1), 0] = -0.0
    ids = st.integers(0, vocabulary - 1)
    token_ids = torch.tensor(draw(st.lists(ids, min_size=steps, max_size=steps))).long()
    return Generation(
        prompt=draw(questions | conversations),
        text=decode_text(TOKENIZER, token_ids),
        token_ids=token_ids,
        logits=torch.from_numpy(logits),
        prompt_ids=torch.tensor(draw(st.lists(ids, min_size=1, max_size=5))).long(),
        finish_reason=draw(st.sampled_from(["stop", "length", "given"])),
        tokenizer=TOKENIZER,
    )


@settings(deadline=None)
@given(generations(), st.integers(0, 12), st.booleans())
def test_an_answer_comes_back_bit_for_bit(answer, alternatives, with_tokenizer):
    text = answer.to_json(alternatives=alternatives, logits=True)
    json.loads(text, parse_constant=no_constants)
    back = Generation.from_json(text, TOKENIZER if with_tokenizer else None)
    assert_equal(back, answer)
    assert back.logits.dtype == torch.float32 and back.logits.shape == answer.logits.shape
    assert torch.equal(bits(back.logits), bits(answer.logits))
    assert back.to_json(alternatives=0, logits=True) == answer.to_json(alternatives=0, logits=True)


@settings(deadline=None)
@given(generations(), st.integers(0, 12))
def test_without_logits_all_the_rest_comes_back(answer, alternatives):
    data = answer.to_dict(alternatives=alternatives)
    assert json.loads(json.dumps(data, allow_nan=False)) == data and "logits" not in data
    for tokenizer in (TOKENIZER, None):
        back = Generation.from_dict(data, tokenizer)
        assert_equal(back, answer)
        with pytest.raises(ValueError, match="saved without its logits"):
            back.logits  # noqa: B018


def test_the_saved_numbers_are_scipys(answer):
    data = answer.to_dict(alternatives=3)
    log_p = scipy.special.log_softmax(answer.logits.double().numpy(), axis=-1)
    assert data["vocabulary_size"] == log_p.shape[1] and len(data["tokens"]) == len(answer) > 3
    assert data["prompt"] == CONVERSATION and data["prompt_ids"] == answer.prompt_ids.tolist()
    assert [token["text"] for token in data["tokens"]] == answer.tokens
    for token, row, token_id in zip(data["tokens"], log_p, answer.token_ids.tolist()):
        assert token["id"] == token_id
        assert token["surprisal"] == pytest.approx(-row[token_id], rel=1e-5)
        assert token["probability"] == pytest.approx(math.exp(row[token_id]), rel=1e-5)
        kept = token["alternatives"]
        assert [alternative["id"] for alternative in kept] == np.argsort(-row)[:3].tolist()
        expected = np.sort(np.exp(row))[::-1][:3]
        assert [alternative["probability"] for alternative in kept] == pytest.approx(
            expected, rel=1e-5
        )


def test_a_token_of_probability_zero_has_no_finite_surprisal():
    logits = torch.tensor([[0.0, -math.inf, 1.0]])
    ids = torch.tensor([1])
    text = decode_text(TOKENIZER, ids)
    answer = Generation("?", text, ids, logits, torch.tensor([0]), "given", TOKENIZER)
    [token] = answer.to_dict()["tokens"]
    assert token["surprisal"] is None and token["probability"] == 0
    back = Generation.from_json(answer.to_json(logits=True), TOKENIZER)
    assert back.logits.tolist() == logits.tolist()


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2"])
def test_every_measure_of_a_reloaded_answer_is_the_same(family):
    model = tiny_model(family)
    for made in (
        generate(model, TOKENIZER, "Hello", chat=False, max_new_tokens=5),
        score(model, TOKENIZER, "Hello", "you", chat=False),
    ):
        back = Generation.from_json(made.to_json(logits=True))
        for name, values in token_measures(made).items():
            assert torch.equal(token_measures(back)[name], values), name
        assert answer_measures(back) == answer_measures(made)
        assert logTokU(back) == logTokU(made)
        assert back._repr_html_() == made._repr_html_()  # five alternatives, whose labels are kept


def test_whoever_needs_logits_that_were_not_saved_says_so(answer):
    back = Generation.from_dict(answer.to_dict(), TOKENIZER)
    for measure in (
        token_measures,
        answer_measures,
        logTokU,
        token_uncertainty_naive,
        token_uncertainty_vanilla,
        get_token_confidence,
        top_alternatives,
        token_heatmap_html,
        plot_tokens,
        Generation.to_dict,
        Generation.to_json,
    ):
        with pytest.raises(
            ValueError, match=r"saved without its logits: use to_dict\(logits=True\)"
        ):
            measure(back)
    assert repr(back) == repr(answer) and len(back) == len(answer)


def test_a_notebook_shows_the_text_of_an_answer_without_logits(answer):
    back = Generation.from_dict(answer.to_dict(), TOKENIZER)
    back.text = "<b>Paris</b>"
    assert back._repr_html_() == (
        "<p>&lt;b&gt;Paris&lt;/b&gt;</p><p>(No heat map: saved without its logits.)</p>"
    )


def test_a_label_that_was_not_saved_is_not_made_up(answer):
    back = Generation.from_dict(answer.to_dict(alternatives=2, logits=True))
    assert top_alternatives(back, 2) == top_alternatives(answer, 2)
    with pytest.raises(ValueError, match=r"no label for token \d+: .*from_dict"):
        top_alternatives(back, 100)


def test_another_tokenizer_is_refused(answer):
    class Shifted:
        """Gives every token the label of its neighbour."""

        def decode(self, ids):
            return TOKENIZER.decode([i + 1 for i in ids])

        def convert_ids_to_tokens(self, i):
            return TOKENIZER.convert_ids_to_tokens(i + 1)

    with pytest.raises(ValueError, match="another tokenizer wrote this answer: token"):
        Generation.from_dict(answer.to_dict(), Shifted())


def test_a_saved_conversation_is_a_copy(answer):
    blocks = {"role": "user", "content": [{"type": "text", "text": "Why?"}]}
    answer = dataclasses.replace(answer, prompt=[*answer.prompt, blocks])
    original = copy.deepcopy(answer.prompt)
    data = answer.to_dict()
    back = Generation.from_dict(data)
    data["prompt"][0]["content"] = "changed"
    data["prompt"][-1]["content"][0]["text"] = "changed"
    assert answer.prompt == back.prompt == original


def test_logits_that_are_no_distribution_are_not_saved():
    logits = torch.tensor([[0.0, math.nan]])
    broken = Generation("?", "", torch.tensor([0]), logits, torch.tensor([0]), "given", TOKENIZER)
    with pytest.raises(ValueError, match="not a probability distribution"):
        broken.to_dict(logits=True)
    with pytest.raises(ValueError, match="alternatives must be at least 0, got -1"):
        broken.to_dict(alternatives=-1)


def without(key):
    return lambda data: data.pop(key)


def changed(key, value):
    return lambda data: data.__setitem__(key, value)


def in_first_token(key, value):
    return lambda data: data["tokens"][0].__setitem__(key, value)


def in_first_alternative(key, value):
    return lambda data: data["tokens"][0]["alternatives"][0].__setitem__(key, value)


def unnamed_id(data):
    """A token id that the saved answer does not name."""
    named = {token["id"] for token in data["tokens"]}
    named |= {each["id"] for token in data["tokens"] for each in token["alternatives"]}
    return min(set(range(259)) - named)


def with_another_id(data):
    data["tokens"][0]["id"] = unnamed_id(data)


def with_another_alternative(data):
    data["tokens"][0]["alternatives"][-1].update(id=unnamed_id(data), text="other")


def with_another_number(data):
    data["tokens"][0].update(surprisal=3.0, probability=math.exp(-3.0))


def with_two_labels(data):
    token = data["tokens"][0]
    token["alternatives"][0] = {"text": "other", "id": token["id"], "probability": 0.5}


def with_a_nan(data):
    raw = bytearray(base64.b64decode(data["logits"]))
    raw[:4] = np.float32(math.nan).tobytes()
    data["logits"] = base64.b64encode(bytes(raw)).decode("ascii")


BAD = [
    (without("format_version"), "the answer lacks format_version"),
    (changed("format_version", 2), "its format version is 2, and 1 is the one that can be read"),
    (without("tokens"), "the answer lacks tokens"),
    (lambda data: (data.pop("text"), data.pop("prompt")), "the answer lacks prompt, text"),
    (changed("text", None), "text is None, not a string"),
    (changed("format_version", True), "its format version is True"),
    (changed("format_version", 1.0), "its format version is 1.0"),
    (changed("finish_reason", 3), "finish_reason is 3, not a string"),
    (changed("finish_reason", "nonsense"), "finish_reason is 'nonsense', none of stop, length, g"),
    (changed("prompt", ""), "its prompt is empty: ''"),
    (changed("prompt", []), r"its prompt is empty: \[\]"),
    (changed("prompt", [{"content": "Why?"}]), "one of its messages lacks role"),
    (changed("prompt", [{"role": None}]), "role is None, not a string"),
    (changed("prompt_ids", []), r"its prompt_ids are \[\], and a model reads at least one token"),
    (changed("prompt_ids", [3, 259]), r"token ids must lie in 0..258, got 3..259"),
    (in_first_token("probability", "abc"), "a probability is 'abc', no number from 0 to 1"),
    (in_first_token("probability", math.nan), "a probability is nan, no number from 0 to 1"),
    (in_first_token("probability", True), "a probability is True, no number from 0 to 1"),
    (in_first_token("probability", 1.5), "a probability is 1.5, no number from 0 to 1"),
    (in_first_token("probability", 1e-9), "a token has probability 1e-09, and its surprisal"),
    (in_first_token("surprisal", None), "and its surprisal None means 0.0"),
    (in_first_token("surprisal", -(10**400)), "a surprisal is -1000+, neither a number nor None"),
    (in_first_token("surprisal", -5.0), "and its surprisal -5.0 means"),
    (in_first_token("surprisal", "1"), "a surprisal is '1', neither a number nor None"),
    (in_first_token("surprisal", math.inf), "a surprisal is inf, neither a number nor None"),
    (in_first_alternative("probability", None), "a probability is None, no number"),
    (in_first_alternative("probability", 1e-6), "an alternative of token 0 has probability 1e-06"),
    (with_another_id, "token 0 has surprisal .*, and its logits give"),
    (with_another_number, "token 0 has surprisal 3.0, and its logits give"),
    (with_two_labels, r"token \d+ is 'other' in one place and '.*' in another"),
    (with_a_nan, r"logits row \[0\] has largest entry nan: not a probability distribution"),
    (changed("prompt", 7), "its prompt is 7, neither a string nor messages"),
    (changed("prompt", ["Hello"]), "neither a string nor messages"),
    (changed("vocabulary_size", 0), "its vocabulary size is 0"),
    (changed("vocabulary_size", True), "its vocabulary size is True"),
    (changed("vocabulary_size", 3), "token ids must lie in 0..2"),
    (changed("prompt_ids", [1, -1]), "its prompt_ids hold -1, which is no token id"),
    (changed("prompt_ids", [1, 2**70]), "which is no token id"),
    (changed("prompt_ids", [1.0]), "its prompt_ids hold 1.0"),
    (changed("prompt_ids", "12"), "not a list of token ids"),
    (changed("tokens", {}), "its tokens are {}, not a list"),
    (changed("tokens", [3]), "one of its tokens is int, not a dict"),
    (lambda data: data["tokens"][0].pop("surprisal"), "one of its tokens lacks surprisal"),
    (in_first_token("id", "a"), "its tokens hold 'a', which is no token id"),
    (in_first_token("text", 1), "text is 1, not a string"),
    (in_first_token("alternatives", None), "its alternatives are None, not a list"),
    (in_first_token("alternatives", [{}]), "one of its alternatives lacks text, id, probability"),
    (changed("logits", "AAAA"), r"its logits have 3 bytes, and \d tokens x 259 need \d+"),
    (changed("logits", "?"), "its logits are not base64 text"),
    (changed("logits", [1.0]), "its logits are not base64 text"),
    (lambda data: data["tokens"].pop(), "bytes"),
]


@pytest.mark.parametrize("spoil,words", BAD)
def test_a_spoiled_answer_is_refused_with_a_sentence(answer, spoil, words):
    data = copy.deepcopy(answer.to_dict(logits=True))
    spoil(data)
    with pytest.raises(ValueError, match=words):
        Generation.from_dict(data)


def test_a_tokenizer_finds_what_contradicts_it(answer):
    for spoil, words in [
        (changed("text", "another"), "its text is 'another', and its tokens make "),
        (with_another_id, r"another tokenizer wrote this answer: token \d+ is '"),
        (
            with_another_alternative,
            r"another tokenizer wrote this answer: token \d+ is 'other' there",
        ),
    ]:
        data = copy.deepcopy(answer.to_dict())
        spoil(data)
        with pytest.raises(ValueError, match=words):
            Generation.from_dict(data, TOKENIZER)


@pytest.mark.parametrize("text", ["", "{", "no", '{"format_version": 1', "[]", "3", "null"])
def test_text_that_is_no_saved_answer_is_refused(text):
    with pytest.raises(ValueError, match="not a saved answer"):
        Generation.from_json(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(texts, values, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.data(), json_values)
def test_any_other_data_is_refused_or_read_but_never_breaks(draw, value):
    data = copy.deepcopy(SAVED)
    place = draw.draw(
        st.sampled_from([data, data["tokens"][0], data["tokens"][0]["alternatives"][0]])
    )
    place[draw.draw(st.sampled_from(sorted(place)))] = value
    for candidate in (data, value):
        try:
            assert isinstance(Generation.from_dict(candidate), Generation)
        except ValueError as error:
            assert str(error).endswith(".")


def test_an_id_that_no_tensor_can_hold_is_refused_in_words():
    for too_large in (2**63, 2**64, 10**30):
        saved = copy.deepcopy(SAVED)
        saved["prompt_ids"] = [too_large]
        with pytest.raises(
            ValueError, match=f"its prompt_ids hold {too_large}, which is no token id"
        ):
            Generation.from_dict(saved)
