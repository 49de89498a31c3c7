"""generate and score: raw logits that equal a teacher-forced pass, batches, what is refused."""

import copy
import gc
import json
from types import SimpleNamespace

import pytest
import torch
from families import FAMILIES, tiny_model

from uncertainty import Generation, generate, load_model, score, token_measures
from uncertainty.generation.prompts import prompt_token_ids, stop_token_ids

PROMPTS = ["Hello", "A much longer question than the first one?", "Why?"]


@pytest.fixture(scope="module")
def tokenizer():
    return load_model("tiny")[1]


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


@pytest.fixture(scope="module")
def real():
    return load_model()


def without_stops(model):
    """Random weights rarely write an end; make sure none is written at all."""
    model.generation_config.eos_token_id = None
    return model


@pytest.mark.parametrize("family", FAMILIES)
def test_generated_logits_equal_a_teacher_forced_pass(family, tokenizer):
    model = without_stops(tiny_model(family))
    made = generate(model, tokenizer, "Hello there", max_new_tokens=6, chat=False)
    forced = score(model, tokenizer, "Hello there", made.token_ids, chat=False)
    assert (
        made.logits.shape == (len(made), model.config.vocab_size)
        and made.logits.dtype == torch.float32
    )
    assert torch.allclose(made.logits, forced.logits, atol=1e-4)
    assert torch.equal(made.logits.argmax(-1), made.token_ids)
    assert made.logits.std() > 0.02


@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_batch_gives_what_each_prompt_gives_alone(family, tokenizer):
    model = without_stops(tiny_model(family))
    together = generate(model, tokenizer, PROMPTS, max_new_tokens=5, chat=False)
    for prompt, row in zip(PROMPTS, together):
        alone = generate(model, tokenizer, prompt, max_new_tokens=5, chat=False)
        assert torch.equal(row.token_ids, alone.token_ids) and torch.allclose(
            row.logits, alone.logits, atol=1e-4
        )
        assert row.prompt == prompt and torch.equal(row.prompt_ids, alone.prompt_ids)


def test_everything_ends_at_the_first_end_of_sequence(tiny):
    model, tokenizer = tiny
    full = generate(model, tokenizer, PROMPTS, max_new_tokens=8)
    stop = int(full[0].token_ids[3])
    model.generation_config.eos_token_id = [stop, *stop_token_ids(model, tokenizer)]
    cut = generate(model, tokenizer, PROMPTS, max_new_tokens=8)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    assert (
        all(stop not in g.token_ids for g in cut)
        and len(cut[0]) <= 3
        and cut[0].finish_reason == "stop"
    )
    for before, after in zip(full, cut):
        assert len(after.logits) == len(after.token_ids) == len(after.tokens)
        assert torch.equal(after.token_ids, before.token_ids[: len(after)])


def test_an_answer_that_ends_at_once_is_empty_not_an_error(tiny):
    model, tokenizer = tiny
    first = int(generate(model, tokenizer, "Hello", max_new_tokens=1).token_ids[0])
    model.generation_config.eos_token_id = [first]
    empty = generate(model, tokenizer, "Hello", max_new_tokens=4)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    assert (
        len(empty) == 0 and empty.text == "" and empty.logits.shape == (0, model.config.vocab_size)
    )
    assert "empty answer" in empty._repr_html_()
    with pytest.raises(ValueError, match="stopped at once"):
        token_measures(empty)


HABITS = [
    dict(repetition_penalty=5.0),
    dict(no_repeat_ngram_size=1),
    dict(suppress_tokens=[0]),
    dict(num_beams=3),
    dict(begin_suppress_tokens=[0]),
    dict(bad_words_ids=[[0]]),
    dict(sequence_bias=[[[0], -50.0]]),
]


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: next(iter(habit)))
def test_a_models_own_decoding_habits_do_not_sneak_in(tiny, habit):
    """Each habit bends transformers' own greedy answer, and leaves ours alone."""
    model, tokenizer = tiny
    plain = generate(model, tokenizer, "Hello", max_new_tokens=48)
    favourite = int(plain.token_ids[0])
    habit = json.loads(json.dumps(habit).replace("[0", f"[{favourite}"))
    ids = plain.prompt_ids[None]
    settings, model.generation_config = (
        model.generation_config,
        copy.deepcopy(model.generation_config),
    )
    try:
        model.generation_config.update(**habit)
        theirs = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=48)[
            0, ids.shape[1] :
        ]
        ours = generate(model, tokenizer, "Hello", max_new_tokens=48)
    finally:
        model.generation_config = settings
    assert theirs.tolist()[: len(plain)] != plain.token_ids.tolist(), (
        "a habit that changes nothing tests nothing"
    )
    assert torch.equal(plain.token_ids, ours.token_ids) and torch.allclose(
        plain.logits, ours.logits
    )


