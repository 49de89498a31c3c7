"""Traps C-24 to C-38: neurons, heads, statistics, stored weights."""

import numpy as np
import pytest
import torch
from families import VOCABULARY, tiny_model
from scipy import special, stats

from uncertainty import (
    ablation_sweep,
    auroc,
    bootstrap,
    expected_calibration_error,
    generate,
    load_model,
    logit_lens,
    null_space_fraction,
    score,
    temperature_scaling,
)
from uncertainty.architecture.final_norm import final_norm
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.architecture.parts import model_parts
from uncertainty.course.exercises.entropy_neurons import mediated
from uncertainty.heads.attention import attention_patterns
from uncertainty.heads.bos_ablation import bos_ablation
from uncertainty.heads.repeats import random_repeats
from uncertainty.loading import course_models
from uncertainty.neurons.activations import activations
from uncertainty.neurons.geometry import effective_output_weights, geometry, logit_variance
from uncertainty.neurons.unigrams import count_unigram, kl_from_unigrams

IDS = torch.arange(3, 15)


def trained(family, **options):
    """A tiny model in float64 whose gains and biases are not those it is initialised with."""
    model = tiny_model(family, **options).double()
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim == 1:
                weights.add_(0.3 * torch.randn_like(weights))
    return model


def plant_null_neuron(model, neuron, strength):
    """Blind the unembedding to one direction, and let a neuron of a Llama write along it."""
    parts = model_parts(model)
    gain = final_norm(parts).gain
    direction = torch.nn.functional.normalize(
        torch.randn(32, generator=torch.Generator().manual_seed(2)).double(), dim=0
    )
    with torch.no_grad():
        weight = parts.unembedding.weight
        folded = weight * gain
        weight.copy_((folded - torch.outer(folded @ direction, direction)) / gain)
        model.model.layers[-1].mlp.down_proj.weight[:, neuron] = strength * direction
    return direction


@torch.no_grad()
def recorded(model, ids=IDS):
    """The stream that enters the final norm, (tokens, width), and the logits."""
    with model_parts(model).record_stream() as stream:
        logits = model(input_ids=ids[None]).logits[0]
    return stream[-1][0].double(), logits.double()


def entropy_of(logits):
    return torch.as_tensor(stats.entropy(logits.double().softmax(-1).numpy(), axis=-1))


@torch.no_grad()
def test_c24_the_unembedding_of_the_geometry_is_the_effective_one():
    """Folding the gain in and centring changes rho, LogitVar and norms, and makes one singular value 0 under LayerNorm."""
    for family in ("gpt2", "gemma"):
        model = trained(family)
        raw = model.get_output_embeddings().weight.detach()
        norm = model_parts(model).norm
        gain = norm.weight if family == "gpt2" else 1 + norm.weight
        effective = raw * gain
        effective = effective - effective.mean(0)
        written = (
            model.transformer.h[-1].mlp.c_proj.weight
            if family == "gpt2"
            else model.model.layers[-1].mlp.down_proj.weight.T
        )
        raw_values, raw_vectors = torch.linalg.svd(raw)[1:]
        if family == "gpt2":
            effective = effective - effective.mean(1, keepdim=True)
            written = written - written.mean(1, keepdim=True)
            assert geometry(model).singular_values[-1] < 1e-6 < raw_values[-1]
        _, values, vectors = torch.linalg.svd(effective)
        found = geometry(model)
        torch.testing.assert_close(found.singular_values[:-1], values[:-1], atol=1e-6, rtol=1e-6)
        torch.testing.assert_close(found.norms, written.norm(dim=1), atol=1e-6, rtol=1e-6)
        rho = (written @ vectors[-8:].T).norm(dim=1) / written.norm(dim=1)
        raw_rho = (written @ raw_vectors[-8:].T).norm(dim=1) / written.norm(dim=1)
        assert (rho - raw_rho).abs().max() > 0.05  # the trap
        torch.testing.assert_close(null_space_fraction(model, 8), rho, atol=1e-6, rtol=0)
        cosines = written @ effective.T / written.norm(dim=1, keepdim=True) / effective.norm(dim=1)
        torch.testing.assert_close(logit_variance(model), cosines.var(1), atol=1e-9, rtol=1e-5)


