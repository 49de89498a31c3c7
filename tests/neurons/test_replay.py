"""The replay of any layer's ablations against hooked passes of the whole model, on every family."""

import pytest
import torch
from families import FAMILIES, tiny_model
from scipy import special, stats
from trained_models import float64_throughout, trained

from uncertainty import ablation_sweep, load_model, replay_heads, replay_sweep
from uncertainty.architecture.attention_heads import head_projection
from uncertainty.architecture.last_mlp import mlp_projection
from uncertainty.architecture.parts import model_parts
from uncertainty.architecture.replay import record_replay

IDS = torch.arange(3, 15)
EXPERTS = {"mixtral", "qwen2_moe", "qwen3_moe", "gpt_oss"}
DENSE = [family for family in FAMILIES if family not in EXPERTS]
WINDOWED = {"gemma3_text": dict(sliding_window=4), "mistral": dict(sliding_window=4)}


def hooked(model, projection, columns, new=None, ids=IDS):
    """Logits (tokens, vocabulary) of a whole pass; columns become ``new``, or their own mean."""

    def replace(module, arguments):
        changed = arguments[0].clone()
        flat = changed.view(-1, changed.shape[-1])
        flat[:, columns] = flat[:, columns].mean(0) if new is None else new
        return changed

    hook = projection.register_forward_pre_hook(replace)
    logits = model(input_ids=ids[None]).logits[0]
    hook.remove()
    return logits


def agree(effects, column, logits, clean, tolerance=1e-9, ids=IDS):
    """Compare one column (None: the clean model's) with what scipy says of logits."""
    logits = logits.double().numpy()
    clean = clean.double().numpy()
    p = special.softmax(logits, -1)
    log_p = special.log_softmax(logits, -1)
    next_log_p = log_p[range(len(ids) - 1), ids[1:]]
    expected = dict(
        entropy=stats.entropy(p, axis=-1),
        loss=[*-next_log_p, float("nan")],
        kl=special.rel_entr(special.softmax(clean, -1), p).sum(-1),
        argmax_changed=log_p.argmax(-1) != clean.argmax(-1),
        rank=[*(log_p[:-1] > next_log_p[:, None]).sum(-1), -1],
    )
    for name, values in expected.items():
        ours = getattr(effects, name)
        ours = ours if column is None else ours[:, column]
        torch.testing.assert_close(
            ours.double(),
            torch.as_tensor(values).double(),
            atol=tolerance,
            rtol=0,
            equal_nan=True,
            msg=name,
        )


@pytest.mark.parametrize("family", DENSE)
@torch.no_grad()
def test_neurons_of_every_layer_equal_hooked_passes(family):
    model = trained(family)
    with float64_throughout():
        clean = model(input_ids=IDS[None]).logits[0]
        for layer in range(3):
            # two copies a pass, so the last pass has one
            sweep = replay_sweep(
                model, IDS, layer, [0, 7, 31], value=1.0, tokens_at_a_time=24, progress=False
            )
            agree(sweep.clean, None, clean, clean)
            projection = mlp_projection(model_parts(model), layer)
            for column, neuron in enumerate([0, 7, 31]):
                total = hooked(model, projection, [neuron], 1.0)
                assert (total - clean).abs().max() > 1e-4  # else nothing is tested
                agree(sweep, column, total, clean)


@pytest.mark.parametrize("family", WINDOWED)
@torch.no_grad()
def test_sliding_windows(family):
    model = tiny_model(family, **WINDOWED[family]).double()
    with float64_throughout():
        clean = model(input_ids=IDS[None]).logits[0]
        wide = tiny_model(family).double()(input_ids=IDS[None]).logits[0]
        assert (clean - wide).abs().max() > 1e-3  # the window is felt
        sweep = replay_sweep(model, IDS, 1, [5, 9], value=1.0, progress=False)
        projection = mlp_projection(model_parts(model), 1)
        for column, neuron in enumerate([5, 9]):
            agree(sweep, column, hooked(model, projection, [neuron], 1.0), clean)


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma2", "gpt_neox", "bloom", "qwen3"])
@torch.no_grad()
def test_heads_equal_hooked_passes(family):
    model = trained(family)
    with float64_throughout():
        clean = model(input_ids=IDS[None]).logits[0]
        for layer in (0, 2):
            sweep = replay_heads(model, IDS, layer, [[0], [1, 3]], progress=False)
            projection = head_projection(model, layer, 0)
            size = sweep.activations.shape[1] // 4
            first = [*range(size)]
            others = [*range(size, 2 * size), *range(3 * size, 4 * size)]
            agree(sweep, 0, hooked(model, projection, first), clean)
            agree(sweep, 1, hooked(model, projection, others), clean)


