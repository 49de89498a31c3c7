"""What a completion gives as its answer, taken out of its wrapping.

Wrappings are thinking, JSON, tags, boxes, code fences, labels such as "Answer:", and a conversation
that the model went on with by itself.
"""

import json
import re
from typing import Any, NamedTuple

from .._thinking import separate_thinking
from ._letters import same_signs

ALTERNATIVE = " or "  # between several answers that a wrapper holds

# 1. Where a completion ends, though the text goes on.
_END_OF_TURN = re.compile(
    r"<\|?(?:im_end|im_start|end|eot_id|eom_id|endoftext|end_of_text|assistant|user)\|?>"
    r"|</s>|<eos>|<end_of_turn>|\[/?INST\]|<\|END_OF_TURN_TOKEN\|>"
)
_NEXT_QUESTION = re.compile(
    r"\n[ *#>]{0,6}(?:question|q|user|human|instruction|problem)(?: \d{1,3})?[ *]{0,3}:", re.I
)

# 2. Structured answers.
_NAMES = "final_?answer|answer|final|response|result|output|solution|prediction|value|ans"
_KEY = re.compile(_NAMES, re.I)
_JSON_PAIR = re.compile(
    rf"""["'](?:{_NAMES})["']\ ?:\s?
        (?: "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>(?:[^'\\]|\\.)*)'
            | (?P<bare>[^\s"'\[\]{{}},][^"\[\]{{}},\n]*) )
    """,
    re.I | re.X,
)
_OPENING_TAG = re.compile(rf"<\s?(?P<name>{_NAMES})\s?>", re.I)
_BOX = re.compile(r"\\(?:boxed|fbox)\s?\{")

# 3. Markup around words.
_FENCE = re.compile(r"```[\w+-]{0,20}(?=\n)|```")
_TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,80}>")
_STRUCK_OUT = re.compile(r"~~[^~\n]{1,200}~~")
_LINK = re.compile(r"!?\[([^\[\]\n]{1,200})\]\([^()\s]{1,500}\)")
_CITATION = re.compile(r"(?<=\w) ?\[\d{1,3}\]")
_TABLE_LINE = re.compile(r"^\|?[ :|-]{3,}\|?$", re.M)
_FRACTION = re.compile(r"\\[dtc]?frac\s?\{([^{}]{1,50})\}\s?\{([^{}]{1,50})\}")
_LATEX_SIGNS = {
    **{r"\times": " × ", r"\cdot": " × ", r"\div": " ÷ ", r"\pi": " pi ", r"\degree": "° "},
    **{r"^\circ": "° ", r"^{\circ}": "° ", r"\approx": " ≈ ", r"\infty": " infinity "},
    **{r"\%": "%", r"\$": "$", r"\&": "&", r"\#": "#", r"\_": "_", r"\,": " ", r"{,}": ","},
    **{r"\pm": " ± ", r"\mu": " μ ", r"\neq": " not ", r"\ne ": " not ", r"\ ": " ", r"\\": " "},
    **{r"\(": " ", r"\)": " ", r"\[": " ", r"\]": " "},
}
_LATEX_SIGN = re.compile(
    "|".join(re.escape(sign) for sign in sorted(_LATEX_SIGNS, key=len, reverse=True))
)
_LATEX_COMMAND = re.compile(r"\\[a-zA-Z]{1,20}")
_EMPHASIS = re.compile(
    r"\*{1,3}(?=[^\s*])|(?<=[^\s*])\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)"
)
_LINE_OPENING = re.compile(r"^(?:[>#*+•‣◦▪–-]{1,6} ){1,4}", re.M)

