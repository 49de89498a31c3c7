"""Traps C-20 to C-23: arithmetic that fails without a word."""

import copy
import math

import pytest
import torch
from families import VOCABULARY, tiny_model
from scipy import special, stats

from uncertainty import (
    ablation_sweep,
    aleatoric_epistemic,
    answer_measures,
    logit_lens,
    token_measures,
)
from uncertainty.architecture.parts import model_parts
from uncertainty.information import cross_entropy, entropy, kl_divergence, log_probabilities

IDS = torch.arange(3, 15)


@pytest.mark.parametrize(("dtype", "spread"), [(torch.float16, 6), (torch.bfloat16, 2)])
def test_c20_entropy_in_half_precision(dtype, spread):
    """-sum p log(p + 1e-20) is nan in float16, where 1e-20 is 0, and off by 0.05 nats in bfloat16."""
    generator = torch.Generator().manual_seed(0)
    logits = (spread * torch.randn(3, 50257, generator=generator)).to(dtype)
    p = logits.softmax(-1)
    naive = -(p * (p + 1e-20).log()).sum(-1)
    right = stats.entropy(logits.double().softmax(-1).numpy(), axis=-1)
    assert (
        naive.isnan().all() or (naive.double() - torch.tensor(right)).abs().max() > 0.01
    )  # the trap
    ours = entropy(logits)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours.double(), torch.tensor(right), atol=1e-4, rtol=0)
    measured = token_measures(logits)["entropy"]
    torch.testing.assert_close(measured.double(), torch.tensor(right), atol=1e-4, rtol=0)

    logits[:, 5:] = -math.inf  # a probability of 0 adds 0
    few = stats.entropy(logits[:, :5].double().softmax(-1).numpy(), axis=-1)
    torch.testing.assert_close(entropy(logits).double(), torch.tensor(few), atol=1e-4, rtol=0)
    torch.testing.assert_close(
        cross_entropy(logits, logits).double(), torch.tensor(few), atol=1e-4, rtol=0
    )
    assert (kl_divergence(logits, logits) == 0).all()


def test_c21_a_norm_in_float16_overflows():
    """The mean square of a residual around 300 is above float16's largest number, so the norm divides by infinity."""
    model = tiny_model("llama").double()
    with torch.no_grad():
        model.get_input_embeddings().weight *= 3000
    half = copy.deepcopy(model).half()
    with torch.no_grad(), model_parts(half).record_stream() as stream:
        half(input_ids=IDS[None])
    residual = stream[-1][0]
    assert residual.dtype == torch.float16 and residual.abs().amax(-1).min() > 256
    assert residual.square().mean(-1).isinf().any()  # the trap

    expected = logit_lens(model, IDS)
    torch.testing.assert_close(
        logit_lens(half, IDS).entropy.double(), expected.entropy, atol=0.02, rtol=0
    )
    neurons = [0, 7, 31]
    options = dict(value=3000.0, progress=False)
    sweep = ablation_sweep(half, IDS, neurons, **options)
    right = ablation_sweep(model, IDS, neurons, **options)
    for ours, theirs in ((sweep, right), (sweep.direct, right.direct)):
        torch.testing.assert_close(ours.entropy.double(), theirs.entropy, atol=0.02, rtol=0)
        assert (theirs.entropy - right.clean.entropy[:, None]).abs().max() > 0.05


def test_c22_evidence_below_zero():
    """digamma has poles at 0, -1, -2 ..., and without evidence the split is 0 / 0."""
    naive = torch.digamma(torch.tensor([-2.0, -3.0]) + 1)
    assert not naive.isfinite().all()  # the trap
    rows = torch.tensor(
        [
            [-1.0, -2.0, -3.0],
            [0.0, 0.0, 0.0],
            [-math.inf, -1.0, -math.inf],
            [4.0, -math.inf, -1.0],
            [4.0, 4.0, 1.0],
        ]
    )
    aleatoric, epistemic = aleatoric_epistemic(rows, n_evidence=2)
    assert aleatoric.isfinite().all() and (aleatoric >= 0).all()
    torch.testing.assert_close(aleatoric[:4], torch.tensor([math.log(2)] * 3 + [0.0]))
    torch.testing.assert_close(epistemic[:4], torch.tensor([1.0, 1.0, 1.0, 2 / 6]))
    expected = special.digamma(9) - special.digamma(5)  # the mean entropy of Dirichlet(4, 4)
    assert aleatoric[4].item() == pytest.approx(expected)
    measures = answer_measures(rows[:3, 1:2].expand(3, 3).clamp(min=-5))
    assert measures["epistemic"] == 1 and math.isfinite(measures["logtoku"])


def test_c23_a_rank_counts_what_is_larger():
    """(argsort == token).nonzero() gives tied tokens an arbitrary rank, and a rank among nan."""
    model = tiny_model("llama")
    head = model.get_output_embeddings().weight
    with torch.no_grad():
        head[100:200] = head[100]  # a hundred tokens that always tie
    targets = torch.full_like(IDS, 150)
    with torch.no_grad():
        logits = model(input_ids=IDS[None]).logits[0]
    position = logits.argsort(dim=-1, descending=True, stable=True)
    naive = (position == 150).nonzero()[:, 1]
    likelier = (logits > logits[:, 150:151]).sum(-1)
    assert (naive == likelier + 50).all()  # the trap
    assert torch.equal(logit_lens(model, IDS, targets=targets).rank[-1], likelier)

    text = torch.full_like(IDS, 150)
    clean = ablation_sweep(model, text, [0], progress=False).clean
    with torch.no_grad():
        logits = model(input_ids=text[None]).logits[0]
    likelier = (logits > logits[:, 150:151] + 1e-4).sum(-1)
    assert (clean.rank[:-1] <= likelier[:-1] + 99).all() and clean.rank[-1] == -1

    broken = torch.zeros(2, VOCABULARY)
    broken[1, 7] = math.nan
    for function in (log_probabilities, entropy, token_measures):
        with pytest.raises(ValueError, match="nan"):
            function(broken)
