"""Which family works in which function: each is right, shown by plain forward passes and hooks, or refused.

`FAMILIES.md` holds the verdicts, as these tests find them. After a change
``python tests/test_families.py`` writes the table anew.
"""

import functools
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from families import FAMILIES, MORE_FAMILIES, tiny_model
from scipy import special, stats

from uncertainty import ablation_sweep, generate, load_model, logit_lens, score
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.architecture.parts import model_parts
from uncertainty.heads.attention import attention_patterns
from uncertainty.neurons.geometry import geometry

ALL_FAMILIES = sorted(FAMILIES | MORE_FAMILIES)
TABLE = Path(__file__).parent.parent / "FAMILIES.md"
IDS = torch.arange(3, 15)
PROMPTS = ["Hello there", "Hello there my dear old friend", "Hi", "Hello there"]
NEURONS = [0, 7, 19]
ROUNDING = dict(atol=3e-4, rtol=1e-3)

# What a refusal says, and what the table says of it.
REFUSALS = {
    "mixture of experts": "no one list of neurons",
    "a norm follows": "a norm or factor follows the MLP",
    "no final norm": "no final norm",
    "no stack of blocks": "other parts",
    "unknown to us": "other parts",
    "differ by": "no decoder",
}


def random_model(family):
    """A tiny model whose norms' gains are not 1."""
    model = tiny_model(family)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim == 1 and re.search(r"norm|ln_|layernorm", name):
                weights.add_(0.2 * torch.randn_like(weights))
    return model


@torch.no_grad()
def plain_logits(model, ids):
    """The logits of one forward pass, (tokens, vocabulary)."""
    return model(input_ids=ids[None], use_cache=False).logits[0]


def close(ours, theirs):
    torch.testing.assert_close(ours.float(), theirs.float(), **ROUNDING)


def check_generation(model):
    """What is generated, and what is scored, are the logits of one pass over the whole text."""
    tokenizer = load_model("tiny")[1]
    answers = generate(model, tokenizer, PROMPTS, chat=False, max_new_tokens=6)
    prompt, answer = max(zip(PROMPTS, answers), key=lambda pair: len(pair[1]))
    answer = generate(model, tokenizer, prompt, chat=False, max_new_tokens=6)
    text = torch.cat([answer.prompt_ids, answer.token_ids])
    expected = plain_logits(model, text)[len(answer.prompt_ids) - 1 : -1]
    close(answer.logits, expected)
    assert torch.equal(answer.token_ids, expected.argmax(-1))
    close(score(model, tokenizer, prompt, answer.token_ids, chat=False).logits, expected)


def check_batch(model):
    """A batch of uneven prompts gives what each gives alone."""
    tokenizer = load_model("tiny")[1]
    options = dict(chat=False, max_new_tokens=5)
    for prompt, together in zip(PROMPTS, generate(model, tokenizer, PROMPTS, **options)):
        alone = generate(model, tokenizer, prompt, **options)
        assert torch.equal(together.token_ids, alone.token_ids)
        close(together.logits, alone.logits)


@torch.no_grad()
def tail(model, residuals):
    """What the model makes of residuals (tokens, width) in place of its last block's output."""

    def replace(block, arguments, output):
        changed = residuals[None].to(output[0] if isinstance(output, (tuple, list)) else output)
        return (changed, *output[1:]) if isinstance(output, (tuple, list)) else changed

    ids = torch.ones(len(residuals), dtype=torch.long)
    with model_parts(model).blocks[-1].register_forward_hook(replace):
        return plain_logits(model, ids)


@torch.no_grad()
def block_inputs(model, ids):
    """What enters each block, by hooks of our own: a list of (tokens, width)."""
    seen = []

    def record(block, arguments, named):
        seen.append((arguments[0] if arguments else named["hidden_states"])[0])

    hooks = [
        block.register_forward_pre_hook(record, with_kwargs=True)
        for block in model_parts(model).blocks
    ]
    plain_logits(model, ids)
    for hook in hooks:
        hook.remove()
    return seen


def check_lens(model):
    """The last depth is the model; every other one is the model's own tail on that residual."""
    trace = logit_lens(model, IDS, targets=[*IDS[1:].tolist(), -100])
    states = block_inputs(model, IDS)
    assert len(trace.entropy) == len(states) + 1
    depths = [*(tail(model, state) for state in states), plain_logits(model, IDS)]
    for depth, logits in enumerate(depths):
        log_p = logits.double().log_softmax(-1).numpy()
        p = np.exp(log_p)
        close(trace.entropy[depth], torch.tensor(stats.entropy(p, axis=-1)))
        loss = torch.tensor(-log_p[range(len(IDS) - 1), IDS[1:]])
        close(trace.cross_entropy[depth, :-1], loss)


@torch.no_grad()
def into_the_final_norm(model):
    """What enters the final norm along the text, by a hook of our own."""
    seen = []
    record = lambda _, arguments: seen.append(arguments[0][0])  # noqa: E731
    with model_parts(model).norm.register_forward_pre_hook(record):
        plain_logits(model, IDS)
    return seen[-1].double()  # NanoChat norms its embedding with the same module