@torch.no_grad()
def test_the_last_layer_equals_the_sweep_by_formula():
    model = tiny_model("llama")
    texts = torch.stack([IDS, IDS.flip(0)])
    replayed = replay_sweep(model, texts, 2, [[3], [4, 5]], progress=False)
    formula = ablation_sweep(model, texts, [[3], [4, 5]], progress=False)
    torch.testing.assert_close(replayed.activations, formula.activations)
    for name in ("entropy", "loss", "kl", "rank", "argmax_changed"):
        for ours, other in ((replayed, formula), (replayed.clean, formula.clean)):
            torch.testing.assert_close(
                getattr(ours, name), getattr(other, name), atol=2e-5, rtol=0, equal_nan=True
            )


@torch.no_grad()
def test_default_shapes_in_float32():
    """The error in single precision, on the tiny model of the lessons."""
    model, _ = load_model("tiny", device="cpu")
    ids = torch.arange(5, 45) % model.config.vocab_size
    sweep = replay_sweep(model, ids, 0, [1, 2], value="zero", progress=False)
    clean = model(input_ids=ids[None]).logits[0]
    projection = mlp_projection(model_parts(model), 0)
    for column, neuron in enumerate([1, 2]):
        agree(sweep, column, hooked(model, projection, [neuron], 0.0, ids), clean, 3e-5, ids)


@torch.no_grad()
def test_result_does_not_depend_on_the_size_of_a_pass(monkeypatch):
    model = tiny_model("llama")
    one = replay_sweep(model, IDS, 1, tokens_at_a_time=1, progress=False)
    many = replay_sweep(model, IDS, 1, progress=False)
    monkeypatch.setenv("UNCERTAINTY_FREE_MEMORY", "0.0000001")
    short = replay_sweep(model, IDS, 1, progress=False)
    for other in (one, short):
        torch.testing.assert_close(other.entropy, many.entropy, atol=1e-5, rtol=0)
        torch.testing.assert_close(other.kl, many.kl, atol=1e-5, rtol=0)


@torch.no_grad()
def test_earlier_blocks_do_not_run():
    model = tiny_model("llama")
    parts = model_parts(model)
    replay = record_replay(model, parts, IDS[None], 2)
    ran = []
    for block in parts.blocks:
        block.mlp.register_forward_hook(lambda *_, block=block: ran.append(block))
    torch.testing.assert_close(replay.run(3), replay.end.repeat(3, 1, 1))
    assert ran == [parts.blocks[2]]
    model(input_ids=IDS[None])  # and afterwards they do again
    assert ran[1:] == [*parts.blocks]
    assert all("forward" not in vars(block) for block in parts.blocks)


def test_what_does_not_fit_is_refused():
    model = tiny_model("llama")
    for layer in (-1, 3, 0.5):
        with pytest.raises(ValueError, match="layers 0 to 2"):
            replay_sweep(model, IDS, layer)
    with pytest.raises(ValueError, match="tokens_at_a_time"):
        replay_sweep(model, IDS, 1, tokens_at_a_time=0)
    with pytest.raises(ValueError, match=r"heads|neurons"):
        replay_heads(model, IDS, 1, [4])
    with pytest.raises(ValueError, match="mixture of experts"):
        replay_sweep(tiny_model("mixtral"), IDS, 1)


@torch.no_grad()
def test_shared_keys_and_values():
    """The last of three blocks reads the keys and values of the one before."""
    types = ["full_attention"] * 3
    model = tiny_model(
        "gemma4_text", num_kv_shared_layers=1, layer_types=types, hidden_size_per_layer_input=8
    ).double()
    with pytest.raises(ValueError, match=r"cannot run without|passes from block to block"):
        replay_sweep(model, IDS, 2, [0], progress=False)
    with float64_throughout():  # from the block that makes them on, nothing is missing
        clean = model(input_ids=IDS[None]).logits[0]
        sweep = replay_sweep(model, IDS, 1, [5], value=1.0, progress=False)
        projection = mlp_projection(model_parts(model), 1)
        agree(sweep, 0, hooked(model, projection, [5], 1.0), clean)


def test_a_second_path_between_blocks_is_refused():
    """A model whose last block also reads what the first one wrote aside."""
    model = tiny_model("llama")
    first, _, last = model_parts(model).blocks
    aside = []
    first.mlp.register_forward_hook(lambda _, inputs, output: aside.append(output))
    last.mlp.register_forward_hook(lambda _, inputs, output: output + (aside.pop() if aside else 0))
    with pytest.raises(ValueError, match="passes from block to block"):
        replay_sweep(model, IDS, 2, [0], progress=False)
