"""The lens against plain full-size computations, on every family, and its identities as properties."""

import math
from types import SimpleNamespace

import pytest
import torch
from families import FAMILIES, VOCABULARY, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from torch import nn

from uncertainty import information, logit_lens
from uncertainty.architecture.parts import model_parts
from uncertainty.lens import _vocabulary_slices
from uncertainty.lens.logit_lens import read_stream
from uncertainty.loading.models import load_model
from uncertainty.neurons.unigrams import kl_from_unigrams

IDS = torch.arange(3, 12)
NEXT = torch.tensor([*IDS[1:], -100])
INFINITY = float("inf")


def replaced_by(state):
    return lambda block, arguments, output: (
        (state, *output[1:]) if isinstance(output, tuple) else state
    )


def brute_force(model, ids=IDS):
    """Log-probabilities at every depth, (layers + 1, tokens, vocabulary).

    From transformers' hidden states and a hook.
    """
    caught = []
    norm = model_parts(model).norm
    hook = norm.register_forward_pre_hook(lambda _, arguments: caught.append(arguments[0]))
    with torch.no_grad():
        output = model(input_ids=ids[None], output_hidden_states=True)
    hook.remove()
    rows = []
    for state in [*output.hidden_states[:-1], caught[0]]:
        hook = model_parts(model).blocks[-1].register_forward_hook(replaced_by(state))
        with torch.no_grad():
            rows.append(
                model(input_ids=ids[None]).logits[0].double().log_softmax(-1)
            )  # the model's own tail, whatever it is
        hook.remove()
    return torch.stack(rows)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_depth_equals_the_models_own_tail_fed_with_that_residual(family):
    model = tiny_model(family)
    log_p = brute_force(model)
    trace = logit_lens(model, IDS, targets=NEXT, renyi=(0, 0.5, 1, 2, INFINITY), top=3)
    p = log_p.exp().numpy()
    expected = dict(
        entropy=torch.tensor(stats.entropy(p, axis=-1)),
        kl_to_final=torch.tensor(special.rel_entr(p[-1:], p).sum(-1)),
        reverse_kl=torch.tensor(special.rel_entr(p, p[-1:]).sum(-1)),
        top_probabilities=log_p.exp().topk(3).values,
    )
    for name, values in expected.items():
        torch.testing.assert_close(
            getattr(trace, name), values.float(), atol=2e-4, rtol=1e-3, msg=f"{family} {name}"
        )
    surprisal = -log_p[:, :-1].gather(-1, NEXT[:-1].expand(4, 8)[..., None])[..., 0]
    torch.testing.assert_close(trace.cross_entropy[:, :-1], surprisal.float(), atol=2e-4, rtol=1e-3)
    for alpha, values in trace.renyi.items():
        torch.testing.assert_close(
            values, information.renyi_entropy(log_p, alpha).float(), atol=2e-4, rtol=1e-3
        )


@pytest.mark.parametrize("family", ["gpt2", "gptj", "gemma2", "cohere", "granite", "opt", "llama"])
def test_in_float64_the_identities_hold_to_1e_minus_9(family):
    model = tiny_model(family).double()
    log_p = brute_force(model)
    trace = logit_lens(model, IDS, targets=NEXT.clamp(min=0), top=4)
    final = logit_lens(model, IDS).cross_entropy_to_final
    torch.testing.assert_close(final, -(log_p[-1:].exp() * log_p).sum(-1), atol=1e-9, rtol=0)
    torch.testing.assert_close(trace.entropy[-1], final[-1], atol=1e-9, rtol=0)
    assert trace.kl_to_final[-1].abs().max() < 1e-9 and torch.equal(
        trace.top_tokens, log_p.topk(4).indices
    )
    own = log_p.gather(-1, NEXT.clamp(min=0).expand(4, 9)[..., None])
    assert torch.equal(trace.rank, (log_p > own).sum(-1))
    torch.testing.assert_close(trace.cross_entropy, -own[..., 0], atol=1e-9, rtol=0)


