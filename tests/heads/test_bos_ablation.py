"""BOS ablation against edited attention probabilities, one query position a pass."""

from contextlib import nullcontext

import pytest
import torch
from families import FAMILIES, tiny_model
from scipy import stats

from uncertainty.architecture.cache_argument import given_cache, named_cache
from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.data.corpora import encyclopaedia_texts
from uncertainty.heads.attention import attention_patterns, induction_scores
from uncertainty.heads.bos_ablation import bos_ablation, heads_attend_to_bos
from uncertainty.heads.repeats import natural_repeats
from uncertainty.loading.models import load_model

SINKS, ALIBI, EXPERTS = {"gpt_oss"}, {"bloom", "mpt"}, {"mixtral", "qwen2_moe", "qwen3_moe"}
AVERAGING = [family for family in FAMILIES if family not in SINKS]
ONE_LIST = [family for family in AVERAGING if family not in ALIBI | EXPERTS]
IDS = torch.randint(3, 250, (2, 11), generator=torch.Generator().manual_seed(1))
SETS = [[(0, 1)], [(1, 2), (1, 3)], [(0, 0), (1, 1), (2, 2)]]
SOFTMAX = torch.nn.functional.softmax


def with_edited_attention(model, ids, heads, monkeypatch, queries=slice(None)):
    """Return logits and activations of plain attention whose probabilities are edited.

    This is the brute force: the edit happens between softmax and values.
    """
    layer = -1

    def edited(scores, *arguments, **options):
        nonlocal layer
        weights = SOFTMAX(scores, *arguments, **options)
        if scores.ndim == 4:  # a router's are not
            layer += 1
            for head in (head for where, head in heads if where == layer):
                weights[:, head, queries] = 0
                weights[:, head, queries, 0] = 1
        return weights

    model.config._attn_implementation = "eager"
    catching = (
        nullcontext([])
        if EXPERTS & {model.config.model_type}
        else last_layer_neurons(model).record_activations()
    )
    monkeypatch.setattr(torch.nn.functional, "softmax", edited)
    try:
        with torch.no_grad(), catching as activations:
            logits = model(input_ids=ids, use_cache=False).logits
    finally:
        monkeypatch.undo()
    assert layer == 2, "one softmax a layer"
    return logits, activations[0].reshape(*ids.shape, -1) if activations else None


@pytest.mark.parametrize("family", AVERAGING)
def test_heads_on_position_zero_equal_edited_attention(family, monkeypatch):
    model = tiny_model(family)
    with torch.no_grad():
        clean = model(input_ids=IDS, use_cache=False).logits
    for heads in SETS:
        with torch.no_grad(), heads_attend_to_bos(model, heads):
            ours = model(input_ids=IDS, use_cache=False).logits
        theirs, _ = with_edited_attention(tiny_model(family), IDS, heads, monkeypatch)
        torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=1e-3)
        assert (ours - clean).abs().max() > 1e-2, "it does something"
        assert torch.allclose(ours[:, 0], clean[:, 0], atol=1e-5), (
            "position 0 sees nothing else anyway"
        )
    with torch.no_grad():
        assert torch.equal(model(input_ids=IDS, use_cache=False).logits, clean), (
            "and is gone afterwards"
        )


@pytest.mark.parametrize("family", ONE_LIST)
def test_one_pass_equals_one_query_position_a_pass(family, monkeypatch):
    """The paper's way, literally: a forward pass per query position.

    In it that row of the attention probabilities is edited.
    """
    model, positions, neurons = tiny_model(family), [1, 4, 9, 10], [0, 5, 40]
    ours = bos_ablation(model, IDS, head_sets=SETS, positions=positions, neurons=neurons)
    assert ours.entropy.shape == ours.loss.shape == (4, 2, 4) and ours.activations.shape == (
        4,
        2,
        4,
        3,
    )
    slow = tiny_model(family)
    for s, heads in enumerate([[], *SETS]):
        for i, position in enumerate(positions):
            logits, activations = with_edited_attention(
                slow, IDS, heads, monkeypatch, queries=position
            )
            log_p = logits[:, position].double().log_softmax(-1)
            entropy = torch.tensor(stats.entropy(log_p.exp().numpy(), axis=-1)).float()
            torch.testing.assert_close(ours.entropy[s, :, i], entropy, atol=5e-4, rtol=1e-3)
            torch.testing.assert_close(
                ours.activations[s, :, i],
                activations[:, position][:, neurons],
                atol=2e-3,
                rtol=1e-3,
            )
            if position + 1 < IDS.shape[1]:
                loss = -log_p.gather(-1, IDS[:, position + 1, None])[:, 0].float()
                torch.testing.assert_close(ours.loss[s, :, i], loss, atol=1e-3, rtol=1e-3)
    assert ours.loss[:, :, -1].isnan().all() and not ours.loss[:, :, :-1].isnan().any()


