"""The model that the lessons look at, and its depths in place of the default model's."""

import os

from ..architecture.parts import model_parts
from ..loading.pinned_files import DEFAULT
from ..neurons.geometry import geometry

PLAIN_TEMPLATE = (
    "{{ bos_token or '' }}"
    "{% for message in messages %}"
    "{{ message['role'] | capitalize }}: {{ message['content'] }}"
    "{% if not (loop.last and message['role'] == 'assistant') %}{{ '\\n' }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)
DEFAULT_BLOCKS = 30  # of the default model, for which the lessons chose their depths


class LessonStopsError(ValueError):
    """A lesson cannot go on with this model; Jupyter shows the sentence and no traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def lesson_model() -> str:
    """Return the name of the model that the lessons load: "smollm2-135m", or another one.

    The environment variable UNCERTAINTY_MODEL names another: anything that `load_model` takes. A
    name that it does not know is refused there.
    """
    return os.environ.get("UNCERTAINTY_MODEL", DEFAULT)


def use_plain_template(tokenizer) -> None:
    """Give a tokenizer without a chat template (a base model's) a plain one, and print that.

    It writes a line for each message, "User: ..." or "Assistant: ...", and begins the reply.
    A tokenizer with a template stays as it is.
    """
    if tokenizer.chat_template:
        return
    tokenizer.chat_template = PLAIN_TEMPLATE
    print(
        "This model has no chat template (a base model): it reads a conversation as plain lines, "
        '"User: ..." and "Assistant:".'
    )


def scaled_depth(model, depth: int) -> int:
    """Return the depth that stands in this model where ``depth`` stands in one of 30 blocks.

    It is depth * blocks / 30, rounded: 0 is the embedding, 30 becomes the last depth.

    Raises:
        ValueError: a depth below 0 or above 30; a model that `model_parts` refuses.
    """
    if not 0 <= depth <= DEFAULT_BLOCKS:
        raise ValueError(
            f"a depth of the default model lies between 0 and {DEFAULT_BLOCKS}, got {depth}."
        )
    return round(depth * len(model_parts(model).blocks) / DEFAULT_BLOCKS)


def scaled_depths(model, *depths: int) -> list[int]:
    """Return these depths of a model of 30 blocks as depths of this one, each once, rising.

    A model with fewer blocks may have fewer of them: 5, 10 and 20 are 0 and 1 where there are two
    blocks.

    Raises:
        ValueError: as `scaled_depth`.
    """
    return sorted({scaled_depth(model, depth) for depth in depths})


def needs_geometry(model) -> None:
    """Stop a lesson about the last layer's geometry on a model that has none.

    Raises:
        LessonStopsError: with the reason why `geometry` refuses this model. "Run all" ends there.
    """
    try:
        geometry(model)
    except ValueError as refusal:
        raise LessonStopsError(
            f"The lesson stops here for this model. {refusal} Load another one above, such as "
            f'"{DEFAULT}" or "tiny".'
        ) from None
