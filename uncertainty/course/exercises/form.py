"""A right answer in another form: a list where the lesson goes on with a tensor, say."""

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from .comparison import result_or_error

ANY_ARRAY = np.empty(0)  # stands for arrays whose dtype follows their input


class Precision(NamedTuple):
    """The dtype of the first tensor of floats among the arguments; None if there is none."""

    tried: torch.dtype | None  # when the exercise was checked
    called: torch.dtype | None


def in_the_form_of(attempt: Callable, reference: Callable, inputs: Sequence[tuple]) -> Callable:
    """Return a function that is right, with its results in the form of the reference's.

    A list, an array or a tensor becomes what the reference returns for `inputs`, also inside tuples
    and lists of as many entries. Whole numbers and booleans get the reference's type; a tensor's
    floats get the precision of the first tensor of the call where the reference keeps that, else
    the reference's. What cannot be turned is returned as it is, and so is everything where the
    reference returns things of several kinds.

    Args:
        attempt: the learner's function.
        reference: the reference solution.
        inputs: the arguments that the exercise is tried on.
    """
    models = [result_or_error(reference, arguments) for arguments in inputs]
    kinds = [_kind(model) for model in models]
    if kinds.count(kinds[0]) == len(kinds):
        model = models[0]
    elif all(isinstance(model, np.ndarray) for model in models):
        model = ANY_ARRAY
    elif all(isinstance(model, list) for model in models):
        model = []  # an array becomes a list, and its entries stay
    else:
        return attempt
    tried = _first_precision(inputs[0])

    @functools.wraps(attempt)
    def turned(*arguments, **named):
        result = attempt(*arguments, **named)
        called = _first_precision((*arguments, *named.values()))
        try:
            return _like(model, result, Precision(tried, called))
        except (TypeError, ValueError, RuntimeError):
            return result

    return turned


def _kind(value):
    """Return what two results must share to be of one form."""
    if isinstance(value, (tuple, list)):
        return type(value), [_kind(entry) for entry in value]
    dtype = getattr(value, "dtype", None)
    return type(value), getattr(dtype, "kind", dtype)


def _first_precision(arguments: tuple) -> torch.dtype | None:
    for argument in arguments:
        if isinstance(argument, torch.Tensor) and argument.is_floating_point():
            return argument.dtype
    return None


def _like(model, result, precision: Precision):
    if isinstance(model, torch.Tensor):
        return _as_tensor(model, result, precision)
    if isinstance(model, np.ndarray):
        return _as_array(model, result)
    if isinstance(model, list) and isinstance(result, (np.ndarray, torch.Tensor)):
        result = result.tolist()
    if isinstance(model, (tuple, list)) and isinstance(result, (tuple, list)):
        if len(model) != len(result):
            return result
        return type(model)(_like(*pair, precision) for pair in zip(model, result))
    if isinstance(model, (int, float)) and isinstance(result, (np.ndarray, torch.Tensor)):
        return type(model)(result.item())
    return result


def _as_tensor(model: torch.Tensor, result, precision: Precision) -> torch.Tensor:
    if isinstance(result, (tuple, list)):
        result = torch.stack([_as_tensor(model, row, precision) for row in result])
    keeps_it = precision.called is not None and model.dtype == precision.tried
    return torch.as_tensor(result).to(precision.called if keeps_it else model.dtype)


def _as_array(model: np.ndarray, result) -> np.ndarray:
    if isinstance(result, torch.Tensor):
        result = result.detach().cpu().numpy()
    array = np.asarray(result)
    if model is ANY_ARRAY or array.dtype.kind == model.dtype.kind:
        return array
    return array.astype(model.dtype)