# 4. "Answer:", at the beginning of a line.
_LANGUAGES = (
    "réponse|antwort|respuesta|risposta|resposta|antwoord|svar|vastaus|odpowiedź|odpověď|cevap|"
    "ответ|відповідь|答案|回答|答|答え|정답|답변|답|उत्तर|الجواب|الإجابة"
)
_PHRASES = "(?:sum|difference|product|quotient|result|same|number|name|one|following|word)"
_LABEL = re.compile(
    rf"""(?:^ | (?<=[.!?]\ )(?=(?:\w+,?\ )?(?:the|my)\ )) [\s"'(\[|]{{0,4}} (?:assistant\ ?:\ ?)?
        (?:(?:so|thus|hence|therefore|in\ conclusion|conclusion),?\ )?
        (?:(?:the|my|our|here\ is\ the)\ )?
        (?:(?:final|correct|right|best|short|exact|most\ likely|likely|direct)\ ){{0,2}}
        (?: (?:answer|ans|response|result|solution|output|reply|conclusion|{_LANGUAGES})
            (?:\ \([^()\n]{{0,40}}\))? [\s"')\]]{{0,3}}
            (?: is\ ?: | : | = | -(?=\ ) | –(?!\d) | \| | \n(?!\n)
                | \ is\b(?=.{{0,60}}$)(?!\ the\ {_PHRASES}\b) ) )
        [\s|]{{0,3}}
    """,
    re.I | re.X | re.M,
)
_OPENING = re.compile(r"sure|certainly|of course|okay|ok|yes|well|great question|absolutely", re.I)
MOST_OBJECTS = 3  # in braces that are tried as JSON
MOST_JSON = 4000  # characters in which they may begin
MOST_WORDS_REPEATED = 4  # of an answer that is given under two labels
_DENIED = re.compile(r"(?:\bnot|n't|\bnever)\W{0,6}$", re.I)  # right before a box or a tag
_GSM8K = re.compile(r"^#### ?(?=[-+$€£]?\d)", re.M)
_SPEAKER = re.compile(r"^\s{0,2}(?:assistant|ai|bot|model|chatbot|ai assistant) ?: ?", re.I)
_COPIED_QUESTION = re.compile(r"^\s{0,2}(?:question|q) ?: ?[^\n?]{1,500}\??\n", re.I)


class StatedAnswer(NamedTuple):
    """The text that is graded, and what was said before it."""

    text: str
    before: str = ""
    problem: str | None = None


def stated_answer(completion: str) -> StatedAnswer:
    """Return what a completion states as its answer, without wrapping and with plain signs.

    Where there is a label such as "Answer:", a box, a tag or a JSON field, only what it holds is
    the answer. Several of them are joined by "or", unless they are equal.
    """
    # 1. no thinking, no further turns
    separated = separate_thinking(completion)
    if separated.answer is None:
        return StatedAnswer("", problem=separated.problem)
    written = _FENCE.sub("", separated.answer)
    text = one_turn(_same_whitespace(same_signs(written)))

    # 2. a field of a structure, and in it what follows a label
    fields = _json_fields(one_turn(written)) or _json_fields(text)
    fields = [same_signs(field) for field in fields] or _tagged(text) or _boxed(text)
    if fields:
        texts = [_labelled(without_markup(one_turn(field))).text.strip() for field in fields]
        return StatedAnswer(ALTERNATIVE.join(dict.fromkeys(texts)))
    return _labelled(without_markup(text))


def _labelled(text: str) -> StatedAnswer:
    """Return what follows the last label, such as "Answer:"; the whole text without one.

    Where an earlier label holds another short answer, both are given.
    """
    text = _COPIED_QUESTION.sub("", _SPEAKER.sub("", text, count=1), count=1)
    text = _SPEAKER.sub("", text, count=1)
    labels = [label for label in _LABEL.finditer(text) if text[label.end() :].strip()]
    if not labels:
        return StatedAnswer(text)
    ends = [label.start() for label in labels[1:]] + [len(text)]
    parts = [text[label.end() : end].strip() for label, end in zip(labels, ends)]
    last = parts.pop()
    starts = [re.split(r"\n|[.!?](?= |$)", part, maxsplit=1)[0] for part in [*parts, last]]
    plain = [start.strip(" \"'") for start in starts]
    others = [part for part in plain[:-1] if 0 < len(part.split()) <= MOST_WORDS_REPEATED]
    others = [part for part in others if part != plain[-1] and not _OPENING.fullmatch(part)]
    stated = ALTERNATIVE.join([*dict.fromkeys(others), plain[-1]]) if others else last
    return StatedAnswer(stated, before=text[: labels[0].start()])


def one_turn(text: str) -> str:
    """Return the first turn only: models go on with a question of their own."""
    text = text.lstrip()
    while (mark := _END_OF_TURN.match(text)) is not None:
        text = text[mark.end() :].lstrip()
    text = _END_OF_TURN.split(text, maxsplit=1)[0]
    return _NEXT_QUESTION.split(text, maxsplit=1)[0]


