"""answer_states.py against transformers' own hidden states, one text at a time."""

import numpy as np
import pytest
import torch
import transformers

from uncertainty import answer_states, load_model, logit_lens, model_parts, random_weights
from uncertainty.generation.prompts import prompt_token_ids
from uncertainty.lens import answer_states as home

COMMON = "the very same long beginning of every question, and then "
NEAR = dict(atol=2e-5, rtol=1e-4)
PROMPTS = [COMMON + end for end in ("a", "bbbb", "a", "cc dd")]
ANSWERS = [[5, 6, 7, 8, 9], [9], [7, 30, 31], [40, 41]]


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


def alone(model, tokenizer, prompt, answer):
    """What transformers says of one text: all but the last depth, which it gives normed only."""
    ids = torch.cat([prompt_token_ids(tokenizer, prompt, chat=False), torch.tensor(answer).long()])
    with torch.no_grad():
        states = model(
            input_ids=ids[None], output_hidden_states=True, use_cache=False
        ).hidden_states
    return [state[0, -len(answer) - 1 :] for state in states[:-1]], states[-1][
        0, -len(answer) - 1 :
    ]


def gpt2():
    """A model with learnt positions, for which padding inside a row is not allowed."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=260, n_embd=32, n_layer=3, n_head=2, n_positions=128, initializer_range=0.2
    )
    return transformers.GPT2LMHeadModel(config).eval()


@pytest.mark.parametrize("batch_size", [1, 2, 4])
@pytest.mark.parametrize("kind", ["tiny", "gpt2"])
def test_a_batch_gives_what_transformers_gives_one_by_one(tiny, kind, batch_size):
    model = tiny[0] if kind == "tiny" else gpt2()
    found = answer_states(
        model, tiny[1], PROMPTS, answers=ANSWERS, chat=False, batch_size=batch_size, along=1
    )
    layers = len(model_parts(model).blocks)
    assert found.depths == list(range(layers + 1))
    start = 0
    for number, (prompt, answer) in enumerate(zip(PROMPTS, ANSWERS)):
        states, normed = alone(model, tiny[1], prompt, answer)
        for depth, state in enumerate(states):
            expected = state.numpy()
            np.testing.assert_allclose(found.before[depth, number], expected[0], **NEAR)
            np.testing.assert_allclose(found.mean[depth, number], expected[1:].mean(0), **NEAR)
            np.testing.assert_allclose(found.last[depth, number], expected[-1], **NEAR)
        np.testing.assert_allclose(
            found.tokens[start : start + len(answer)], states[1][1:].numpy(), **NEAR
        )
        start += len(answer)
        norm = model_parts(model).norm  # the last depth is what enters the final norm
        with torch.no_grad():
            last = norm(torch.from_numpy(found.last[-1, number]))
        torch.testing.assert_close(last, normed[-1], atol=1e-4, rtol=1e-3)
    assert start == len(found.tokens)


def test_the_depths_are_those_of_the_logit_lens(tiny):
    """Row 0 is the embedding, and the last depth leads to the lens' last distribution."""
    model, tokenizer = tiny
    found = answer_states(model, tokenizer, PROMPTS, answers=ANSWERS, chat=False)
    embedded = model.get_input_embeddings()(torch.tensor(ANSWERS[0])).mean(0)
    np.testing.assert_allclose(found.mean[0, 0], embedded.detach().numpy(), atol=1e-6)
    ids = torch.cat([prompt_token_ids(tokenizer, PROMPTS[3], chat=False), torch.tensor(ANSWERS[3])])
    with torch.no_grad():
        logits = model_parts(model).logits(torch.from_numpy(found.last[-1, 3]))
    assert logits.argmax() == logit_lens(model, ids).top_token[-1, -1]


