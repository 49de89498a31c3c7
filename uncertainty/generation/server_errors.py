"""What can go wrong with a server, each as one sentence that says what to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server_answers import ServerAnswer

LONGEST_QUOTE = 300  # characters of a server's own words


class ServerTrouble(RuntimeError):  # noqa: N818, the package's word for what may pass
    """A server gave no answer, or one that cannot be used. The message is one sentence.

    Attributes:
        answers: what came before, in the order of the prompts, None for each prompt without an
            answer. ``answers_from(..., answers=error.answers)`` asks only for what is missing.
    """

    def __init__(self, message: str):
        super().__init__(message)
        self.answers: list[ServerAnswer | None] = []

    def with_answers(
        self, answers: "Sequence[ServerAnswer | None]", *, kept_in: object = None
    ) -> "ServerTrouble":
        """Return this trouble with the answers that came, and a sentence that says where they are.

        Args:
            kept_in: the file that holds them, too.
        """
        count = sum(answer is not None for answer in answers)
        told = ServerTrouble(f"{self} {answers_so_far(count, len(answers), kept_in)}")
        told.answers = list(answers)
        return told


def answers_so_far(count: int, total: int, kept_in: object = None) -> str:
    """Return where the answers are that came before something went wrong."""
    if kept_in is not None:
        return (
            f"({count} of {total} answers are kept in {kept_in}: call again to go on from there.)"
        )
    if not count:
        return f"(0 of {total} answers came.)"
    return (
        f"({count} of {total} answers came and are in this error's .answers: "
        "pass answers=error.answers to ask only for the rest.)"
    )


def no_logprobs(endpoint: str) -> ServerTrouble:
    """Return the trouble with an answer that has no log-probabilities."""
    return ServerTrouble(
        f"{endpoint} sent an answer without log-probabilities: start it so that it sends them "
        "(llama-cpp-python: --logits_all true; Ollama: a newer version), or pass "
        "top_logprobs=None for answers that have text only."
    )


def not_an_answer(endpoint: str, problem: str, raw: str = "") -> ServerTrouble:
    """Return the trouble with a reply that is no answer of an OpenAI-compatible server."""
    sent = f"; it sent {quoted(raw)}" if raw else ""
    return ServerTrouble(
        f"{endpoint} sent something that is not an answer ({problem}{sent}): is this the address "
        "of an OpenAI-compatible server?"
    )


def request_failed(error: Any, endpoint: str, *, timeout: float, tries: int) -> ServerTrouble:
    """Return what an exception of the `openai` client means.

    Args:
        error: an ``openai.OpenAIError``.
        timeout: how long each try waited, in seconds.
        tries: how often the client asked at most.
    """
    import openai

    if isinstance(error, openai.APITimeoutError):
        return ServerTrouble(
            f"{endpoint} gave no answer within {timeout:g} s, asked {tries} times: pass a larger "
            "timeout=, or a smaller max_new_tokens= or concurrency=."
        )
    if isinstance(error, openai.APIStatusError):
        return _refused(error, endpoint, tries)
    if isinstance(error, openai.APIConnectionError):
        cause = error.__cause__ or error
        return ServerTrouble(
            f"{endpoint} cannot be reached ({quoted(str(cause))}), asked {tries} times: start the "
            "server, or correct the address."
        )
    return not_an_answer(endpoint, quoted(str(error)))


def quoted(text: str) -> str:
    """Return a server's own words on one line, cut to a readable length."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_QUOTE else line[:LONGEST_QUOTE] + "..."


def _refused(error: Any, endpoint: str, tries: int) -> ServerTrouble:
    status = error.status_code
    words = quoted(_servers_words(error))
    if status in (401, 403):
        return ServerTrouble(
            f"{endpoint} refused the key ({status}: {words}): pass the right one as api_key=."
        )
    if status == 404:
        return ServerTrouble(
            f"{endpoint} does not know the address or the model ({status}: {words}): check both; "
            "the address of most servers ends in /v1."
        )
    if status == 429:
        wait = error.response.headers.get("retry-after")
        how_long = f", Retry-After {wait} s" if wait else ""
        return ServerTrouble(
            f"{endpoint} asks for fewer requests ({status}{how_long}: {words}), asked {tries} "
            "times: wait, then call again with a smaller concurrency=."
        )
    if status >= 500:
        return ServerTrouble(
            f"{endpoint} failed ({status}: {words}), asked {tries} times: its own log says why; "
            "then call again."
        )
    return ServerTrouble(
        f"{endpoint} refused the request ({status}: {words}): change what it names; many servers "
        "limit top_logprobs= (often to 20), and the prompt with max_new_tokens= to their context."
    )


def _servers_words(error: Any) -> str:
    """Return the message in a server's error, in the forms that servers have for it."""
    body = error.body
    if isinstance(body, str) and body:
        return body
    for key in ("message", "detail", "error"):
        if isinstance(body, dict) and isinstance(body.get(key), str):
            return body[key]
    return error.response.text or "no reason given"
