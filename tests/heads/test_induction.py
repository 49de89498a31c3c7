"""Repeats, scores, clips and BOS ablation against plain loops and against edited attention probabilities."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from families import FAMILIES, tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from uncertainty.architecture.last_mlp import last_layer_neurons
from uncertainty.heads import attention
from uncertainty.heads.attention import attention_patterns, induction_scores
from uncertainty.heads.bos_ablation import bos_ablation, heads_attend_to_bos
from uncertainty.heads.repeats import natural_induction, natural_repeats, random_repeats
from uncertainty.loading.models import load_model
from uncertainty.neurons.activations import clip_to_mean

SINKS, ALIBI, EXPERTS = {"gpt_oss"}, {"bloom", "mpt"}, {"mixtral", "qwen2_moe", "qwen3_moe"}
AVERAGING = [family for family in FAMILIES if family not in SINKS]
ONE_LIST = [family for family in AVERAGING if family not in ALIBI | EXPERTS]
IDS = torch.randint(3, 250, (2, 11), generator=torch.Generator().manual_seed(1))
SETS = [[(0, 1)], [(1, 2), (1, 3)], [(0, 0), (1, 1), (2, 2)]]
SOFTMAX = torch.nn.functional.softmax


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


def with_edited_attention(model, ids, heads, monkeypatch, queries=slice(None)):
    """The brute force: plain attention whose probabilities are edited between softmax and values; logits and activations."""
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


# --- repeats ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 200), st.integers(0, 10**6))
def test_random_repeats_are_ordinary_different_tokens_twice(count, length, seed):
    _, tokenizer = load_model("tiny")
    rows = random_repeats(tokenizer, count, length, seed)
    assert rows.shape == (count, 1 + 2 * length) and (rows[:, 0] == tokenizer.bos_token_id).all()
    assert torch.equal(rows[:, 1 : 1 + length], rows[:, 1 + length :])
    for row in rows.tolist():
        assert len(set(row[1 : 1 + length])) == length and not set(row[1:]) & set(
            tokenizer.all_special_ids
        )
    assert torch.equal(rows, random_repeats(tokenizer, count, length, seed))


def test_random_repeats_use_every_ordinary_token_and_depend_on_the_seed(tiny):
    rows = random_repeats(tiny[1], 1, 256)
    assert set(rows[0, 1:].tolist()) == set(range(256))
    assert not torch.equal(random_repeats(tiny[1], 1, 20, 0), random_repeats(tiny[1], 1, 20, 1))


def test_natural_repeats_are_windows_of_the_texts(tiny):
    texts = ["abcdefghijk", "0123456789"]
    rows = natural_repeats(tiny[1], texts, 4, 5)
    said = {tiny[1].decode(row[1:]) for row in rows}
    assert (
        said == {2 * window for window in ("abcde", "fghij", "01234", "56789")}
        and (rows[:, 0] == 257).all()
    )
    assert rows.shape == (4, 11)


def test_a_tokenizer_without_bos_begins_with_its_end_token():
    class Ten(SimpleNamespace):
        def __len__(self):
            return 10

    with_end = Ten(
        bos_token_id=None, eos_token_id=7, all_special_ids=[7], added_tokens_decoder={8: "added"}
    )
    rows = random_repeats(with_end, 1, 8)
    assert rows[0, 0] == 7 and set(rows[0, 1:].tolist()) == {0, 1, 2, 3, 4, 5, 6, 9}
    with_end.eos_token_id = None
    with pytest.raises(ValueError, match="neither a BOS nor an end token"):
        random_repeats(with_end, 1, 3)


@pytest.mark.parametrize(("count", "length"), [(0, 5), (1, 0), (1, 257)])
def test_repeats_that_cannot_be_are_named(tiny, count, length):
    with pytest.raises(ValueError, match=f"got {count} and {length}"):
        random_repeats(tiny[1], count, length)
    with pytest.raises(ValueError):
        natural_repeats(tiny[1], ["short text"], count, length)


# --- natural induction ------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 4), max_size=60),
    st.integers(1, 4),
    st.sets(st.integers(0, 4), max_size=1),
)
def test_natural_induction_against_a_double_loop(ids, n, banned):
    def repeats(one, two):
        gram = ids[one : one + n]
        occurrences = sum(ids[i : i + n] == gram for i in range(len(ids) - n + 1))
        return (
            one >= 0
            and ids[two : two + n] == gram
            and occurrences == 2
            and len(set(gram)) == n
            and not set(gram) & banned
        )

    expected = [
        (one, two)
        for one in range(len(ids))
        for two in range(one + n + 1, len(ids) - n + 1)
        if repeats(one, two) and not repeats(one - 1, two - 1)
    ]
    assert natural_induction(torch.tensor(ids), n, banned) == expected


def test_natural_induction_finds_a_planted_repeat():
    ids = [*range(20), 50, *range(5, 15), 60]
    assert natural_induction(ids, 7) == [(5, 21)]
    assert natural_induction(ids, 7, banned=[5]) == [
        (6, 22)
    ]  # the stretch begins behind what is banned
    assert natural_induction(ids, 7, banned=[8]) == [] and natural_induction([1, 2, 3], 7) == []


# --- attention --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [family for family in AVERAGING if family != "falcon"])
def test_patterns_are_the_probabilities_of_plain_attention(family, monkeypatch):
    model, seen = tiny_model(family), []
    before = model.config._attn_implementation
    ours = attention_patterns(model, IDS[0])
    assert model.config._attn_implementation == before and len(ours) == 3

    def cached_results(scores, *arguments, **options):
        weights = SOFTMAX(scores, *arguments, **options)
        if scores.ndim == 4:
            seen.append(weights)
        return weights

    model.config._attn_implementation = "eager"
    monkeypatch.setattr(torch.nn.functional, "softmax", cached_results)
    with torch.no_grad():
        model(input_ids=IDS[:1])
    for mine, theirs in zip(ours, seen, strict=True):
        torch.testing.assert_close(mine, theirs[0], atol=1e-5, rtol=1e-4)
        assert mine.triu(1).abs().max() == 0


def test_sdpa_comes_back_even_after_an_error(monkeypatch):
    model = tiny_model("llama")
    assert model.config._attn_implementation == "sdpa"
    monkeypatch.setattr(model.base_model, "forward", lambda **_: SimpleNamespace(attentions=()))
    with pytest.raises(ValueError, match="gives no attention weights"):
        attention_patterns(model, IDS[0])
    assert model.config._attn_implementation == "sdpa"


def test_a_model_that_cannot_switch_is_refused():
    """Falcon chooses its attention when it is made; asked for weights later, it gives some without the causal mask."""
    model = tiny_model("falcon")
    with pytest.raises(ValueError, match="look ahead"):
        attention_patterns(model, IDS[0])
    model.config._attn_implementation = "eager"
    assert len(attention_patterns(model, IDS[0])) == 3


def test_rows_that_miss_one_are_refused():
    with pytest.raises(ValueError, match="sink"):
        attention_patterns(tiny_model("gpt_oss"), IDS[0])


def planted(monkeypatch, offset, length, weight):
    """One head whose every position past ``offset`` looks back that far with this weight, and else at position 0."""
    tokens = 1 + 2 * length
    pattern = torch.zeros(1, tokens, tokens)
    for t in range(tokens):
        pattern[0, t, 0] += 1 - weight * (t >= offset)
        if t >= offset:
            pattern[0, t, t - offset] += weight
    monkeypatch.setattr(attention, "attention_patterns", lambda model, row: (pattern, 0 * pattern))


@pytest.mark.parametrize("length", [1, 2, 9])
def test_a_planted_induction_head_scores_its_weight(tiny, monkeypatch, length):
    rows = random_repeats(tiny[1], 2, length)
    planted(monkeypatch, length - 1, length, 1.0)
    assert induction_scores(None, rows).tolist() == [[1.0], [0.0]]
    planted(monkeypatch, length - 1, length, 0.25)
    torch.testing.assert_close(induction_scores(None, rows)[0, 0], torch.tensor(0.25))
    planted(monkeypatch, length, length, 1.0)  # at the same token, not at the one after it
    assert induction_scores(None, rows)[0, 0] == 0


@pytest.mark.parametrize("family", ["gpt2", "llama", "bloom", "gpt_neox"])
def test_scores_against_a_loop_over_transformers_own_attentions(tiny, family):
    model, length = tiny_model(family), 6
    rows = random_repeats(tiny[1], 3, length) % 250
    model.config._attn_implementation = "eager"
    with torch.no_grad():
        attentions = [
            layer.numpy() for layer in model(input_ids=rows, output_attentions=True).attentions
        ]
    expected = np.zeros((3, 4))
    for layer, head, row, i in np.ndindex(3, 4, 3, length):
        here = 1 + length + i
        after_the_earlier = 1 + i + 1
        expected[layer, head] += attentions[layer][row, head, here, after_the_earlier] / (
            3 * length
        )
    assert np.allclose(induction_scores(model, rows), expected, atol=1e-6)
    assert induction_scores(model, rows[0]).shape == (3, 4)


@pytest.mark.parametrize("rows", [[[1, 5, 6, 5, 7]], [[1, 5, 6, 5]], [[1]], [[[1, 5, 5]]]])
def test_rows_that_are_no_repeats_have_no_score(rows):
    with pytest.raises(ValueError, match="first, S, S"):
        induction_scores(tiny_model("llama"), torch.tensor(rows))


# --- clipping ---------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6))
def test_clipping_against_a_loop_and_its_properties(seed, tokens, neurons):
    first, second, a = (
        np.random.default_rng(seed).normal(size=(3, tokens, neurons)).astype(np.float32)
    )
    clip = clip_to_mean(torch.tensor(first), torch.tensor(second))
    ours = clip(torch.tensor(a)).numpy()
    for n in range(neurons):
        mean = first[:, n].mean()
        for t in range(tokens):
            rose = second[:, n].mean() > mean
            undone = min(a[t, n], mean) if rose else max(a[t, n], mean)
            assert abs(ours[t, n] - undone) < 1e-6
    assert np.array_equal(clip(torch.tensor(ours)).numpy(), ours), "clipping twice is clipping once"
    falls = np.sign(second.mean(0) - first.mean(0)) * (ours - a) <= 0
    assert falls.all(), "it only ever undoes the change"


def test_clipping_by_hand():
    first = torch.tensor([[1.0, 5.0], [3.0, 7.0]])  # means 2 and 6
    second = torch.tensor([[4.0, 1.0], [1.0, 9.0]])  # means 2.5 (rises) and 5 (falls)
    assert clip_to_mean(first, second)(second).tolist() == [[2.0, 6.0], [1.0, 9.0]]
    assert clip_to_mean(first, second)(second.view(1, 2, 2)).shape == (1, 2, 2)


@pytest.mark.parametrize(
    "shapes",
    [((3, 4), (3, 5)), ((0, 4), (3, 4)), ((3, 4), (0, 4)), ((4,), (4,)), ((1, 3, 4), (1, 3, 4))],
)
def test_clipping_needs_activations_of_both_copies(shapes):
    with pytest.raises(ValueError, match=r"\(positions, neurons\) twice"):
        clip_to_mean(*(torch.zeros(shape) for shape in shapes))


# --- BOS ablation -----------------------------------------------------------------------------------------------------


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
    """The paper's way, literally: a forward per query position, with that row of the attention probabilities edited."""
    model, positions, neurons = tiny_model(family), [1, 4, 9, 10], [0, 5, 40]
    ours = bos_ablation(model, IDS, SETS, positions, neurons)
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
        exact = bos_ablation(model, IDS[:1], [[(layer, 1)]], [10], [0]).entropy[1, 0, 0]
        assert (abs(stats.entropy(shortcut) - float(exact)) < 1e-4) == alike


