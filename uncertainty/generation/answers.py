"""A `Generation`: an answer together with the raw logits it was written from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from torch import Tensor

from .prompts import Prompt
from .saved_answers import answer_record, generation_arguments
from .tokens import token_labels


@dataclass(eq=False, repr=False)
class Generation:
    """An answer with its evidence. In a notebook it shows itself as a token heat map.

    Attributes:
        prompt: what was asked, before the chat template.
        text: the answer, decoded, without special tokens.
        token_ids: ``(steps,)`` the answer's tokens, without the end-of-sequence token.
        logits: ``(steps, vocabulary)`` raw float32 on the CPU; row t is the distribution that token
            t was drawn from. An answer that was saved without them and read again raises ValueError
            here.
        prompt_ids: ``(prompt,)`` what the model really read.
        finish_reason: "stop" (end of sequence), "length" (ran into max_new_tokens) or "given"
            (scored, not generated).
        tokenizer: what turned text into token ids. In an answer that was read from a file without
            its tokenizer, the labels that the file holds.
        states: ``(depths, steps, width)`` on the CPU, float32 (float16 of a float16 model), with
            ``keep=["states"]``, else None. Depths are those of `logit_lens`: row 0 is the
            embedding, the last row enters the final norm. Column t is the state that token t was
            predicted from, as ``logits[t]`` is.
        attentions: ``(layers, heads, steps, positions)``, the same kind of numbers, with
            ``keep=["attentions"]``, else None. Row t says where token t of the answer itself looks,
            one step later than the state it was predicted from: the last ``steps`` positions are
            the answer's tokens, and each row sums to 1.

    Neither states nor attentions are saved by `to_dict`.
    """

    prompt: Prompt
    text: str
    token_ids: Tensor
    logits: Tensor  # None can be passed: an answer that was saved without them
    prompt_ids: Tensor
    finish_reason: str
    tokenizer: Any
    states: Tensor | None = field(default=None, kw_only=True)
    attentions: Tensor | None = field(default=None, kw_only=True)

    @property
    def tokens(self) -> list[str]:
        """The answer's tokens as readable labels, one a step."""
        return token_labels(self.tokenizer, self.token_ids)

    def to_dict(self, *, alternatives: int = 5, logits: bool = False) -> dict[str, Any]:
        """Return the answer as plain Python values that JSON can hold.

        Keys: ``format_version``, ``prompt``, ``text``, ``prompt_ids``, ``finish_reason``,
        ``vocabulary_size`` and ``tokens``. Each token has its ``text`` (label), ``id``,
        ``probability``, ``surprisal`` in nats (None where it is infinite) and ``alternatives``, the
        likeliest tokens with ``text``, ``id`` and ``probability``, likeliest first.

        Args:
            alternatives: how many alternatives are kept for every token.
            logits: keep the raw logits, too, bit for bit: base64 of little-endian float32, 5.3
                bytes for each step and each token of the vocabulary. Without them the answer that
                `from_dict` returns cannot be measured.

        Raises:
            ValueError: alternatives below 0, logits that are no distribution, or an answer that was
                itself saved without its logits.
        """
        return answer_record(self, alternatives=alternatives, with_logits=logits)

    def to_json(self, *, alternatives: int = 5, logits: bool = False) -> str:
        """Return `to_dict` as JSON text."""
        record = self.to_dict(alternatives=alternatives, logits=logits)
        return json.dumps(record, allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], tokenizer: Any = None) -> "Generation":
        """Return the answer that `to_dict` saved.

        Args:
            tokenizer: the one that the answer was written with. Without it the labels in ``data``
                serve, which cover the answer's tokens and the alternatives that were kept.

        Raises:
            ValueError: data that `to_dict` did not make or that contradicts itself, or another
                tokenizer.
        """
        return cls(**generation_arguments(data, tokenizer))

    @classmethod
    def from_json(cls, text: str, tokenizer: Any = None) -> "Generation":
        """Return the answer that `to_json` saved; as `from_dict`.

        Raises:
            ValueError: text that is not JSON; else as `from_dict`.
        """
        try:
            data = json.loads(text)
        except ValueError as error:
            raise ValueError(f"not a saved answer: the text is not JSON ({error}).") from error
        return cls.from_dict(data, tokenizer)

    def __len__(self) -> int:
        return len(self.token_ids)

    def __repr__(self) -> str:
        return (
            f"Generation({self.text!r}, {len(self)} tokens, finish_reason={self.finish_reason!r})"
        )

    def _repr_html_(self) -> str:
        reason = self._why_no_heat_map()
        if reason is not None:
            return f"<p>{escape(self.text)}</p><p>(No heat map: {reason}.)</p>"
        from ..plotting.heatmap import token_heatmap_html  # only when a notebook shows the answer

        return token_heatmap_html(self)

    def _why_no_heat_map(self) -> str | None:
        return "saved without its logits" if vars(self)["logits"] is None else None


def _read_logits(answer: Generation) -> Tensor:
    """Return the raw logits, ``(steps, vocabulary)`` float32 on the CPU.

    Raises:
        ValueError: an answer that was saved without its logits and read again.
    """
    logits = vars(answer)["logits"]
    if logits is None:
        raise ValueError(
            "this answer was saved without its logits: use to_dict(logits=True) "
            "or to_json(logits=True) when you save it."
        )
    return logits


def _keep_logits(answer: Generation, logits: Tensor | None) -> None:
    vars(answer)["logits"] = logits


# The field `logits` is also a property, which refuses to read what was not saved. In the class body
# the decorator would take it for the field's default value, and a type checker for another type.
setattr(Generation, "logits", property(_read_logits, _keep_logits))  # noqa: B010
