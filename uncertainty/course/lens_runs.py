"""The run of lesson 11 that compares lenses: logit, Jacobian and translated, on held-out text.

A Jacobian lens costs minutes of backward passes, so the losses are kept on disk, not the matrices.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM

from ..architecture.parts import model_parts
from ..information import upcast
from ..lens.jacobian import jacobian_lens
from ..lens.logit_lens import read_stream
from ..lens.streams import text_stream
from ..lens.translators import fit_translators, translate
from .decision_runs import text_digest
from .results import cached_results

COUNTED = 8  # predictions at the end of each judged window
EXACT = 2  # windows whose derivatives are added up over later positions, row by row
FEW = 4  # windows of the small lens that is computed again
FEW_JUDGED = 20
SHUFFLES = 5
DECIMALS = 3
READING = (jacobian_lens, fit_translators, text_stream, read_stream, model_parts, upcast)


def lens_losses(
    model, tokenizer, learning: Tensor, judging: Tensor, *, depths: Sequence[int]
) -> dict[str, np.ndarray]:
    """Return the loss of each lens at each depth on each window for judging, in nats a token.

    All lenses are fitted on the windows for learning, and judged on the last eight predictions of
    each window for judging.

    - ``logit``: the stream as it is; ``translated``: `fit_translators`.
    - ``published``: `jacobian_lens` with ``later=True, offset=False``, exactly, on the first two
      windows for learning; ``later``: the same with its offset; ``later 1``, ``later 2``: with the
      offset, of one of the two windows each.
    - ``same``: `jacobian_lens` of the same position, with its offset, estimated on all windows.
    - ``offset``: the stream moved by mean(h_L) - mean(h_l), as if each derivative were the
      identity.
    - controls of ``later``, each with its own offset: ``shuffled 1`` to ``shuffled 5``, the entries
      of J - identity shuffled; ``other depth``, the derivative of the next depth in the list (of
      the first for the last); ``random weights``, the derivative of a model that was never trained,
      for the same position.

    Args:
        learning, judging: ``(windows, tokens)``.
        depths: ascending, without the last one, which is the model itself for every lens.

    Returns:
        For each name ``(depths, windows)``, and under ``name + " kl"`` the divergence KL(p_L ||
        p_l), of the same shape. Of recorded results a small lens is computed again.
    """
    chosen = list(depths)

    def few(batch: list[int]) -> list[dict]:
        ascending = sorted(batch)
        lens = jacobian_lens(model, learning[:FEW], depths=[*ascending, _last_depth(model)])
        lenses = {"logit": None, "same": lens}
        found = _losses(model, judging[:FEW_JUDGED], ascending, lenses)
        return [found[depth] for depth in batch]

    def compute(batch: list[int]) -> list[dict]:
        ascending = sorted(batch)
        found = _losses(model, judging, ascending, _all_lenses(model, learning, ascending))
        return [{**found[depth], "few": small} for depth, small in zip(batch, few(batch))]

    def recheck(batch: list[int], recorded: list[dict]) -> list[dict]:
        return [{**old, "few": small} for old, small in zip(recorded, few(batch))]

    settings = {
        "depths": chosen,
        "learning": text_digest(learning.tolist()),
        "judging": text_digest(judging.tolist()),
    }
    kept = cached_results(
        model,
        tokenizer,
        chosen,
        compute,
        task="lenses",
        settings=settings,
        batch_size=len(chosen),
        code=(lens_losses, text_digest, *READING),
        recheck=recheck,
    )
    return {name: np.array([record[name] for record in kept]) for name in kept[0] if name != "few"}


def _all_lenses(model, learning: Tensor, depths: list[int]) -> dict[str, list[Tensor] | None]:
    """Return each lens by its name: a matrix for each depth and the last one; None: no matrix."""
    # 1. the streams' means, and what is fitted to them
    ends = [*depths, _last_depth(model)]
    stream, _ = text_stream(model, learning.flatten(), piece=learning.shape[1])
    stream = stream[ends].cpu()
    means = stream.double().mean(1)  # (depths, width)
    unit = torch.eye(means.shape[1], dtype=torch.float64)
    lenses: dict[str, list[Tensor] | None] = {
        "logit": None,
        "translated": fit_translators(stream),
        "offset": _around_means([unit] * len(ends), means),
    }

    # 2. the derivatives
    halves = [
        jacobian_lens(model, learning[[window]], depths=ends, later=True) for window in range(EXACT)
    ]
    lenses |= {f"later {number}": half for number, half in enumerate(halves, 1)}
    later = [torch.stack(matrices).mean(0) for matrices in zip(*halves)]
    lenses["later"] = later
    lenses["published"] = [_without_offset(matrix) for matrix in later]
    lenses["same"] = jacobian_lens(model, learning, depths=ends)

    # 3. the controls
    jacobians = [matrix[:-1].T for matrix in later]
    generator = torch.Generator().manual_seed(0)
    for number in range(1, SHUFFLES + 1):
        shuffled = [_shuffled(jacobian - unit, generator) + unit for jacobian in jacobians]
        lenses[f"shuffled {number}"] = _around_means(shuffled, means)
    others = [*jacobians[1:-1], jacobians[0], unit]
    lenses["other depth"] = _around_means(others, means)
    untrained = jacobian_lens(_random_model(model), learning, depths=ends, offset=False)
    lenses["random weights"] = _around_means([matrix[:-1].T for matrix in untrained], means)
    return lenses


def _losses(
    model, judging: Tensor, depths: list[int], lenses: dict[str, list[Tensor] | None]
) -> dict[int, dict[str, list[float]]]:
    """Return for each depth, by the lens' name, the mean loss of each judged window."""
    parts = model_parts(model)
    length = judging.shape[1]
    skip = length - 1 - COUNTED
    stream, following = text_stream(model, judging.flatten(), piece=length, skip=skip)
    stream = stream[[*depths, -1]]
    losses: dict[int, dict[str, list[float]]] = {depth: {} for depth in depths}
    for name, matrices in lenses.items():
        moved = stream if matrices is None else translate(stream, matrices)
        trace = read_stream(parts, moved, targets=following)
        assert trace.cross_entropy is not None  # there are targets
        for row, depth in enumerate(depths):
            losses[depth][name] = _window_means(trace.cross_entropy[row])
            losses[depth][f"{name} kl"] = _window_means(trace.kl_to_final[row])
    return losses


def _window_means(values: Tensor) -> list[float]:
    means = values.double().view(-1, COUNTED).mean(1)
    return np.round(means.numpy(), DECIMALS).tolist()


def _around_means(jacobians: Sequence[Tensor], means: Tensor) -> list[Tensor]:
    """Return matrices that read J h + mean(h_L) - J mean(h_l), for `translate`."""
    return [
        torch.cat([jacobian.T, (means[-1] - jacobian @ mean)[None]])
        for jacobian, mean in zip(jacobians, means)
    ]


def _without_offset(matrix: Tensor) -> Tensor:
    return torch.cat([matrix[:-1], torch.zeros_like(matrix[-1:])])


def _shuffled(matrix: Tensor, generator: torch.Generator) -> Tensor:
    order = torch.randperm(matrix.numel(), generator=generator)
    return matrix.flatten()[order].view(matrix.shape)


def _random_model(model):
    """Return a model of the same shape whose weights were never trained."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        untrained = AutoModelForCausalLM.from_config(model.config)
    return untrained.to(model.device, model.dtype).eval()


def _last_depth(model) -> int:
    return len(model_parts(model).blocks)
