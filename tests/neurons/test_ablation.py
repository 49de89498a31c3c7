"""The ablation sweep against hooked forward passes on every family; the fast mode against it."""

from pydoc_data.topics import topics

import numpy as np
import pytest
import torch
from families import FAMILIES, VOCABULARY, tiny_model
from scipy import special, stats
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from trained_models import float64_throughout, trained

from uncertainty import ablation_sweep, null_space_fraction
from uncertainty.architecture.final_norm import final_norm
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.architecture.parts import model_parts
from uncertainty.architecture.unembedding import effective_unembedding
from uncertainty.loading.models import load_model
from uncertainty.neurons import _bounded_sweep, _tail_moments, _text_state, ablation

IDS = torch.arange(3, 15)
EXPERTS = {"mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss"}
DENSE = [family for family in FAMILIES if family not in EXPERTS]
GENERATOR = torch.Generator().manual_seed(5)
UNIGRAM = torch.rand(VOCABULARY, generator=GENERATOR, dtype=torch.float64) + 0.01
UNIGRAM = UNIGRAM / UNIGRAM.sum()
DIRECTION = torch.randn(VOCABULARY, generator=GENERATOR, dtype=torch.float64)
DIRECTION = nn.functional.normalize(DIRECTION - DIRECTION.mean(), dim=0)


def hooked(model, neuron, new, *, freeze_norm=False):
    """Logits (tokens, vocabulary) of a whole forward pass with one activation replaced.

    With ``freeze_norm`` the final norm divides by its scale in the clean pass.
    """
    parts = model_parts(model)
    output_projection = last_layer_neurons(model).output_projection
    hooks = []

    def replace(module, arguments):
        changed = arguments[0].clone()
        changed.view(-1, changed.shape[-1])[:, neuron] = new.to(changed)
        return changed

    def centred(x):
        is_layer_norm = "LayerNorm" in type(parts.norm).__name__
        return x - x.mean(-1, keepdim=True) if is_layer_norm else x

    def divide_as_before(module, arguments, output):
        norm_hook.remove()  # the norm itself is called in here
        x = arguments[0]
        before = clean_inputs[0]
        bias = module(torch.zeros_like(x))
        gain_part = module(before) - bias
        ratio = gain_part / centred(before)  # gain / scale, entry by entry, from the clean pass
        return ratio * centred(x) + bias

    if freeze_norm:
        clean_inputs = []
        hook = parts.norm.register_forward_pre_hook(
            lambda _, arguments: clean_inputs.append(arguments[0])
        )
        model(input_ids=IDS[None])
        hook.remove()
        norm_hook = parts.norm.register_forward_hook(divide_as_before)
        hooks.append(norm_hook)
    hooks.append(output_projection.register_forward_pre_hook(replace))
    logits = model(input_ids=IDS[None]).logits[0]
    for hook in hooks:
        hook.remove()
    return logits


def expected(logits, clean):
    """What the sweep should say of logits, by scipy."""
    logits = logits.double().numpy()
    clean = clean.double().numpy()
    p = special.softmax(logits, -1)
    log_p = special.log_softmax(logits, -1)
    log_p_of_next = log_p[range(len(IDS) - 1), IDS[1:]]
    likelier = (log_p[:-1] > log_p_of_next[:, None]).sum(-1)
    return dict(
        entropy=stats.entropy(p, axis=-1),
        loss=[*-log_p_of_next, float("nan")],
        kl=special.rel_entr(special.softmax(clean, -1), p).sum(-1),
        argmax_changed=log_p.argmax(-1) != clean.argmax(-1),
        rank=[*likelier, -1],
        kl_unigram=stats.entropy(UNIGRAM.numpy()[:, None], p.T),
    )


def agree(effects, column, logits, clean, tolerance=1e-9):
    for name, values in expected(logits, clean).items():
        ours = getattr(effects, name)
        if name == "kl_unigram" and ours is None:
            continue
        ours = ours.double() if column is None else ours[:, column].double()
        torch.testing.assert_close(
            ours, torch.as_tensor(values).double(), atol=tolerance, rtol=0, equal_nan=True, msg=name
        )


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """So that every seam is crossed."""
    monkeypatch.setattr(
        _text_state, "LOGITS_AT_A_TIME", {"cpu": 7 * VOCABULARY, "cuda": 7 * VOCABULARY}
    )
    monkeypatch.setattr(ablation, "POSITIONS_AT_A_TIME", 5)
    monkeypatch.setattr(_bounded_sweep, "COLUMNS_AT_A_TIME", 4)
    monkeypatch.setattr(_tail_moments, "HEAD_TOKENS", 16)


