"""The geometry of the last layer against numpy's SVD of hand-folded weights, for every kind of norm."""

import numpy as np
import pytest
import torch
from families import tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty import load_model, logit_variance, null_space_fraction
from uncertainty.architecture import unembedding as unembedding_module
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.neurons.geometry import geometry, random_null_space_fraction

CENTRED = {
    "gpt2": ("transformer.ln_f.weight", "transformer.h.2.mlp.c_proj.weight", False),
    "gpt_neox": (
        "gpt_neox.final_layer_norm.weight",
        "gpt_neox.layers.2.mlp.dense_4h_to_h.weight",
        True,
    ),
    "olmo": (None, "model.layers.2.mlp.down_proj.weight", True),
}
PLAIN = {
    "llama": ("model.norm.weight", "model.layers.2.mlp.down_proj.weight", True),
    "gemma": ("model.norm.weight", "model.layers.2.mlp.down_proj.weight", True),
}


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    """260 rows of the vocabulary in slices of 128, so that every seam is crossed."""
    monkeypatch.setattr(unembedding_module, "ROWS_AT_A_TIME", 128)


def by_hand(family):
    """Return the effective unembedding (width, vocabulary) and output weights (neurons, width).

    Both are folded and centred from named weights.
    """
    model = tiny_model(family)
    torch.manual_seed(3)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim == 1:
                weights.add_(0.4 * torch.randn_like(weights))
    named = dict(model.state_dict())
    gain_name, output_name, transposed = (CENTRED | PLAIN)[family]
    gain = np.ones(32) if gain_name is None else named[gain_name].double().numpy()
    gain = gain + 1 if family == "gemma" else gain
    unembedding = gain[:, None] * model.get_output_embeddings().weight.detach().double().numpy().T
    output = named[output_name].double().numpy()
    output = output.T if transposed else output
    if family in CENTRED:
        unembedding = unembedding - unembedding.mean(0, keepdims=True)
        output = output - output.mean(1, keepdims=True)
    return model, unembedding - unembedding.mean(1, keepdims=True), output


@pytest.mark.parametrize("family", [*CENTRED, *PLAIN])
def test_singular_values_and_null_space_fractions_are_those_of_numpys_svd(family):
    model, unembedding, output = by_hand(family)
    u, sigma, _ = np.linalg.svd(unembedding, full_matrices=False)
    found = geometry(model)
    np.testing.assert_allclose(found.singular_values, sigma, atol=1e-5)
    np.testing.assert_allclose(found.norms, np.linalg.norm(output, axis=1), rtol=1e-6)
    for k in (1, 3, 10, 32):
        rho = np.linalg.norm(output @ u[:, -k:], axis=1) / np.linalg.norm(output, axis=1)
        np.testing.assert_allclose(null_space_fraction(model, k), rho, atol=1e-6)
    np.testing.assert_allclose(
        found.cosines.abs()[:, :20],
        np.abs(output @ u[:, :20]) / np.linalg.norm(output, axis=1)[:, None],
        atol=1e-5,
    )


@pytest.mark.parametrize("family", [*CENTRED, *PLAIN])
def test_logit_variance_is_numpys_variance_of_cosines(family):
    model, unembedding, output = by_hand(family)
    cosines = (
        output
        @ unembedding
        / np.linalg.norm(output, axis=1)[:, None]
        / np.linalg.norm(unembedding, axis=0)
    )
    np.testing.assert_allclose(logit_variance(model), cosines.var(axis=1, ddof=1), rtol=1e-4)


@pytest.mark.parametrize("family", list(CENTRED))
def test_a_layer_norm_leaves_one_singular_value_at_zero(family):
    model, _, _ = by_hand(family)
    found = geometry(model)
    assert found.singular_values[-1] < 1e-6 < found.singular_values[-2]
    assert found.null_space_fraction(1).max() < 1e-6  # nothing can be written there
    draws = (
        np.random.default_rng(0).standard_normal((20_000, 32)) @ found.directions[:, :-1].numpy()
    )  # so chance is less, too
    assert found.chance(4) == pytest.approx(
        np.median(np.linalg.norm(draws[:, -3:], axis=1) / np.linalg.norm(draws, axis=1)), abs=0.01
    )
    assert found.chance(1) == 0 and geometry(tiny_model("llama")).chance(
        4
    ) == random_null_space_fraction(32, 4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_neither_scaling_nor_a_common_shift_of_the_logits_changes_the_fractions(seed):
    model = tiny_model("llama", seed % 7)
    before = null_space_fraction(model, 5)
    torch.manual_seed(seed)
    with torch.no_grad():
        head = model.get_output_embeddings().weight
        head.copy_(3 * head + torch.randn(32))  # the same vector for every token
        last_layer_neurons(model).output_projection.weight.mul_(0.5)
    torch.testing.assert_close(null_space_fraction(model, 5), before, atol=1e-4, rtol=0)


def test_a_random_direction_has_the_fraction_that_is_promised():
    draws = np.random.default_rng(0).standard_normal((20_000, 40))
    rho = np.linalg.norm(draws[:, :3], axis=1) / np.linalg.norm(draws, axis=1)
    for quantile in (0.025, 0.5, 0.975):
        assert random_null_space_fraction(40, 3, quantile) == pytest.approx(
            np.quantile(rho, quantile), abs=0.01
        )
    with pytest.raises(ValueError, match="k=40"):
        random_null_space_fraction(40, 40)


@pytest.mark.parametrize("k", [0, 33])
def test_k_outside_the_width_is_told(k):
    with pytest.raises(ValueError, match=f"got {k}"):
        null_space_fraction(tiny_model("llama"), k)


@pytest.mark.parametrize("family", ["gemma2", "gemma3_text", "olmo2"])
def test_a_norm_after_the_mlp_has_no_geometry_to_read_from_weights(family):
    for read in (geometry, logit_variance):
        with pytest.raises(ValueError, match="norm follows"):
            read(tiny_model(family))


@pytest.mark.model
def test_the_default_model_has_no_sharp_edge_and_four_neurons_near_the_bottom():
    model, _ = load_model()
    found = geometry(model)
    assert (
        1 < found.singular_values[-2] / found.singular_values[-1] < 3 and len(found.norms) == 1536
    )
    rho = found.null_space_fraction(6)
    assert {830, 1022, 1272, 999} <= set(rho.topk(6).indices.tolist()) and rho.median() < 0.2
