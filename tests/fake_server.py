"""A server with OpenAI's interface in a thread, which answers as a test tells it to."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from uncertainty import Generation, ServerAnswer
from uncertainty.generation.server_answers import server_answer
from uncertainty.generation.server_reading import read_reply

ENDPOINT = "http://localhost:8000/v1"
# A short vocabulary with its probabilities at every step; they sum to 1.
PROBABILITIES = {" Paris": 0.5, " Rome": 0.25, " Lyon": 0.125, " Nice": 0.0625, " Lille": 0.0625}


@dataclass
class Reply:
    """What is sent back: JSON (or plain text), a status, headers, after some seconds."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class FakeServer:
    """Where it listens, and what it was asked."""

    endpoint: str
    requests: list[dict] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)


def token(text: str, probability: float | None = None, *, logprob: Any = None, raw: Any = ...):
    """One token in the form of `logprobs.content`."""
    logprob = math.log(probability) if probability else logprob
    raw = list(text.encode()) if raw is ... else raw
    return {"token": text, "logprob": logprob, "bytes": raw}


def step(text: str, probabilities: dict | None = None, top: int = 3, **changes):
    """One written token with its `top` likeliest alternatives."""
    probabilities = probabilities or PROBABILITIES
    ranked = sorted(probabilities, key=probabilities.get, reverse=True)[:top]
    alternatives = [token(each, probabilities[each]) for each in ranked]
    return {**token(text, probabilities.get(text)), "top_logprobs": alternatives, **changes}


def chat(text: str, steps: list | None, finish_reason: Any = "stop") -> dict:
    """A chat completion."""
    logprobs = None if steps is None else {"content": steps}
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": finish_reason}
    return {"object": "chat.completion", "model": "fake", "choices": [choice]}


def completion(text: str, tokens, logprobs, tops, finish_reason: Any = "stop") -> dict:
    """A completion in the older form, whose alternatives are named by their text."""
    lists = {"tokens": tokens, "token_logprobs": logprobs, "top_logprobs": tops}
    choice = {"index": 0, "text": text, "logprobs": lists, "finish_reason": finish_reason}
    return {"object": "text_completion", "model": "fake", "choices": [choice]}


@contextmanager
def fake_server(
    answer: Callable[[dict], Any], models: tuple[str, ...] = ("fake",)
) -> Iterator[FakeServer]:
    """A server that answers each request with `answer(request)`: JSON, or a `Reply`."""
    server = FakeServer("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._send(Reply({"data": [{"id": name} for name in models]}))

        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request["path"] = self.path
            server.requests.append(request)
            server.headers.append({name.lower(): value for name, value in self.headers.items()})
            sent = answer(request)
            self._send(sent if isinstance(sent, Reply) else Reply(sent))

        def _send(self, reply: Reply):
            time.sleep(reply.seconds)
            is_text = isinstance(reply.body, str)
            raw = (reply.body if is_text else json.dumps(reply.body)).encode()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "text/html" if is_text else "application/json")
                self.send_header("Content-Length", str(len(raw)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(raw)
            except OSError:  # the client no longer waits
                pass

        def log_message(self, *arguments):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    server.endpoint = f"http://127.0.0.1:{listening.server_port}/v1"
    threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()


# Answers without a server


def as_a_server_sends_it(answer: Generation, top: int = 20):
    """A server's answer made of a local one: what JSON carries of its likeliest tokens."""
    log_p = answer.logits.double().log_softmax(-1)
    steps = []
    for row, written in zip(log_p, answer.token_ids.tolist()):
        ranked = row.topk(top)
        alternatives = [
            token(f"t{i}", logprob=nats)
            for i, nats in zip(ranked.indices.tolist(), ranked.values.tolist())
        ]
        steps.append(
            {**token(f"t{written}", logprob=row[written].item()), "top_logprobs": alternatives}
        )
    return read(steps, top=top, vocabulary_size=log_p.shape[-1])


def read(steps, *, top=3, temperature=0.0, vocabulary_size=None) -> ServerAnswer:
    """The answer that these steps make."""
    text = "".join(each["token"] for each in steps)
    return server_answer(
        "Q",
        read_reply(chat(text, steps, "length"), ENDPOINT),
        endpoint=ENDPOINT,
        model="m",
        temperature=temperature,
        top_k=top,
        vocabulary_size=vocabulary_size,
    )
