"""Questions in which two causes of doubt vary apart: how many answers are valid, what is known.

Nine domains with twelve subjects of each level. The same subjects stand in a question with one
valid answer ("the capital of France") and in one with many ("a city in France"); each question is
asked in the same three wordings. Written for this course, under its licence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .questions import read_json_lines

LEVELS = ("known", "little-known", "invented")
OPENNESS = ("one", "many")
WORDINGS = ("Name {}.", "What is {}?", "Please give {}.")


@dataclass(frozen=True)
class FactorItem:
    """One subject asked about in one way, in all wordings.

    Attributes:
        id: domain, level, number of the subject and openness.
        domain: such as "countries".
        level: "known", "little-known" or "invented".
        openness: "one" for one valid answer, "many" for many.
        subject: such as "France".
        asked: what is asked for, such as "the capital of France".
        questions: `asked` in each of the `WORDINGS`.
        answers: the right answers, the usual one first; empty for "many" and for "invented".
    """

    id: str
    domain: str
    level: str
    openness: str
    subject: str
    asked: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]


def load_two_factors() -> list[FactorItem]:
    """Return all items, domain by domain: 9 domains x 3 levels x 12 subjects x 2 kinds."""
    items = []
    for row in read_json_lines("two_factors.jsonl"):
        for level in LEVELS:
            for number, subject in enumerate(row[level], start=1):
                for openness in OPENNESS:
                    items.append(_item(row, level, number, subject, openness))
    return items


def _item(row: dict, level: str, number: int, subject: str, openness: str) -> FactorItem:
    asked = row[openness].format(subject)
    has_answers = level != "invented" and openness == "one"
    return FactorItem(
        id=f"{row['domain']}-{level}-{number:02}-{openness}",
        domain=row["domain"],
        level=level,
        openness=openness,
        subject=subject,
        asked=asked,
        questions=tuple(wording.format(asked) for wording in WORDINGS),
        answers=tuple(row[level][subject]) if has_answers else (),
    )


@dataclass(frozen=True)
class PlantedFact:
    """A statement with its right ending and with a wrong one, which is right for another subject.

    Attributes:
        id: of the `FactorItem` it is made from.
        domain: such as "countries".
        level: "known" or "little-known".
        before: such as "The capital of France is".
        right: the ending that makes it true, such as " Paris.".
        wrong: the right ending of another subject of the same domain and level.
    """

    id: str
    domain: str
    level: str
    before: str
    right: str
    wrong: str


def load_planted_facts() -> list[PlantedFact]:
    """Return a pair of statements for each subject that has a right answer, 9 x 2 x 12 pairs.

    Within a domain and level the wrong endings are the right ones in another order (`swapped`), so
    each ending is right as often as it is wrong: no ending is rarer on the one side.
    """
    items = [item for item in load_two_factors() if item.answers]
    groups: dict[tuple[str, str], list[FactorItem]] = {}
    for item in items:
        groups.setdefault((item.domain, item.level), []).append(item)
    return [fact for group in groups.values() for fact in _planted(group)]


def swapped(answers: Sequence[tuple[str, ...]], *, seed: int = 0) -> list[int]:
    """Return an order in which no answer takes a place where it would be right.

    Args:
        answers: for each question its right answers, the usual one first.
        seed: of the shuffling.

    Returns:
        For each question the number of the question whose usual answer it gets.

    Raises:
        ValueError: no such order was found in 10,000.
    """
    random = Random(seed)
    order = list(range(len(answers)))
    for _ in range(10_000):
        random.shuffle(order)
        if all(answers[other][0] not in answers[place] for place, other in enumerate(order)):
            return order
    raise ValueError(f"no order of these answers is wrong everywhere: {list(answers)}.")


def _planted(group: list[FactorItem]) -> list[PlantedFact]:
    order = swapped([item.answers for item in group])
    facts = []
    for item, other in zip(group, order):
        before = f"{item.asked[0].upper()}{item.asked[1:]} is"
        right = f" {item.answers[0]}."
        wrong = f" {group[other].answers[0]}."
        facts.append(PlantedFact(item.id, item.domain, item.level, before, right, wrong))
    return facts