def test_all_positions_at_once_is_something_else_when_later_layers_read_the_past():
    """In the last layer both agree; in the first, the shortcut also changes what the position looks back at."""
    model = tiny_model("llama")
    for layer, alike in ((2, True), (0, False)):
        with torch.no_grad(), heads_attend_to_bos(model, [(layer, 1)]):
            shortcut = model(input_ids=IDS[:1], use_cache=False).logits[0, -1].double().softmax(-1)
        exact = bos_ablation(
            model, IDS[:1], head_sets=[[(layer, 1)]], positions=[10], neurons=[0]
        ).entropy[1, 0, 0]
        assert (abs(stats.entropy(shortcut) - float(exact)) < 1e-4) == alike


def test_many_sets_do_not_disturb_each_other():
    model = tiny_model("llama")
    together = bos_ablation(model, IDS, head_sets=SETS, positions=[5, 8], neurons=[1])
    for s, heads in enumerate(SETS):
        alone = bos_ablation(model, IDS, head_sets=[heads], positions=[5, 8], neurons=[1])
        for mine, theirs in zip(together, alone):
            torch.testing.assert_close(mine[1 + s], theirs[1], atol=1e-4, rtol=1e-4, equal_nan=True)


@pytest.mark.parametrize("family", sorted(SINKS))
def test_sinks_are_refused(family):
    with (
        pytest.raises(ValueError, match="no average of values"),
        heads_attend_to_bos(tiny_model(family), [(1, 1)]),
    ):
        pass


@pytest.mark.parametrize("family", sorted(ALIBI))
def test_alibi_is_refused_for_extra_tokens(family):
    with pytest.raises(ValueError, match="takes no position ids"):
        bos_ablation(tiny_model(family), IDS, head_sets=SETS, positions=[3], neurons=[0])


def test_a_window_shorter_than_the_text_is_refused_and_a_longer_one_is_not():
    model = tiny_model("mistral")
    model.config.sliding_window = 4
    with pytest.raises(ValueError, match="window shorter than 11"):
        bos_ablation(model, IDS, head_sets=[], positions=[9], neurons=[0])
    model.config.sliding_window = 64
    bos_ablation(model, IDS, head_sets=[], positions=[9], neurons=[0])


def test_a_short_window_does_not_disturb_the_ablation_of_all_positions(monkeypatch):
    model = tiny_model("mistral")
    model.config.sliding_window = 4
    with torch.no_grad(), heads_attend_to_bos(model, SETS[2]):
        ours = model(input_ids=IDS, use_cache=False).logits
    slow = tiny_model("mistral")
    slow.config.sliding_window = 4
    torch.testing.assert_close(
        ours, with_edited_attention(slow, IDS, SETS[2], monkeypatch)[0], atol=2e-4, rtol=1e-3
    )


def test_a_cache_is_refused():
    model, _ = load_model("tiny")
    with torch.no_grad(), heads_attend_to_bos(model, [(0, 0)]):
        begun = model(input_ids=IDS, use_cache=True)
        with pytest.raises(ValueError, match="use_cache=False"):
            model(input_ids=IDS[:, :1], **named_cache(model, given_cache(begun)))
    with torch.no_grad():
        model(input_ids=IDS[:, :1], **named_cache(model, given_cache(begun)))


