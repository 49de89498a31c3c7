"""A `ServerAnswer`: an answer of a server, with the likeliest tokens of every step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import torch
from torch import Tensor

from .answers import Generation
from .prompts import Prompt
from .server_reading import Reply, Step

# Two log-probabilities of one token that a server sends twice may differ by its printing of them.
SAME_NATS = 1e-4


@dataclass(eq=False, repr=False)
class ServerAnswer(Generation):
    """A `Generation` without full logits; `answers_from` makes it.

    A server keeps logits and token ids: ``logits``, ``token_ids`` and ``prompt_ids`` raise
    ValueError. What it sends are log-probabilities in nats, of the written token and of the
    likeliest tokens of its step.

    Attributes:
        prompt, text: as in `Generation`.
        finish_reason: the server's word: "stop", "length", "content_filter", ...; "unknown" where
            it sends none.
        endpoint: the address that answered.
        model: the model's name there.
        temperature: what the answer was sampled with. Servers differ in whether the
            log-probabilities are from before or after it.
        token_labels: the answer's tokens as the server names them; `tokens` returns them.
        top_labels: the likeliest tokens of every step, likeliest first.
        vocabulary_size: how many tokens the model chooses from; None where nobody said it.
    """

    endpoint: str
    model: str
    temperature: float
    token_labels: list[str]
    top_labels: list[list[str]]
    vocabulary_size: int | None
    evidence: "Evidence | None"

    @property
    def tokens(self) -> list[str]:
        """The answer's tokens as readable labels, one a step."""
        return self.token_labels

    @property
    def token_logprobs(self) -> Tensor:
        """Log-probability of every written token, ``(steps,)``, nats.

        Raises:
            ValueError: an answer without log-probabilities.
        """
        return self._measured().token_logprobs

    @property
    def top_logprobs(self) -> Tensor:
        """Log-probabilities of the likeliest tokens, ``(steps, k)``, nats, the largest first.

        An entry is nan where the server sent fewer than for another step. A written token that is
        not among the k likeliest is not among these either.

        Raises:
            ValueError: an answer without log-probabilities.
        """
        return self._measured().top_logprobs

    @property
    def complete(self) -> Tensor:
        """Whether the tokens of a step are surely its k likeliest, ``(steps,)`` truth values.

        They are not where fewer came than were asked for: a server that names tokens by their text
        loses one of two tokens with the same text. Nor are they where a sampled token comes last:
        some servers put it in the place of the k-th.

        Raises:
            ValueError: an answer without log-probabilities.
        """
        return self._measured().complete

    @property
    def has_logprobs(self) -> bool:
        """Whether the answer came with log-probabilities."""
        return self.evidence is not None

    def alternatives(self, count: int) -> list[list[tuple[str, float]]]:
        """Return the likeliest tokens of every step with their probabilities, likeliest first.

        Args:
            count: how many tokens a step; fewer where the server sent fewer.

        Raises:
            ValueError: an answer without log-probabilities.
        """
        rows = self.top_logprobs.exp().tolist()
        return [list(zip(labels, row))[:count] for labels, row in zip(self.top_labels, rows)]

    def to_dict(self, *, alternatives: int = 5, logits: bool = False) -> dict[str, Any]:
        """Raise ValueError: the form of saved answers needs token ids.

        ``answers_from(..., file=...)`` keeps what a server sent, and ``pickle`` a `ServerAnswer`.
        """
        raise ValueError(
            f"{self.endpoint} sends no token ids, which the form of saved answers needs: keep its "
            "answers with answers_from(..., file='answers.jsonl'), or pickle them."
        )

    def refuse(self, name: str) -> NoReturn:
        """Raise ValueError: a server keeps this."""
        raise ValueError(
            f"{self.endpoint} sends no {name}, only log-probabilities (.token_logprobs, "
            ".top_logprobs): load the model here and use generate() or score() for what needs "
            f"{name}."
        )

    def _measured(self) -> "Evidence":
        if self.evidence is None:
            raise ValueError(
                f"this answer of {self.endpoint} has text only, no log-probabilities: ask with "
                "answers_from(..., top_logprobs=20)."
            )
        return self.evidence

    def _why_no_heat_map(self) -> str | None:
        return None if self.has_logprobs else "the server sent no log-probabilities"

    def __len__(self) -> int:
        return len(self.token_logprobs)

    def __repr__(self) -> str:
        tokens = f"{len(self)} tokens" if self.has_logprobs else "text only"
        return (
            f"ServerAnswer({self.text!r}, {tokens}, finish_reason={self.finish_reason!r}, "
            f"model={self.model!r})"
        )


