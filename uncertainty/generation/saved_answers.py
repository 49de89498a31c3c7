"""The form in which an answer is saved: plain values that JSON can hold, and back."""

import base64
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .._inputs import require_ids_in_vocabulary
from ..information import surprisal
from .tokens import SavedLabels, token_labels, top_tokens

if TYPE_CHECKING:
    from .answers import Generation

FORMAT_VERSION = 1
ANSWER_KEYS = ("prompt", "text", "prompt_ids", "finish_reason", "vocabulary_size", "tokens")
TOKEN_KEYS = ("text", "id", "probability", "surprisal", "alternatives")
ALTERNATIVE_KEYS = ("text", "id", "probability")
LITTLE_ENDIAN_FLOAT32 = np.dtype("<f4")


def answer_record(
    answer: "Generation", *, alternatives: int = 5, with_logits: bool = False
) -> dict[str, Any]:
    """Return an answer as plain values; `Generation.to_dict` describes them.

    Raises:
        ValueError: alternatives below 0, logits that are no distribution, or an answer that has no
            logits.
    """
    if alternatives < 0:
        raise ValueError(f"alternatives must be at least 0, got {alternatives}.")
    record = {
        "format_version": FORMAT_VERSION,
        "prompt": _copy_prompt(answer.prompt),
        "text": answer.text,
        "prompt_ids": answer.prompt_ids.tolist(),
        "finish_reason": answer.finish_reason,
        "vocabulary_size": answer.logits.shape[-1],
        "tokens": _token_records(answer, alternatives),
    }
    if with_logits:
        record["logits"] = _encode_logits(answer.logits)
    return record


def generation_arguments(data: Any, tokenizer: Any = None) -> dict[str, Any]:
    """Return the arguments of `Generation` that `answer_record` saved.

    Raises:
        ValueError: data that `answer_record` did not make, or a tokenizer that gives the answer's
            tokens other labels.
    """
    # 1. the fields
    _require_keys(data, ("format_version",), "the answer")
    if data["format_version"] != FORMAT_VERSION:
        raise _not_a_saved_answer(
            f"its format version is {data['format_version']!r}, and {FORMAT_VERSION} is the one "
            "that can be read"
        )
    _require_keys(data, ANSWER_KEYS, "the answer")
    _require_text(data, "text", "finish_reason")
    _require_prompt(data["prompt"])
    vocabulary_size = data["vocabulary_size"]
    if not _is_whole_number(vocabulary_size) or vocabulary_size < 1:
        raise _not_a_saved_answer(f"its vocabulary size is {vocabulary_size!r}")

    # 2. the tokens
    prompt_ids = _token_ids(data["prompt_ids"], "prompt_ids")  # (prompt,)
    tokens = _records(data["tokens"], TOKEN_KEYS, "tokens")
    token_ids = _token_ids((token["id"] for token in tokens), "tokens")  # (steps,)
    labels = _saved_labels(tokens)
    require_ids_in_vocabulary(torch.tensor(list(labels), dtype=torch.long), vocabulary_size)
    if tokenizer is not None:
        _require_same_labels(tokenizer, token_ids, labels)

    # 3. the logits, when they were kept
    logits = None
    if data.get("logits") is not None:
        logits = _decode_logits(data["logits"], (len(tokens), vocabulary_size))
    return {
        "prompt": _copy_prompt(data["prompt"]),
        "text": data["text"],
        "token_ids": token_ids,
        "logits": logits,
        "prompt_ids": prompt_ids,
        "finish_reason": data["finish_reason"],
        "tokenizer": labels if tokenizer is None else tokenizer,
    }


def _token_records(answer: "Generation", alternatives: int) -> list[dict[str, Any]]:
    surprisals = surprisal(answer.logits, answer.token_ids)  # (steps,)
    probabilities = (-surprisals).exp()
    top_ids, top_probabilities = top_tokens(answer.logits, alternatives)  # (steps, alternatives)
    records = []
    for step, label in enumerate(answer.tokens):
        nats = surprisals[step].item()
        top_labels = token_labels(answer.tokenizer, top_ids[step])
        top = zip(top_labels, top_ids[step].tolist(), top_probabilities[step].tolist())
        records.append(
            {
                "text": label,
                "id": int(answer.token_ids[step]),
                "probability": probabilities[step].item(),
                "surprisal": nats if math.isfinite(nats) else None,
                "alternatives": [dict(zip(ALTERNATIVE_KEYS, values)) for values in top],
            }
        )
    return records