def mean_activation(model, neuron):
    with last_layer_neurons(model).record_activations() as recorded:
        model(input_ids=IDS[None])
    return recorded[0].reshape(len(IDS), -1)[:, neuron].mean()


@pytest.mark.parametrize("family", DENSE)
@torch.no_grad()
def test_every_family_equals_a_hooked_forward_pass(family):
    model = trained(family)
    with float64_throughout():
        sweep = ablation_sweep(
            model, IDS, [0, 7, 31, 40], unigram=UNIGRAM, freeze=DIRECTION, progress=False
        )
        clean = model(input_ids=IDS[None]).logits[0]
        agree(sweep.clean, None, clean, clean)
        for column, neuron in enumerate([0, 7, 31, 40]):
            new = mean_activation(model, neuron)
            total = hooked(model, neuron, new)
            agree(sweep, column, total, clean)
            moved_along = (clean - total) @ DIRECTION
            agree(sweep.frozen, column, total + moved_along[:, None] * DIRECTION, clean)
            agree(sweep.direct, column, hooked(model, neuron, new, freeze_norm=True), clean)


@pytest.mark.parametrize("family", sorted(EXPERTS))
def test_a_mixture_of_experts_is_refused(family):
    with pytest.raises(ValueError, match="mixture of experts"):
        ablation_sweep(tiny_model(family), IDS)


@pytest.mark.parametrize("family", ["llama", "gpt2", "cohere", "granite", "opt"])
def test_the_fast_mode_keeps_its_promise_in_every_kind_of_effect(family):
    model = trained(family)
    options = dict(unigram=UNIGRAM, freeze=DIRECTION, progress=False, value="zero")
    exact = ablation_sweep(model, IDS, **options)
    for tolerance in (1e-2, 1e-4):
        fast = ablation_sweep(model, IDS, tolerance=tolerance, **options)
        assert fast.recomputed_share < 1 == exact.recomputed_share
        assert fast.rank is None
        assert fast.clean.rank.equal(exact.clean.rank)
        for ours, theirs in (
            (fast, exact),
            (fast.direct, exact.direct),
            (fast.frozen, exact.frozen),
        ):
            for name in ("entropy", "loss", "kl", "kl_unigram"):
                torch.testing.assert_close(
                    getattr(ours, name),
                    getattr(theirs, name),
                    atol=tolerance,
                    rtol=0,
                    equal_nan=True,
                )
            assert ours.argmax_changed.equal(theirs.argmax_changed)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_neuron_left_as_it_is_has_no_effect_at_all_in_the_fast_mode(family):
    sweep = ablation_sweep(
        tiny_model(family), IDS, value=lambda a: a, tolerance=1e-3, progress=False
    )
    for kind in (sweep, sweep.direct):
        assert (kind.entropy - sweep.clean.entropy[:, None]).abs().max() < 1e-6
        assert kind.kl.abs().max() < 1e-6 and not kind.argmax_changed.any()


@torch.no_grad()
def test_an_unembedding_behind_a_projection():
    model = tiny_model("opt", word_embed_proj_dim=16).double()
    with float64_throughout():
        sweep = ablation_sweep(model, IDS, [2, 9], value="zero", progress=False)
        clean = model(input_ids=IDS[None]).logits[0]
        for column, neuron in enumerate([2, 9]):
            agree(sweep, column, hooked(model, neuron, torch.tensor(0.0)), clean)


