"""Neurons of GPT-2 small and Pythia-410M that others published, with their figures, where the weights are on this machine.

Nothing is fetched: a model that is not in the hub's cache, nor in the folder that UNCERTAINTY_PUBLISHED_MODELS names, is
skipped by its name. The functions that compute the figures are tried on a tiny random GPT-2 against brute force, so what
is skipped here is the weights and not the code.

Sources: arXiv 2406.16254 (the neurons, figures 2 to 5); the numbers per neuron are those that arXiv 2509.10663 gives in its
tables for the same weights.
"""

import os
from pathlib import Path

import huggingface_hub
import pytest
import torch
import transformers
from torch import Tensor

from uncertainty import (
    ablation_sweep,
    clip_to_mean,
    count_unigram,
    geometry,
    load_model,
    logit_variance,
    natural_repeats,
    text_chunks,
)
from uncertainty.data.corpora import documentation_texts
from uncertainty.neurons.activations import activations

MODELS_FOLDER = "UNCERTAINTY_PUBLISHED_MODELS"
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
HUB_NAMES = {
    "gpt2": ("gpt2", "openai-community/gpt2"),
    "pythia-410m": ("EleutherAI/pythia-410m",),
}

# Neuron of GPT-2 small's layer 11: length of its output weights, variance of its cosines with the
# unembedding's rows, and the share of its weights in the 40 least read directions.
ENTROPY_NEURONS = {
    584: (10.9398, 2.456e-5, 0.9921),
    2378: (12.9508, 1.226e-4, 0.9731),
    2870: (10.7106, 8.56e-5, 0.9778),
    2123: (8.9179, 6.95e-5, 0.9810),
    1611: (6.4662, 8.44e-5, 0.9650),
    2910: (5.4897, 1.018e-4, 0.9606),
}
LEAST_READ = 40
RELATIVE = (
    1e-3  # of these figures, two of which are printed with three digits: half of the last is 7e-4
)
FALL = (
    755,
    15,
)  # where the singular values fall steeply, read off a figure: so many on either side
CLIPPED_ENTROPY = (
    0.3,
    0.2,
)  # what clipping 11.2378 leaves of the entropy on a repeat; other texts than theirs
INDUCED = 2378
FREQUENCY_NEURON = 417  # of Pythia-410M's layer 23


# What is computed of any model


def geometry_figures(model, neurons: list[int], k: int) -> Tensor:
    """``(neurons, 3)``: norm, logit variance and rho of last-layer neurons."""
    found = geometry(model)
    columns = [found.norms, logit_variance(model), found.null_space_fraction(k)]
    return torch.stack([column[neurons].double() for column in columns], 1)


def steepest_fall(singular_values: Tensor, window: int = 5) -> int:
    """The index from which the singular values fall by the largest factor within so many steps.

    The last one is left out: a LayerNorm makes it zero.
    """
    logs = singular_values[:-1].double().log()
    return int((logs[:-window] - logs[window:]).argmax()) + window // 2


def clipped_entropy_ratio(model, repeats: Tensor, neuron: int) -> Tensor:
    """``(length,)``: at each place of the second copy the mean entropy with the neuron clipped, over the clean one.

    ``repeats`` are ``(rows, 1 + 2 * length)`` ids [first, S, S]. Clip mean-ablation: the neuron goes no further than its
    mean over the first copy.
    """
    length = (repeats.shape[1] - 1) // 2
    acts = torch.stack([activations(model, row) for row in repeats])  # (rows, tokens, neurons)
    clip = clip_to_mean(
        first=acts[:, 1 : 1 + length].flatten(0, 1), second=acts[:, 1 + length :].flatten(0, 1)
    )
    sweep = ablation_sweep(model, repeats, [neuron], value=clip, progress=False)
    clean = sweep.clean.entropy.view(*repeats.shape)[:, 1 + length :]
    clipped = sweep.entropy.view(*repeats.shape)[:, 1 + length :]
    return clipped.mean(0) / clean.mean(0)


def frequency_figures(model, ids: Tensor, neuron: int, unigram: Tensor) -> dict[str, float]:
    """The correlation of entropy and distance from the unigram, and what ablating a neuron does to both.

    The changes are means over tokens at which the neuron is above its mean and the next token is the model's top one.
    """
    sweep = ablation_sweep(model, ids, [neuron], unigram=unigram, progress=False)
    inside = torch.zeros(ids.shape, dtype=torch.bool)
    inside[:, 3:-1] = True
    clean = sweep.clean
    act = sweep.activations[:, neuron]
    chosen = inside.flatten() & (clean.rank == 0) & (act > act.mean())
    pair = torch.stack([clean.entropy, clean.kl_unigram])[:, inside.flatten()].double()
    return {
        "correlation": torch.corrcoef(pair)[0, 1].item(),
        "tokens": int(chosen.sum()),
        "entropy": (sweep.entropy[:, 0] - clean.entropy)[chosen].mean().item(),
        "kl_unigram": (sweep.kl_unigram[:, 0] - clean.kl_unigram)[chosen].mean().item(),
    }


