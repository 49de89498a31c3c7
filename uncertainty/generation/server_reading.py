"""What a server's reply says: the text, the tokens, and the likeliest tokens of every step.

Two forms are read, whichever path they come from: a list of tokens with their alternatives
(``logprobs.content``: chat completions, and llama.cpp's completions), and lists beside one another
(``logprobs.tokens``, ``.token_logprobs``, ``.top_logprobs``: the older completions).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .server_errors import ServerTrouble, not_an_answer

# JSON has no -inf. vLLM sends -9999 in its place, llama.cpp the lowest float32.
FLOOR = -9999.0
# How far above 0 rounding may carry a log-probability.
ROUNDING = 1e-3
REPLACEMENT = "\ufffd"  # what a decoder writes for half a character


@dataclass(frozen=True)
class TokenEntry:
    """A token as a server names it, with its log-probability in nats."""

    text: str
    raw: bytes | None  # None where the server does not send the bytes
    logprob: float

    @property
    def label(self) -> str:
        """The token as people can read it; bytes that are no whole character as ``<0xE2>``."""
        if self.raw is None:
            return self.text
        try:
            return self.raw.decode("utf-8")
        except UnicodeDecodeError:
            return "".join(f"<0x{byte:02X}>" for byte in self.raw)


@dataclass(frozen=True)
class Step:
    """One token of an answer and the alternatives that came with it, likeliest first."""

    written: TokenEntry
    alternatives: list[TokenEntry]


@dataclass(frozen=True)
class Reply:
    """An answer as a server sent it.

    Attributes:
        steps: None where the reply has no log-probabilities.
        is_whole: False where the tokens do not make the text.
    """

    text: str
    finish_reason: str
    steps: list[Step] | None
    is_whole: bool = True


def read_reply(response: Any, endpoint: str) -> Reply:
    """Return what a server's JSON says.

    A last token that is not part of the text (some servers send the end-of-sequence token, others
    do not) is left out, as in every `Generation`.

    Raises:
        ServerTrouble: JSON that is no answer.
    """
    choice = _first_choice(response, endpoint)
    message = choice.get("message")
    text = message.get("content") if isinstance(message, Mapping) else choice.get("text")
    if text is None and isinstance(message, Mapping):
        text = ""  # all of it was thinking, or a call of a tool
    if not isinstance(text, str):
        raise not_an_answer(endpoint, "its answer has no text")
    finish_reason = choice.get("finish_reason") or "unknown"
    try:
        steps = _read_steps(choice.get("logprobs"))
    except (KeyError, TypeError, ValueError) as error:
        problem = f"its log-probabilities cannot be read: {type(error).__name__} {error}"
        raise not_an_answer(endpoint, problem) from error
    if steps is None:
        return Reply(text, finish_reason, [] if not text else None)
    if finish_reason != "length":
        steps = _without_stop(steps, text)
    return Reply(text, finish_reason, steps, _make_text(steps, text))


def model_ids(response: Any, endpoint: str) -> list[str]:
    """Return the names in a server's list of models.

    Raises:
        ServerTrouble: JSON that is no list of models.
    """
    try:
        return [str(model["id"]) for model in response["data"]]
    except (KeyError, TypeError) as error:
        raise not_an_answer(endpoint, "its list of models cannot be read") from error


def _first_choice(response: Any, endpoint: str) -> Mapping[str, Any]:
    choices = response.get("choices") if isinstance(response, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise _told_by_the_server(response, endpoint)
    return choices[0]


def _told_by_the_server(response: Any, endpoint: str) -> ServerTrouble:
    """Return the trouble with JSON that has no choices; some servers send their errors so."""
    return not_an_answer(endpoint, "it has no choices", raw=str(response))


def _read_steps(logprobs: Any) -> list[Step] | None:
    if not isinstance(logprobs, Mapping):
        return None
    if isinstance(logprobs.get("content"), list):
        return _steps_of_content(logprobs["content"])
    if isinstance(logprobs.get("token_logprobs"), list):
        return _steps_of_lists(logprobs)
    return None


def _steps_of_content(content: list[Any]) -> list[Step] | None:
    if any(entry.get("logprob") is None for entry in content):
        return None
    return [
        Step(_entry(entry), _ranked([_entry(other) for other in entry.get("top_logprobs") or []]))
        for entry in content
    ]


def _steps_of_lists(logprobs: Mapping[str, Any]) -> list[Step] | None:
    values = logprobs["token_logprobs"]
    if any(value is None for value in values):
        return None
    tops = logprobs.get("top_logprobs") or [None] * len(values)
    steps = []
    for text, value, top in zip(logprobs["tokens"], values, tops, strict=True):
        others = [TokenEntry(other, None, _nats(nats)) for other, nats in (top or {}).items()]
        steps.append(Step(TokenEntry(text, None, _nats(value)), _ranked(others)))
    return steps


def _entry(record: Mapping[str, Any]) -> TokenEntry:
    raw = record.get("bytes")
    return TokenEntry(
        text=str(record["token"]),
        raw=None if raw is None else bytes(raw),
        logprob=_nats(record["logprob"]),
    )


def _ranked(entries: list[TokenEntry]) -> list[TokenEntry]:
    return sorted(entries, key=lambda entry: -entry.logprob)


def _nats(value: Any) -> float:
    """Return a log-probability: -inf for a server's floor, 0 for what rounding carried above it."""
    nats = float(value)
    if math.isnan(nats) or nats > ROUNDING:
        raise ValueError(f"{value!r} is no log-probability")
    return -math.inf if nats <= FLOOR else min(nats, 0.0)


# Which tokens make the text


def _without_stop(steps: list[Step], text: str) -> list[Step]:
    """Return the steps without a last token that the text does not hold."""
    if not steps or not _are_exactly(steps[:-1], text):
        return steps
    last = steps[-1].written
    is_empty = not (last.text if last.raw is None else last.raw)
    return steps[:-1] if is_empty or not _are_exactly(steps, text) else steps


def _are_exactly(steps: list[Step], text: str) -> bool:
    """Return whether the tokens make the text, white space at its ends aside."""
    tokens = [step.written for step in steps]
    if all(token.raw is not None for token in tokens):
        joined = b"".join(token.raw or b"" for token in tokens).decode("utf-8", errors="replace")
    else:
        joined = "".join(token.text for token in tokens)
    return joined.strip() == text.strip()


def _make_text(steps: list[Step], text: str) -> bool:
    """Return whether the tokens make the text, as far as the server lets us see.

    A server that sends no bytes sends nothing, or a replacement mark, for half a character; then
    the other characters are compared.
    """
    if _are_exactly(steps, text):
        return True
    tokens = [step.written for step in steps]
    if all(token.raw is not None for token in tokens):
        return False
    joined = "".join(token.text for token in tokens)
    has_halves = REPLACEMENT in joined or any(not token.text for token in tokens)
    return has_halves and _is_subsequence(joined.replace(REPLACEMENT, "").strip(), text)


def _is_subsequence(part: str, whole: str) -> bool:
    characters = iter(whole)
    return all(character in characters for character in part)
