"""The Jacobian lens against finite differences in float64, and on a stack of linear maps."""

import copy
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from uncertainty._inputs import SKIPPED_POSITIONS
from uncertainty.architecture.parts import model_parts
from uncertainty.lens import jacobian as jacobian_module
from uncertainty.lens.jacobian import jacobian_lens
from uncertainty.lens.logit_lens import read_stream
from uncertainty.lens.streams import text_stream
from uncertainty.lens.translators import translate
from uncertainty.loading.models import load_model

WINDOWS = torch.randint(5, 200, (2, 6), generator=torch.Generator().manual_seed(3))
SKIP = 3
STEP = 1e-5


class Float64Norm(nn.Module):
    """A root-mean-square norm without transformers' detour through float32."""

    def __init__(self, norm):
        super().__init__()
        self.weight = norm.weight
        self.epsilon = norm.variance_epsilon

    def forward(self, x):
        return self.weight * x * (x.pow(2).mean(-1, keepdim=True) + self.epsilon).rsqrt()


@pytest.fixture(scope="module")
def tiny():
    model = load_model("tiny")[0].double()
    for block in model_parts(model).blocks:
        block.input_layernorm = Float64Norm(block.input_layernorm)
        block.post_attention_layernorm = Float64Norm(block.post_attention_layernorm)
    return model


@pytest.fixture(scope="module")
def differences(tiny):
    """Central differences of the final stream at q for each coordinate of one depth's stream at p.

    Indexed by depth, then window, p and q: ``(output, input)`` matrices.
    """
    parts = model_parts(tiny)
    found = {}
    for depth in range(len(parts.blocks)):
        for window in range(len(WINDOWS)):
            for p in range(SKIP, WINDOWS.shape[1]):
                change = _changes(tiny, parts, depth, WINDOWS[window], p)  # (input, q, output)
                for q in range(p, WINDOWS.shape[1]):
                    found[depth, window, p, q] = change[:, q].T
    return found


def _changes(model, parts, depth, ids, p):
    ends = []
    for sign in (1, -1):
        with moved_stream(parts.blocks[depth], p, sign * STEP), parts.record_stream() as stream:
            width = model.config.hidden_size
            with torch.no_grad():
                model.base_model(input_ids=ids.expand(width, -1), use_cache=False)
        ends.append(stream[-1])
    return (ends[0] - ends[1]) / (2 * STEP)


@contextmanager
def moved_stream(block, position, step):
    """Row i of the batch has coordinate i of the block's input at this position moved by a step."""

    def move(module, arguments):
        state = arguments[0].clone()
        state[:, position] += step * torch.eye(state.shape[-1], dtype=state.dtype)
        return (state, *arguments[1:])

    hook = block.register_forward_pre_hook(move)
    yield
    hook.remove()


def mean_of(differences, depth, *, later):
    """Return the mean over windows and positions of the derivatives, as defined."""
    length = WINDOWS.shape[1]
    terms = [
        matrix for (at, _, p, q), matrix in differences.items() if at == depth and (later or p == q)
    ]
    return sum(terms) / (len(WINDOWS) * (length - SKIP))


def test_the_published_lens_is_the_mean_of_finite_differences(tiny, differences):
    lens = jacobian_lens(tiny, WINDOWS, later=True, offset=False, skip=SKIP)
    for depth in (0, 1):
        expected = mean_of(differences, depth, later=True)
        torch.testing.assert_close(lens[depth][:-1].T, expected, atol=1e-7, rtol=1e-6)
        assert not lens[depth][-1].any()


def test_random_signs_estimate_the_same_position_alone(tiny, differences):
    """Many estimates spread around the derivative at the same position, not around the sum."""
    estimates = [jacobian_lens(tiny, WINDOWS, skip=SKIP, seed=seed) for seed in range(300)]
    for depth in (0, 1):
        found = torch.stack([lens[depth][:-1].T for lens in estimates])
        error = found.std(0) / len(found) ** 0.5
        excess = (found.mean(0) - mean_of(differences, depth, later=False)) / error
        assert excess.abs().max() < 6
        assert 0.9 < excess.pow(2).mean().sqrt() < 1.1, "the spread of the estimates is their error"
        other = (found.mean(0) - mean_of(differences, depth, later=True)) / error
        assert other.pow(2).mean() > 1.2