@torch.no_grad()
def test_c25_the_null_space_lies_on_the_side_of_the_width():
    """lm_head.weight is (vocabulary, width), so the directions that are hardly read are its last right vectors."""
    model = trained("llama")
    direction = plant_null_neuron(model, 5, strength=2.0)
    found = geometry(model)
    assert found.directions.shape == (32, 32)
    assert found.singular_values[-1] < 1e-6 < found.singular_values[-2]
    assert abs(found.directions[:, -1] @ direction) == pytest.approx(1)
    rho = {k: null_space_fraction(model, k) for k in (1, 4, 16, 32)}
    assert rho[1][5] == pytest.approx(1) and rho[1].median() < 0.5
    assert logit_variance(model)[5] < 1e-12 < logit_variance(model).min(dim=0).values + 1
    medians = [values.median() for values in rho.values()]
    assert medians == sorted(medians) and medians[-1] == pytest.approx(1)  # k is a choice


@torch.no_grad()
def test_c26_the_direct_effect_keeps_gain_and_bias():
    """Freezing the norm freezes its scale; without its gain and bias the logits are others."""
    model = trained("gpt2")
    residual, logits = recorded(model)
    norm = final_norm(model_parts(model))
    head = model.get_output_embeddings().weight.double()
    scale = norm.scale(residual)
    bare = norm.centre(residual) / scale @ head.T
    assert (bare - logits).abs().max() > 1  # the trap
    written = last_layer_neurons(model).output_weights[7].double()
    with last_layer_neurons(model).record_activations() as acts:
        model(input_ids=IDS[None])
    activation = acts[0].reshape(len(IDS), -1)[:, 7].double()
    moved = residual - activation[:, None] * written
    frozen = norm(moved, scale) @ head.T
    sweep = ablation_sweep(model, IDS, [7], value="zero", progress=False)
    torch.testing.assert_close(sweep.direct.entropy[:, 0], entropy_of(frozen), atol=1e-6, rtol=0)
    torch.testing.assert_close(
        sweep.entropy[:, 0], entropy_of(norm(moved) @ head.T), atol=1e-6, rtol=0
    )
    assert (sweep.entropy - sweep.direct.entropy).abs().max() > 1e-4
    torch.testing.assert_close(sweep.clean.entropy, entropy_of(logits), atol=1e-5, rtol=0)


@torch.no_grad()
def test_c27_a_neuron_in_the_null_space_acts_through_the_norm_alone():
    """A write that the unembedding does not read has no direct effect, and scales all logits by sigma / sigma'."""
    model = trained("llama")
    direction = plant_null_neuron(model, 5, strength=0.0)
    residual, logits = recorded(model)  # before the neuron writes anything
    with torch.no_grad():
        model.model.layers[-1].mlp.down_proj.weight[:, 5] = 40 * direction
    written, _ = recorded(model)
    norm = final_norm(model_parts(model))
    shrink = norm.scale(residual) / norm.scale(written)
    sweep = ablation_sweep(model, IDS, [5], value="zero", progress=False)
    torch.testing.assert_close(
        sweep.direct.kl.abs().max(), torch.tensor(0.0).double(), atol=1e-9, rtol=0
    )
    torch.testing.assert_close(sweep.direct.entropy[:, 0], sweep.clean.entropy, atol=1e-9, rtol=0)
    torch.testing.assert_close(sweep.entropy[:, 0], entropy_of(logits), atol=1e-5, rtol=0)
    torch.testing.assert_close(sweep.clean.entropy, entropy_of(logits * shrink), atol=1e-5, rtol=0)
    larger = shrink[:, 0] < 0.99  # the denominator grew, so logits shrank and entropy rose
    assert larger.sum() > 3 and (sweep.clean.entropy > sweep.entropy[:, 0])[larger].all()


