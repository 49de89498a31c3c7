"""One server, asked through the `openai` client: what is sent, and the plain JSON that comes."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any
from urllib.parse import urlsplit

from .prompts import Prompt
from .server_errors import not_an_answer, request_failed
from .server_reading import model_ids

NO_KEY = "none"  # the client wants one; a server of one's own does not look at it


class Server:
    """An OpenAI-compatible server.

    The client asks again after a connection that fails, a timeout, and the statuses 408, 409, 429
    and 500 or more; it waits as long as Retry-After says, up to two minutes.
    """

    def __init__(
        self, endpoint: str, *, api_key: str | None, timeout: float, max_retries: int
    ) -> None:
        """Prepare to ask; nothing is sent yet.

        Raises:
            ValueError: an endpoint that is no address of a server.
            ImportError: the package openai is not installed.
        """
        self.endpoint = base_address(endpoint)
        self.timeout = timeout
        self.tries = max_retries + 1
        self._client = _client()(
            base_url=self.endpoint,
            api_key=api_key or NO_KEY,
            timeout=timeout,
            max_retries=max_retries,
        )

    def only_model(self) -> str:
        """Return the name of the model that the server has.

        Raises:
            ServerTrouble: the server does not answer.
            ValueError: it has several models, or none.
        """
        names = model_ids(self._json(self._client.models.with_raw_response.list), self.endpoint)
        if len(names) != 1:
            raise ValueError(
                f"{self.endpoint} has {len(names)} models ({', '.join(names)}): pass the name of "
                "one as model=."
            )
        return names[0]

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Return the server's JSON for a request that `request_body` made.

        Raises:
            ServerTrouble: no answer, a refusal, or a reply that is not JSON.
        """
        resource = self._client.chat.completions if "messages" in request else None
        create = (resource or self._client.completions).with_raw_response.create
        known = {"model", "messages", "prompt"}
        arguments = {name: request[name] for name in known & request.keys()}
        rest = {name: value for name, value in request.items() if name not in known}
        return self._json(lambda: create(**arguments, extra_body=rest))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _json(self, call: Callable[[], Any]) -> Any:
        import openai

        try:
            raw = call().http_response.text
        except openai.OpenAIError as error:
            raise request_failed(
                error, self.endpoint, timeout=self.timeout, tries=self.tries
            ) from error
        try:
            return json.loads(raw)
        except ValueError as error:
            raise not_an_answer(self.endpoint, "it is not JSON", raw=raw) from error


def request_body(
    prompt: Prompt,
    *,
    model: str,
    chat: bool,
    max_new_tokens: int,
    temperature: float,
    seed: int | None,
    top_logprobs: int | None,
    extra_body: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what is sent for one prompt."""
    body: dict[str, Any] = {"model": model}
    if chat:
        is_question = isinstance(prompt, str)
        body["messages"] = [{"role": "user", "content": prompt}] if is_question else prompt
    else:
        body["prompt"] = prompt
    body["max_tokens"] = max_new_tokens
    body["temperature"] = temperature
    if temperature > 0:
        body["top_p"] = 1
    if seed is not None:
        body["seed"] = seed
    if top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": top_logprobs} if chat else {}
        body |= {} if chat else {"logprobs": top_logprobs}
    return body | dict(extra_body or {})


def base_address(endpoint: str) -> str:
    """Return the address that paths are put behind: an address without a path gets ``/v1``.

    Raises:
        ValueError: no http address, one with a key in it, or one of a single method.
    """
    parts = urlsplit(endpoint if isinstance(endpoint, str) else "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            f"need the address of a server, such as 'http://localhost:8000/v1', got {endpoint!r}."
        )
    if parts.username or parts.password:
        raise ValueError("the address holds a name or a password: pass the key as api_key=.")
    path = parts.path.rstrip("/")
    if path.endswith("/completions"):
        raise ValueError(f"{endpoint!r} is the address of one method: cut it after '/v1'.")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def ask_all(
    ask: Callable[[int], Any],
    indices: Sequence[int],
    *,
    concurrency: int,
    keep: Callable[[int, Any], None],
    check: Callable[[int], None],
) -> None:
    """Ask for every index and keep each answer as it comes.

    The first is asked alone, so that a fault which all would meet costs one request. After a fault
    nothing new is asked; what is already under way is waited for and kept.

    Args:
        ask: returns the answer of an index, in a thread.
        keep: is given each answer once, in this thread.
        check: raises where an answer that was kept cannot be used.
    """
    first, *rest = indices
    keep(first, ask(first))
    check(first)
    stopped = threading.Event()

    def ask_unless_stopped(index: int) -> Any:
        if stopped.is_set():
            return None
        try:
            return ask(index)
        except BaseException:
            stopped.set()
            raise

    pool = ThreadPoolExecutor(concurrency)
    waiting = {pool.submit(ask_unless_stopped, index): index for index in rest}
    try:
        for future in as_completed(list(waiting)):
            index = waiting[future]
            answer = future.result()
            del waiting[future]
            if answer is not None:
                keep(index, answer)
                check(index)
    finally:
        stopped.set()
        pool.shutdown(wait=True, cancel_futures=True)
        for future, index in waiting.items():
            if _has_answer(future):
                keep(index, future.result())


def _has_answer(future: Future) -> bool:
    if future.cancelled() or future.exception() is not None:
        return False
    return future.result() is not None


def _client() -> Any:
    try:
        from openai import OpenAI
    except ImportError as error:
        raise ImportError(
            "asking a server needs the package openai; run `python -m pip install openai`."
        ) from error
    return OpenAI