@pytest.mark.parametrize(
    ("ids", "positions"),
    [
        (IDS[0], [3]),
        (IDS, [11]),
        (IDS, [-1]),
        (IDS, [3.5]),
        (IDS, [True] * 3),
        (IDS, []),
        (IDS[:0], [3]),
        (IDS.float(), [3]),
    ],
)
def test_positions_and_shapes_that_do_not_fit(ids, positions):
    with pytest.raises(ValueError, match=r"need ids|positions(:| must be)|text's 11 positions"):
        bos_ablation(tiny_model("llama"), ids, head_sets=SETS, positions=positions, neurons=[0])


def test_masks_of_heads_positions_and_neurons_mean_the_places_that_are_true():
    model = tiny_model("llama")
    by_number = bos_ablation(
        model, IDS, head_sets=[[(0, 1), (2, 3)]], positions=[4, 9], neurons=[0, 40]
    )
    heads = torch.zeros(3, 4, dtype=torch.bool)
    heads[0, 1] = heads[2, 3] = True
    positions = torch.zeros(11, dtype=torch.bool)
    positions[[4, 9]] = True
    neurons = torch.zeros(48, dtype=torch.bool)
    neurons[[0, 40]] = True
    by_mask = bos_ablation(model, IDS, head_sets=[heads], positions=positions, neurons=neurons)
    for ours, theirs in zip(by_mask, by_number):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("heads", [[(0, 1.5)], (0, 1), [(0, True)], [(0, 1, 2)]])
def test_heads_that_are_no_pairs_of_numbers_are_named(heads):
    with (
        pytest.raises(ValueError, match="pairs of whole numbers"),
        heads_attend_to_bos(tiny_model("llama"), heads),
    ):
        pass


def test_a_mask_of_heads_of_another_shape_is_named():
    with (
        pytest.raises(ValueError, match=r"\(layers, heads\) = \(3, 4\)"),
        heads_attend_to_bos(tiny_model("llama"), torch.ones(2, 2, dtype=torch.bool)),
    ):
        pass


def test_sets_positions_and_neurons_cannot_be_swapped_by_accident():
    with pytest.raises(TypeError):
        bos_ablation(tiny_model("llama"), IDS, SETS, [3], [0])


def test_training_mode_is_refused():
    for call in (
        lambda m: attention_patterns(m, IDS[0]),
        lambda m: bos_ablation(m, IDS, head_sets=SETS, positions=[3], neurons=[0]),
    ):
        with pytest.raises(ValueError, match="training mode"):
            call(tiny_model("gpt2").train())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions(dtype):
    exact = bos_ablation(
        tiny_model("llama").double(), IDS, head_sets=SETS, positions=[5, 8], neurons=[1]
    )
    other = bos_ablation(
        tiny_model("llama").to(dtype), IDS, head_sets=SETS, positions=[5, 8], neurons=[1]
    )
    assert (other.entropy - exact.entropy).abs().max() < 0.2


@pytest.mark.model
def test_induction_on_the_default_model():
    model, tokenizer = load_model()
    length = 40
    rows = natural_repeats(tokenizer, encyclopaedia_texts(), count=8, length=length)
    with torch.no_grad():
        log_p = model(input_ids=rows).logits[:, :-1].log_softmax(-1)
    loss = -log_p.gather(-1, rows[:, 1:, None])[..., 0]
    assert loss[:, length:].mean() < 0.3 * loss[:, :length].mean()
    scores = induction_scores(model, rows)
    assert divmod(int(scores.argmax()), scores.shape[1]) == (18, 6) and scores.max() > 0.5
    last = length + torch.arange(10, 20)
    effect = bos_ablation(
        model, rows[:4], head_sets=[[(18, 6)], [(18, 7)]], positions=last, neurons=[1022]
    )
    torch.testing.assert_close(effect.loss[0], loss[:4, last], atol=1e-3, rtol=1e-3)
    assert (effect.loss[1] - effect.loss[0]).mean() > (effect.loss[2] - effect.loss[0]).mean().abs()