@torch.no_grad()
def test_a_group_is_ablated_together_and_one_neuron_is_a_group_of_one():
    model = trained("llama")
    with float64_throughout():
        sweep = ablation_sweep(model, IDS, [[3, 8, 20], [7]], value="zero", progress=False)
        clean = model(input_ids=IDS[None]).logits[0]
        agree(sweep, 0, hooked(model, [3, 8, 20], torch.zeros(3)), clean)
        agree(sweep.direct, 0, hooked(model, [3, 8, 20], torch.zeros(3), freeze_norm=True), clean)
        alone = ablation_sweep(model, IDS, [7], value="zero", progress=False)
    torch.testing.assert_close(sweep.entropy[:, 1:], alone.entropy, atol=1e-12, rtol=0)
    torch.testing.assert_close(sweep.direct.kl[:, 1:], alone.direct.kl, atol=1e-12, rtol=0)


@torch.no_grad()
def test_values_a_number_a_tensor_and_a_function():
    model = trained("gpt2")
    with float64_throughout():
        clean = model(input_ids=IDS[None]).logits[0]
        acts = ablation_sweep(model, IDS, [4], progress=False).activations.double()
        given_ = torch.linspace(-1, 1, len(IDS), dtype=torch.float64)
        each = ablation_sweep(model, IDS, [4], value=given_[:, None], progress=False)
        agree(each, 0, hooked(model, 4, given_), clean)
        agree(
            ablation_sweep(model, IDS, [4], value=0.7, progress=False),
            0,
            hooked(model, 4, torch.tensor(0.7, dtype=torch.float64)),
            clean,
        )
        clipped = ablation_sweep(model, IDS, [4], value=lambda a: a.clamp(max=0.1), progress=False)
        agree(clipped, 0, hooked(model, 4, acts[:, 4].clamp(max=0.1)), clean, 1e-6)


def test_neurons_may_come_as_a_tensor_a_mask_a_range_or_a_bare_number():
    model = trained("llama")
    from_list = ablation_sweep(model, IDS, [4, 9], progress=False).entropy
    mask = torch.zeros(48, dtype=torch.bool)
    mask[[4, 9]] = True
    for neurons in (torch.tensor([4, 9]), mask, mask.tolist(), mask.numpy(), range(4, 10, 5)):
        assert ablation_sweep(model, IDS, neurons, progress=False).entropy.equal(from_list)
    for neurons in (9, torch.tensor(9), np.int64(9)):
        alone = ablation_sweep(model, IDS, neurons, progress=False).entropy
        torch.testing.assert_close(alone, from_list[:, 1:])
    together = ablation_sweep(model, IDS, [[4, 9]], progress=False).entropy
    for neurons in (mask[None], [mask], [mask.tolist()], torch.tensor([[4, 9]])):
        assert ablation_sweep(model, IDS, neurons, progress=False).entropy.equal(together)


def test_infinite_numbers_along_the_text_are_told():
    model = tiny_model("llama")
    with torch.no_grad():
        model.model.embed_tokens.weight[10] = float("inf")  # no token of the proofs
    with pytest.raises(
        ValueError, match=r"nan or infinite numbers enter the final norm at position \d+"
    ):
        ablation_sweep(model, IDS, [0], progress=False)


def test_training_mode_is_told_before_anything_is_read():
    for read in (last_layer_neurons, model_parts, lambda m: ablation_sweep(m, IDS, [0])):
        with pytest.raises(ValueError, match=r"training mode.*model\.eval"):
            read(tiny_model("gpt2").train())


@pytest.mark.parametrize("family", ["llama", "olmo2"])
def test_several_sequences_are_each_other_s_strangers(family):
    model = trained(family)
    other = torch.arange(20, 32)
    both = ablation_sweep(model, torch.stack([IDS, other]), [5], value="zero", progress=False)
    apart = [ablation_sweep(model, ids, [5], value="zero", progress=False) for ids in (IDS, other)]
    for name in ("entropy", "loss", "kl", "rank"):
        torch.testing.assert_close(
            getattr(both, name), torch.cat([getattr(one, name) for one in apart]), equal_nan=True
        )
    assert both.loss.isnan().nonzero()[:, 0].tolist() == [11, 23]


def plant(model, direction, neuron=5):
    """Let one neuron write strongly along a direction of the residual stream."""
    reader = last_layer_neurons(model).output_projection
    weight = reader.weight if type(reader).__name__ == "Conv1D" else reader.weight.T
    with torch.no_grad():
        weight[neuron] = 40 * direction