def test_many_sets_do_not_disturb_each_other():
    model = tiny_model("llama")
    together = bos_ablation(model, IDS, SETS, [5, 8], [1])
    for s, heads in enumerate(SETS):
        alone = bos_ablation(model, IDS, [heads], [5, 8], [1])
        for mine, theirs in zip(together, alone):
            torch.testing.assert_close(mine[1 + s], theirs[1], atol=1e-4, rtol=1e-4, equal_nan=True)


@pytest.mark.parametrize("family", sorted(SINKS))
def test_sinks_are_refused(family):
    with (
        pytest.raises(ValueError, match="no average of values"),
        heads_attend_to_bos(tiny_model(family), [(1, 1)]),
    ):
        pass


def test_a_gate_on_the_heads_is_refused():
    """A sigmoid of the attention's own input on what the heads put out, as some newer families have."""
    model = tiny_model("llama")
    attention, inputs = model.model.layers[1].self_attn, []
    plain = attention.forward

    def forward(hidden_states, **named):
        inputs.append(hidden_states)
        return plain(hidden_states, **named)

    attention.forward = forward
    attention.o_proj.register_forward_pre_hook(
        lambda _, arguments: (arguments[0] * inputs[-1].sigmoid(),)
    )
    with heads_attend_to_bos(model, [(0, 1)]):
        pass
    with (
        pytest.raises(ValueError, match="layer 1: what a head puts out is no average"),
        heads_attend_to_bos(model, [(1, 1)]),
    ):
        pass


