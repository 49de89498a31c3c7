"""Our own multiple-choice questions, and four ways to ask them."""

import json
from dataclasses import dataclass
from importlib.resources import files

LETTERS = "ABCD"
CHOICE_STYLES = {
    "base": "",
    "instruct": "The following is a multiple choice question. Reply only with the correct option.",
    "humble": "The following is a multiple choice question. Reply only with the correct option. "
    "If you are unsure about the answer, reply with a completely random option.",
    "thinking": "The following is a multiple choice question. Reply with a short explanation of "
    "one phrase, THEN the correct option.",
}


@dataclass(frozen=True)
class Choice:
    """A question with four options, one of them right.

    Attributes:
        id: "choice", then category and number of the question in `load_questions`.
        kind: what the options are ("capitals", "years", ...); the wrong ones are of the same kind.
        question: the question itself.
        options: the four options, in the order of the letters A to D.
        answer: the letter of the right option.
    """

    id: str
    kind: str
    question: str
    options: tuple[str, ...]
    answer: str


def load_choices() -> list[Choice]:
    """Return the multiple-choice questions; each letter is right equally often.

    They are made from the questions with one right answer. The wrong options are right answers to
    other questions of the same kind, or numbers near the right one; their order was shuffled once.
    """
    path = files("uncertainty") / "data" / "choices.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Choice(**row | {"options": tuple(row["options"])}) for row in rows]


def choice_prompt(choice: Choice, style: str = "base") -> str:
    """Return the prompt for a multiple-choice question in one of `CHOICE_STYLES`.

    The four styles follow the reference code of Entropy-Lens (arXiv 2502.16570), without the
    subject, which our questions do not have.

    Raises:
        ValueError: there is no such style.
    """
    if style not in CHOICE_STYLES:
        raise ValueError(f"unknown style {style!r}; choose one of {', '.join(CHOICE_STYLES)}")
    options = [f"{letter}. {option}\n" for letter, option in zip(LETTERS, choice.options)]
    question = f"Question: {choice.question}\n\nChoices:\n{''.join(options)}"
    instruction = CHOICE_STYLES[style]
    opening = f"{instruction}\n\n" if instruction else ""
    ending = "Explanation:" if style == "thinking" else "\nAnswer:"
    return f"{opening}{question}{ending}"
