"""The second-order expansion of the entropy against the exact sweep, which runs another way."""

import pytest
import torch
from trained_models import float64_throughout, trained

from uncertainty import ablation_sweep, activations, entropy_expansion
from uncertainty.architecture.parts import model_parts
from uncertainty.neurons import expansion

IDS = torch.arange(3, 15)


def residual_of(model):
    with model_parts(model).record_stream() as stream, torch.no_grad():
        model.base_model(input_ids=IDS[None], use_cache=False)
    return stream[-1][0]


@pytest.mark.parametrize("family", ["llama", "gpt2", "opt", "phi"])
def test_the_error_is_of_third_order(family):
    """Halving a small shift must leave an eighth of the error, for both effects of every neuron."""
    model = trained(family)
    with float64_throughout():
        clean_activations = activations(model, IDS)
        expanded = entropy_expansion(model, residual_of(model))
        generator = torch.Generator().manual_seed(2)
        shift = torch.randn(clean_activations.shape, generator=generator, dtype=torch.float64)
        logits_moved = expanded.var_u.sqrt() / expanded.norm.scale(expanded.residual)
        shift *= 0.05 / logits_moved.mean()
        errors = []
        for size in (1.0, 0.5):
            moved = size * shift
            sweep = ablation_sweep(model, IDS, value=clean_activations + moved, progress=False)
            clean = sweep.clean.entropy[:, None]
            for exact, ours in (
                (sweep.entropy - clean, expanded.change(moved)),
                (sweep.direct.entropy - clean, expanded.change(moved, direct=True)),
            ):
                error = (exact - ours).norm()
                assert error < 0.1 * exact.norm()
                errors.append(error.item())
    total, direct, half_total, half_direct = errors
    assert 6 < total / half_total < 10
    assert 6 < direct / half_direct < 10


def test_blocks_of_positions_change_nothing(monkeypatch):
    model = trained("llama")
    residual = residual_of(model)
    whole = entropy_expansion(model, residual)
    monkeypatch.setattr(expansion, "POSITIONS_AT_A_TIME", 5)
    in_blocks = entropy_expansion(model, residual)
    shift = torch.ones_like(whole.cov_zu)
    torch.testing.assert_close(whole.change(shift), in_blocks.change(shift))


def test_some_neurons_alone_are_as_among_all():
    model = trained("llama")
    residual = residual_of(model)
    whole = entropy_expansion(model, residual)
    chosen = [5, 0, 3]
    some = entropy_expansion(model, residual, neurons=chosen)
    shift = torch.randn(whole.cov_zu.shape, generator=torch.Generator().manual_seed(3))
    for direct in (False, True):
        expected = whole.change(shift, direct=direct)[:, chosen]
        torch.testing.assert_close(some.change(shift[:, chosen], direct=direct), expected)
    with pytest.raises(ValueError, match="neurons"):
        entropy_expansion(model, residual, neurons=[len(whole.output_weights)])


def test_no_shift_changes_nothing_and_bad_shapes_are_refused():
    model = trained("llama")
    residual = residual_of(model)
    expanded = entropy_expansion(model, residual)
    assert (expanded.change(torch.zeros_like(expanded.cov_zu)) == 0).all()
    with pytest.raises(ValueError, match="shift must be"):
        expanded.change(torch.zeros(1, 3))
    with pytest.raises(ValueError, match="residual must be"):
        entropy_expansion(model, residual[:, :3])


@pytest.mark.parametrize("family", ["gemma2", "olmo2"])
def test_a_norm_after_the_mlp_is_refused(family):
    model = trained(family)
    with pytest.raises(ValueError, match="ablation_sweep"):
        entropy_expansion(model, residual_of(model))
