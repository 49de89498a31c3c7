"""States and attentions of an answer: the right rows, of the right kind, within the budget."""

import pytest
import torch
import transformers

from uncertainty import (
    Generation,
    attention_patterns,
    generate,
    load_model,
    logit_lens,
    model_parts,
    read_stream,
    score,
)
from uncertainty.generation.internals import keep_internals

BOTH = ["states", "attentions"]


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


@pytest.fixture(scope="module")
def answer(tiny):
    return generate(*tiny, "Why is that?", max_new_tokens=6, keep=BOTH)


def test_nothing_is_kept_unless_asked_and_nothing_is_saved(tiny, answer):
    plain = generate(*tiny, "Why is that?", max_new_tokens=6)
    assert plain.states is None and plain.attentions is None
    assert answer.to_dict(logits=True) == plain.to_dict(logits=True)
    back = Generation.from_json(answer.to_json(logits=True), tiny[1])
    assert back.states is None and back.attentions is None


def test_states_are_what_each_token_was_predicted_from(tiny, answer):
    model, _ = tiny
    layers, width = model.config.num_hidden_layers, model.config.hidden_size
    assert answer.states.shape == (layers + 1, 6, width) and answer.states.dtype == torch.float32
    logits = model_parts(model).logits(answer.states[-1])
    assert torch.allclose(logits, answer.logits, atol=1e-4)
    ids = torch.cat([answer.prompt_ids, answer.token_ids])
    embedded = model.get_input_embeddings()(ids)[len(answer.prompt_ids) - 1 : -1]
    assert torch.allclose(answer.states[0], embedded)


def test_depths_are_those_of_the_logit_lens(tiny, answer):
    model, _ = tiny
    ids = torch.cat([answer.prompt_ids, answer.token_ids])
    lens = logit_lens(model, ids).entropy[:, len(answer.prompt_ids) - 1 : -1]
    read = read_stream(model_parts(model), answer.states).entropy
    assert torch.allclose(read, lens, atol=1e-4)


def test_states_agree_with_transformers_below_the_final_norm(tiny, answer):
    model, _ = tiny
    ids = torch.cat([answer.prompt_ids, answer.token_ids])[None]
    with torch.no_grad():
        hidden = model(ids, output_hidden_states=True).hidden_states
    rows = slice(len(answer.prompt_ids) - 1, -1)
    for depth, theirs in enumerate(hidden[:-1]):
        assert torch.allclose(answer.states[depth], theirs[0, rows], atol=1e-5)
    assert torch.allclose(model.model.norm(answer.states[-1]), hidden[-1][0, rows], atol=1e-5)


def test_attentions_are_the_rows_of_the_answers_own_tokens(tiny, answer):
    model, _ = tiny
    ids = torch.cat([answer.prompt_ids, answer.token_ids])
    whole = torch.stack(attention_patterns(model, ids))  # (layers, heads, tokens, tokens)
    prompt = len(answer.prompt_ids)
    assert torch.allclose(answer.attentions, whole[:, :, prompt:], atol=1e-6)
    assert answer.attentions.shape[2:] == (6, prompt + 6)
    ones = torch.ones(answer.attentions.shape[:3])
    assert torch.allclose(answer.attentions.sum(-1), ones, atol=1e-5)
    own = answer.attentions[..., -6:]  # token on token of the answer: nothing ahead
    assert own.triu(1).abs().max() == 0 and own.diagonal(0, -2, -1).min() > 0


def test_one_of_them_alone_a_batch_and_a_given_answer_say_the_same(tiny, answer):
    states = generate(*tiny, "Why is that?", max_new_tokens=6, keep=["states"])
    assert torch.allclose(states.states, answer.states, atol=1e-3)
    assert states.attentions is None
    prompts = ["A longer question, is it not?", "Why is that?"]
    batch = generate(*tiny, prompts, max_new_tokens=6, keep=["attentions"])
    assert batch[1].states is None
    assert torch.allclose(batch[1].attentions, answer.attentions, atol=1e-5)
    given = score(*tiny, "Why is that?", answer.token_ids, keep=BOTH)
    assert torch.allclose(given.states, answer.states, atol=1e-3)
    assert torch.allclose(given.attentions, answer.attentions, atol=1e-5)


def test_the_models_own_attention_is_restored(tiny):
    model, tokenizer = tiny
    before = model.config._attn_implementation
    generate(model, tokenizer, "Why?", max_new_tokens=2, keep=BOTH)
    assert model.config._attn_implementation == before != "eager"


def test_an_empty_answer_has_states_without_steps(tiny):
    model, tokenizer = tiny
    none = torch.zeros(0, dtype=torch.long)
    ids = torch.tensor([5, 6, 7])
    empty = Generation("?", "", none, torch.zeros(0, 9), ids, "stop", tokenizer)
    keep_internals(model, [empty], BOTH)
    assert empty.states.shape[1] == 0 and empty.attentions.shape[2:] == (0, 3)


def test_half_precision_and_wide_numbers_come_as_promised():
    for dtype, kept in ((torch.float16, torch.float16), (torch.bfloat16, torch.float32)):
        model, tokenizer = load_model("tiny")
        answer = score(model.to(dtype), tokenizer, "Why?", [4, 5], keep=["states"])
        assert answer.states.dtype == kept and answer.states.device.type == "cpu"


def test_what_is_not_known_is_refused_before_the_model_writes(tiny):
    for keep in ("states", ["state"], ["states", "logits"]):
        with pytest.raises(ValueError, match="keep takes a list of 'states' and 'attentions', got"):
            generate(*tiny, "Why?", keep=keep)
        with pytest.raises(ValueError, match="keep takes a list of"):
            score(*tiny, "Why?", "So", keep=keep)


def test_too_much_is_refused_with_the_arithmetic(tiny, answer):
    model, _ = tiny
    layers, heads = model.config.num_hidden_layers, model.config.num_attention_heads
    width, prompt = model.config.hidden_size, len(answer.prompt_ids)
    kept = 4 * ((layers + 1) * 6 * width + layers * heads * 6 * (prompt + 6))
    passing = 4 * ((layers + 1) * 6 * width + layers * heads * (prompt + 6) ** 2)
    assert answer.states.nbytes + answer.attentions.nbytes == kept
    keep_internals(model, [answer], BOTH, budget=kept + passing)
    with pytest.raises(ValueError, match=rf"6 steps of {prompt + 6} positions in {layers} layers"):
        keep_internals(model, [answer], BOTH, budget=kept + passing - 1)
    with pytest.raises(ValueError, match=r"The 3 answers are kept together.*fewer at a time\."):
        keep_internals(model, [answer] * 3, BOTH, budget=kept + passing)


def test_a_model_without_attention_weights_is_told():
    torch.manual_seed(0)
    config = transformers.MambaConfig(
        vocab_size=300, hidden_size=32, num_hidden_layers=2, state_size=4
    )
    model = transformers.MambaForCausalLM(config).eval()
    _, tokenizer = load_model("tiny")
    states = score(model, tokenizer, "Why?", [4, 5], chat=False, keep=["states"])
    assert states.states.shape == (3, 2, 32)
    with pytest.raises(ValueError, match="MambaForCausalLM gives no attention weights"):
        score(model, tokenizer, "Why?", [4, 5], chat=False, keep=["attentions"])
