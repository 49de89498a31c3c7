"""Lists of four words of which one or two belong to a category: our own multi-label set."""

import random
from typing import NamedTuple

WORDS = {
    "fruits": "apple banana cherry grape lemon peach pear plum",
    "animals": "dog cat horse cow lion tiger elephant sheep goat rabbit monkey",
    "colours": "red blue green yellow purple black white brown pink",
    "metals": "iron copper tin zinc lead aluminum nickel steel",
    "musical instruments": "piano guitar violin drum trumpet harp cello",
    "countries": "France Germany Spain Italy Japan China India Brazil Canada Egypt",
    "vehicles": "car bus truck train bicycle boat plane van",
    "pieces of furniture": "table chair bed desk shelf bench",
    "parts of the body": "arm leg head hand foot nose ear knee neck shoulder",
    "tools": "hammer saw drill shovel axe",
    "drinks": "water milk coffee tea juice beer wine",
    "clothes": "shirt hat coat dress shoes jacket socks",
}
LISTED = 4


class WordChoice(NamedTuple):
    """Four words, of which those in ``right`` belong to the category."""

    category: str
    words: tuple[str, ...]
    right: frozenset[str]


def word_choices(count: int, *, seed: int = 0) -> list[WordChoice]:
    """Return `count` lists of four words, drawn at random; every second has two right words.

    The other words come from as many other categories. No list is drawn twice.

    Raises:
        ValueError: a count below 1.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}.")
    chance = random.Random(seed)
    found: dict[tuple[str, frozenset[str]], WordChoice] = {}
    while len(found) < count:
        drawn = _draw(chance, n_right=1 + len(found) % 2)
        found.setdefault((drawn.category, frozenset(drawn.words)), drawn)
    return list(found.values())


def _draw(chance: random.Random, n_right: int) -> WordChoice:
    category = chance.choice(list(WORDS))
    right = chance.sample(WORDS[category].split(), n_right)
    others = [name for name in WORDS if name != category]
    wrong = [
        chance.choice(WORDS[other].split()) for other in chance.sample(others, LISTED - n_right)
    ]
    words = right + wrong
    chance.shuffle(words)
    return WordChoice(category, tuple(words), frozenset(right))
