"""Truncated sampling: which tokens can be drawn, that the kept logits stay raw, and what is refused."""

import copy
import inspect

import numpy as np
import pytest
import torch
from families import tiny_model

import uncertainty
from uncertainty import generate, load_model, score

PROMPT = "Hello there"
STEPS = 12


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


@pytest.fixture(scope="module")
def llama(tiny):
    """A model whose distributions are far from uniform, and which never ends by itself."""
    model = tiny_model("llama")
    model.generation_config.eos_token_id = None
    tokenizer = copy.deepcopy(tiny[1])
    tokenizer.eos_token = None
    return model, tokenizer


def truncated(logits, temperature, top_k, top_p):
    """The distribution that tokens are drawn from, written out in numpy."""
    scaled = logits.double().numpy() / temperature
    order = np.argsort(-scaled)
    p = np.exp(scaled - scaled.max())
    if top_k is not None:
        p[order[top_k:]] = 0
    p /= p.sum()
    if top_p is not None:
        reached = int((np.cumsum(p[order]) < top_p - 1e-12).sum())  # the first that reaches top_p
        p[order[reached + 1 :]] = 0
    return p / p.sum()


@pytest.mark.parametrize(
    "top_k,top_p", [(None, None), (3, None), (None, 0.5), (20, 0.8), (1, None), (10**9, 1.0)]
)
@pytest.mark.parametrize("temperature", [0.7, 1.3])
def test_tokens_are_drawn_from_the_truncated_softmax_of_the_raw_logits(
    llama, temperature, top_k, top_p
):
    """Drawn again by hand, with the same seed, from the logits that were kept."""
    model, tokenizer = llama
    answer = generate(
        model,
        tokenizer,
        PROMPT,
        chat=False,
        max_new_tokens=STEPS,
        temperature=temperature,
        seed=4,
        top_k=top_k,
        top_p=top_p,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        by_hand = []
        for row in answer.logits:
            p = torch.tensor(truncated(row, temperature, top_k, top_p)).float()
            by_hand.append(int(torch.multinomial(p, 1)))
    assert answer.token_ids.tolist() == by_hand and len(by_hand) == STEPS


@pytest.mark.parametrize("options", [dict(top_k=2), dict(top_p=0.3), dict(top_k=5, top_p=0.5)])
def test_the_logits_stay_raw(llama, options):
    model, tokenizer = llama
    answers = generate(
        model,
        tokenizer,
        [PROMPT, "Why?"],
        chat=False,
        max_new_tokens=STEPS,
        temperature=2.0,
        seed=0,
        **options,
    )
    for answer in answers:
        forced = score(model, tokenizer, answer.prompt, answer.token_ids, chat=False)
        assert torch.isfinite(answer.logits).all()
        assert torch.allclose(answer.logits, forced.logits, atol=1e-4)


def test_truncation_leaves_out_what_it_says(llama):
    model, tokenizer = llama
    options = dict(chat=False, max_new_tokens=1, temperature=1.5, seed=0)
    row = generate(model, tokenizer, PROMPT, **options).logits[0]
    for truncation in (dict(top_k=4), dict(top_p=0.6)):
        p = truncated(row, 1.5, truncation.get("top_k"), truncation.get("top_p"))
        draws = generate(model, tokenizer, [PROMPT] * 3000, **options, **truncation)
        drawn = torch.cat([answer.token_ids for answer in draws]).numpy()
        counts = np.bincount(drawn, minlength=len(p))
        assert len(drawn) == 3000 and counts[p == 0].sum() == 0
        assert 1 < (p > 0).sum() < len(p) / 2
        assert np.abs(counts / 3000 - p).max() < 4 * 0.5 / 3000**0.5


def test_no_truncation_is_the_default_and_changes_no_sample(tiny):
    plain = generate(*tiny, "Hello", temperature=1.2, seed=5, max_new_tokens=STEPS)
    spelled_out = generate(
        *tiny, "Hello", temperature=1.2, seed=5, max_new_tokens=STEPS, top_k=None, top_p=None
    )
    assert torch.equal(plain.token_ids, spelled_out.token_ids)


def test_numpy_numbers_serve_as_well(tiny):
    answer = generate(*tiny, "Hello", temperature=1.0, seed=0, max_new_tokens=2, top_k=np.int64(3))
    assert len(answer) <= 2


@pytest.mark.parametrize(
    "options,words",
    [
        (dict(top_k=0, temperature=1.0), "top_k must be a whole number, at least 1, got 0"),
        (dict(top_k=-3, temperature=1.0), "got -3"),
        (dict(top_k=2.5, temperature=1.0), "got 2.5"),
        (dict(top_k=0), "got 0"),
        (dict(top_p=0.0, temperature=1.0), "top_p must be above 0 and at most 1, got 0.0"),
        (dict(top_p=1.5, temperature=1.0), "got 1.5"),
        (dict(top_p=float("nan"), temperature=1.0), "got nan"),
        (dict(top_k=5), "greedy decoding .* ignores top_k and top_p, got 5 and None"),
        (dict(top_p=0.9), "greedy decoding .* ignores top_k and top_p, got None and 0.9"),
    ],
)
def test_bad_truncation_is_named(tiny, options, words):
    with pytest.raises(ValueError, match=words):
        generate(*tiny, "Hello", **options)


def test_generate_with_logits_is_another_name():
    assert uncertainty.generate_with_logits is generate
    assert "generate_with_logits" in inspect.getdoc(generate)