# The published models


def source_of(name: str) -> str | None:
    """Where a model is on this machine, its weights included; None where it is not. No network."""
    named = os.environ.get(MODELS_FOLDER)
    folder = Path(named, name) if named else None
    if folder is not None and any((folder / file).is_file() for file in WEIGHTS):
        return str(folder)
    for hub_name in HUB_NAMES[name]:
        files = ("config.json", *WEIGHTS)
        kept = [huggingface_hub.try_to_load_from_cache(hub_name, file) for file in files]
        if isinstance(kept[0], str) and any(isinstance(path, str) for path in kept[1:]):
            return str(Path(kept[0]).parent)
    return None


def why_skipped(name: str) -> str:
    return (
        f"{name} is not on this machine: load_model({HUB_NAMES[name][0]!r}) fetches it where there is a network, or "
        f"{MODELS_FOLDER} names a folder in which the folder {name} lies"
    )


@pytest.fixture(scope="module")
def published(request):
    """The model of a test, or a skip that names it."""
    source = source_of(request.param)
    if source is None:
        pytest.skip(why_skipped(request.param))
    return load_model(source, device="cpu", dtype="float32")


on_gpt2 = pytest.mark.parametrize("published", ["gpt2"], indirect=True)
on_pythia = pytest.mark.parametrize("published", ["pythia-410m"], indirect=True)


@pytest.mark.model
@on_gpt2
def test_the_six_entropy_neurons_have_the_published_geometry(published):
    model, _ = published
    figures = geometry_figures(model, list(ENTROPY_NEURONS), LEAST_READ)
    expected = torch.tensor(list(ENTROPY_NEURONS.values()), dtype=torch.float64)
    torch.testing.assert_close(figures, expected, rtol=RELATIVE, atol=0)


@pytest.mark.model
@on_gpt2
def test_the_singular_values_fall_where_the_figure_shows_it(published):
    values = geometry(published[0]).singular_values
    place, either_side = FALL
    assert len(values) == 768 and values[-1] < 1e-3 * values[-2]
    assert abs(steepest_fall(values) - place) <= either_side


@pytest.mark.model
@on_gpt2
def test_clipping_the_induced_neuron_takes_most_of_the_entropy_of_a_repeat(published):
    model, tokenizer = published
    repeats = natural_repeats(tokenizer, documentation_texts(), count=20, length=100)
    ratio = clipped_entropy_ratio(model, repeats, INDUCED)
    value, tolerance = CLIPPED_ENTROPY
    assert ratio.min().item() == pytest.approx(value, abs=tolerance)


@pytest.mark.model
@on_pythia
def test_the_token_frequency_neuron_raises_the_entropy_towards_the_unigram(published):
    """Their text is C4 and their counts are the Pile's; the signs must hold with ours, too."""
    model, tokenizer = published
    texts = list(documentation_texts())
    everything = torch.cat([text_chunks(tokenizer, [text], length=1).flatten() for text in texts])
    unigram = count_unigram(everything, rows=len(model.get_output_embeddings().weight))
    ids = text_chunks(tokenizer, texts, length=128, count=12)
    found = frequency_figures(model, ids, FREQUENCY_NEURON, unigram)
    assert found["correlation"] < 0 and found["tokens"] > 30
    assert found["entropy"] < 0 < found["kl_unigram"]


# The same functions on a tiny random model, against brute force


@pytest.fixture(scope="module")
def tiny_gpt2():
    """A GPT-2 of two layers, and the tokenizer of the model "tiny"."""
    _, tokenizer = load_model("tiny")
    config = transformers.GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=32,
        n_layer=2,
        n_head=4,
        n_positions=256,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = transformers.GPT2LMHeadModel(config).eval()
        with torch.no_grad():
            for weights in model.parameters():
                weights.add_(0.3 * torch.randn_like(weights))
    return model, tokenizer


def test_the_geometry_is_that_of_folded_and_centred_weights(tiny_gpt2):
    """As TransformerLens processes weights: gain into the unembedding, all means off; then torch's SVD."""
    model, _ = tiny_gpt2
    gain = model.transformer.ln_f.weight.detach().double()
    unembedding = gain[:, None] * model.lm_head.weight.detach().double().T  # (width, vocabulary)
    unembedding = unembedding - unembedding.mean(0)
    unembedding = unembedding - unembedding.mean(1, keepdim=True)
    output = model.transformer.h[-1].mlp.c_proj.weight.detach().double()  # (neurons, width)
    output = output - output.mean(1, keepdim=True)
    u, sigma, _ = torch.linalg.svd(unembedding, full_matrices=False)
    neurons = [0, 5, 101]
    chosen = output[neurons]
    cosines = torch.nn.functional.cosine_similarity(chosen[:, :, None], unembedding[None], dim=1)
    rho = (chosen @ u[:, -4:]).norm(dim=1) / chosen.norm(dim=1)
    expected = torch.stack([chosen.norm(dim=1), cosines.var(1), rho], 1)
    torch.testing.assert_close(geometry_figures(model, neurons, 4), expected, rtol=1e-5, atol=1e-7)
    found = geometry(model).singular_values
    torch.testing.assert_close(found[:-1], sigma[:-1], rtol=1e-6, atol=0)
    assert found[-1] < 1e-3 * found[-2]


