"""Answers from an OpenAI-compatible server: vLLM, llama.cpp's, llama-cpp-python's, Ollama, ..."""

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .._progress import progress_bar
from .prompts import Prompt, require_prompt_list
from .server_answers import ServerAnswer, server_answer
from .server_errors import ServerTrouble, answers_so_far, no_logprobs
from .server_file import AnswerFile
from .server_reading import Reply, read_reply
from .server_requests import Server, ask_all, request_body
from .server_warnings import warning_words


def answers_from(
    endpoint: str,
    prompts: Sequence[Prompt],
    *,
    model: str | None = None,
    max_new_tokens: int = 64,
    top_logprobs: int | None = 20,
    chat: bool = True,
    temperature: float = 0.0,
    seed: int | None = None,
    vocabulary_size: int | None = None,
    api_key: str | None = None,
    concurrency: int = 4,
    timeout: float = 120.0,
    max_retries: int = 2,
    extra_body: Mapping[str, Any] | None = None,
    answers: Sequence[ServerAnswer | None] | None = None,
    file: str | Path | None = None,
) -> list[ServerAnswer]:
    """Let the model of a server answer, with the likeliest tokens of every step.

    Any server with OpenAI's interface will do: vLLM (one machine or many), llama.cpp's and
    llama-cpp-python's, Ollama, or a service. What comes back is a `ServerAnswer`, a `Generation`
    whose logits stay with the server. All measures that need only the probabilities of the written
    and of the likeliest tokens take it (naive, vanilla, perplexity, sequence probability, margin,
    `get_token_confidence` up to top_logprobs). Those that need the whole distribution (entropy) or
    raw logits (LogTokU) refuse it by name; `entropy_bounds` says between which values the entropy
    lies.

    **No answer is lost.** When something goes wrong nothing new is asked, what is under way is
    waited for, and `ServerTrouble` is raised with all answers that came in its ``.answers``. Pass
    these as ``answers=`` to ask only for the rest. With ``file=`` each answer is also written down
    as it comes, so that the same call goes on after a killed process, too. Ctrl-C keeps them in
    the same two ways.

    **What is measured.** At temperature 0 servers send the log-probabilities of the model. Above 0
    they differ in whether the temperature is in them (llama.cpp: no; vLLM: as its option
    logprobs_mode says), so a temperature that is neither 0 nor 1 gives a warning. A server's own
    defaults (a repetition penalty, a model's generation_config in vLLM) change what is written; at
    temperature 0 a warning tells when a written token is not the likeliest. llama-cpp-python's
    penalty is switched off with ``extra_body={"repeat_penalty": 1.0}``.

    Args:
        endpoint: the server's address, "http://localhost:8000/v1"; without a path, /v1 is added.
        prompts: a list of strings or conversations, as in `generate`. A prompt that stands there
            twice is asked twice.
        model: the model's name on the server; without it, the only one that the server has.
        max_new_tokens: the longest answer, in tokens.
        top_logprobs: how many of the likeliest tokens to ask for at each step, 1 or more. Many
            servers allow 20 at most. None: answers without log-probabilities, for measures that
            read text only.
        chat: let the server put the prompt through its chat template; ``False`` continues the text
            as it is, through the older /completions.
        temperature: as in `generate`; above 0, top_p=1 is sent, so that nothing is cut off by it.
            A server's own top_k and min_p still hold: llama.cpp's are switched off with
            ``extra_body={"top_k": 0, "min_p": 0}``.
        seed: sent to the server, which may ignore it.
        vocabulary_size: how many logits the model has (its config's ``vocab_size``), for
            `entropy_bounds`; no server tells.
        api_key: the key. No environment variable is read, so that a key for one service is not
            sent to another.
        concurrency: how many prompts are under way at once, after the first, which is asked alone.
        timeout: how long one try waits, in seconds.
        max_retries: how often the client asks again after a fault that may pass. It waits as
            Retry-After says.
        extra_body: more to send, such as ``{"chat_template_kwargs": {"enable_thinking": False}}``.
        answers: what an earlier call got, in the order of the prompts, None where it got nothing.
        file: where answers are kept, as lines of JSON. An answer is found again by the address and
            all that was asked. A server whose model changed under the same name needs a new file.

    Returns:
        One `ServerAnswer` for each prompt, in their order.

    Raises:
        ServerTrouble: the server is down, slow, refuses, fails, or sends what is no answer or one
            without log-probabilities; its ``.answers`` hold what came.
        ValueError: an argument out of range, no model's name where the server has several, or a
            conversation that ends with the assistant, which some servers continue and others do
            not.
        OSError: a file that cannot be written.
        ImportError: the package openai is not installed.
    """
    _check_arguments(
        prompts, chat=chat, temperature=temperature, top_logprobs=top_logprobs, extra=extra_body
    )
    _check_numbers(
        max_new_tokens=max_new_tokens,
        concurrency=concurrency,
        vocabulary_size=vocabulary_size,
        timeout=timeout,
        max_retries=max_retries,
    )
    had = _checked_answers(answers, prompts)
    server = Server(endpoint, api_key=api_key, timeout=timeout, max_retries=max_retries)
    kept = None if file is None else AnswerFile(file, server.endpoint)
    call = _Call(
        server,
        prompts,
        had,
        kept,
        temperature=temperature,
        top_logprobs=top_logprobs,
        vocabulary_size=vocabulary_size,
    )
    body = {
        "chat": chat,
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "seed": seed,
        "top_logprobs": top_logprobs,
        "extra_body": extra_body,
    }
    try:
        call.run(model, body, concurrency)
    except ServerTrouble as trouble:
        raise trouble.with_answers(call.answers(), kept_in=file) from trouble.__cause__
    except BaseException as error:  # Ctrl-C, a full disk: what came goes along
        _send_along(error, call.answers(), file)
        raise
    finally:
        server.close()
    finished = [answer for answer in call.answers() if answer is not None]
    if top_logprobs is not None:
        for words in warning_words(
            finished, call.broken_texts(), asked=top_logprobs, temperature=temperature
        ):
            warnings.warn(words, stacklevel=2)
    return finished