def without_markup(text: str) -> str:
    """Return the text without Markdown, HTML and LaTeX; what is struck out goes."""
    text = _FENCE.sub("", text)
    text = _TAG.sub("", text)
    text = _STRUCK_OUT.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _CITATION.sub("", text)
    text = _TABLE_LINE.sub("", text)
    text = _FRACTION.sub(r" \1/\2 ", text)
    text = _LATEX_SIGN.sub(lambda sign: _LATEX_SIGNS[sign[0]], text)
    text = _LATEX_COMMAND.sub(" ", text)
    text = re.sub(r"\^\{([^{}]{1,20})\}", r"^\1", text)
    text = _EMPHASIS.sub("", text)
    text = _GSM8K.sub("Answer: ", text)
    text = _LINE_OPENING.sub("", text)
    text = re.sub(r"[`{}\\]|\$(?=[^$\n]{1,200}\$)|(?<=[^\s$])\$", " ", text)
    return _same_whitespace(text)


def _same_whitespace(text: str) -> str:
    """Return the text with one space between words and at most one empty line."""
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text)


def _json_fields(text: str) -> list[str]:
    """Return the answers in a JSON object or list, or in something that looks like one."""
    plain = text.strip()
    starts = [0] if plain[:1] == "[" else [m.start() for m in re.finditer("{", plain[:MOST_JSON])]
    for start in starts[:MOST_OBJECTS]:
        found = _answers_of(_first_value(plain[start:]))
        if found:
            return found
    pairs = _JSON_PAIR.finditer(plain) if "{" in plain else ()
    return [pair["double"] or pair["single"] or pair["bare"] or "" for pair in pairs]


def _first_value(text: str) -> Any:
    """Return the JSON value that a text begins with, objects as lists of pairs; else None."""
    double_quoted = re.sub(r"(?<![^\W\d_])'|'(?![^\W\d_])", '"', text)
    decoder = json.JSONDecoder(object_pairs_hook=list)
    for variant in (text, double_quoted):
        try:
            return decoder.raw_decode(variant)[0]
        except (ValueError, RecursionError):
            continue
    return None


def _answers_of(value: Any) -> list[str]:
    """Return the texts under a key such as "answer"; of one pair or a list of texts, all."""
    if not isinstance(value, list) or not value:
        return []
    pairs = [item for item in value if isinstance(item, tuple)]
    named = [item for key, item in pairs if _KEY.fullmatch(str(key).replace(" ", "_"))]
    if named or len(pairs) == 1:
        return [text for item in named or [pairs[0][1]] for text in _texts(item)]
    return [] if pairs else _texts(value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return _answers_of(value) if _is_object(value) else [t for v in value for t in _texts(v)]
    if value is None:
        return []
    return [json.dumps(value) if isinstance(value, (bool, int, float)) else str(value)]


def _is_object(value: list) -> bool:
    return bool(value) and isinstance(value[0], tuple)


def _tagged(text: str) -> list[str]:
    """Return what stands between tags such as <answer> and </answer>; the last may be open."""
    fields = []
    position = 0
    lower = text.lower()
    while (opening := _OPENING_TAG.search(text, position)) is not None:
        end = lower.find(f"</{opening['name'].lower()}", opening.end())
        position = len(text) if end < 0 else end
        fields.append(_denied(text, opening.start()) + text[opening.end() : position])
    return [field for field in fields if field.strip()]


def _denied(text: str, start: int) -> str:
    """Return "not " for a field in "It is not <answer>Paris</answer>"."""
    return "not " if _DENIED.search(text[max(start - 12, 0) : start]) else ""


def _boxed(text: str) -> list[str]:
    """Return what stands in \\boxed{...}, up to the brace that closes it."""
    fields = []
    end = 0
    for box in _BOX.finditer(text):
        if box.start() < end:
            continue  # a box in a box
        end = _closing_brace(text, box.end())
        fields.append(_denied(text, box.start()) + text[box.end() : end])
    return [field for field in fields if field.strip()]


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for position in range(start, len(text)):
        depth += (text[position] == "{") - (text[position] == "}")
        if depth == 0:
            return position
    return len(text)