def test_the_fall_of_singular_values_is_found_where_it_was_put():
    values = torch.linspace(3.0, 2.0, 768)
    values[755:] = torch.linspace(1.0, 0.5, 13)
    values[-1] = 1e-9
    assert abs(steepest_fall(values) - 755) <= 5
    values[300:] *= 0.1
    assert abs(steepest_fall(values) - 300) <= 5  # another place would be told


def run_with(model, row, neuron, change):
    """The logits with one activation of the last layer changed, by running the whole model."""

    def replace(_module, arguments):
        acts = arguments[0].clone()
        acts[..., neuron] = change(acts[..., neuron])
        return (acts,)

    handle = model.transformer.h[-1].mlp.c_proj.register_forward_pre_hook(replace)
    try:
        with torch.no_grad():
            return model(row[None]).logits[0].double()
    finally:
        handle.remove()


def entropy(logits):
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1)


@torch.no_grad()
def written_by(model, ids):
    """The rows continued by the model's own top token, which therefore has rank 0."""
    for _ in range(40):
        ids = torch.cat([ids, model(ids).logits[:, -1:].argmax(-1)], 1)
    return ids


def test_the_clipped_entropy_is_that_of_the_model_run_anew(tiny_gpt2):
    model, tokenizer = tiny_gpt2
    length = 20
    repeats = natural_repeats(tokenizer, documentation_texts(), count=3, length=length)
    neuron = 7
    acts = torch.stack([activations(model, row) for row in repeats])[..., neuron]
    mean, second = acts[:, 1 : 1 + length].mean(), acts[:, 1 + length :].mean()
    limit = torch.minimum if second > mean else torch.maximum
    clean = [entropy(run_with(model, row, neuron, lambda a: a)) for row in repeats]
    clipped = [entropy(run_with(model, row, neuron, lambda a: limit(a, mean))) for row in repeats]
    expected = torch.stack(clipped).mean(0) / torch.stack(clean).mean(0)
    found = clipped_entropy_ratio(model, repeats, neuron)
    torch.testing.assert_close(found.double(), expected[1 + length :], rtol=1e-4, atol=0)
    assert (found - 1).abs().max() > 1e-4


def test_the_frequency_figures_are_those_of_the_model_run_anew(tiny_gpt2):
    model, tokenizer = tiny_gpt2
    begun = text_chunks(tokenizer, documentation_texts(), length=20, count=4)
    ids = written_by(model, begun)
    unigram = count_unigram(ids, rows=len(tokenizer))
    neuron = 7
    acts = torch.stack([activations(model, row) for row in ids])[..., neuron]  # (rows, tokens)
    numbers = {"entropy": [], "kl_unigram": []}
    for row, act in zip(ids, acts):
        clean = run_with(model, row, neuron, lambda a: a)
        ablated = run_with(model, row, neuron, lambda a: torch.full_like(a, acts.mean()))
        is_top = clean[:-1].argmax(-1) == row[1:]
        chosen = torch.cat([is_top & (act[:-1] > acts.mean()), torch.tensor([False])])
        chosen[:3] = False
        both = [logits[chosen].log_softmax(-1) for logits in (clean, ablated)]
        numbers["entropy"] += (entropy(both[1]) - entropy(both[0])).tolist()
        kl = [(unigram * (unigram.log() - log_p)).sum(-1) for log_p in both]
        numbers["kl_unigram"] += (kl[1] - kl[0]).tolist()
    found = frequency_figures(model, ids, neuron, unigram)
    assert found["tokens"] == len(numbers["entropy"]) > 5
    for name, values in numbers.items():
        assert found[name] == pytest.approx(sum(values) / len(values), rel=1e-3, abs=1e-6)
    assert -1 <= found["correlation"] <= 1


@pytest.mark.parametrize("name", HUB_NAMES)
def test_a_model_that_is_not_here_is_skipped_by_its_name(name, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: None)
    monkeypatch.setenv(MODELS_FOLDER, str(tmp_path))
    assert source_of(name) is None and name in why_skipped(name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "config.json").write_text("{}")
    assert source_of(name) is None  # a configuration alone is no model
    (tmp_path / name / "model.safetensors").write_bytes(b"")
    assert source_of(name) == str(tmp_path / name)


def test_a_models_weights_in_the_hubs_cache_are_found(monkeypatch, tmp_path):
    monkeypatch.delenv(MODELS_FOLDER, raising=False)

    def only_the_long_name(name, file):
        here = name == "openai-community/gpt2" and file in ("config.json", "pytorch_model.bin")
        return str(tmp_path / file) if here else None

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", only_the_long_name)
    assert source_of("gpt2") == str(tmp_path) and source_of("pythia-410m") is None