class _Call:
    """One call of `answers_from`: what was asked, and what has come so far."""

    def __init__(
        self,
        server: Server,
        prompts: Sequence[Prompt],
        had: dict[int, ServerAnswer],
        file: AnswerFile | None,
        *,
        temperature: float,
        top_logprobs: int | None,
        vocabulary_size: int | None,
    ):
        self.server = server
        self.prompts = prompts
        self.had = had
        self.file = file
        self.temperature = temperature
        self.top_logprobs = top_logprobs
        self.vocabulary_size = vocabulary_size
        self.model = ""
        self.replies: dict[int, Reply] = {}

    def run(self, model: str | None, body: Mapping[str, Any], concurrency: int) -> None:
        """Ask for everything that is missing.

        Raises:
            ServerTrouble: as `answers_from`, without the answers.
        """
        missing = [i for i in range(len(self.prompts)) if not self._is_answered(i)]
        if not missing:
            return
        self.model = model if model is not None else self.server.only_model()
        requests = {i: request_body(self.prompts[i], model=self.model, **body) for i in missing}
        missing = [i for i in missing if not self._read_from_file(i, requests[i])]
        if not missing:
            return

        def ask(index: int) -> tuple[Any, Reply]:
            response = self.server.ask(requests[index])
            return response, read_reply(response, self.server.endpoint)

        with progress_bar(total=len(missing), description="answers") as bar:

            def keep(index: int, answer: tuple[Any, Reply]) -> None:
                response, self.replies[index] = answer
                bar.update()
                if self.file is not None:
                    self.file.keep(requests[index], response)

            def check(index: int) -> None:
                if not self._is_usable(self.replies[index]):
                    raise no_logprobs(self.server.endpoint)

            ask_all(ask, missing, concurrency=concurrency, keep=keep, check=check)

    def answers(self) -> list[ServerAnswer | None]:
        """Return what has come so far, in the order of the prompts."""
        top_k = self._sent_at_most()
        return [self._answer(i, top_k) for i in range(len(self.prompts))]

    def broken_texts(self) -> list[str]:
        """Return the texts that their tokens do not make."""
        return [reply.text for reply in self.replies.values() if not reply.is_whole]

    def _answer(self, index: int, top_k: int | None) -> ServerAnswer | None:
        if index not in self.replies:
            return self.had.get(index)
        return server_answer(
            self.prompts[index],
            self.replies[index],
            endpoint=self.server.endpoint,
            model=self.model,
            temperature=self.temperature,
            top_k=top_k,
            vocabulary_size=self.vocabulary_size,
        )

    def _sent_at_most(self) -> int | None:
        """Return how many alternatives a step has: as many as were asked for, or the server's most.

        A server may send fewer than it was asked for, and say nothing.
        """
        if self.top_logprobs is None:
            return None
        counts = [
            len(step.alternatives) for reply in self.replies.values() for step in reply.steps or []
        ]
        most = max(counts, default=self.top_logprobs)
        return max(1, min(most, self.top_logprobs))

    def _is_answered(self, index: int) -> bool:
        """Return whether an earlier call got what this one wants."""
        if index not in self.had:
            return False
        return self.top_logprobs is None or self.had[index].has_logprobs

    def _is_usable(self, reply: Reply) -> bool:
        return self.top_logprobs is None or reply.steps is not None

    def _read_from_file(self, index: int, request: Mapping[str, Any]) -> bool:
        """Take an answer from the file; return whether there was one that can be used."""
        while self.file is not None:
            response = self.file.take(request)
            if response is None:
                return False
            reply = read_reply(response, self.server.endpoint)
            if self._is_usable(reply):
                self.replies[index] = reply
                return True
        return False