@pytest.mark.parametrize("family", ["llama", "gpt2"])
@torch.no_grad()
def test_a_neuron_planted_in_the_exact_null_space_acts_through_the_norm_alone(family):
    """The direct effect is 0; the total one is to multiply the logits by sigma / sigma'."""
    model = trained(family)
    parts = model_parts(model)
    form = final_norm(parts)
    frame = form.centre(effective_unembedding(parts, form, torch.float64))
    random = form.centre(torch.randn(32, generator=GENERATOR, dtype=torch.float64))
    unread = nn.functional.normalize(random, dim=0)
    without = frame - torch.outer(frame @ unread, unread)  # it cannot read this direction
    model.get_output_embeddings().weight = nn.Parameter((without / form.gain).clone())
    plant(model, unread)
    assert null_space_fraction(model, 2 if form.centred else 1)[5] > 1 - 1e-9
    with float64_throughout():
        sweep = ablation_sweep(model, IDS, [5], value="zero", progress=False)
        assert sweep.direct.kl.abs().max() < 1e-12
        assert (sweep.direct.entropy[:, 0] - sweep.clean.entropy).abs().max() < 1e-12
        with parts.record_stream() as stream:
            clean = model(input_ids=IDS[None]).logits[0]
        with (
            parts.record_stream() as silenced,
            last_layer_neurons(model).edit_activations(
                lambda a: a.index_fill(-1, torch.tensor(5), 0.0)
            ),
        ):
            model(input_ids=IDS[None])
        ratio = form.scale(stream[-1][0]) / form.scale(silenced[-1][0])
        constant = parts.unembedding.weight @ form.bias
        agree(sweep, 0, constant + ratio * (clean - constant), clean)
    assert sweep.kl.max() > 1e-3  # it does act


@pytest.mark.parametrize(
    "options, message",
    [
        (dict(neurons=[99]), r"0\.\.47.*got 99"),
        (dict(neurons=[4, 5.7]), r"whole numbers in 0\.\.47.*got 5\.7"),
        (dict(neurons=torch.tensor([4.0])), r"whole numbers.*got 4\.0"),
        (dict(neurons=[[4], [5.7, 6]]), r"whole numbers.*got 5\.7"),
        (dict(neurons=[-1]), r"got -1"),
        (dict(neurons=torch.ones(3, dtype=torch.bool)), "one truth value for each of 48, got 3"),
        (dict(neurons=[True, 3]), "got True"),
        (dict(neurons=torch.zeros(48, dtype=torch.bool)), "at least one"),
        (dict(neurons=[[1, 1]]), "different"),
        (dict(neurons=[]), "neurons must be"),
        (dict(input_ids=IDS[:0]), "at least one"),
        (dict(input_ids=IDS[None, None]), "shape"),
        (dict(value="median"), "median"),
        (dict(value=torch.zeros(3)), "shape"),
        (dict(value=float("nan")), "finite"),
        (dict(tolerance=-1.0), "tolerance=-1"),
        (dict(tolerance=float("nan")), "tolerance"),
        (dict(tolerance=float("inf")), "finite"),
        (dict(tolerance=1e-3, neurons=[[1, 2]]), "groups"),
        (dict(unigram=torch.ones(5)), "unigram"),
        (dict(unigram=torch.zeros(VOCABULARY)), "smooth"),
        (dict(freeze=torch.ones(VOCABULARY)), "length 1"),
        (dict(unigram=torch.ones(VOCABULARY)), "sum to 1"),
    ],
)
def test_bad_arguments_are_told_what_is_wrong(options, message):
    with pytest.raises(ValueError, match=message):
        ablation_sweep(tiny_model("llama"), **dict(input_ids=IDS, progress=False) | options)


@pytest.mark.parametrize("tolerance", [0, 1e-3])
def test_float32_finds_what_float64_finds(tolerance):
    single, double = (
        ablation_sweep(
            model,
            IDS,
            [1, 9],
            unigram=UNIGRAM,
            freeze=DIRECTION,
            tolerance=tolerance,
            progress=False,
        )
        for model in (tiny_model("llama"), tiny_model("llama").double())
    )
    for ours, theirs in (
        (single, double),
        (single.direct, double.direct),
        (single.frozen, double.frozen),
    ):
        for name in ("entropy", "loss", "kl", "kl_unigram"):
            torch.testing.assert_close(
                getattr(ours, name).double(),
                getattr(theirs, name),
                atol=2e-5,
                rtol=0,
                equal_nan=True,
            )