def _encode_logits(logits: Tensor) -> str:
    values = logits.detach().cpu().float().numpy()
    return base64.b64encode(values.astype(LITTLE_ENDIAN_FLOAT32).tobytes()).decode("ascii")


def _decode_logits(encoded: Any, shape: tuple[int, int]) -> Tensor:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, TypeError) as error:
        raise _not_a_saved_answer(f"its logits are not base64 text ({error})") from error
    expected = shape[0] * shape[1] * LITTLE_ENDIAN_FLOAT32.itemsize
    if len(raw) != expected:
        raise _not_a_saved_answer(
            f"its logits have {len(raw)} bytes, and {shape[0]} tokens x {shape[1]} need {expected}"
        )
    values = np.frombuffer(raw, LITTLE_ENDIAN_FLOAT32).reshape(shape)
    return torch.from_numpy(values.astype(np.float32))


def _copy_prompt(prompt: Any) -> Any:
    if isinstance(prompt, str):
        return prompt
    return [dict(message) for message in prompt]


def _saved_labels(tokens: list[Mapping[str, Any]]) -> SavedLabels:
    """Return the label of every token id that a saved answer names."""
    labels = SavedLabels()
    for token in tokens:
        alternatives = _records(token["alternatives"], ALTERNATIVE_KEYS, "alternatives")
        for named in [*alternatives, token]:
            _require_text(named, "text")
            [token_id] = _token_ids([named["id"]], "tokens").tolist()
            labels[token_id] = named["text"]
    return labels


def _token_ids(values: Any, name: str) -> Tensor:
    """Return whole numbers as a tensor ``(tokens,)``."""
    if isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
        raise _not_a_saved_answer(f"its {name} are {values!r}, not a list of token ids")
    ids = list(values)
    for token_id in ids:
        if not _is_whole_number(token_id) or not 0 <= token_id < 2**63:
            raise _not_a_saved_answer(f"its {name} hold {token_id!r}, which is no token id")
    return torch.tensor(ids, dtype=torch.long)


def _records(values: Any, keys: tuple[str, ...], name: str) -> list[Mapping[str, Any]]:
    """Return a list of dicts that all have these keys."""
    if not isinstance(values, (list, tuple)):
        raise _not_a_saved_answer(f"its {name} are {values!r}, not a list")
    for value in values:
        _require_keys(value, keys, f"one of its {name}")
    return list(values)


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _require_keys(record: Any, keys: tuple[str, ...], name: str) -> None:
    if not isinstance(record, Mapping):
        raise _not_a_saved_answer(f"{name} is {type(record).__name__}, not a dict")
    missing = [key for key in keys if key not in record]
    if missing:
        raise _not_a_saved_answer(f"{name} lacks {', '.join(missing)}")


def _require_text(record: Mapping[str, Any], *keys: str) -> None:
    for key in keys:
        if not isinstance(record[key], str):
            raise _not_a_saved_answer(f"{key} is {record[key]!r}, not a string")


def _require_prompt(prompt: Any) -> None:
    is_conversation = isinstance(prompt, (list, tuple)) and all(
        isinstance(message, Mapping) for message in prompt
    )
    if not isinstance(prompt, str) and not is_conversation:
        raise _not_a_saved_answer(f"its prompt is {prompt!r}, neither a string nor messages")


def _require_same_labels(tokenizer: Any, token_ids: Tensor, labels: SavedLabels) -> None:
    """Refuse a tokenizer that the answer was not written with."""
    for token_id, label in zip(token_ids.tolist(), token_labels(tokenizer, token_ids)):
        if label != labels[token_id]:
            raise ValueError(
                f"another tokenizer wrote this answer: token {token_id} is {labels[token_id]!r} "
                f"there and {label!r} here. Pass the right one, or none."
            )


def _not_a_saved_answer(problem: str) -> ValueError:
    return ValueError(f"not a saved answer: {problem}.")