def test_c28_one_minus_direct_over_total_is_no_share():
    """1 - DE / TE can be negative, and means nothing where the total effect is near 0."""
    total = np.array([0.10, 0.10, 1e-6, 0.0])
    direct = np.array([0.02, 0.15, 0.01, 0.01])
    with np.errstate(divide="ignore"):
        naive = 1 - direct / total
        ours = mediated(total, direct, 0.001)
    assert naive[2] < -1000 and np.isinf(naive[3])  # the trap
    np.testing.assert_allclose(ours[:2], [0.8, -0.5])  # not cut at 0
    assert np.isnan(ours[2:]).all()
    sweep = ablation_sweep(tiny_model("llama"), IDS, progress=False)
    effect, frozen = (
        (kind.loss - sweep.clean.loss[:, None])[:-1].abs().mean(0).numpy()
        for kind in (sweep, sweep.direct)
    )
    assert (mediated(effect, frozen, 0) < 0).any(), (
        "both effects are shown, so a norm that compensates is seen"
    )


def test_c29_any_choice_of_neurons_in_any_order():
    """Indexing the activations by the place in a chunk is right only when the neurons are 0, 1, 2, ..."""
    model = tiny_model("gpt2")
    chosen = [40, 7, 100, 3, 64]
    every = ablation_sweep(model, IDS, value="zero", progress=False)
    for tolerance in (0.0, 1e-3):
        some = ablation_sweep(model, IDS, chosen, value="zero", tolerance=tolerance, progress=False)
        for ours, theirs in ((some, every), (some.direct, every.direct)):
            expected = theirs.entropy[:, chosen]
            torch.testing.assert_close(ours.entropy, expected, atol=2e-5 + tolerance, rtol=0)
            assert (theirs.entropy[:, :5] - expected).abs().max() > 0.005  # the trap


def test_c30_the_direction_of_a_divergence():
    """F.kl_div(input=log Q, target=log P) is KL(P || Q), and a figure's label is soon the other way round."""
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(4, 30, generator=generator).double()
    unigram = torch.rand(30, generator=generator).double()
    unigram = unigram / unigram.sum()
    p = logits.softmax(-1)
    of_unigram = stats.entropy(unigram.numpy()[:, None], p.numpy().T)
    of_model = stats.entropy(p.numpy().T, unigram.numpy()[:, None])
    torch_kl = torch.nn.functional.kl_div(
        logits.log_softmax(-1), unigram.log(), reduction="none", log_target=True
    )
    np.testing.assert_allclose(torch_kl.sum(-1), of_unigram, atol=1e-12)
    assert np.abs(of_unigram - of_model).min() > 0.05  # the trap
    kl, reverse_kl = kl_from_unigrams(logits, unigram[None])
    np.testing.assert_allclose(kl[:, 0], of_unigram, atol=1e-9)
    np.testing.assert_allclose(reverse_kl[:, 0], of_model, atol=1e-9)

    model = tiny_model("llama")
    clean = recorded(model)[1].softmax(-1).numpy()
    with last_layer_neurons(model).edit_activations(torch.zeros_like):
        ablated = recorded(model)[1].softmax(-1).numpy()
    sweep = ablation_sweep(model, IDS, [list(range(48))], value="zero", progress=False)
    np.testing.assert_allclose(sweep.kl[:, 0], special.rel_entr(clean, ablated).sum(-1), atol=1e-4)

    trace = logit_lens(model, IDS)
    with torch.no_grad(), model_parts(model).record_stream() as stream:
        model(input_ids=IDS[None])
        early = model_parts(model).logits(stream[1])[0].double().softmax(-1).numpy()
    np.testing.assert_allclose(
        trace.kl_to_final[1], special.rel_entr(clean, early).sum(-1), atol=1e-4
    )
    np.testing.assert_allclose(
        trace.reverse_kl[1], special.rel_entr(early, clean).sum(-1), atol=1e-4
    )


