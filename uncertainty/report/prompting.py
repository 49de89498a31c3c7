"""How a model of any kind is asked for a short answer, with the lessons' own prompt where it can.

A model without a chat template (a base model) continues a text in which two questions are answered
already, and its answer ends with the line. All functions of the course then work unchanged, since
the text is written by a chat template of ours.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from jinja2 import TemplateError

from .._inputs import context_length
from ..course.answer_runs import LIMIT, SHORT, short_prompt
from ..data.questions import Question
from ..generation.chat_templates import unread_variables
from ..generation.prompts import Prompt, prompt_token_ids
from .file_text import QuestionsFault

# Two questions that the course does not ask.
WORKED_EXAMPLES = (
    "Question: In which country is Pisa?\\nAnswer: Italy\\n\\n"
    "Question: How many days does a week have?\\nAnswer: seven\\n\\n"
)
BASE_TEMPLATE = (
    "{{ BEGIN }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}{{ '\\n\\n EXAMPLES' }}"
    "{% elif message['role'] == 'user' %}{{ 'Question: ' + message['content'] + '\\n' }}"
    "{% else %}{{ 'Answer: ' + message['content'] + '\\n\\n' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Answer:' }}{% endif %}"
).replace(" EXAMPLES", WORKED_EXAMPLES)
NO_THINKING = "{% set enable_thinking = false %}"


@dataclass(frozen=True)
class Asker:
    """A model with the tokenizer that it is asked through, and what is special about that.

    Attributes:
        tokenizer: the model's own, or a copy with another chat template.
        merges_instruction: whether the instruction goes into the question, since the chat template
            knows no system message.
        ends_with_line: whether an answer ends where its line does.
        notes: sentences for the reader of the report.
    """

    model: Any
    tokenizer: Any
    merges_instruction: bool
    ends_with_line: bool
    notes: tuple[str, ...]

    def prompt(self, question: Question) -> Prompt:
        """Return the lessons' `short_prompt`, in the form that this model reads."""
        if not self.merges_instruction:
            return short_prompt(question)
        return [{"role": "user", "content": f"{SHORT['content']}\n\n{question.question}"}]

    @contextmanager
    def asking(self) -> Iterator[None]:
        """End answers of a base model with their line, inside the context."""
        if not self.ends_with_line:
            yield
            return
        settings = self.model.generation_config
        before = settings.eos_token_id
        ends = before if isinstance(before, list | tuple) else [before]
        known = [token for token in ends if token is not None]
        settings.eos_token_id = sorted({*known, *line_end_ids(self.tokenizer)})
        try:
            yield
        finally:
            settings.eos_token_id = before


def asker(model, tokenizer) -> Asker:
    """Return how this model is asked."""
    notes = []
    is_base = not tokenizer.chat_template
    if is_base:
        notes.append(
            "The model has no chat template, so it is a base model: it continues a text with two "
            "answered questions, and an answer ends with its line."
        )
        tokenizer = _with_template(tokenizer, _base_template(tokenizer))
    elif not unread_variables(tokenizer.chat_template, ["enable_thinking"]):
        notes.append("The chat template can let the model think first; that is switched off.")
        tokenizer = _with_template(tokenizer, NO_THINKING + tokenizer.chat_template)
    merges_instruction = not is_base and not _reads_system_message(tokenizer)
    if merges_instruction:
        notes.append(
            "The chat template knows no system message: the instruction is in the question."
        )
    return Asker(model, tokenizer, merges_instruction, is_base, tuple(notes))


def require_room(asking: Asker, questions: Sequence[Question]) -> None:
    """Refuse questions that leave the model no room for an answer, each by its name.

    Raises:
        QuestionsFault: a question that is too long.
    """
    limit = context_length(asking.model)
    if limit is None:
        return
    too_long = []
    for question in questions:
        length = len(prompt_token_ids(asking.tokenizer, asking.prompt(question)))
        if length + LIMIT - 1 > limit:
            too_long.append(
                f"  {question.id}: {length} tokens with the instruction, and {limit - LIMIT + 1} "
                "would fit."
            )
    if too_long:
        name = type(asking.model).__name__
        count = "1 question is" if len(too_long) == 1 else f"{len(too_long)} questions are"
        lines = [f"{count} too long for this {name}; nothing was asked."]
        raise QuestionsFault("\n".join(lines + too_long[:20]))


def line_end_ids(tokenizer) -> list[int]:
    """Return the ids of all tokens that hold the end of a line."""
    ids = torch.arange(len(tokenizer))[:, None]
    texts = tokenizer.batch_decode(ids)
    return [token for token, text in enumerate(texts) if "\n" in text]


def _with_template(tokenizer, template: str):
    changed = copy.copy(tokenizer)
    changed.chat_template = template
    return changed


def _base_template(tokenizer) -> str:
    begins = tokenizer("a").input_ids[:1] == [tokenizer.bos_token_id]
    beginning = "bos_token" if begins else "''"
    return BASE_TEMPLATE.replace("BEGIN", beginning)


def _reads_system_message(tokenizer) -> bool:
    """Return whether the template takes a system message, and shows it to the model."""
    conversation = [SHORT, {"role": "user", "content": "?"}]
    try:
        text = tokenizer.apply_chat_template(conversation, tokenize=False)
    except (TemplateError, ValueError):
        return False
    return SHORT["content"] in text
