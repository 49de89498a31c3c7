"""Checks of a saved answer: each refuses, in one sentence, what `answer_record` cannot make."""

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from ..information import surprisal
from .prompts import decode_text
from .tokens import SavedLabels, token_labels

FINISH_REASONS = ("stop", "length", "given")

# Another machine sums the same logits in another order: by far less than this, in nats and
# relative to the value.
LOGITS_TOLERANCE = 1e-3
# The probability is the exponential of a rounded number, in float32.
PROBABILITY_TOLERANCE = 1e-4
SMALLEST_FLOAT32 = 2.0**-126


def not_a_saved_answer(problem: str) -> ValueError:
    """Return the error that refuses a record."""
    return ValueError(f"not a saved answer: {problem}.")


# Types


def is_whole_number(value: Any) -> bool:
    """Return whether this is an integer, and no bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def require_keys(record: Any, keys: tuple[str, ...], name: str) -> None:
    """Raise ValueError unless this is a dict with these keys."""
    if not isinstance(record, Mapping):
        raise not_a_saved_answer(f"{name} is {type(record).__name__}, not a dict")
    missing = [key for key in keys if key not in record]
    if missing:
        raise not_a_saved_answer(f"{name} lacks {', '.join(missing)}")


def require_text(record: Mapping[str, Any], *keys: str) -> None:
    """Raise ValueError unless the values of these keys are strings."""
    for key in keys:
        if not isinstance(record[key], str):
            raise not_a_saved_answer(f"{key} is {record[key]!r}, not a string")


def require_prompt(prompt: Any) -> None:
    """Raise ValueError unless this is a string or a list of messages, and not empty."""
    is_conversation = isinstance(prompt, (list, tuple)) and all(
        isinstance(message, Mapping) for message in prompt
    )
    if not isinstance(prompt, str) and not is_conversation:
        raise not_a_saved_answer(f"its prompt is {prompt!r}, neither a string nor messages")
    if not prompt:
        raise not_a_saved_answer(f"its prompt is empty: {prompt!r}")
    if is_conversation:
        for message in prompt:
            require_keys(message, ("role",), "one of its messages")
            require_text(message, "role")


def require_finish_reason(finish_reason: Any) -> None:
    """Raise ValueError unless this is one of the three finish reasons."""
    if finish_reason not in FINISH_REASONS:
        raise not_a_saved_answer(
            f"finish_reason is {finish_reason!r}, none of {', '.join(FINISH_REASONS)}"
        )


def require_records(values: Any, keys: tuple[str, ...], name: str) -> list[Mapping[str, Any]]:
    """Return a list of dicts that all have these keys."""
    if not isinstance(values, (list, tuple)):
        raise not_a_saved_answer(f"its {name} are {values!r}, not a list")
    for value in values:
        require_keys(value, keys, f"one of its {name}")
    return list(values)


def require_token_ids(values: Any, name: str) -> Tensor:
    """Return whole numbers as a tensor ``(tokens,)``."""
    if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
        raise not_a_saved_answer(f"its {name} are {values!r}, not a list of token ids")
    ids = list(values)
    for token_id in ids:
        if not is_whole_number(token_id) or not 0 <= token_id < 2**63:
            raise not_a_saved_answer(f"its {name} hold {token_id!r}, which is no token id")
    return torch.tensor(ids, dtype=torch.long)


def require_probability(record: Mapping[str, Any]) -> None:
    """Raise ValueError unless a token's probability is a number from 0 to 1."""
    probability = record["probability"]
    if not _is_finite_number(probability) or not 0 <= probability <= 1 + PROBABILITY_TOLERANCE:
        raise not_a_saved_answer(f"a probability is {probability!r}, no number from 0 to 1")


# Contradictions


def require_same_probability(token: Mapping[str, Any]) -> None:
    """Raise ValueError unless a token has probability exp(-surprisal)."""
    probability = token["probability"]
    nats = token["surprisal"]
    if nats is not None and not _is_finite_number(nats):
        raise not_a_saved_answer(f"a surprisal is {nats!r}, neither a number nor None")
    # a surprisal below 0 makes a probability above 1, which no token has; max keeps exp finite
    expected = 0.0 if nats is None else math.exp(-max(nats, -1))
    if not math.isclose(
        probability, expected, rel_tol=PROBABILITY_TOLERANCE, abs_tol=SMALLEST_FLOAT32
    ):
        raise not_a_saved_answer(
            f"a token has probability {probability!r}, and its surprisal {nats!r} means {expected}"
        )


def require_same_logits(tokens: list[Mapping[str, Any]], token_ids: Tensor, logits: Tensor) -> None:
    """Raise ValueError unless the logits give the numbers that were saved beside them."""
    surprisals = surprisal(logits, token_ids).tolist()  # (steps,)
    log_totals = logits.logsumexp(-1)  # (steps,)
    for step, token in enumerate(tokens):
        saved = math.inf if token["surprisal"] is None else token["surprisal"]
        if not _is_near(saved, surprisals[step]):
            raise not_a_saved_answer(
                f"token {step} has surprisal {saved}, and its logits give {surprisals[step]}"
            )
        kept = token["alternatives"]
        ids = torch.tensor([alternative["id"] for alternative in kept], dtype=torch.long)
        probabilities = (logits[step, ids] - log_totals[step]).exp().tolist()
        for alternative, probability in zip(kept, probabilities):
            if not _is_near(alternative["probability"], probability):
                raise not_a_saved_answer(
                    f"an alternative of token {step} has probability "
                    f"{alternative['probability']}, and its logits give {probability}"
                )


def require_same_tokenizer(
    tokenizer: Any, *, token_ids: Tensor, text: str, labels: SavedLabels
) -> None:
    """Raise ValueError unless the tokenizer gives the text and the labels that were saved."""
    named_ids = torch.tensor(list(labels), dtype=torch.long)
    for token_id, label in zip(labels, token_labels(tokenizer, named_ids)):
        if label != labels[token_id]:
            raise ValueError(
                f"another tokenizer wrote this answer: token {token_id} is {labels[token_id]!r} "
                f"there and {label!r} here. Pass the right one, or none."
            )
    decoded = decode_text(tokenizer, token_ids)
    if decoded != text:
        raise not_a_saved_answer(f"its text is {text!r}, and its tokens make {decoded!r}")


def _is_finite_number(value: Any) -> bool:
    """Return whether this is a number that a float can hold; nan is not."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= sys.float_info.max


def _is_near(saved: float, computed: float) -> bool:
    return math.isclose(saved, computed, rel_tol=LOGITS_TOLERANCE, abs_tol=LOGITS_TOLERANCE)