def test_texts_shorter_than_the_longest_answer_and_answers_without_a_token(tiny):
    model, tokenizer = tiny
    answers = [list(range(3, 43)), [], [5]]
    found = answer_states(model, tokenizer, ["x", "y", "z"], answers=answers, chat=False)
    for number, (prompt, answer) in enumerate(zip("xyz", answers)):
        states, _ = alone(model, tokenizer, prompt, answer)
        np.testing.assert_allclose(found.before[1, number], states[1][0].numpy(), **NEAR)
        if answer:
            expected = states[1][1:].mean(0).numpy()
            np.testing.assert_allclose(found.mean[1, number], expected, **NEAR)
    assert np.isnan(found.mean[:, 1]).all() and np.isnan(found.last[:, 1]).all()


def test_what_is_shared_is_read_once_and_no_logits_are_computed(tiny):
    model, tokenizer = tiny
    answer_states(model, tokenizer, PROMPTS, answers=ANSWERS, chat=False)  # the proofs are done
    read = []

    def count(block, arguments, named):
        states = arguments[0] if arguments else named["hidden_states"]
        read.append(states.shape[0] * states.shape[1])

    def refuse(module, arguments, output):
        pytest.fail("logits were computed")

    hooks = [
        model_parts(model).blocks[0].register_forward_pre_hook(count, with_kwargs=True),
        model.get_output_embeddings().register_forward_hook(refuse),
    ]
    try:
        answer_states(model, tokenizer, PROMPTS, answers=ANSWERS, chat=False)
    finally:
        for hook in hooks:
            hook.remove()
    assert sum(read) < 0.6 * sum(len(p) + len(a) + 1 for p, a in zip(PROMPTS, ANSWERS))


def test_a_model_whose_numbers_a_batch_would_change_reads_one_by_one(tiny, monkeypatch):
    monkeypatch.setattr(home, "reads_batches", lambda model, pad_id: False)
    rows = []
    original = home._end_of_stream
    monkeypatch.setattr(home, "_end_of_stream", lambda *a: rows.append(len(a[2])) or original(*a))
    answer_states(*tiny, PROMPTS, answers=ANSWERS, chat=False)
    assert rows == [1, 1, 1, 1]


def test_some_depths_in_the_order_given(tiny):
    some = answer_states(*tiny, PROMPTS, answers=ANSWERS, chat=False, depths=[2, 0], along=1)
    whole = answer_states(*tiny, PROMPTS, answers=ANSWERS, chat=False, along=1)
    np.testing.assert_array_equal(some.mean, whole.mean[[2, 0]])
    np.testing.assert_array_equal(some.tokens, whole.tokens)
    assert whole.mean.dtype == np.float32


@pytest.mark.parametrize(
    "arguments,message",
    [
        (dict(answers=[[1]]), "got 1 answers, 4 prompts"),
        (dict(answers=ANSWERS, batch_size=0), "batch_size=0"),
        (dict(answers=ANSWERS, depths=[3]), r"depths must be whole numbers in 0\.\.2"),
        (dict(answers=ANSWERS, along=7), r"along must be whole numbers in 0\.\.2"),
        (dict(answers=[[1], [2], [3], [10**6]]), "token ids must lie in"),
    ],
)
def test_what_does_not_fit_is_refused(tiny, arguments, message):
    with pytest.raises(ValueError, match=message):
        answer_states(*tiny, PROMPTS, chat=False, **arguments)


def test_random_weights_are_new_repeatable_and_cut(tiny):
    model = tiny[0]
    state = torch.get_rng_state()
    one = random_weights(model, seed=1)
    assert torch.equal(torch.get_rng_state(), state)
    again = random_weights(model, seed=1)
    cut = random_weights(gpt2(), blocks=2)
    pairs = list(zip(one.parameters(), again.parameters(), model.parameters()))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert sum(not torch.equal(a, c) for a, _, c in pairs) > len(pairs) / 2
    assert not one.training and len(model_parts(cut).blocks) == 2
    logits = cut(input_ids=torch.tensor([[1, 2, 3]])).logits
    assert logits.isfinite().all() and len(model_parts(gpt2()).blocks) == 3
    with pytest.raises(ValueError, match="between 1 and the model's 3, got 4"):
        random_weights(gpt2(), blocks=4)