def test_a_models_own_sampling_habits_do_not_sneak_in(tiny):
    model, tokenizer = tiny
    plain = generate(model, tokenizer, "Hello", temperature=1.0, seed=0, max_new_tokens=12)
    settings, model.generation_config = (
        model.generation_config,
        copy.deepcopy(model.generation_config),
    )
    model.generation_config.update(
        do_sample=True, temperature=0.1, top_k=1, top_p=0.1, epsilon_cutoff=0.3
    )
    ours = generate(model, tokenizer, "Hello", temperature=1.0, seed=0, max_new_tokens=12)
    model.generation_config = settings
    assert torch.equal(plain.token_ids, ours.token_ids)


def test_seeded_sampling_repeats_and_leaves_the_global_state_alone(tiny):
    model, tokenizer = tiny
    state = torch.get_rng_state()
    a, b, c = (
        generate(model, tokenizer, "Hello", temperature=1.5, seed=s, max_new_tokens=12)
        for s in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(a.token_ids, b.token_ids) and not torch.equal(a.token_ids, c.token_ids)


def test_sampling_draws_from_the_untruncated_softmax(tiny):
    model, tokenizer = tiny
    draws = generate(model, tokenizer, ["Hello"] * 4000, temperature=1.0, seed=0, max_new_tokens=1)
    expected = generate(model, tokenizer, "Hello", max_new_tokens=1).logits[0].softmax(-1)
    counted = (
        torch.bincount(torch.cat([g.token_ids for g in draws if len(g)]), minlength=len(expected))
        / 4000
    )
    assert (counted - expected).abs().max() < 4 * (
        expected.max() * (1 - expected.max()) / 4000
    ).sqrt() + 0.002
    assert (counted > 0).sum() > 50  # transformers' own default would stop at the 50 likeliest


def test_conversations_and_open_replies(tiny):
    model, tokenizer = tiny
    turns = [
        {"role": "user", "content": "2 + 2?"},
        {"role": "assistant", "content": "The answer is"},
    ]
    read = tokenizer.decode(prompt_token_ids(tokenizer, turns))
    assert read.endswith("The answer is") and tokenizer.decode(
        prompt_token_ids(tokenizer, turns[:1])
    ).endswith("assistant\n")
    both = generate(model, tokenizer, [turns, turns[:1]], max_new_tokens=2)
    assert [g.prompt for g in both] == [turns, turns[:1]]
    assert generate(model, tokenizer, []) == []


def test_a_generation_owns_one_copy_of_its_logits(tiny):
    model, tokenizer = tiny
    made = generate(model, tokenizer, ["Hello", "You"], max_new_tokens=16)[0]
    gc.collect()
    assert made.logits.untyped_storage().nbytes() == made.logits.numel() * 4
    assert (
        score(model, tokenizer, "Hello", "you").logits.untyped_storage().nbytes()
        == 3 * model.config.vocab_size * 4
    )
    model.generation_config.eos_token_id = [int(made.token_ids[2])]
    short = generate(model, tokenizer, ["Hello", "You"], max_new_tokens=16)[0]
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    assert len(short) <= 2 and short.logits.untyped_storage().nbytes() == short.logits.numel() * 4


@pytest.mark.parametrize(
    "arguments,words",
    [
        (dict(prompt="Hello", max_new_tokens=0), "max_new_tokens must be at least 1, got 0"),
        (dict(prompt="Hello", temperature=-1.0), "temperature must be 0 .* got -1.0"),
        (dict(prompt="Hello", temperature=float("nan")), "temperature"),
        (dict(prompt=""), "prompt is empty"),
        (dict(prompt=["Hello", ""]), "prompt is empty"),
        (
            dict(prompt=[{"role": "user", "content": "Hello"}], chat=False),
            "needs its chat template",
        ),
        (dict(prompt={"role": "user", "content": "Hello"}), "put it in a list"),
    ],
)
def test_bad_arguments_are_named(tiny, arguments, words):
    with pytest.raises(ValueError, match=words):
        generate(*tiny, **arguments)


def test_a_base_model_without_chat_template_says_what_to_do(tiny):
    model, tokenizer = tiny
    template, tokenizer.chat_template = tokenizer.chat_template, None
    try:
        with pytest.raises(ValueError, match="pass chat=False"):
            generate(model, tokenizer, "Hello")
        assert len(generate(model, tokenizer, "Hello", chat=False, max_new_tokens=2)) <= 2
    finally:
        tokenizer.chat_template = template
    with pytest.raises(ValueError, match="nothing to score"):
        score(model, tokenizer, "Hello", "")


def test_a_model_whose_numbers_would_mislead_is_refused(tiny):
    model, tokenizer = tiny
    model.train()
    try:
        for call in (generate, lambda *a: score(*a, "you")):
            with pytest.raises(ValueError, match="training mode"):
                call(model, tokenizer, "Hello")
    finally:
        model.eval()
    translator = SimpleNamespace(config=SimpleNamespace(is_encoder_decoder=True), training=False)
    with pytest.raises(ValueError, match="decoder-only"):
        generate(translator, tokenizer, "Hello")
    with pytest.raises(ValueError, match=r"one row of token ids, got shape \(1, 2\)"):
        score(model, tokenizer, "Hello", torch.tensor([[1, 2]]))


@pytest.mark.model
def test_the_default_model_knows_paris(real):
    made = generate(*real, "What is the capital of France?")
    assert (
        isinstance(made, Generation)
        and made.text == "The capital of France is Paris."
        and made.finish_reason == "stop"
    )
    assert made.tokens == ["The", " capital", " of", " France", " is", " Paris", "."]
    forced = score(*real, "What is the capital of France?", made.text)
    assert torch.equal(forced.token_ids, made.token_ids) and torch.allclose(
        forced.logits, made.logits, atol=1e-3
    )
    wrong = score(*real, "What is the capital of France?", "The capital of France is Rome.")
    assert token_measures(wrong)["probability"][5] < token_measures(made)["probability"][5] / 100


@pytest.mark.model
def test_the_default_model_answers_a_batch_as_it_answers_alone(real):
    questions = [
        "What is the capital of France?",
        "Name a fruit.",
        "Tell me about the country of Vostrania, please.",
    ]
    for row, question in zip(generate(*real, questions, max_new_tokens=20), questions):
        alone = generate(*real, question, max_new_tokens=20)
        assert torch.equal(row.token_ids, alone.token_ids) and torch.allclose(
            row.logits, alone.logits, atol=2e-3
        )


@pytest.mark.model
def test_scores_are_not_logits(real):
    """Why this package keeps raw logits: what transformers calls scores has been through top-k."""
    model, tokenizer = real
    inputs = prompt_token_ids(tokenizer, "What is the capital of France?")[None]
    output = model.generate(
        inputs,
        attention_mask=torch.ones_like(inputs),
        do_sample=True,
        top_k=10,
        temperature=0.7,
        max_new_tokens=3,
        output_scores=True,
        output_logits=True,
        return_dict_in_generate=True,
    )
    assert torch.isfinite(output.scores[0]).sum() == 10 and torch.isfinite(output.logits[0]).all()
    assert output.scores[0].softmax(-1).max() > output.logits[0].softmax(-1).max() + 0.05


def test_the_finish_reason_tells_the_last_step_from_the_limit(tiny):
    model, tokenizer = tiny
    full = generate(model, tokenizer, "Hello", max_new_tokens=6)
    assert full.finish_reason == "length" and len(full) == 6
    stop = int(full.token_ids[-1])
    first = full.token_ids.tolist().index(stop)
    model.generation_config.eos_token_id = stop
    try:
        just = generate(model, tokenizer, "Hello", max_new_tokens=first + 1)
        short = generate(model, tokenizer, "Hello", max_new_tokens=max(first, 1))
    finally:
        model.generation_config.eos_token_id = tokenizer.eos_token_id
    assert just.finish_reason == "stop" and len(just) == first
    assert short.finish_reason == ("length" if first else "stop")