def toy(logits):
    """A stream whose lens logits are exactly these, (depths, tokens, vocabulary)."""
    head = nn.Linear(logits.shape[-1], logits.shape[-1], bias=False).double()
    head.weight = nn.Parameter(torch.eye(logits.shape[-1], dtype=torch.float64))
    return SimpleNamespace(
        unembedding=head,
        before_unembedding=torch.Tensor.double,
        after_unembedding=torch.Tensor.double,
    ), logits.double()


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(2, 300),
    st.floats(0.01, 30),
    st.floats(0, 6),
    st.floats(0, 6),
)
def test_properties(seed, vocabulary, spread, one, other):
    generator = torch.Generator().manual_seed(seed)
    parts, stream = toy(spread * torch.randn(3, 2, vocabulary, generator=generator))
    one, other = (1.0 if abs(order - 1) < 0.02 else order for order in sorted((one, other)))
    orders = sorted({0.0, one, other, 0.98, 1.0, 1.02, INFINITY})
    trace = read_stream(parts, stream, renyi=orders)
    ladder = torch.stack([trace.renyi[order] for order in orders])
    assert (ladder.diff(dim=0) <= 1e-9).all(), "Renyi entropies never increase with the order"
    assert torch.allclose(trace.renyi[0.0], torch.tensor(math.log(vocabulary), dtype=torch.float64))
    assert torch.equal(trace.renyi[1.0], trace.entropy)
    assert (
        (trace.renyi[0.98] - trace.renyi[1.02]).abs() <= 0.04 * (1 + trace.renyi[0.0]) ** 2
    ).all(), "continuous at 1"
    torch.testing.assert_close(trace.renyi[INFINITY], -trace.top_probabilities[..., 0].log())
    assert (trace.entropy >= 0).all() and (trace.entropy <= math.log(vocabulary) + 1e-9).all()
    assert (trace.kl_to_final >= 0).all() and (trace.reverse_kl >= 0).all()
    torch.testing.assert_close(
        trace.cross_entropy_to_final,
        information.cross_entropy(stream[-1:].expand(stream.shape), stream),
    )


def test_several_targets_and_how_shapes_are_read():
    model = tiny_model("llama")
    pair = torch.stack([IDS, NEXT], 1)
    trace = logit_lens(model, IDS[None], targets=pair)
    assert trace.cross_entropy.shape == trace.rank.shape == (
        4,
        9,
        2,
    ) and trace.entropy.shape == trace.top_token.shape == (4, 9)
    alone = logit_lens(model, IDS.tolist(), targets=NEXT[None])
    torch.testing.assert_close(alone.cross_entropy, trace.cross_entropy[..., 1], equal_nan=True)
    assert (
        alone.cross_entropy[:, -1].isnan().all() and not alone.cross_entropy[:, :-1].isnan().any()
    )
    assert (alone.rank[:, -1] == -1).all() and (alone.rank[:, :-1] >= 0).all()
    assert logit_lens(model, IDS).cross_entropy is None and logit_lens(model, IDS).rank is None
    assert logit_lens(model, IDS[:1], targets=[[5, 6, 7]]).cross_entropy.shape == (4, 1, 3)


def test_rank_zero_is_the_top_token():
    model = tiny_model("gpt2")
    top = logit_lens(model, IDS, top=2).top_tokens
    trace = logit_lens(model, IDS, targets=top[-1])
    assert (trace.rank[-1] == torch.tensor([0, 1])).all()


def test_equal_logits_are_not_larger():
    model = tiny_model("llama")
    with torch.no_grad():
        model.lm_head.weight[100:200] = model.lm_head.weight[100]
    ranks = logit_lens(model, IDS, targets=torch.arange(100, 109)).rank
    assert torch.equal(ranks, logit_lens(model, IDS, targets=torch.arange(191, 200)).rank)


def test_the_middle_rows_stand_between_the_others():
    model = tiny_model("llama")
    whole, half = logit_lens(model, IDS), logit_lens(model, IDS, middle=True)
    assert len(half.entropy) == 7
    torch.testing.assert_close(half.entropy[::2], whole.entropy)
    assert (half.entropy[1::2] - whole.entropy[1:]).abs().max() > 1e-3