def test_the_last_position_alone_needs_no_average_over_signs(tiny):
    """One valid position has no later one: both lenses estimate the same matrix."""
    exact = jacobian_lens(tiny, WINDOWS[:1], depths=[1, 2], later=True, skip=5)[0]
    one = [
        jacobian_lens(tiny, WINDOWS[:1], depths=[1, 2], skip=5, seed=seed)[0] for seed in range(200)
    ]
    beyond = exact[:-1] - torch.eye(len(exact) - 1)
    gap = torch.stack(one).mean(0)[:-1] - exact[:-1]
    expected = (beyond.norm() ** 2 * len(beyond) / 200) ** 0.5  # sqrt(width / N) of J - I
    assert 0.8 < gap.norm() / expected < 1.2


def test_the_last_depth_is_the_identity_exactly(tiny):
    for later in (False, True):
        last = jacobian_lens(tiny, WINDOWS, later=later, skip=SKIP)[-1]
        assert torch.equal(last[:-1], torch.eye(len(last) - 1, dtype=torch.float64))
        assert not last[-1].any()


@pytest.fixture
def linear(tiny):
    """A tiny model of which each block adds a linear map of the stream, and nothing else."""
    model = copy.deepcopy(tiny)
    generator = torch.Generator().manual_seed(1)
    for block in model_parts(model).blocks:
        block.post_attention_layernorm = nn.Identity()
        block.self_attn.o_proj.weight.data.zero_()
        block.mlp = nn.Linear(model.config.hidden_size, model.config.hidden_size).double()
        block.mlp.weight.data = torch.randn(
            block.mlp.weight.shape, generator=generator, dtype=torch.float64
        )
    return model


def test_a_linear_model_is_read_exactly_at_every_depth(linear):
    maps = [block.mlp.weight.detach() for block in model_parts(linear).blocks]
    unit = torch.eye(len(maps[0]), dtype=torch.float64)
    lens = jacobian_lens(linear, WINDOWS, later=True, skip=SKIP)
    torch.testing.assert_close(lens[0][:-1].T, (unit + maps[1]) @ (unit + maps[0]))
    torch.testing.assert_close(lens[1][:-1].T, unit + maps[1])

    stream, _ = text_stream(linear, WINDOWS.flatten(), piece=6, skip=1)
    trace = read_stream(model_parts(linear), translate(stream, lens))
    assert trace.kl_to_final.abs().max() < 1e-9


def test_the_offset_puts_the_mean_stream_on_the_mean_final_stream(tiny):
    plain = jacobian_lens(tiny, WINDOWS, offset=False, skip=SKIP)
    centred = jacobian_lens(tiny, WINDOWS, skip=SKIP)
    with model_parts(tiny).record_stream() as recorded, torch.no_grad():
        tiny.base_model(input_ids=WINDOWS, use_cache=False)
    means = [state[:, SKIP:].mean((0, 1)) for state in recorded]
    for depth, (first, second) in enumerate(zip(plain, centred)):
        assert torch.equal(first[:-1], second[:-1])
        at_mean = means[depth] @ second[:-1] + second[-1]
        torch.testing.assert_close(at_mean, means[-1])


def test_windows_count_alike_and_the_first_have_the_same_signs(tiny):
    both = jacobian_lens(tiny, WINDOWS, later=True, skip=SKIP)[0][:-1]
    parts = [jacobian_lens(tiny, ids[None], later=True, skip=SKIP)[0][:-1] for ids in WINDOWS]
    torch.testing.assert_close(both, (parts[0] + parts[1]) / 2)
    signed = jacobian_lens(tiny, WINDOWS, skip=SKIP)[0][:-1]
    first = jacobian_lens(tiny, WINDOWS[:1], skip=SKIP)[0][:-1]
    rest = 2 * signed - first  # what the second window says, with signs of its own
    assert not torch.allclose(rest, jacobian_lens(tiny, WINDOWS[1:], skip=SKIP)[0][:-1])
    assert not torch.equal(first, jacobian_lens(tiny, WINDOWS[:1], skip=SKIP, seed=1)[0][:-1])