def test_heads_in_another_order_are_refused():
    model = tiny_model("llama")
    order = torch.randperm(32, generator=torch.Generator().manual_seed(0))
    model.model.layers[1].self_attn.o_proj.register_forward_pre_hook(
        lambda _, arguments: (arguments[0][..., order],)
    )
    with (
        pytest.raises(ValueError, match="no average of values"),
        heads_attend_to_bos(model, [(1, 1)]),
    ):
        pass


@pytest.mark.parametrize("family", sorted(ALIBI))
def test_alibi_is_refused_for_extra_tokens(family):
    with pytest.raises(ValueError, match="takes no position ids"):
        bos_ablation(tiny_model(family), IDS, SETS, [3], [0])


def test_a_window_shorter_than_the_text_is_refused_and_a_longer_one_is_not():
    model = tiny_model("mistral")
    model.config.sliding_window = 4
    with pytest.raises(ValueError, match="window shorter than 11"):
        bos_ablation(model, IDS, [], [9], [0])
    model.config.sliding_window = 64
    bos_ablation(model, IDS, [], [9], [0])


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


def test_a_cache_is_refused(tiny):
    model, _ = tiny
    with torch.no_grad(), heads_attend_to_bos(model, [(0, 0)]):
        begun = model(input_ids=IDS, use_cache=True)
        with pytest.raises(ValueError, match="use_cache=False"):
            model(input_ids=IDS[:, :1], past_key_values=begun.past_key_values)
    with torch.no_grad():
        model(input_ids=IDS[:, :1], past_key_values=begun.past_key_values)