def test_a_softcap_has_no_fast_mode():
    with pytest.raises(ValueError, match="softcap"):
        ablation_sweep(tiny_model("gemma2"), IDS, tolerance=1e-3)


def test_half_precision_is_computed_in_float32():
    model = tiny_model("llama").to(torch.bfloat16)
    sweep = ablation_sweep(model, IDS, [1, 2], progress=False)
    log_p = model(input_ids=IDS[None]).logits[0].float().log_softmax(-1)
    assert sweep.entropy.dtype == torch.float32
    torch.testing.assert_close(
        sweep.clean.entropy, -(log_p.exp() * log_p).sum(-1), atol=0.05, rtol=0
    )


def test_nothing_larger_than_the_unembedding_is_ever_made():
    model = tiny_model("llama")
    largest = {}

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            found = function(*args, **(kwargs or {}))
            if isinstance(found, torch.Tensor):
                largest[function] = max(largest.get(function, 0), found.numel())
            return found

    for tolerance in (0, 1e-2):
        with Watch():
            ablation_sweep(
                model, IDS, tolerance=tolerance, unigram=UNIGRAM, freeze=DIRECTION, progress=False
            )
    assert max(largest.values()) <= model.lm_head.weight.numel(), max(largest, key=largest.get)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("tolerance", [0, 1e-3])
@pytest.mark.parametrize("family", ["llama", "gpt2", "opt"])
def test_a_gpu_finds_what_the_processor_finds(family, tolerance):
    model = trained(family)
    options = dict(tolerance=tolerance, unigram=UNIGRAM, freeze=DIRECTION, progress=False)
    here = ablation_sweep(model, IDS, **options)
    there = ablation_sweep(model.cuda(), IDS, **options)
    for ours, theirs in (
        (here, there),
        (here.direct, there.direct),
        (here.frozen, there.frozen),
        (here.clean, there.clean),
    ):
        for name in ("entropy", "loss", "kl", "kl_unigram"):
            torch.testing.assert_close(
                getattr(ours, name),
                getattr(theirs, name),
                atol=max(2 * tolerance, 1e-4),
                rtol=0,
                equal_nan=True,
            )


@pytest.mark.model
def test_the_default_models_neurons_act_through_the_norm():
    model, tokenizer = load_model()
    ids = torch.tensor(tokenizer(topics["assert"]).input_ids[:96])
    chosen = [830, 1022, *range(0, 1536, 192)]
    exact = ablation_sweep(model, ids, chosen, progress=False)
    fast = ablation_sweep(model, ids, chosen, tolerance=1e-3, progress=False)
    assert (fast.entropy - exact.entropy).abs().max() < 1e-3
    assert fast.argmax_changed.equal(exact.argmax_changed)
    total_change, direct_change = (
        (kind.entropy - exact.clean.entropy[:, None])[4:].abs().mean(0)
        for kind in (exact, exact.direct)
    )
    direct_share = direct_change / total_change
    assert direct_share[:2].max() < 0.6
    assert direct_share[2:].median() > 0.9


def test_a_direction_counts_without_its_mean():
    """What is added to all logits changes no probability; the rest is frozen at length 1."""
    model = trained("llama")
    mean_part = torch.full((VOCABULARY,), VOCABULARY**-0.5, dtype=torch.float64)
    uneven = 0.6 * mean_part + 0.8 * DIRECTION
    options = dict(value="zero", unigram=UNIGRAM, progress=False)
    for tolerance in (0.0, 1e-4):
        options["tolerance"] = tolerance
        centred = ablation_sweep(model, IDS, [0, 7], freeze=DIRECTION, **options).frozen
        found = ablation_sweep(model, IDS, [0, 7], freeze=uneven, **options).frozen
        torch.testing.assert_close(found.entropy, centred.entropy, atol=1e-9 + tolerance, rtol=0)
        torch.testing.assert_close(
            found.kl_unigram, centred.kl_unigram, atol=1e-9 + tolerance, rtol=0
        )