@torch.no_grad()
def test_c31_a_unigram_is_smoothed_and_its_direction_lies_in_the_logits():
    """The log of an unseen token's frequency is -inf, and freezing the direction acts on logits, not on the residual."""
    with pytest.raises(ValueError, match="not positive"):
        kl_from_unigrams(torch.zeros(1, 30), count_unigram([1, 2, 2], rows=30, smoothing=0)[None])
    counted = count_unigram([1, 2, 2], rows=30)
    torch.testing.assert_close(counted[[0, 1, 2]], torch.tensor([1, 2, 3]).double() / 33)
    assert counted.log().isfinite().all()

    model = trained("llama")
    unigram = count_unigram(IDS.repeat(20), rows=VOCABULARY)
    direction = unigram.log() - unigram.log().mean()
    direction = direction / direction.norm()
    _, clean = recorded(model)
    neurons = last_layer_neurons(model)

    def without(activation):
        changed = activation.clone()
        changed[..., 7] = 5.0
        return changed

    with neurons.edit_activations(without):
        residual, ablated = recorded(model)
    expected = ablated + ((clean - ablated) @ direction)[:, None] * direction
    sweep = ablation_sweep(
        model, IDS, [7], value=5.0, freeze=direction, unigram=unigram, progress=False
    )
    torch.testing.assert_close(sweep.frozen.entropy[:, 0], entropy_of(expected), atol=1e-5, rtol=0)
    kl = stats.entropy(unigram.numpy()[:, None], expected.softmax(-1).numpy().T)
    np.testing.assert_allclose(sweep.frozen.kl_unigram[:, 0], kl, atol=1e-5)
    head = model.get_output_embeddings().weight
    in_residual = torch.nn.functional.normalize(head.T @ direction, dim=0)
    clean_residual, _ = recorded(model)
    moved = residual + ((clean_residual - residual) @ in_residual)[:, None] * in_residual
    wrong = entropy_of(model_parts(model).logits(moved))
    assert (wrong - sweep.frozen.entropy[:, 0]).abs().max() > 1e-3  # the trap


@torch.no_grad()
def test_c32_fast_attention_gives_no_patterns():
    """Under sdpa transformers returns no attention weights and no error, and a row must sum to 1."""
    model = tiny_model("llama")
    model.set_attn_implementation("sdpa")
    silent = model.base_model(input_ids=IDS[None], output_attentions=True).attentions
    assert not silent or silent[0] is None  # the trap
    patterns = attention_patterns(model, IDS)
    assert model.config._attn_implementation == "sdpa"  # given back
    assert len(patterns) == 3 and patterns[0].shape == (4, 12, 12)
    for pattern in patterns:
        torch.testing.assert_close(pattern.sum(-1), torch.ones(4, 12))
        assert not pattern.triu(1).any()
    with pytest.raises(ValueError, match="sum 1"):
        attention_patterns(tiny_model("gpt_oss"), IDS)

    # BOS ablation needs no patterns, and works as if every weight but the first were 0
    effects = bos_ablation(model, IDS[None], head_sets=[[(2, 1)]], positions=[7], neurons=[0])
    attention = model.model.layers[2].self_attn

    def first_value(module, arguments):
        heads = arguments[0].unflatten(-1, (4, 8)).clone()
        heads[:, 7, 1] = heads[:, 0, 1]
        return heads.flatten(-2)

    with attention.o_proj.register_forward_pre_hook(first_value):
        _, logits = recorded(model)
    torch.testing.assert_close(
        effects.entropy[1, 0, 0].double(), entropy_of(logits)[7], atol=1e-4, rtol=0
    )

    tokenizer = load_model("tiny")[1]
    tokenizer.bos_token = None  # as Qwen's
    assert (random_repeats(tokenizer, count=2, length=3)[:, 0] == tokenizer.eos_token_id).all()


