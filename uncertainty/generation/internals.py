"""The hidden states and attention weights of an answer, read again when they are asked for."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .._inputs import input_device, require_whole_layers, without_wrapper
from ..architecture.attention_weights import checked_weights, eager_attention
from ..architecture.parts import model_parts
from .answers import Generation

STATES = "states"
ATTENTIONS = "attentions"
KEPT = (STATES, ATTENTIONS)
BUDGET = 2**30  # bytes that one call may keep and need on the way


class _Room(NamedTuple):
    """Bytes for one answer: what is kept of it, and what one pass over its text holds."""

    kept: int
    passing: int


def check_keep(keep: Collection[str]) -> frozenset[str]:
    """Return what is to be kept, as a set.

    Raises:
        ValueError: a name other than "states" and "attentions".
    """
    if isinstance(keep, str) or not set(keep) <= set(KEPT):
        raise ValueError(f"keep takes a list of {' and '.join(map(repr, KEPT))}, got {keep!r}.")
    return frozenset(keep)


@torch.no_grad()
def keep_internals(
    model, answers: Sequence[Generation], keep: Collection[str], *, budget: int = BUDGET
) -> None:
    """Put hidden states and attention weights on answers that this model gave or was given.

    Prompt and answer of each are read once more, in one pass (teacher forcing), so the states are
    those that the answer was written from, up to rounding. `Generation` describes the shapes.

    Args:
        keep: "states", "attentions" or both; with none nothing is read.
        budget: bytes for what is kept of all answers and what the largest pass holds meanwhile.

    Raises:
        ValueError: more than the budget, with the arithmetic; a model that `model_parts` refuses,
            or whose attention weights cannot be had (`checked_weights`); layers that are split over
            processes.
    """
    wanted = check_keep(keep)
    if not wanted or not answers:
        return
    model = without_wrapper(model)
    require_whole_layers(model)
    _require_room(model, answers, wanted, budget)
    dtype = kept_dtype(model)
    parts = model_parts(model)
    for answer in answers:
        prompt, steps = len(answer.prompt_ids), len(answer.token_ids)
        ids = torch.cat([answer.prompt_ids, answer.token_ids])[None].to(input_device(model))
        if STATES in wanted:
            predicting = slice(prompt - 1, prompt - 1 + steps)
            with parts.record_stream(positions=predicting) as stream:
                output = _read(model, ids, attentions=ATTENTIONS in wanted)
            rows = [state[0].to("cpu", dtype) for state in stream]
            answer.states = torch.stack(rows)  # (depths, steps, width)
        else:
            output = _read(model, ids, attentions=True)
        if ATTENTIONS in wanted:
            weights = checked_weights(model, output)
            rows = [layer[0, :, prompt:].to("cpu", dtype) for layer in weights]
            answer.attentions = torch.stack(rows)  # (layers, heads, steps, positions)


def kept_dtype(model) -> torch.dtype:
    """Return float16 for a float16 model, else float32."""
    return torch.float16 if model.dtype == torch.float16 else torch.float32


def _read(model, ids: Tensor, *, attentions: bool):
    """Run the model's body over one text."""
    if not attentions:
        return model.base_model(input_ids=ids, use_cache=False)
    with eager_attention(model):
        return model.base_model(input_ids=ids, output_attentions=True, use_cache=False)


def _require_room(
    model, answers: Sequence[Generation], wanted: frozenset[str], budget: int
) -> None:
    rooms = [_room(model, answer, wanted) for answer in answers]
    kept = sum(room.kept for room in rooms)
    passing = max(room.passing for room in rooms)
    if kept + passing <= budget:
        return
    largest = answers[max(range(len(rooms)), key=lambda i: sum(rooms[i]))]
    layers, heads, width = _sizes(model)
    steps = len(largest.token_ids)
    positions = len(largest.prompt_ids) + steps
    many = "" if len(answers) == 1 else f" The {len(answers)} answers are kept together."
    advice = "keep less, or ask for shorter answers"
    advice += "." if len(answers) == 1 else ", or for fewer at a time."
    raise ValueError(
        f"{' and '.join(sorted(wanted))} need {_mb(kept)} to keep and {_mb(passing)} on the way, "
        f"and {_mb(budget)} are allowed.{many} The largest: {steps} steps of {positions} positions "
        f"in {layers} layers of width {width} with {heads} heads; states are ({layers} + 1) x "
        f"{steps} x {width} numbers, attentions {layers} x {heads} x {steps} x {positions}: "
        f"{advice}"
    )


def _room(model, answer: Generation, wanted: frozenset[str]) -> _Room:
    layers, heads, width = _sizes(model)
    steps = len(answer.token_ids)
    positions = len(answer.prompt_ids) + steps
    per_number = torch.finfo(kept_dtype(model)).bits // 8
    kept = passing = 0
    if STATES in wanted:
        kept += (layers + 1) * steps * width * per_number
        passing += (layers + 1) * steps * width * model.dtype.itemsize
    if ATTENTIONS in wanted:
        kept += layers * heads * steps * positions * per_number
        passing += layers * heads * positions * positions * model.dtype.itemsize
    return _Room(kept, passing)


def _sizes(model) -> tuple[int, int, int]:
    """Return how many layers and attention heads a model has, and its width."""
    config = model.config.get_text_config()
    heads = getattr(config, "num_attention_heads", 0) or 0
    return config.num_hidden_layers, heads, config.hidden_size


def _mb(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB"