@pytest.mark.parametrize("tolerance", [0.0, 1e-3])
def test_nothing_that_cannot_be_negative_is(tolerance):
    """Of a neuron left as it is the divergence is 0, and so is that of a unigram from the model's own prediction."""
    model = tiny_model("llama")
    with torch.no_grad():
        model.get_output_embeddings().weight *= 8
        logits = model(input_ids=IDS[None]).logits[0].double()
    unigram = (logits[-1].softmax(-1) + 1e-12) / (1 + VOCABULARY * 1e-12)
    sweep = ablation_sweep(
        model, IDS, value=lambda a: a, unigram=unigram, tolerance=tolerance, progress=False
    )
    for kind in (sweep, sweep.direct, sweep.clean):
        for name in ("entropy", "kl", "kl_unigram"):
            assert (getattr(kind, name) >= 0).all(), name
        assert (kind.loss.nan_to_num() >= 0).all()
    assert sweep.kl.max() < 1e-4 and sweep.clean.kl_unigram[-1] < 1e-3
    assert sweep.clean.kl_unigram[0] > 0.1


def test_an_unlikely_next_token_does_not_hide_a_sure_one():
    """Loss and entropy of a text whose every token is certain stay 0, not a little below."""
    model = tiny_model("llama")
    with torch.no_grad():
        model.get_output_embeddings().weight *= 300
    logits = model(input_ids=IDS[None]).logits[0]
    text = torch.cat([IDS[:1], logits[:1].argmax(-1)])
    sweep = ablation_sweep(model, text, progress=False)
    assert (sweep.entropy >= 0).all() and (sweep.clean.entropy >= 0).all()
    assert sweep.clean.loss[0] >= 0


@torch.no_grad()
def test_a_projection_behind_the_final_norm_belongs_to_the_unembedding():
    """As an OPT whose embeddings are narrower than its stream, and whose norm has a bias."""
    model = tiny_model("opt", word_embed_proj_dim=16).double()
    torch.manual_seed(1)
    for weights in model.parameters():
        if weights.ndim == 1:
            weights.add_(0.3 * torch.randn_like(weights))
    assert model_parts(model).projection is not None
    with float64_throughout():
        sweep = ablation_sweep(
            model, IDS, [7, 31], unigram=UNIGRAM, freeze=DIRECTION, progress=False
        )
        clean = model(input_ids=IDS[None]).logits[0]
        agree(sweep.clean, None, clean, clean)
        for column, neuron in enumerate([7, 31]):
            new = mean_activation(model, neuron)
            agree(sweep, column, hooked(model, neuron, new), clean)
            agree(sweep.direct, column, hooked(model, neuron, new, freeze_norm=True), clean)
    single = ablation_sweep(model.float(), IDS, [7, 31], unigram=UNIGRAM, progress=False)
    torch.testing.assert_close(single.entropy.double(), sweep.entropy, atol=1e-4, rtol=0)
    torch.testing.assert_close(
        single.clean.loss.double(), sweep.clean.loss, atol=1e-4, rtol=0, equal_nan=True
    )


@torch.no_grad()
def test_chunks_follow_free_memory_and_change_nothing_else(monkeypatch):
    model = tiny_model("llama")
    sweep = ablation_sweep(model, IDS, [0, 7, 31], tolerance=0, progress=False)
    assert _text_state.logits_that_fit(torch.zeros(2, 2)) == 7 * VOCABULARY
    monkeypatch.setenv("UNCERTAINTY_FREE_MEMORY", "0.000001")
    assert _text_state.logits_that_fit(torch.zeros(2, 2)) == 1000 // 4 // 12
    short = ablation_sweep(model, IDS, [0, 7, 31], progress=False)
    monkeypatch.delenv("UNCERTAINTY_FREE_MEMORY")
    told = ablation_sweep(model, IDS, [0, 7, 31], logits_at_a_time=600, progress=False)
    for other in (short, told):
        for ours, expected in ((other, sweep), (other.direct, sweep.direct)):
            torch.testing.assert_close(ours.entropy, expected.entropy, atol=1e-5, rtol=0)
            torch.testing.assert_close(ours.kl, expected.kl, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="logits_at_a_time"):
        ablation_sweep(model, IDS, [0], logits_at_a_time=0, progress=False)