def test_c33_packed_weights_are_no_numbers():
    """A 4-bit layer stores two weights in each byte, so a norm of its `weight` is nonsense without an error."""
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn import Linear4bit

    model = tiny_model("llama", intermediate_size=64)  # bitsandbytes packs blocks of 64
    layer = model.model.layers[-1].mlp
    plain = layer.down_proj.weight.detach().clone()
    packed = Linear4bit(64, 32, bias=False, quant_type="nf4")
    packed.weight = type(packed.weight)(plain.clone(), requires_grad=False, quant_type="nf4")
    packed = packed.to("cpu")
    assert packed.weight.dtype == torch.uint8 and packed.weight.numel() == plain.numel() // 2
    assert packed.weight.float().norm() > 100 * plain.norm()  # the trap
    layer.down_proj = packed
    found = last_layer_neurons(model).output_weights
    restored = dequantize_4bit(packed.weight.data, packed.weight.quant_state)
    torch.testing.assert_close(found, restored.T.float())
    assert 0.01 < (found.T - plain).norm() / plain.norm() < 0.2
    torch.testing.assert_close(geometry(model).norms, found.double().norm(dim=1))

    head = Linear4bit(32, VOCABULARY, bias=False, quant_type="nf4")
    head.weight = type(head.weight)(
        model.lm_head.weight.detach().clone(), requires_grad=False, quant_type="nf4"
    )
    model.lm_head = head.to("cpu")
    with pytest.raises(ValueError, match="packed"):
        model_parts(model)


@torch.no_grad()
def test_c34_what_a_neuron_is():
    """GPT-2 stores output weights transposed, a gated neuron is act(gate) * up, and an expert's works where it was chosen."""
    square = trained("gpt2", n_inner=32)  # where a wrong orientation fits, too
    stored = square.transformer.h[-1].mlp.c_proj.weight
    torch.testing.assert_close(last_layer_neurons(square).output_weights, stored)
    square = trained("llama", intermediate_size=32)
    stored = square.model.layers[-1].mlp.down_proj.weight
    torch.testing.assert_close(last_layer_neurons(square).output_weights, stored.T)

    seen = {}
    mlp = square.model.layers[-1].mlp
    with mlp.register_forward_pre_hook(lambda _, arguments: seen.update(x=arguments[0])):
        square(input_ids=IDS[None])
    gated = torch.nn.functional.silu(mlp.gate_proj(seen["x"])) * mlp.up_proj(seen["x"])
    torch.testing.assert_close(activations(square, IDS), gated[0].float())
    for family in ("mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss"):
        with pytest.raises(ValueError, match="mixture of experts"):
            last_layer_neurons(tiny_model(family))


@pytest.mark.parametrize("family", ["gemma2", "gemma3_text", "olmo2"])
@torch.no_grad()
def test_c35_a_norm_after_the_mlp_changes_what_a_neuron_adds(family):
    """Where the MLP's output is normed before it is added, activation times output weights is not what is added."""
    model = trained(family)
    neurons = last_layer_neurons(model)
    residual, _ = recorded(model)

    def without(activation):
        changed = activation.clone()
        changed[..., 7] = 0
        return changed

    with neurons.record_activations() as acts:
        recorded(model)
    with neurons.edit_activations(without):
        moved, logits = recorded(model)
    activation = acts[0].reshape(len(IDS), -1)[:, 7].double()
    shortcut = residual - activation[:, None] * neurons.output_weights[7].double()
    assert (shortcut - moved).norm() > 0.1 * (moved - residual).norm()  # the trap
    assert not neurons.adds_to_stream
    sweep = ablation_sweep(model, IDS, [7], value="zero", progress=False)
    torch.testing.assert_close(sweep.entropy[:, 0], entropy_of(logits), atol=1e-4, rtol=0)
    with pytest.raises(ValueError, match="norm after the MLP"):
        ablation_sweep(model, IDS, [7], tolerance=1e-3, progress=False)
    for function in (effective_output_weights, geometry, logit_variance):
        with pytest.raises(ValueError, match="a norm follows the last MLP"):
            function(model)


