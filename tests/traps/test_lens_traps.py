"""Traps C-11 to C-19: what a depth would say."""

import math

import numpy as np
import pytest
import torch
from families import FAMILIES, VOCABULARY, tiny_model
from scipy import stats
from transformers import OPTConfig, OPTForCausalLM

from uncertainty import load_model, logit_lens
from uncertainty.architecture.final_norm import final_norm
from uncertainty.architecture.middle import resid_mid_modules
from uncertainty.architecture.parts import model_parts
from uncertainty.generation.tokens import top_alternatives
from uncertainty.heads.repeats import random_repeats
from uncertainty.information import entropy, renyi_entropy
from uncertainty.lens.profiles import resample_depth, window_means
from uncertainty.neurons.unigrams import compare_with_unigrams, count_unigram

IDS = torch.arange(3, 15)
NEXT = IDS.roll(-1)


def trained(family, **options):
    """A tiny model whose gains and biases are not those it is initialised with."""
    model = tiny_model(family, **options)
    torch.manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim == 1:
                weights.add_(0.4 * torch.randn_like(weights))
    return model


def by_scipy(logits):
    p = logits.double().softmax(-1).numpy()
    return stats.entropy(p, axis=-1)


@torch.no_grad()
def logits_of(model):
    return model(input_ids=IDS[None]).logits[0]


def require_last_row_is_the_model(model, tolerance=1e-4):
    """The lens' last row must have the model's own entropy, loss and likeliest token."""
    logits = logits_of(model)
    trace = logit_lens(model, IDS, targets=NEXT)
    np.testing.assert_allclose(trace.entropy[-1], by_scipy(logits), atol=tolerance)
    loss = torch.nn.functional.cross_entropy(logits, NEXT, reduction="none")
    torch.testing.assert_close(trace.cross_entropy[-1], loss, atol=tolerance, rtol=0)
    assert trace.kl_to_final[-1].max() < 1e-5
    return trace, logits


@pytest.mark.parametrize("family", FAMILIES)
def test_c11_the_last_hidden_state_is_normed_already(family):
    """`hidden_states[-1]` has gone through the final norm; norming it again gives other logits."""
    model = trained(family)
    trace, logits = require_last_row_is_the_model(model)
    with torch.no_grad(), model_parts(model).record_stream() as stream:
        output = model(input_ids=IDS[None], output_hidden_states=True)
    parts = model_parts(model)
    normed = output.hidden_states[-1]
    assert not torch.allclose(stream[-1], normed, atol=1e-3)
    with torch.no_grad():
        once = parts.after_unembedding(model.get_output_embeddings()(normed))[0]
        twice = parts.logits(normed)[0]
    torch.testing.assert_close(once, logits, atol=1e-4, rtol=0)
    if family != "olmo":  # whose norm has no gain, so that a second one changes nothing
        assert (twice.log_softmax(-1) - logits.log_softmax(-1)).abs().max() > 0.05  # the trap
    assert len(trace.entropy) == len(parts.blocks) + 1


def test_c12_a_lens_takes_the_norms_scale_from_its_own_depth():
    """With the last depth's cached norm scale the early depths look nearly uniform."""
    model = trained("llama")
    with torch.no_grad(), model_parts(model).record_stream() as stream:
        model(input_ids=IDS[None])
    norm = final_norm(model_parts(model))
    head = model.get_output_embeddings().weight.detach().double()
    states = torch.cat(stream).double()  # (depths, tokens, width)
    own = by_scipy(norm(states) @ head.T)
    cached = by_scipy(norm(states, norm.scale(states[-1])) @ head.T)
    assert (cached[0] - own[0]).min() > 0.2  # the trap
    np.testing.assert_allclose(logit_lens(model, IDS).entropy, own, atol=1e-4)


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("gemma2", dict(final_logit_softcapping=2.0)),
        ("cohere", dict(logit_scale=0.0625)),
        ("granite", dict(logits_scaling=4.0)),
    ],
)
def test_c13_what_follows_the_unembedding_belongs_to_the_lens(family, options):
    """Softcap (Gemma-2), scale (Cohere) and divisor (Granite) change the probabilities after the unembedding."""
    model = trained(family, **options)
    with torch.no_grad(), model_parts(model).record_stream() as stream:
        logits = model(input_ids=IDS[None]).logits[0]
        bare = model_parts(model).unembedding(model_parts(model).before_unembedding(stream[-1]))[0]
    assert np.abs(by_scipy(bare) - by_scipy(logits)).max() > 0.1  # the trap
    trace, _ = require_last_row_is_the_model(model)
    assert torch.equal(trace.top_tokens[-1, :, 0], bare.argmax(-1))  # which the top token hides


def test_c14_a_head_can_have_a_bias_a_projection_or_no_norm_before_it():
    """GPT-J and Phi have a head bias, OPT-350m a projection and no final norm, OLMo a norm without gain."""
    for family in ("gptj", "phi"):
        model = tiny_model(family)
        bias = model.get_output_embeddings().bias
        with torch.no_grad():
            bias.copy_(3 * torch.randn(VOCABULARY, generator=torch.Generator().manual_seed(0)))
        trace, logits = require_last_row_is_the_model(model)
        assert np.abs(by_scipy(logits - bias.detach()) - trace.entropy[-1].numpy()).max() > 0.1
    torch.manual_seed(0)
    config = OPTConfig(
        vocab_size=VOCABULARY,
        hidden_size=32,
        ffn_dim=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        word_embed_proj_dim=16,
        do_layer_norm_before=False,
        max_position_embeddings=64,
    )
    small = OPTForCausalLM(config).eval()
    assert model_parts(small).norm is None and model_parts(small).projection is not None
    require_last_row_is_the_model(small)
    assert next(model_parts(tiny_model("olmo")).norm.parameters(), None) is None
    require_last_row_is_the_model(tiny_model("olmo"))


