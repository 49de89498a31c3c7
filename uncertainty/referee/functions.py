"""What a function of a doubt asks for, and whether what it returns is a doubt."""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

from ..evaluation.orientation import check_orientation

DoubtFunction: TypeAlias = Callable[..., Any]

# What a function can ask for by the name of a parameter, besides the answer, which comes first.
EVIDENCE = {
    "samples": "the texts of ten answers sampled at temperature 1",
    "question": "the text of the question",
    "states": "hidden states, (depths, steps, width)",
    "attentions": "attention weights, (layers, heads, steps, positions)",
}


@dataclass(frozen=True)
class Doubt:
    """A function that is to be judged.

    Attributes:
        needs: the names of the evidence it asks for, besides the answer.
    """

    name: str
    function: DoubtFunction
    needs: tuple[str, ...]

    def value(self, generation, evidence: Mapping[str, Any], *, where: str) -> float:
        """Return the function's value of one answer; nan means that it has none.

        Args:
            evidence: holds at least what the function needs.
            where: the question, for an error's words.

        Raises:
            ValueError: the function failed, or returned what is neither a finite number nor nan.
        """
        asked = {need: evidence[need] for need in self.needs}
        try:
            returned = self.function(generation, **asked)
        except Exception as error:
            raise ValueError(
                f"{self.name!r} failed on the answer to {where}: {type(error).__name__}: {error}. "
                "Let it return float('nan') where it has no value."
            ) from error
        return _number(returned, self.name, where)


def read_doubts(
    functions: Mapping[str, DoubtFunction], *, taken: set[str], doubts: frozenset[str]
) -> list[Doubt]:
    """Return each function with what its parameters ask for.

    Args:
        taken: names that the board has already.
        doubts: names that do grow with doubt, whatever `check_orientation` reads in them.

    Raises:
        ValueError: no functions; a name that is taken, or says that it grows with confidence;
            something that cannot be called; a parameter that is no known evidence.
    """
    if not isinstance(functions, Mapping) or not functions:
        raise ValueError(f"add needs functions by name, add={{'mine': mine}}, got {functions!r}.")
    if not doubts <= set(functions):
        raise ValueError(
            f"doubts must be names among the functions {list(functions)}, got {sorted(doubts)}."
        )
    read = []
    for name, function in functions.items():
        if name in taken:
            raise ValueError(f"{name!r} is on the board already: give your function another name.")
        if name not in doubts:
            check_orientation(name)
        read.append(Doubt(name, function, _needs(name, function)))
    return read


def require_ranking(name: str, values: list[float]) -> None:
    """Raise ValueError for values that can rank nothing: all missing, or all the same."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        raise ValueError(f"{name!r} returned nan for every one of {len(values)} answers.")
    if len(known) > 1 and min(known) == max(known):
        raise ValueError(
            f"{name!r} returned {known[0]} for every one of {len(known)} answers: a constant ranks "
            "nothing."
        )


def _needs(name: str, function: DoubtFunction) -> tuple[str, ...]:
    """Return the evidence that a function's parameters name."""
    if not callable(function):
        raise ValueError(f"{name!r} must be a function of an answer, got {function!r}.")
    known = "; ".join(f"{key}: {what}" for key, what in EVIDENCE.items())
    parameters = list(inspect.signature(function).parameters.values())
    by_place = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if not parameters or parameters[0].kind not in by_place or parameters[0].name in EVIDENCE:
        raise ValueError(
            f"the first parameter of {name!r} takes the answer (a Generation), so it needs a name "
            f"of its own, such as generation; behind it can stand {known}."
        )
    needs = []
    for parameter in parameters[1:]:
        is_passed_by_name = parameter.kind in (by_place[1], inspect.Parameter.KEYWORD_ONLY)
        if parameter.name in EVIDENCE and is_passed_by_name:
            needs.append(parameter.name)
        elif parameter.default is inspect.Parameter.empty and parameter.kind not in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        ):
            raise ValueError(
                f"{name!r} asks for {parameter.name!r}, which is not known. Besides the answer a "
                f"function can ask for {known}."
            )
    return tuple(needs)


def _number(returned: Any, name: str, where: str) -> float:
    value = returned
    if hasattr(value, "item") and getattr(value, "size", None) is not None:
        count = value.numel() if hasattr(value, "numel") else value.size
        value = value.item() if count == 1 else value
    if not isinstance(value, Real) or math.isinf(value):
        shown = repr(returned)
        shown = shown if len(shown) <= 80 else f"{shown[:80]}..."
        raise ValueError(
            f"{name!r} returned {shown} for the answer to {where}: need one finite number, or "
            "float('nan') where there is none."
        )
    return float(value)