def test_c36_dropout_is_off_or_refused():
    """In training mode dropout changes every number from call to call."""
    model = tiny_model("gpt2", resid_pdrop=0.5)
    tokenizer = load_model("tiny")[1]
    model.train()
    with torch.no_grad():
        assert not torch.equal(model(IDS[None]).logits, model(IDS[None]).logits)  # the trap
    calls = [
        lambda: generate(model, tokenizer, "Hi", chat=False, max_new_tokens=2),
        lambda: score(model, tokenizer, "Hi", " you", chat=False),
        lambda: logit_lens(model, IDS),
        lambda: ablation_sweep(model, IDS, progress=False),
        lambda: activations(model, IDS),
        lambda: attention_patterns(model, IDS),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=r"training mode|Training mode|model\.eval"):
            call()
    model.eval()
    for call in calls:
        call()
    assert not load_model("tiny")[0].training


def test_c37_answers_of_one_question_are_no_new_evidence_and_thresholds_are_held_out():
    """Rows of one question count once in an interval, and what is fitted on the test set flatters it."""
    random = np.random.default_rng(0)
    doubt = random.normal(size=60)
    wrong = random.random(60) < special.expit(doubt)
    question = np.arange(60)
    once = bootstrap(auroc, wrong, doubt, rounds=300)
    repeated = [np.repeat(column, 9) for column in (wrong, doubt, question)]
    naive = bootstrap(auroc, *repeated[:2], rounds=300)
    ours = bootstrap(auroc, *repeated[:2], questions=repeated[2], rounds=300)
    width = once.high - once.low
    assert naive.high - naive.low < 0.5 * width  # the trap
    assert (ours.low, ours.high) == pytest.approx((once.low, once.high))

    held_out = slice(0, 30)
    confidence = special.expit(-3 * doubt)
    scale = temperature_scaling(~wrong[held_out], confidence[held_out])
    new = scale(confidence[30:])
    assert new.shape == (30,)
    untouched = scale(confidence[30:])
    np.testing.assert_array_equal(new, untouched)  # it learns nothing from what it is shown later
    assert expected_calibration_error(~wrong[30:], new) < expected_calibration_error(
        ~wrong[30:], confidence[30:]
    )


def test_c38_a_gguf_file_holds_rounded_weights(tmp_path, monkeypatch):
    """Weights read from GGUF are rounded ones, and transformers refuses to save them."""
    from gguf import GGMLQuantizationType, GGUFWriter
    from gguf.quants import dequantize, quantize

    names = [f"t{place}" for place in range(64)]
    writer = GGUFWriter(tmp_path / "toy.gguf", "llama")
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_block_count(1)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_rope_dimension_count(8)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(64)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(names)
    writer.add_token_merges(["t 0"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    random = np.random.default_rng(0)
    exact = {}
    for name, shape in {
        "token_embd.weight": (64, 32),
        "blk.0.attn_q.weight": (32, 32),
        "blk.0.attn_k.weight": (32, 32),
        "blk.0.attn_v.weight": (32, 32),
        "blk.0.attn_output.weight": (32, 32),
        "blk.0.ffn_gate.weight": (64, 32),
        "blk.0.ffn_up.weight": (64, 32),
        "blk.0.ffn_down.weight": (32, 64),
        "output.weight": (64, 32),
    }.items():
        exact[name] = random.normal(size=shape).astype(np.float32)
        packed = quantize(exact[name], GGMLQuantizationType.Q4_1)
        writer.add_tensor(name, packed, raw_dtype=GGMLQuantizationType.Q4_1)
    for name in ("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"):
        writer.add_tensor(name, np.ones(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file="toy.gguf", dtype=torch.float32
    )
    packed = quantize(exact["output.weight"], GGMLQuantizationType.Q4_1)
    stored = dequantize(packed, GGMLQuantizationType.Q4_1)
    np.testing.assert_allclose(model.lm_head.weight.detach(), stored)
    rounding = np.abs(model.lm_head.weight.detach().numpy() - exact["output.weight"]).max()
    assert 0.01 < rounding < 0.5  # the trap: published numbers are of other weights
    with pytest.raises(ValueError, match="not serializable"):
        model.save_pretrained(tmp_path / "refused")  # the other trap

    course_models._drop_gguf_config(model).save_pretrained(tmp_path / "copy")
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "copy")
    ids = torch.arange(3, 9)[None]
    with torch.no_grad():
        assert torch.equal(again(ids).logits, model(ids).logits)