@dataclass(frozen=True, eq=False)
class Evidence:
    """The numbers of a `ServerAnswer`, which describes them."""

    token_logprobs: Tensor  # (steps,)
    top_logprobs: Tensor  # (steps, k), nan where fewer came
    complete: Tensor  # (steps,)


def server_answer(
    prompt: Prompt,
    reply: Reply,
    *,
    endpoint: str,
    model: str,
    temperature: float,
    top_k: int | None,
    vocabulary_size: int | None,
) -> ServerAnswer:
    """Return a server's reply as an answer.

    Args:
        top_k: how many alternatives were asked for, or what the server sends at most where that is
            less; None where no log-probabilities were asked for.
    """
    steps = reply.steps if top_k is not None else None
    rows = [_likeliest(step, top_k or 0) for step in steps or []]
    evidence = None
    if steps is not None:
        evidence = _evidence(steps, top_k or 0, temperature)
    return ServerAnswer(
        prompt=prompt,
        text=reply.text,
        token_ids=_ABSENT,
        logits=_ABSENT,
        prompt_ids=_ABSENT,
        finish_reason=reply.finish_reason,
        tokenizer=None,
        endpoint=endpoint,
        model=model,
        temperature=temperature,
        token_labels=[step.written.label for step in steps or []],
        top_labels=[[entry.label for entry in row] for row in rows],
        vocabulary_size=vocabulary_size,
        evidence=evidence,
    )


def _likeliest(step: Step, count: int) -> list:
    """Return the likeliest tokens that a step's reply names, at most ``count``.

    A written token that is likelier than all of them is one of them.
    """
    entries = list(step.alternatives)
    if not entries or step.written.logprob > entries[0].logprob + SAME_NATS:
        entries = [step.written, *entries]
    return entries[:count]


def _evidence(steps: Sequence[Step], top_k: int, temperature: float) -> Evidence:
    top = torch.full((len(steps), top_k), torch.nan)
    for row, step in zip(top, steps):
        nats = [entry.logprob for entry in _likeliest(step, top_k)]
        row[: len(nats)] = torch.tensor(nats)
    return Evidence(
        token_logprobs=torch.tensor([step.written.logprob for step in steps]),
        top_logprobs=top,
        complete=torch.tensor(
            [_is_complete(step, top_k, temperature) for step in steps], dtype=torch.bool
        ),
    )


def _is_complete(step: Step, top_k: int, temperature: float) -> bool:
    """Return whether the first ``top_k`` alternatives are surely the likeliest tokens."""
    nats = [entry.logprob for entry in step.alternatives]
    if len(nats) < top_k or step.written.logprob > nats[0] + SAME_NATS:
        return False
    written_is_extra = len(nats) > top_k
    written_comes_before = step.written.logprob > nats[top_k - 1] + SAME_NATS
    return written_is_extra or written_comes_before or temperature == 0


# A `Generation` has these fields and a server keeps them. In the class body, properties of these
# names would be the fields' default values.
_ABSENT: Any = None


def _refusing(name: str, words: str) -> property:
    def read(answer: ServerAnswer) -> NoReturn:
        answer.refuse(words)

    def keep(answer: ServerAnswer, value: Any) -> None:
        vars(answer)[name] = value

    return property(read, keep, doc=f"Raise ValueError: a server keeps its {words}.")


for _name, _words in (
    ("logits", "logits"),
    ("token_ids", "token ids"),
    ("prompt_ids", "prompt token ids"),
):
    setattr(ServerAnswer, _name, _refusing(_name, _words))
