"""The form in which an answer is saved: plain values that JSON can hold, and back."""

import base64
import copy
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from .._inputs import require_ids_in_vocabulary
from ..information import surprisal
from .record_checks import (
    is_whole_number,
    not_a_saved_answer,
    require_finish_reason,
    require_keys,
    require_probability,
    require_prompt,
    require_records,
    require_same_logits,
    require_same_probability,
    require_same_tokenizer,
    require_text,
    require_token_ids,
)
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
        ValueError: data that `answer_record` did not make, numbers that contradict one another, or
            a tokenizer that gives the answer another text or its tokens other labels.
    """
    # 1. the fields
    require_keys(data, ("format_version",), "the answer")
    format_version = data["format_version"]
    if not is_whole_number(format_version) or format_version != FORMAT_VERSION:
        raise not_a_saved_answer(
            f"its format version is {format_version!r}, and {FORMAT_VERSION} is the one that can "
            "be read"
        )
    require_keys(data, ANSWER_KEYS, "the answer")
    require_text(data, "text", "finish_reason")
    require_finish_reason(data["finish_reason"])
    require_prompt(data["prompt"])
    vocabulary_size = data["vocabulary_size"]
    if not is_whole_number(vocabulary_size) or vocabulary_size < 1:
        raise not_a_saved_answer(f"its vocabulary size is {vocabulary_size!r}")

    # 2. the tokens
    prompt_ids = require_token_ids(data["prompt_ids"], "prompt_ids")  # (prompt,)
    if not len(prompt_ids):
        raise not_a_saved_answer("its prompt_ids are [], and a model reads at least one token")
    require_ids_in_vocabulary(prompt_ids, vocabulary_size)
    tokens = require_records(data["tokens"], TOKEN_KEYS, "tokens")
    token_ids = require_token_ids((token["id"] for token in tokens), "tokens")  # (steps,)
    labels = _saved_labels(tokens)
    require_ids_in_vocabulary(torch.tensor(list(labels), dtype=torch.long), vocabulary_size)
    for token in tokens:
        require_same_probability(token)

    # 3. the logits, when they were kept
    logits = None
    if data.get("logits") is not None:
        logits = _decode_logits(data["logits"], (len(tokens), vocabulary_size))
        require_same_logits(tokens, token_ids, logits)

    # 4. the tokenizer, when there is one
    if tokenizer is not None:
        require_same_tokenizer(tokenizer, token_ids=token_ids, text=data["text"], labels=labels)
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
        raise not_a_saved_answer(f"its logits are not base64 text ({error})") from error
    expected = shape[0] * shape[1] * LITTLE_ENDIAN_FLOAT32.itemsize
    if len(raw) != expected:
        raise not_a_saved_answer(
            f"its logits have {len(raw)} bytes, and {shape[0]} tokens x {shape[1]} need {expected}"
        )
    values = np.frombuffer(raw, LITTLE_ENDIAN_FLOAT32).reshape(shape)
    return torch.from_numpy(values.astype(np.float32))


def _copy_prompt(prompt: Any) -> Any:
    if isinstance(prompt, str):
        return prompt
    return [copy.deepcopy(dict(message)) for message in prompt]


def _saved_labels(tokens: list[Mapping[str, Any]]) -> SavedLabels:
    """Return the label of every token id that a saved answer names."""
    labels = SavedLabels()
    for token in tokens:
        alternatives = require_records(token["alternatives"], ALTERNATIVE_KEYS, "alternatives")
        for named in [*alternatives, token]:
            require_text(named, "text")
            require_probability(named)
            label = named["text"]
            [token_id] = require_token_ids([named["id"]], "tokens").tolist()
            if labels.setdefault(token_id, label) != label:
                raise not_a_saved_answer(
                    f"token {token_id} is {labels[token_id]!r} in one place and {label!r} in "
                    "another"
                )
    return labels
