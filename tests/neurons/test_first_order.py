"""First-order effects: against automatic differentiation, explicit directions and the real model."""

import numpy as np
import pytest
import torch
from families import tiny_model

from uncertainty._inputs import SKIPPED_POSITIONS
from uncertainty.neurons.ablation import ablation_sweep
from uncertainty.neurons.first_order import first_order
from uncertainty.neurons.frequency import frequency_cosine, frequency_direction

IDS = torch.randint(5, 250, (3, 12), generator=torch.Generator().manual_seed(3))


def small_model(family):
    return tiny_model(family).double()


def a_unigram(rows, seed=0):
    weights = torch.rand(rows, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return (weights + 0.05) / (weights + 0.05).sum()


def logits_of(found, delta=0.0):
    return (found.state.normalised(found.state.residual) @ found.state.unembedding.T) + (
        found.state.bias_logits + delta
    )


def read(model, every=1):
    rows = model.get_output_embeddings().weight.shape[0]
    unigrams = torch.stack([a_unigram(rows), a_unigram(rows, 1)])
    neurons = first_order_width(model)
    value = torch.linspace(-0.02, 0.02, neurons, dtype=torch.float64)
    return unigrams, value, first_order(model, IDS, unigrams, value=value, every=every)


def first_order_width(model):
    return ablation_sweep(model, IDS[0], [0], progress=False).activations.shape[1]


def explicit_shift(found, i):
    """The logits' shift for neuron i at each position, from y and u written out: (T, V)."""
    y = found.state.normalised(found.state.residual) @ found.state.unembedding.T
    u = found.state.unembedding @ found.state.centred_output_weights([i])[0]
    return found.factors.alpha[:, i, None] * y + found.factors.beta[:, i, None] * u, u


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_effects_and_kept_effects_against_automatic_differentiation(family):
    model = small_model(family)
    unigrams, _, found = read(model)
    for which, unigram in enumerate(unigrams):
        shares = found.shares(which, [0, 3], controls=1)
        v = frequency_direction(unigram)
        logits = logits_of(found).requires_grad_()
        log_p = logits.log_softmax(-1)
        quantities = {
            "kl": (unigram * (unigram.log() - log_p)).sum(),
            "entropy": -(log_p.exp() * log_p).sum(),
            "loss": -log_p.gather(1, found.state.targets[:, None]).sum(),
        }
        for name, total in quantities.items():
            (gradient,) = torch.autograd.grad(total, logits, retain_graph=True)
            for column, i in enumerate([0, 3]):
                shift, _ = explicit_shift(found, i)
                effect = (gradient * shift).sum(-1)
                left = shift - (shift @ v)[:, None] * v
                np.testing.assert_allclose(shares.effects[name][:, column], effect, atol=1e-9)
                np.testing.assert_allclose(
                    shares.kept[name][:, column], (gradient * left).sum(-1), atol=1e-9
                )


def test_the_controls_are_those_of_written_out_directions():
    model = small_model("llama")
    unigrams, _, found = read(model)
    which, i, seed = 1, 2, 7
    v = frequency_direction(unigrams[which])
    shift, u = explicit_shift(found, i)
    u = u - u.mean()
    unit = u / u.norm()
    cosine = unit @ v
    rest = unit - cosine * v
    rest = rest / rest.norm()
    noise = torch.randn(
        found.gram.shape[0], dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    g = found.state.unembedding @ noise
    g = g - (g @ v) * v - (g @ rest) * rest
    a = cosine / (1 - cosine**2).sqrt()
    d = a * rest + (1 - a**2).sqrt() * g / g.norm()
    np.testing.assert_allclose([d.norm(), d @ unit, d @ v], [1, cosine, 0], atol=1e-9)

    logits = logits_of(found).requires_grad_()
    log_p = logits.log_softmax(-1)
    (gradient,) = torch.autograd.grad(-(log_p.exp() * log_p).sum(), logits)
    left = shift - (shift @ d)[:, None] * d
    share = 1 - (gradient * left).sum(-1).abs().mean() / (gradient * shift).sum(-1).abs().mean()
    shares = found.shares(which, [i], controls=1, seed=seed)
    np.testing.assert_allclose(shares.controls["entropy"], [[share]], atol=1e-8)
    np.testing.assert_allclose(found.shares(which).cosine, frequency_cosine(model, v), atol=1e-9)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_small_ablations_do_what_first_order_says(family):
    model = small_model(family)
    unigrams, _, found = read(model, every=2)
    near = found.state.activations[0] + 1e-5  # next to where the activations are
    found = first_order(model, IDS, unigrams, value=near, every=2)
    sweep = ablation_sweep(model, IDS, unigram=unigrams[0], value=near, progress=False)
    kept = torch.arange(IDS.numel()).view_as(IDS)[:, SKIPPED_POSITIONS:-1:2].flatten()
    exact = (sweep.entropy - sweep.clean.entropy[:, None])[kept[:1]]
    np.testing.assert_allclose(found.shares(0, controls=1).effects["entropy"][:1], exact, atol=1e-9)
    np.testing.assert_array_equal(found.rank, sweep.clean.rank[kept])
    np.testing.assert_allclose(found.entropy, sweep.clean.entropy[kept], atol=1e-8)
    assert found.sequence.tolist() == (kept // IDS.shape[1]).tolist()


@torch.no_grad()
def test_top_tokens_against_the_sweep():
    model = small_model("llama")
    rows = model.get_output_embeddings().weight.shape[0]
    ids = IDS[:, :2]
    while ids.shape[1] < 12:  # each next token is the top token, so that its loss gives its p
        top = model(input_ids=ids).logits[:, -1].argmax(-1)
        ids = torch.cat([ids, top[:, None]], 1)
    value = torch.full((first_order_width(model),), 0.3, dtype=torch.float64)
    found = first_order(model, ids, a_unigram(rows)[None], value=value)
    groups = [[1], [0, 4], [2, 3, 5]]
    confidence, hit = found.top_tokens(groups)
    sweep = ablation_sweep(model, ids, groups, value=value, progress=False)
    kept = torch.arange(ids.numel()).view_as(ids)[:, SKIPPED_POSITIONS:-1].flatten()
    assert hit[:, 0].all() and (hit[:, 1:] == (sweep.rank[kept] == 0)).all()
    where = hit[:, 1:].numpy()
    assert where.any(0).all()
    np.testing.assert_allclose(
        confidence[:, 1:].numpy()[where], (-sweep.loss[kept]).exp().numpy()[where], rtol=1e-9
    )
    np.testing.assert_allclose(confidence[:, 0], (-sweep.clean.loss[kept]).exp(), rtol=1e-6)


def test_refusals():
    model = small_model("llama")
    rows = model.get_output_embeddings().weight.shape[0]
    value = torch.zeros(first_order_width(model), dtype=torch.float64)
    with pytest.raises(ValueError, match="texts of 5 tokens, every 1: nothing is left"):
        first_order(model, IDS[:, :5], a_unigram(rows)[None], value=value)
    with pytest.raises(ValueError, match="softcap on the logits or a norm after the MLP"):
        gemma = small_model("gemma2")
        rows = gemma.get_output_embeddings().weight.shape[0]
        first_order(gemma, IDS, a_unigram(rows)[None], value=value)