def test_the_model_is_left_as_it_was_and_may_be_asked_without_gradients(tiny):
    expected = jacobian_lens(tiny, WINDOWS, skip=SKIP)
    with torch.no_grad():
        again = jacobian_lens(tiny, WINDOWS, skip=SKIP)
        assert not torch.is_grad_enabled()
    assert all(torch.equal(first, second) for first, second in zip(expected, again))
    assert all(weight.grad is None for weight in tiny.parameters())
    assert not any(module._forward_pre_hooks for module in tiny.modules())


@pytest.mark.parametrize("depths", [[0, 1], [2, 0], [0, 0, 2], []])
def test_depths_without_the_last_or_in_another_order_are_refused(tiny, depths):
    with pytest.raises(ValueError, match="must ascend and end with 2"):
        jacobian_lens(tiny, WINDOWS, depths=depths)


def test_windows_that_cannot_be_read_are_refused(tiny):
    with pytest.raises(ValueError, match="windows of token ids"):
        jacobian_lens(tiny, WINDOWS[0])
    with pytest.raises(ValueError, match="leave nothing after skipping 6"):
        jacobian_lens(tiny, WINDOWS, skip=6)
    with pytest.raises(ValueError, match="depth must be whole numbers"):
        jacobian_lens(tiny, WINDOWS, depths=[0, 3])
    with pytest.raises(ValueError, match="leave nothing after skipping -1"):
        jacobian_lens(tiny, WINDOWS, skip=-1)
    with pytest.raises(ValueError, match="windows of token ids"):
        jacobian_lens(tiny, WINDOWS[:0], skip=SKIP)
    with pytest.raises(ValueError, match="windows of token ids"):
        jacobian_lens(tiny, WINDOWS.double(), skip=SKIP)
    with pytest.raises(ValueError, match=r"must lie in 0\.\.258, got 10024"):
        jacobian_lens(tiny, WINDOWS + 10_000, skip=SKIP)
    limit = tiny.config.max_position_embeddings
    with pytest.raises(ValueError, match=str(limit)):
        jacobian_lens(tiny, torch.full((1, limit + 1), 7), skip=SKIP)


def test_some_depths_are_those_of_all(tiny):
    for later in (False, True):
        every = jacobian_lens(tiny, WINDOWS, later=later, skip=SKIP)
        some = jacobian_lens(tiny, WINDOWS, depths=[0, 2], later=later, skip=SKIP)
        assert len(every) == 3 and len(some) == 2
        for depth, matrix in zip((0, 2), some):
            torch.testing.assert_close(matrix, every[depth])


def test_what_is_taken_when_nothing_is_said(tiny):
    windows = torch.randint(5, 200, (1, SKIPPED_POSITIONS + 2))
    said = dict(depths=[0, 1, 2], later=False, offset=True, skip=SKIPPED_POSITIONS, seed=0)
    default = jacobian_lens(tiny, windows)
    assert all(map(torch.equal, default, jacobian_lens(tiny, windows, **said)))


def test_a_lens_is_kept_in_float64_whatever_the_model_is_in(tiny):
    single = copy.deepcopy(tiny).float()
    lens = jacobian_lens(single, WINDOWS, later=True, skip=SKIP)
    expected = jacobian_lens(tiny, WINDOWS, later=True, skip=SKIP)
    assert {matrix.dtype for matrix in lens} == {torch.float64}
    for found, exact in zip(lens, expected):
        torch.testing.assert_close(found, exact, atol=1e-4, rtol=1e-3)


def test_blocks_that_are_called_by_name_are_read_alike(tiny):
    """Some architectures pass the stream as ``hidden_states=``."""

    class ByName(nn.Module):
        def __init__(self, block):
            super().__init__()
            self.block = block

        def forward(self, hidden_states, **named):
            return self.block(hidden_states=hidden_states, **named)

    parts = model_parts(tiny)
    expected = jacobian_lens(tiny, WINDOWS, skip=SKIP)
    inner = [ByName(block) for block in parts.blocks]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            jacobian_module, "model_parts", lambda _: SimpleNamespace(blocks=parts.blocks)
        )
        patch.setattr(tiny.base_model, "layers", nn.ModuleList(inner))
        found = jacobian_lens(tiny, WINDOWS, skip=SKIP)
    assert all(map(torch.equal, expected, found))