def test_an_order_given_twice_counts_once():
    model = tiny_model("llama")
    once = logit_lens(model, IDS, renyi=(2, 0.5)).renyi
    twice = logit_lens(model, IDS, renyi=(2, 0.5, 2, 2.0)).renyi
    assert list(twice) == [2, 0.5]
    assert all(torch.equal(twice[order], once[order]) for order in once)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(input_ids=torch.zeros(2, 3, dtype=torch.long)), "one text"),
        (dict(input_ids=[]), "one text"),
        (dict(input_ids=[0.5]), "one text"),
        (dict(input_ids=[5, VOCABULARY]), r"0\.\.259, got 5\.\.260"),
        (dict(targets=[1, 2]), "each of 9 tokens"),
        (dict(targets=[-5] * 9), "got -5"),
        (dict(targets=[0.5] * 9), "float"),
        (dict(renyi=[-1]), "order"),
        (dict(renyi=[1.001]), "at least 0.01"),
        (dict(renyi=[math.nan]), "order"),
        (dict(top=0), "between 1"),
        (dict(top=VOCABULARY + 1), "between 1"),
        (dict(rows_at_a_time=0), "rows_at_a_time"),
    ],
)
def test_what_does_not_fit_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        logit_lens(tiny_model("gpt2"), **(dict(input_ids=IDS) | arguments))


def test_training_mode_is_refused():
    with pytest.raises(ValueError, match="training mode"):
        logit_lens(tiny_model("gpt2").train(), IDS)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_told_with_depth_and_token(number):
    model = tiny_model("llama")
    with torch.no_grad():
        model.model.embed_tokens.weight[7] = number  # token 4 of the text, none of the proof's
    with pytest.raises(ValueError, match="nan or infinite numbers at depth 0, token 4"):
        logit_lens(model, IDS)
    parts, stream = toy(torch.randn(3, 4, 20))
    stream[1, 2, 5] = number
    with pytest.raises(ValueError, match="depth 1, token 2"):
        read_stream(parts, stream, targets=[1, 2, 3, 4])


def test_a_model_with_such_numbers_in_its_proof_is_told():
    model = tiny_model("llama")
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[3, 3] = float("inf")
    with pytest.raises(ValueError, match="nan or infinite numbers in the residual stream"):
        logit_lens(model, IDS)


@pytest.mark.parametrize("family", ["gpt_neox", "phi", "gptj", "llama"])
def test_rows_that_pad_the_vocabulary_take_part_as_in_the_models_own_softmax(family):
    """As Pythia's: 260 tokens, 304 rows. Targets and likeliest tokens may lie among them."""
    model = tiny_model(family, vocab_size=304)
    log_p = brute_force(model)
    padding = torch.arange(295, 304)
    trace = logit_lens(model, IDS, targets=padding, renyi=(0,))
    assert trace.renyi[0][0, 0].item() == pytest.approx(math.log(304))
    expected = -log_p.gather(-1, padding.expand(4, 9)[..., None])[..., 0]
    torch.testing.assert_close(trace.cross_entropy, expected.float(), atol=2e-4, rtol=1e-3)
    torch.testing.assert_close(
        trace.entropy, -(log_p.exp() * log_p).sum(-1).float(), atol=2e-4, rtol=1e-3
    )


def test_the_divergence_of_a_distribution_from_itself_is_zero():
    logits = 10 * torch.randn(200, 5000, generator=torch.Generator().manual_seed(0))
    parts, stream = toy(logits[None].repeat(2, 1, 1)[:, :20, :500])
    trace = read_stream(parts, stream)
    assert (trace.kl_to_final >= 0).all() and trace.kl_to_final.max() < 1e-9
    assert (information.kl_divergence(logits, logits) == 0).all()
    unigram = logits[:3].softmax(-1)
    for kl in kl_from_unigrams(logits[:3], unigram):
        assert (kl >= 0).all() and kl.diagonal().max() < 1e-4


