"""The final norm's formula against the norm itself, on every family."""

import pytest
import torch
from families import FAMILIES, tiny_model

from uncertainty.architecture.final_norm import FinalNorm, final_norm
from uncertainty.architecture.parts import model_parts


@pytest.mark.parametrize("family", FAMILIES)
def test_the_norms_formula_is_the_norm(family):
    parts = model_parts(tiny_model(family))
    form = final_norm(parts)
    x = torch.randn(3, 32) * 2
    torch.testing.assert_close(form(x.double()), parts.norm(x).double(), atol=1e-5, rtol=1e-5)
    assert isinstance(form, FinalNorm) and form.scale(x.double()).shape == (3, 1)


@pytest.mark.parametrize("family", ["gemma", "llama", "gpt2"])
def test_in_half_precision_the_gain_is_still_found(family):
    model = tiny_model(family)
    parts = model_parts(model)
    with torch.no_grad():
        parts.norm.weight[3] = 40.0
    exact = final_norm(model_parts(model)).gain
    half = final_norm(model_parts(model.to(torch.bfloat16))).gain
    torch.testing.assert_close(half, exact, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("gain", [True, False])
def test_an_epsilon_that_is_left_to_torch_is_found(dtype, gain):
    model = tiny_model("llama")
    model.model.norm = torch.nn.RMSNorm(32, eps=None, elementwise_affine=gain)
    form = final_norm(model_parts(model.to(dtype)))
    norm = model.model.norm
    computed_in = torch.float64 if dtype == torch.float64 and gain else torch.float32
    for size in (1e-8, 1e-4, 1.0):  # of which the first is all epsilon
        x = (size * torch.randn(3, 32)).to(dtype)
        expected = norm(x).double()
        if dtype == torch.float64 and not gain:
            continue  # without weights nothing says in which type the norm computes
        torch.testing.assert_close(form(x.double()), expected, rtol=1e-2, atol=1e-9)
    assert form.epsilon == torch.finfo(computed_in).eps and not form.centred


class Largest(torch.nn.RMSNorm):
    def forward(self, x):
        return self.weight * x / x.abs().amax(-1, keepdim=True)


def test_an_unknown_norm_is_refused():
    model = tiny_model("llama")
    model.model.norm = Largest(32)
    with pytest.raises(ValueError, match="neither a LayerNorm nor an RMSNorm"):
        final_norm(model_parts(model))


class OtherEpsilon(torch.nn.RMSNorm):
    """Says that its epsilon is 1e-5, and computes with a tenth of it."""

    def forward(self, x):
        return self.weight * x * (x.square().mean(-1, keepdim=True) + self.eps / 10).rsqrt()


def test_a_norm_that_differs_for_small_inputs_only_is_refused():
    model = tiny_model("llama")
    model.model.norm = OtherEpsilon(32, eps=1e-5)
    with pytest.raises(ValueError, match="neither a LayerNorm nor an RMSNorm"):
        final_norm(model_parts(model))


def test_a_model_without_a_final_norm_has_no_scale_to_freeze(small_opt):
    with pytest.raises(ValueError, match="no final norm, so there is no scale to freeze"):
        final_norm(model_parts(small_opt))
