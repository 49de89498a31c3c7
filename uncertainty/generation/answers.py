"""A `Generation`: an answer together with the raw logits it was written from."""

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from .prompts import Prompt
from .tokens import token_labels


@dataclass(eq=False)
class Generation:
    """An answer with its evidence. In a notebook it shows itself as a token heat map.

    Attributes:
        prompt: what was asked, before the chat template.
        text: the answer, decoded, without special tokens.
        token_ids: ``(steps,)`` the answer's tokens, without the end-of-sequence token.
        logits: ``(steps, vocabulary)`` raw float32 on the CPU; row t is the distribution token t was drawn from.
        prompt_ids: ``(prompt,)`` what the model really read.
        finish_reason: "stop" (end of sequence), "length" (ran into max_new_tokens) or "given" (scored, not generated).
    """

    prompt: Prompt
    text: str
    token_ids: Tensor
    logits: Tensor
    prompt_ids: Tensor
    finish_reason: str
    tokenizer: Any = field(repr=False)

    @property
    def tokens(self) -> list[str]:
        """The answer's tokens as readable labels, one a step."""
        return token_labels(self.tokenizer, self.token_ids)

    def __len__(self) -> int:
        return len(self.token_ids)

    def __repr__(self) -> str:
        return (
            f"Generation({self.text!r}, {len(self)} tokens, finish_reason={self.finish_reason!r})"
        )

    def _repr_html_(self) -> str:
        from ..plotting.heatmap import token_heatmap_html  # only when a notebook shows the answer

        return token_heatmap_html(self)