def test_an_answer_that_ends_at_once_has_an_empty_trace():
    parts, stream = toy(torch.randn(3, 0, 20))
    trace = read_stream(parts, stream, targets=torch.zeros(0, dtype=torch.long), renyi=(2,))
    assert trace.entropy.shape == trace.cross_entropy.shape == trace.renyi[2].shape == (3, 0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_weights(dtype):
    trace = logit_lens(tiny_model("llama").to(dtype), IDS, targets=NEXT, renyi=(0.5, 2))
    assert (
        trace.entropy.dtype == torch.float32
        and torch.isfinite(trace.entropy).all()
        and (trace.kl_to_final[-1] < 1e-4).all()
    )
    exact = logit_lens(tiny_model("llama"), IDS).entropy
    assert (trace.entropy - exact).abs().max() < 0.2


def test_nothing_of_the_size_of_the_vocabulary_times_tokens_is_made():
    """200 tokens, 4 depths, 260 words would be 208,000 numbers.

    Torch's own dispatch says what the largest tensor was.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    class Largest(TorchDispatchMode):
        size = 0

        def __torch_dispatch__(self, function, types, arguments=(), options=None):
            output = function(*arguments, **(options or {}))
            for tensor in output if isinstance(output, (tuple, list)) else [output]:
                if isinstance(tensor, torch.Tensor):
                    self.size = max(self.size, tensor.numel())
            return output

    model, ids = (
        tiny_model("llama"),
        torch.randint(3, 250, (200,), generator=torch.Generator().manual_seed(0)),
    )
    model_parts(model)
    with Largest() as watch:
        logit_lens(model, ids, targets=ids)
    assert watch.size < 200 * VOCABULARY, "not even one depth's logits for all tokens"


@pytest.mark.model
@pytest.mark.parametrize("quantize", [None, "nf4"])
def test_the_last_row_is_the_default_model(quantize, monkeypatch):
    monkeypatch.undo()
    model, tokenizer = load_model(quantize=quantize)
    ids = torch.tensor(
        tokenizer("The capital of France is Paris, and the capital of Italy is").input_ids
    )
    trace = logit_lens(model, ids, targets=[*ids[1:], -100], top=1)
    with torch.no_grad():
        logits = model(input_ids=ids[None]).logits[0]
    torch.testing.assert_close(trace.entropy[-1], information.entropy(logits), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        trace.cross_entropy[-1, :-1],
        information.surprisal(logits[:-1], ids[1:]),
        atol=1e-4,
        rtol=1e-4,
    )
    assert torch.equal(trace.top_token[-1], logits.argmax(-1))


def test_equal_logits_are_not_larger_where_two_products_round_differently():
    """A target's logit comes from another product than the slices, which in float32 rounds otherwise.

    The margin is relative to the logit, so this is promised where the logit is not near 0.
    """
    generator = torch.Generator().manual_seed(0)
    head = nn.Linear(501, 300, bias=False)
    with torch.no_grad():
        head.weight.normal_(generator=generator)
        head.weight[100:200] = head.weight[100]
    parts = SimpleNamespace(
        unembedding=head, before_unembedding=lambda x: x, after_unembedding=lambda x: x
    )
    stream = torch.randn(2, 60, 501, generator=generator)
    exact = stream.double() @ head.weight.detach().double().T
    expected = (exact > exact[..., 150:151] + 1e-3).sum(-1)
    rank = read_stream(parts, stream, targets=[150] * 60).rank
    not_near_0 = exact[..., 150].abs() > 10
    assert not_near_0.sum() > 50
    assert torch.equal(rank[not_near_0], expected[not_near_0])


def test_no_entropy_cross_entropy_or_divergence_falls_below_zero():
    """Where one token has all the probability, rounding alone decides the sign."""
    head = nn.Linear(64, 300, bias=False)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        head.weight.normal_(generator=generator)
    parts = SimpleNamespace(
        unembedding=head, before_unembedding=lambda x: x, after_unembedding=lambda x: x
    )
    stream = 300 * torch.randn(3, 200, 64, generator=generator)
    top = (stream[-1] @ head.weight.T).argmax(-1)
    trace = read_stream(parts, stream, targets=top, renyi=(1,))
    for values in (trace.entropy, trace.cross_entropy, trace.kl_to_final, trace.reverse_kl):
        assert (values >= 0).all() and (values == 0).any()
    assert (trace.renyi[1] >= 0).all()


def test_a_part_of_a_trace_has_the_same_numbers_with_and_without_targets():
    model = tiny_model("llama")
    whole = logit_lens(model, IDS, targets=NEXT, renyi=(2,))
    part = whole.tokens_between(2, 5)
    for name in ("entropy", "kl_to_final", "reverse_kl", "top_tokens", "top_probabilities"):
        assert torch.equal(getattr(part, name), getattr(whole, name)[:, 2:5])
    assert torch.equal(part.rank, whole.rank[:, 2:5])
    assert torch.equal(part.cross_entropy, whole.cross_entropy[:, 2:5])
    assert torch.equal(part.renyi[2], whole.renyi[2][:, 2:5])
    without = logit_lens(model, IDS).tokens_between(2, 5)
    assert without.rank is None and without.cross_entropy is None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", ["llama", "gpt2", "gptj", "gemma2", "cohere", "opt"])
def test_a_float32_head_is_exact_for_half_precision_weights(family, dtype):
    """Against float64 throughout, on the same stream and the same rounded weights."""
    model = tiny_model(family).to(dtype)
    parts = model_parts(model)
    generator = torch.Generator().manual_seed(0)
    stream = torch.randn(3, 7, 32, generator=generator).mul(3).to(dtype)
    targets = torch.arange(7)
    errors = {}
    exact = read_stream(
        model_parts(tiny_model(family).to(dtype).double()), stream.double(), targets=targets
    )
    for float32_head in (True, False):
        trace = read_stream(parts, stream, targets=targets, float32_head=float32_head)
        errors[float32_head] = max(
            (trace.entropy - exact.entropy).abs().max().item(),
            (trace.cross_entropy - exact.cross_entropy).abs().max().item(),
        )
    assert errors[True] < 5e-5 and errors[True] < errors[False] / 3
    assert parts.unembedding.weight.dtype == dtype and model_parts(model) == parts


@torch.no_grad()
def test_chunks_follow_free_memory_and_change_nothing_else(monkeypatch):
    model = tiny_model("llama")
    parts = model_parts(model)
    monkeypatch.setattr(_vocabulary_slices, "TOKEN_DEPTH_PAIRS", {"cpu": 1024, "cuda": 1024})
    row_bytes = 4 * (2 * 128 + 4 * 32)
    monkeypatch.setenv("UNCERTAINTY_FREE_MEMORY", "1")
    assert _vocabulary_slices.rows_that_fit(parts) == 1024
    whole = logit_lens(model, IDS, targets=NEXT)
    monkeypatch.setenv("UNCERTAINTY_FREE_MEMORY", str(4 * 5.5 * row_bytes / 1e9))
    assert _vocabulary_slices.rows_that_fit(parts) == 5
    sizes = []
    inner = _vocabulary_slices.block_statistics

    def watched(parts, stream, *arguments, **named):
        sizes.append(stream.shape[:2].numel())
        return inner(parts, stream, *arguments, **named)

    monkeypatch.setattr(_vocabulary_slices, "block_statistics", watched)
    short = logit_lens(model, IDS, targets=NEXT)
    assert max(sizes) <= 5
    sizes.clear()
    told = logit_lens(model, IDS, targets=NEXT, rows_at_a_time=12)
    assert max(sizes) == 12
    for other in (short, told):
        for name in ("entropy", "kl_to_final", "reverse_kl", "cross_entropy", "rank"):
            ours = getattr(other, name)
            expected = getattr(whole, name)
            torch.testing.assert_close(ours, expected, atol=1e-5, rtol=0, equal_nan=True)


@torch.no_grad()
def test_more_top_tokens_than_a_slice_has():
    model = tiny_model("llama")
    trace = logit_lens(model, IDS, top=200)  # slices of 128
    logits = model(input_ids=IDS[None]).logits[0]
    p, tokens = logits.softmax(-1).topk(200)
    torch.testing.assert_close(trace.top_probabilities[-1], p, atol=1e-5, rtol=1e-4)
    assert (trace.top_tokens[-1] == tokens).float().mean() > 0.99  # neighbours may be equal
