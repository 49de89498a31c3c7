"""Set a model's thinking apart from its answer: only what follows the thinking is an answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

NOT_CLOSED = "the thinking never ends, so there is no answer"
NOTHING_FOLLOWS = "nothing follows the thinking, so there is no answer"

# 1. Tags such as <think>, </think> and <seed:think>. A block is closed by a tag of its own family.
_FAMILIES = {
    "think": "think",
    "thinking": "think",
    "thought": "think",
    "thoughts": "think",
    "thought_process": "think",
    "reasoning": "reasoning",
    "reason": "reasoning",
    "reflection": "reflection",
    "scratchpad": "scratchpad",
    "analysis": "analysis",
    "rationale": "rationale",
    "inner_monologue": "inner monologue",
    "chain_of_thought": "chain of thought",
    "cot": "chain of thought",
}
_NAMES = "|".join(sorted(_FAMILIES, key=len, reverse=True))
_TAG = rf"(?:<|&lt;)\s?(/?)\s?(?:\w{{1,20}}:)?({_NAMES})\b[^<>&]{{0,80}}(?:>|&gt;)"

# 2. Marks of single model families: what opens a block, what closes it.
_PAIRS = [
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|think|>", "<|/think|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<|channel>thought", "<channel|>"),
    ("Here is my thought process:", "Here is my response:"),
]
_OPENING = {opening.lower(): opening for opening, _ in _PAIRS}
_CLOSING = {closing.lower(): opening for opening, closing in _PAIRS}
_LITERALS = "|".join(re.escape(mark) for pair in _PAIRS for mark in pair)
_MARK = re.compile(f"{_TAG}|{_LITERALS}", re.I)

# 3. Channels: <|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>
_CHANNEL = re.compile(r"<\|channel\|>\s?(\w{1,20})[^<\n]{0,80}(?:<\|message\|>)?")
_CHANNEL_END = re.compile(r"<\|(?:end|start|return|call)\|>")
# The same after a decoder has left out the special tokens: "analysisWe need...assistantfinalParis"
_BARE_CHANNEL = re.compile(r"\s{0,9}analysis(?=[A-Z\"'<]|.{0,2000}?assistantfinal)", re.S)
_BARE_FINAL = "assistantfinal"


@dataclass(frozen=True)
class SeparatedThinking:
    """A completion in two parts.

    Attributes:
        thinking: what stands inside the thinking blocks, joined by line breaks; "" without any.
        answer: everything else, or None when the thinking left no answer. A completion without
            thinking is its own answer, unchanged.
        problem: why ``answer`` is None, in words; None otherwise.
    """

    thinking: str
    answer: str | None
    problem: str | None = None


class _Mark(NamedTuple):
    start: int
    end: int
    family: str
    opens: bool


def separate_thinking(completion: str) -> SeparatedThinking:
    """Set the thinking of a completion apart from its answer.

    Thinking stands in tags (``<think>``, ``<thinking>``, ``<reasoning>``, ...), in the marks of
    single model families (``[THINK]``, ``<|channel|>analysis``, ...), or before a closing mark
    whose opening mark stands in the prompt. Blocks may be repeated and nested. A block that is
    never closed was cut off: what a model weighs there is not its answer, so there is none.

    The time grows in proportion to the length of the text.
    """
    if _CHANNEL.search(completion):
        thinking, answers = _split_channels(completion)
    elif _BARE_CHANNEL.match(completion):
        before, mark, after = completion.rpartition(_BARE_FINAL)
        thinking = [before or completion]
        answers = [after] if mark else None
    else:
        thinking, answers = _split_blocks(completion)
    return _as_result(thinking, answers)


def _as_result(thinking: list[str], answers: list[str] | None) -> SeparatedThinking:
    """Return the parts as a result; ``answers`` is None when the thinking never ends."""
    thought = "\n".join(thinking)
    if answers is None:
        return SeparatedThinking(thought, None, NOT_CLOSED)
    answer = "".join(answers)
    if thinking and not answer.strip():
        return SeparatedThinking(thought, None, NOTHING_FOLLOWS)
    return SeparatedThinking(thought, answer)


def _split_channels(completion: str) -> tuple[list[str], list[str] | None]:
    """Return what stands in other channels and what stands in the final one, None without one."""
    channels = list(_CHANNEL.finditer(completion))
    before = completion[: channels[0].start()]
    before = before.replace("<|start|>assistant", "").strip()
    thinking = [before] if before else []
    answers = []
    ends = [channel.start() for channel in channels[1:]] + [len(completion)]
    for channel, next_start in zip(channels, ends):
        message = _CHANNEL_END.split(completion[channel.end() : next_start], maxsplit=1)[0]
        if channel[1] == "final":
            answers.append(message)
        else:
            thinking.append(message)
    return thinking, answers or None


def _split_blocks(completion: str) -> tuple[list[str], list[str] | None]:
    """Return what stands in blocks and what stands outside, None when a block never ends."""
    thinking: list[str] = []
    outside: list[str] = []
    family = None  # of the block that is open
    depth = 0
    position = 0  # up to here everything is sorted
    for mark in _marks(completion):
        text = completion[position : mark.start]
        if family is None and mark.opens:
            outside.append(text)
            family = mark.family
            depth = 1
        elif family is None:  # the opening mark stands in the prompt, or was closed before
            thinking.append("".join(outside) + text)
            outside = []
        elif mark.family != family:
            continue
        elif mark.opens:
            is_repeated = not text.strip()  # the template opens the block, and so does the model
            depth += not is_repeated
            thinking.append(text)
        else:
            depth -= 1
            thinking.append(text)
            if depth == 0:
                family = None
        position = mark.end
    rest = completion[position:]
    if family is not None:
        return [*thinking, rest], None
    return thinking, [*outside, rest]


def _marks(completion: str) -> Iterator[_Mark]:
    for match in _MARK.finditer(completion):
        slash, name = match.groups()
        mark = match[0].lower()
        if name:
            yield _Mark(match.start(), match.end(), _FAMILIES[name.lower()], slash == "")
        elif mark in _OPENING:
            yield _Mark(match.start(), match.end(), _OPENING[mark], True)
        else:
            yield _Mark(match.start(), match.end(), _CLOSING[mark], False)