@pytest.mark.parametrize("head", [(3, 0), (-1, 0), (0, 4), (0, -1)])
def test_heads_that_are_not_there(head):
    with (
        pytest.raises(ValueError, match=r"layers 0\.\.2 with heads 0\.\.3"),
        heads_attend_to_bos(tiny_model("gpt2"), [head]),
    ):
        pass


@pytest.mark.parametrize(
    ("ids", "positions"), [(IDS[0], [3]), (IDS, [11]), (IDS, [-1]), (IDS, []), (IDS[:0], [3])]
)
def test_positions_and_shapes_that_do_not_fit(ids, positions):
    with pytest.raises(ValueError, match="positions inside them"):
        bos_ablation(tiny_model("llama"), ids, SETS, positions, [0])


def test_training_mode_is_refused():
    for call in (
        lambda m: attention_patterns(m, IDS[0]),
        lambda m: bos_ablation(m, IDS, SETS, [3], [0]),
    ):
        with pytest.raises(ValueError, match="training mode"):
            call(tiny_model("gpt2").train())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_precisions(dtype):
    exact = bos_ablation(tiny_model("llama").double(), IDS, SETS, [5, 8], [1])
    other = bos_ablation(tiny_model("llama").to(dtype), IDS, SETS, [5, 8], [1])
    assert (other.entropy - exact.entropy).abs().max() < 0.2


# --- the default model ------------------------------------------------------------------------------------------------


@pytest.mark.model
def test_induction_on_the_default_model():
    from uncertainty.data.corpora import offline_texts

    model, tokenizer = load_model()
    length = 40
    rows = natural_repeats(tokenizer, offline_texts(), 8, length)
    with torch.no_grad():
        log_p = model(input_ids=rows).logits[:, :-1].log_softmax(-1)
    loss = -log_p.gather(-1, rows[:, 1:, None])[..., 0]
    assert loss[:, length:].mean() < 0.3 * loss[:, :length].mean()
    scores = induction_scores(model, rows)
    assert divmod(int(scores.argmax()), scores.shape[1]) == (18, 6) and scores.max() > 0.5
    last = length + torch.arange(10, 20)
    effect = bos_ablation(model, rows[:4], [[(18, 6)], [(18, 7)]], last, [1022])
    torch.testing.assert_close(effect.loss[0], loss[:4, last], atol=1e-3, rtol=1e-3)
    assert (effect.loss[1] - effect.loss[0]).mean() > (effect.loss[2] - effect.loss[0]).mean().abs()
