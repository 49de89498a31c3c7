"""What a learner's function returned or raised, compared with what was expected."""

import copy
import inspect
import re
import traceback
from collections.abc import Callable

import numpy as np
import torch

LONGEST_TABLE = 12


def result_or_error(function: Callable, arguments: tuple):
    """Return the function's value, or the exception in its place.

    The inputs are copied, so an attempt cannot spoil them.
    """
    return _result_or_error_in_place(function, copy.deepcopy(arguments))


def changes_its_inputs(function: Callable, arguments: tuple) -> bool:
    """Return whether the function writes into an array or a list that it is given."""
    given = copy.deepcopy(arguments)
    result_of_call = _result_or_error_in_place(function, given)
    return not isinstance(result_of_call, Exception) and _differs(given, arguments)


def same_result(result, expected, *, tolerance: float) -> bool:
    """Return whether two results are equal: numbers within the tolerance, exceptions by type."""
    result = _list_for_list(_without_tensor(result), expected)
    if isinstance(result, Exception) or isinstance(expected, Exception):
        return type(result) is type(expected)
    if isinstance(expected, (tuple, list)):
        if not isinstance(result, (tuple, list)) or len(result) != len(expected):
            return False
        return all(same_result(*pair, tolerance=tolerance) for pair in zip(result, expected))
    if isinstance(expected, (str, bool, type(None))):
        return type(result) is type(expected) and result == expected
    if _holds_none(result):  # numpy would read it as nan
        return False
    try:
        if np.asarray(result).dtype.kind in "SU":  # numpy would read "nan" as nan, "1" as 1
            return False
        result = np.asarray(result, dtype=float)
        expected = np.asarray(expected, dtype=float)
    except (TypeError, ValueError):
        return False
    if result.shape != expected.shape:
        return False
    return np.allclose(result, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def describe_difference(
    attempt: Callable,
    arguments: tuple,
    result,
    expected,
    *,
    tolerance: float,
    none_is_an_answer: bool = False,
) -> str:
    """Return a sentence that says for which input the attempt went wrong, and how.

    Where None is an answer, it is not taken for a `return` that was forgotten.
    """
    result = _list_for_list(_without_tensor(result), expected)
    expected = _without_tensor(expected)
    call = f"For ({', '.join(_named(attempt, arguments))})"
    if isinstance(result, Exception):
        raised = ": ".join(part for part in (type(result).__name__, str(result)) if part)
        return f"{call} {failing_line(attempt, result) or 'it'} raised {raised.rstrip('.')}."
    if result is None and not none_is_an_answer:
        return f"{call} it returned nothing; is there a `return`?"
    if isinstance(result, np.ndarray) and result.shape != np.shape(expected):
        return f"{call} the result is {_form(result)}, expected {_form(expected)}."
    if _is_large(result) and _is_large(expected) and result.dtype.kind in "biuf":
        return f"{call} {_first_difference(result, expected, tolerance)}"
    return f"{call} it gave {_short_repr(result)}, expected {_short_repr(expected)}."


def own_traceback(attempt: Callable, result) -> str:
    """Return the traceback of an exception from the learner's function on, "" for another result.

    The cell of the learner is called "your cell".
    """
    if not isinstance(result, Exception):
        return ""
    cell = getattr(getattr(inspect.unwrap(attempt), "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(result.__traceback__)
    own = [place for place, frame in enumerate(frames) if frame.filename == cell]
    if not own:
        return ""
    lines = traceback.format_list(frames[own[0] :]) + traceback.format_exception_only(result)
    # blank lines would end the HTML block that this stands in
    told = "".join(lines).replace(f'File "{cell}"', "your cell")
    return "\n".join(line for line in told.splitlines() if line.strip())


def failing_line(attempt: Callable, error: Exception) -> str | None:
    """Return which line of the learner's own cell or file raised: "line 3, `return 1 / 0`,".

    Lines of libraries are left out, also when the exception comes from there; so are the names of
    files. None when no line of the learner's was running.
    """
    code = getattr(inspect.unwrap(attempt), "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own_frames = [frame for frame in frames if code and frame.filename == code.co_filename]
    if not own_frames:
        return None
    innermost = own_frames[-1]
    source = f", {_code_span(_shortened(innermost.line))}," if innermost.line else ""
    return f"line {innermost.lineno}{source}"


def _result_or_error_in_place(function: Callable, arguments: tuple):
    try:
        return function(*arguments)
    except Exception as error:
        return error


def _differs(after, before) -> bool:
    """Return whether arrays or lists differ, at any depth; things of another kind never do."""
    if isinstance(before, (list, tuple)):
        return len(after) != len(before) or any(map(_differs, after, before))
    if not isinstance(before, (np.ndarray, torch.Tensor)):
        return isinstance(before, (str, int, float)) and after != before and after == after
    after, before = _without_tensor(after), _without_tensor(before)
    if np.shape(after) != np.shape(before):
        return True
    both_nan = (after != after) & (before != before)
    return not np.all((after == before) | both_nan)


def _named(attempt: Callable, arguments: tuple) -> list[str]:
    """Return the arguments as one reads them, several of them with their names."""
    shown = [_short_repr(argument) for argument in arguments]
    try:
        parameters = inspect.signature(attempt).parameters.values()
    except (TypeError, ValueError):
        return shown
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(shown) == 1 or len(names) != len(shown):
        return shown
    return [f"{name} = {value}" for name, value in zip(names, shown)]


def _code_span(text: str) -> str:
    """Return a line as Markdown code, between more backticks than it holds in a row."""
    longest_run = max(re.findall("`+", text), key=len, default="")
    fence = "`" * (len(longest_run) + 1)
    padding = " " if longest_run else ""  # Markdown takes one space off each end
    return f"{fence}{padding}{text}{padding}{fence}"


def _without_tensor(value):
    """Return a tensor of any kind as a plain array, anything else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    try:
        return value.detach().cpu().to_dense().double().numpy()
    except Exception as error:  # a tensor without data, say
        return error


def _list_for_list(result, expected):
    """Return an array as a list where a list is expected, anything else as it is."""
    if isinstance(expected, list) and isinstance(result, np.ndarray) and result.ndim:
        return result.tolist()
    return result


def _holds_none(value) -> bool:
    """Return whether a value is None, or a list or tuple that holds one, at any depth."""
    if isinstance(value, (list, tuple)):
        return any(map(_holds_none, value))
    return value is None


def _is_large(value) -> bool:
    """Return whether this is a table with more entries than one can read in a sentence."""
    return isinstance(value, np.ndarray) and value.ndim > 1 and value.size > LONGEST_TABLE


def _first_difference(result: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Return where two large tables of one shape differ: the first place, and in how many."""
    differ = ~np.isclose(result, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    place = tuple(np.argwhere(differ)[0].tolist())
    return (
        f"{differ.sum()} of {differ.size} entries differ; the first, at {list(place)}, is "
        f"{_short_repr(result[place])}, expected {_short_repr(expected[place])}."
    )


def _form(value) -> str:
    """Return a shape in words: "an array of shape (3, 2)", or "one number" for ()."""
    return f"an array of shape {np.shape(value)}" if np.shape(value) else "one number"


def _short_repr(value) -> str:
    value = _without_tensor(value)
    if inspect.isfunction(value):
        return f"the function {value.__name__}"
    if isinstance(value, (tuple, list)):
        inside = ", ".join(_short_repr(entry) for entry in value)
        closing = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return _shortened(f"({inside}{closing})" if isinstance(value, tuple) else f"[{inside}]")
    if _is_large(value):
        return _form(value)
    if isinstance(value, (np.ndarray, np.generic, float)):
        value = _without_rounding_noise(value)
        in_lines = np.array2string(
            np.asarray(value),
            threshold=LONGEST_TABLE,
            separator=", ",
            formatter={"float_kind": lambda number: f"{number:.4g}"},
        )
        return " ".join(in_lines.split())
    return _shortened(repr(value))


def _without_rounding_noise(value):
    """Return numbers with those set to 0 that are nothing beside the largest of them."""
    numbers = np.asarray(value)
    if numbers.dtype.kind != "f" or not np.isfinite(numbers).any():
        return value
    largest = np.abs(numbers[np.isfinite(numbers)]).max()
    return np.where(np.abs(numbers) < 1e-12 * largest, 0.0, numbers)


def _shortened(text: str) -> str:
    return text if len(text) < 80 else text[:77] + "..."