# Checks


def _check_arguments(
    prompts: Sequence[Prompt],
    *,
    chat: bool,
    temperature: float,
    top_logprobs: int | None,
    extra: Mapping[str, Any] | None,
) -> None:
    require_prompt_list(prompts)
    if not 0 <= temperature < math.inf:
        raise ValueError(f"temperature must be 0 or larger, got {temperature}.")
    if top_logprobs is not None and top_logprobs < 1:
        raise ValueError(
            f"top_logprobs must be at least 1, got {top_logprobs} (None asks for text only)."
        )
    for prompt in prompts:
        if not prompt:
            raise ValueError(f"a prompt is empty: {prompt!r}.")
        if isinstance(prompt, str):
            continue
        if not chat:
            raise ValueError("a conversation needs chat=True; chat=False continues one string.")
        if prompt[-1]["role"] == "assistant" and "continue_final_message" not in (extra or {}):
            raise ValueError(
                "a conversation ends with the assistant, and servers differ in whether they "
                "continue that reply: write the chat template yourself and pass chat=False, or "
                "say what your server shall do (vLLM: extra_body={'continue_final_message': True, "
                "'add_generation_prompt': False})."
            )


def _check_numbers(*, vocabulary_size: int | None, max_retries: int, **above_zero: float) -> None:
    for name, value in above_zero.items():
        if not value > 0:
            raise ValueError(f"{name} must be larger than 0, got {value}.")
    if max_retries < 0:
        raise ValueError(f"max_retries must be 0 or larger, got {max_retries}.")
    if vocabulary_size is not None and vocabulary_size < 1:
        raise ValueError(f"vocabulary_size must be at least 1, got {vocabulary_size}.")


def _checked_answers(
    answers: Sequence[ServerAnswer | None] | None, prompts: Sequence[Prompt]
) -> dict[int, ServerAnswer]:
    """Return the answers of an earlier call by their place.

    Raises:
        ValueError: another number of them, or one to another prompt.
    """
    if answers is None:
        return {}
    if len(answers) != len(prompts):
        raise ValueError(f"{len(answers)} answers for {len(prompts)} prompts.")
    had = {}
    for index, answer in enumerate(answers):
        if answer is None:
            continue
        if answer.prompt != prompts[index]:
            raise ValueError(
                f"answers[{index}] answers {answer.prompt!r}, and prompts[{index}] is "
                f"{prompts[index]!r}."
            )
        had[index] = answer
    return had


def _send_along(
    error: BaseException, answers: list[ServerAnswer | None], file: str | Path | None
) -> None:
    """Put the answers that came on any exception, as `ServerTrouble` has them."""
    vars(error)["answers"] = answers
    count = sum(answer is not None for answer in answers)
    error.add_note(answers_so_far(count, len(answers), file))