def move_neuron(model, neuron, change):
    """A hook that changes one activation of the last MLP at every token."""

    def edit(module, arguments):
        changed = arguments[0].clone()
        changed[..., neuron] = change(changed[..., neuron])
        return (changed, *arguments[1:])

    return last_layer_neurons(model).output_projection.register_forward_pre_hook(edit)


def check_geometry(model):
    """Singular values and output weights, against what the model does to small changes."""
    found = geometry(model)
    width = len(found.singular_values)

    # the unembedding as the norm feeds it: the odd part of the tail, one coordinate at a time
    basis = torch.eye(width)
    logits = tail(model, torch.cat([10 * basis, -10 * basis, 10 * basis + 3]))
    softcap = model_parts(model).softcap
    if softcap is not None:
        logits = softcap * torch.atanh(logits.double() / softcap)
    up, down, shifted = logits.double().split(width)
    centred = torch.allclose(up, shifted, atol=1e-3)
    assert centred == found.centred
    scale = (1 / width - centred / width**2) ** 0.5
    effective = ((up - down) / 2 * scale).numpy().T  # (vocabulary, width)
    effective -= effective.mean(0)
    singular_values = np.linalg.svd(effective, compute_uv=False)
    np.testing.assert_allclose(
        found.singular_values, singular_values, atol=3e-3 * singular_values[0]
    )

    # what a neuron writes: the stream, moved by moving its activation
    before = into_the_final_norm(model)
    for neuron in NEURONS:
        with move_neuron(model, neuron, lambda a: a + 8):
            written = (into_the_final_norm(model) - before)[5] / 8
        if centred:
            written = written - written.mean()
        assert found.norms[neuron].item() == pytest.approx(written.norm().item(), rel=2e-3)
        cosines = written @ found.directions / written.norm()
        torch.testing.assert_close(found.cosines[neuron], cosines, atol=3e-3, rtol=0)


def check_sweep(model):
    """The sweep is a whole forward pass with one activation set to 0."""
    sweep = ablation_sweep(model, IDS, NEURONS, value="zero", progress=False)
    clean = special.softmax(plain_logits(model, IDS).double().numpy(), -1)
    for column, neuron in enumerate(NEURONS):
        with move_neuron(model, neuron, lambda a: 0 * a):
            p = special.softmax(plain_logits(model, IDS).double().numpy(), -1)
        close(sweep.entropy[:, column], torch.tensor(stats.entropy(p, axis=-1)))
        loss = torch.tensor(-np.log(p[range(len(IDS) - 1), IDS[1:]]))
        close(sweep.loss[:-1, column], loss)
        close(sweep.kl[:, column], torch.tensor(special.rel_entr(clean, p).sum(-1)))


CHECKS = {
    "`generate`, `score`": check_generation,
    "a batch": check_batch,
    "`logit_lens`": check_lens,
    "`geometry`": check_geometry,
    "`ablation_sweep`": check_sweep,
}


@functools.cache
def verdicts(family):
    """For each function "yes", or why the family is refused. What is not right fails here."""
    model = random_model(family)
    found = {}
    for name, check in CHECKS.items():
        try:
            check(model)
        except ValueError as refusal:
            found[name] = next(why for words, why in REFUSALS.items() if words in str(refusal))
        else:
            found[name] = "yes"
    return found


def table():
    """The verdicts in Markdown: families with the same ones share a row, the most able first."""
    rows = {}
    for family in ALL_FAMILIES:
        rows.setdefault(tuple(verdicts(family).values()), []).append(family)
    lines = ["| families | " + " | ".join(CHECKS) + " |", "|---" * (len(CHECKS) + 1) + "|"]
    for row in sorted(rows, key=lambda row: (-row.count("yes"), row)):
        cells = ["yes" if verdict == "yes" else f"no: {verdict}" for verdict in row]
        lines.append("| " + " | ".join([", ".join(rows[row]), *cells]) + " |")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("family", ALL_FAMILIES)
def test_a_family_is_right_or_refused(family):
    assert set(verdicts(family)) == set(CHECKS)


def test_the_table_says_what_the_tests_find():
    written = TABLE.read_text(encoding="utf-8")
    assert table() in written, "python tests/test_families.py writes the table anew"


def test_there_are_enough_of_them_and_most_can_be_read():
    readable = [family for family in ALL_FAMILIES if verdicts(family)["`logit_lens`"] == "yes"]
    assert len(ALL_FAMILIES) >= 80 and len(readable) >= 75


@pytest.mark.parametrize("family", ["gptj", "phi", "codegen", "ctrl"])
def test_the_unembeddings_biases_are_not_zero_here(family):
    assert tiny_model(family).get_output_embeddings().bias.abs().min() > 0


@pytest.mark.parametrize("family", ALL_FAMILIES)
def test_attention_patterns_are_distributions_or_refused(family):
    model = tiny_model(family)
    try:
        patterns = attention_patterns(model, IDS)
    except ValueError as refusal:
        assert re.search("attention weights|switch|sum 1", str(refusal)), refusal
        return
    assert len(patterns) == 3
    assert all(pattern.shape == (4, 12, 12) for pattern in patterns)


def write_table():
    text = TABLE.read_text(encoding="utf-8")
    before, start, rest = text.partition("| families |")
    after = rest.partition("\n\n")[2] if start else ""
    TABLE.write_text(before + table() + ("\n" + after if after else ""), encoding="utf-8")


if __name__ == "__main__":
    write_table()
