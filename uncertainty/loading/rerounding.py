"""The rounding control: 4-bit weights rounded once more, on a shifted grid."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from .._inputs import require_whole_layers, without_wrapper

BLOCK = 32  # weights along the input axis that share a grid
STEPS = 15  # between the smallest and the largest of them: 16 levels
OFF_GRID = 1e-3  # steps; what float32 loses is a hundredth of it


@contextmanager
def reround_linear_layers(
    model, shift: float | Literal["random"] = 0.5, *, seed: int = 0
) -> Iterator[None]:
    """Round a 4-bit model's linear layers once more inside the context, on a shifted grid.

    An effect that is the model's own survives; one that comes from how its weights happened to be
    rounded does not. Q4_1 rounds each 32 weights along the input axis to 16 evenly spaced levels
    from their smallest to their largest. Both, and so the step, are read off the weights::

        u  = w + step * e                    a weight that the file would have rounded to w
        w' = the nearest level to u          on the levels moved by shift * step

    with e uniform in (-1/2, 1/2): the weights before the rounding are not known. No level is left
    out at the ends, so nothing is clamped. A weight moves by +-1/2 step for shift = 0.5, and with
    "random" by 0.41 steps (root mean square): as far as two independent roundings of one weight
    lie apart. Its mean move is 0.

    The unembedding and the embedding stay as they are (Q8_0 in the default model: 256 levels), and
    so do norms and biases. Afterwards all weights are what they were, bit for bit.

    Args:
        model: the default model in float32, or another whose linear layers were all Q4_1.
        shift: how far the levels move, in steps, at least 0 and below 1; with "random" each block
            draws its own. 0 changes nothing.
        seed: of e and of random shifts.

    Raises:
        ValueError: a shift that is none of these; a layer whose weights do not lie on such a grid
            (never rounded, rounded otherwise, or loaded in half precision); matrices outside linear
            layers and embeddings, which would stay as they are; weights that are not in memory
            (offloaded). The model is then unchanged.
    """
    if shift != "random" and not (isinstance(shift, (int, float)) and 0 <= shift < 1):
        raise ValueError(f'shift must be at least 0 and below 1, or "random", got {shift!r}.')
    require_whole_layers(without_wrapper(model))
    layers = _linear_layers(without_wrapper(model))
    generator = torch.Generator().manual_seed(seed)
    stored: list[tuple[Tensor, Tensor]] = []
    try:
        for name, layer in layers.items():
            stored.append((layer.weight, layer.weight.detach().clone()))
            with torch.no_grad():
                layer.weight.copy_(_rerounded(name, layer.weight, shift, generator))
        yield
    finally:
        with torch.no_grad():
            for weight, values in stored:
                weight.copy_(values)


def _linear_layers(model) -> dict[str, nn.Linear]:
    """Return the linear layers but the unembedding, and refuse a model with other matrices."""
    kept = [model.get_input_embeddings(), model.get_output_embeddings()]
    layers = {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module not in kept
    }
    elsewhere = [name for name, weight in model.named_parameters() if weight.is_meta]
    if elsewhere:
        raise ValueError(
            f"{elsewhere[0]} is not in memory (offloaded by accelerate), so rounding it anew would "
            "change nothing: load the model whole, without a device_map."
        )
    known = {id(module.weight) for module in (*layers.values(), *kept) if module is not None}
    others = [
        name
        for name, weight in model.named_parameters()
        if weight.ndim > 1 and id(weight) not in known
    ]
    if others or not layers:
        raise ValueError(
            f"{type(model).__name__} has matrices outside linear layers, which would stay as they "
            f"are: {', '.join(others[:3]) or 'all'}."
        )
    return layers


def _rerounded(
    name: str, weight: Tensor, shift: float | Literal["random"], generator: torch.Generator
) -> Tensor:
    """Return a layer's weights on the shifted grid, in their own shape."""
    lowest, step, levels = _grid(name, weight)  # (blocks, 1), (blocks, 1), (blocks, 32)
    noise = torch.rand(levels.shape, generator=generator, dtype=torch.float64) - 0.5
    if shift == "random":
        offset = torch.rand(step.shape, generator=generator, dtype=torch.float64)
    else:
        offset = torch.full(step.shape, shift, dtype=torch.float64)
    noise, offset = noise.to(step.device), offset.to(step.device)
    moved = (levels + noise - offset).round() + offset
    return (lowest + step * moved).reshape(weight.shape)


def _grid(name: str, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return each block's smallest weight, its step, and the levels of its weights (0 to 15).

    Raises:
        ValueError: weights that do not lie on such levels.
    """
    if not weight.is_floating_point() or weight.shape[1] % BLOCK:
        raise ValueError(
            f"{name}: weights {tuple(weight.shape)} of type {weight.dtype} have no blocks of "
            f"{BLOCK} numbers along the input axis; load a model that was rounded to Q4_1."
        )
    blocks = weight.detach().double().reshape(-1, BLOCK)
    lowest = blocks.amin(1, keepdim=True)
    step = (blocks.amax(1, keepdim=True) - lowest) / STEPS
    exact = ((blocks - lowest) / step).nan_to_num(0.0)  # 0 / 0: a block of equal weights
    levels = exact.round()
    distance = (exact - levels).abs().max().item()
    if distance > OFF_GRID or not step.any():
        raise ValueError(
            f"{name}: its weights lie up to {distance:.2g} steps off the {STEPS + 1} levels of "
            "4-bit rounding (Q4_1), so there is no grid to move. Load a model that was rounded "
            "so, such as the default one, in float32."
        )
    return lowest, step, levels