def test_c15_gemma_stores_the_gain_minus_one_and_scales_its_embeddings():
    """Gemma's gain is 1 + weight, and its embeddings enter the stream times the root of the width."""
    model = trained("gemma")
    norm = final_norm(model_parts(model))
    weight = model.model.norm.weight.detach().double()
    torch.testing.assert_close(norm.gain, 1 + weight)
    with torch.no_grad(), model_parts(model).record_stream() as stream:
        model(input_ids=IDS[None])
    embeddings = model.get_input_embeddings().weight.detach()[IDS]
    torch.testing.assert_close(stream[0][0], embeddings * math.sqrt(32))
    with torch.no_grad():
        expected = by_scipy(model_parts(model).logits(embeddings * math.sqrt(32)))
    np.testing.assert_allclose(logit_lens(model, IDS).entropy[0], expected, atol=1e-4)


def test_c16_a_parallel_block_has_no_middle():
    """Where attention and MLP read the same stream there is nothing between them, and NeoX comes both ways."""
    for family in ("gpt_neox", "gptj", "phi", "falcon"):
        with pytest.raises(ValueError, match="parallel"):
            resid_mid_modules(tiny_model(family))
        with pytest.raises(ValueError, match="parallel"):
            logit_lens(tiny_model(family), IDS, middle=True)
    sequential = tiny_model("gpt_neox", use_parallel_residual=False)
    trace = logit_lens(sequential, IDS, middle=True)
    assert len(trace.entropy) == 2 * 3 + 1
    block = sequential.gpt_neox.layers[0]
    seen = {}
    with (
        torch.no_grad(),
        block.attention.register_forward_hook(
            lambda _, __, output: seen.update(attention=output[0])
        ),
        model_parts(sequential).record_stream() as stream,
    ):
        sequential(input_ids=IDS[None])
    middle = model_parts(sequential).logits(stream[0] + seen["attention"])[0].detach()
    np.testing.assert_allclose(trace.entropy[1], by_scipy(middle), atol=1e-4)


def test_c17_rows_that_pad_the_vocabulary_take_part():
    """An unembedding can have more rows than the tokenizer has tokens, and they have probability, too."""
    tokenizer = load_model("tiny")[1]
    assert len(tokenizer) < VOCABULARY
    model = tiny_model("gpt_neo")
    logits = 0 * logits_of(model)
    assert entropy(logits)[0] == pytest.approx(
        math.log(VOCABULARY)
    )  # of all rows, also the padding
    logits[:, VOCABULARY - 1] = 5.0

    class Answer:
        pass

    answer = Answer()
    answer.logits = logits
    answer.tokenizer = tokenizer
    assert top_alternatives(answer, 1)[0][0][0] == "<unused>"

    unigram = count_unigram(IDS, rows=VOCABULARY)
    assert unigram.shape == (VOCABULARY,) and unigram.min() > 0
    assert compare_with_unigrams(model, IDS, unigram[None])["kl"].isfinite().all()
    too_short = count_unigram(IDS, rows=len(tokenizer))
    with pytest.raises(ValueError, match="rows of the unembedding"):
        compare_with_unigrams(model, IDS, too_short[None])
    assert random_repeats(tokenizer, count=5, length=200).max() < len(tokenizer)


def test_c18_profiles_of_different_depth_are_resampled_not_padded():
    """Padding the shorter profile with zeros makes the depth itself the feature; windows must be of equal length."""
    shape = np.array([4.0, 1.0, 2.0])
    shallow = np.interp(np.linspace(0, 1, 5), [0, 0.5, 1], shape)
    deep = np.interp(np.linspace(0, 1, 17), [0, 0.5, 1], shape)
    padded = np.pad(shallow, (0, 12))
    assert np.abs(padded - deep).max() > 1  # the trap
    np.testing.assert_allclose(resample_depth(shallow, 9), resample_depth(deep, 9), atol=1e-12)
    profile = np.arange(24.0).reshape(2, 12)
    np.testing.assert_allclose(window_means(profile, 4)[0], [1, 4, 7, 10])
    with pytest.raises(ValueError, match="equal windows"):
        window_means(profile, 5)


def test_c19_renyi_entropy_of_order_zero_counts_tokens_not_underflow():
    """Counting p > eps measures the precision, and (1 / (1 - alpha)) explodes near order 1."""
    logits = torch.zeros(1000)
    logits[0] = 200.0
    p = logits.softmax(-1)
    assert (p > 1e-20).sum() == 1  # the trap
    assert renyi_entropy(logits, 0).item() == pytest.approx(math.log(1000))
    forbidden = logits.clone()
    forbidden[500:] = -math.inf
    assert renyi_entropy(forbidden, 0).item() == pytest.approx(math.log(500))

    logits = 3 * torch.randn(1000, generator=torch.Generator().manual_seed(0))
    shannon = entropy(logits)
    p = logits.softmax(-1)
    alpha = 1 + 1e-6
    naive = (p**alpha).sum().log() / (1 - alpha)
    assert abs(naive - shannon) > 0.01  # the trap
    assert renyi_entropy(logits, alpha).item() == pytest.approx(shannon.item(), abs=1e-4)
    assert renyi_entropy(logits, 1) == shannon
    assert (p**200).sum() == 0 and renyi_entropy(logits, 200).isfinite()
    orders = [0, 0.3, 0.9, 0.999, 1, 1.001, 1.1, 2, 10, 200, math.inf]
    values = torch.stack([renyi_entropy(logits, order) for order in orders])
    assert (values.diff() <= 1e-5).all()
