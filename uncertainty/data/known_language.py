"""A tiny language in which the distribution of every next token is known.

Ring Island has 32 houses along a ring road and 96 islanders, each with a home. A sentence says who
does what at which house::

    BOS islander verb house .

A verb has a reach: its sentences name one of the ``reach`` houses from the islander's home on,
clockwise, each equally likely. So the verb alone sets the entropy, and the islander alone sets how
much a reader of the sentences can know about it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

HOUSES = 32
REACH = {"sleeps": 1, "works": 2, "shops": 4, "visits": 8, "walks": 16}
VERBS = tuple(REACH)
FREQUENCIES = ("often", "rare", "never")
BOS, STOP = 0, 1

_FIRST_HOUSE = 2
_FIRST_VERB = _FIRST_HOUSE + HOUSES
_FIRST_NAME = _FIRST_VERB + len(VERBS)
_CONSONANTS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t")
_ENDINGS = ("lo", "ri", "na", "mu", "ke", "sa", "do", "ti")
_VOWELS = ("a", "e")


@dataclass(frozen=True)
class Context:
    """An islander and a verb: what stands before a house.

    Attributes:
        name: of the islander.
        verb: one of `VERBS`.
        seen: how often the sentences have this pair: "often"; "rare"; "never", where they do not
            have the islander at all; "withheld", where they have the islander often and the verb
            often, and never together.
        token_ids: ``(BOS, name, verb)``.
        home: number of the islander's house.
    """

    name: str
    verb: str
    seen: str
    token_ids: tuple[int, int, int]
    home: int


@dataclass(frozen=True)
class KnownLanguage:
    """The language: who lives where, who is spoken of how often, how reliable the sentences are.

    A third of the islanders is spoken of often, a third rarely, a third never. In each third one
    islander lives in each house. An islander spoken of often has one verb that is withheld.

    Attributes:
        rare_share: the share of sentences about the islanders spoken of rarely.
        noise: the share of sentences that name any of the 32 houses instead. They are part of the
            language: the true distribution has them.
        seed: of the homes.

    Raises:
        ValueError: a share outside 0..1.
    """

    rare_share: float = 1 / 128
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("rare_share", "noise"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is a share of the sentences, from 0 to 1, got {share}.")

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """All tokens, in the order of their ids: BOS, stop, houses, verbs, islanders."""
        houses = [f"house-{number}" for number in range(HOUSES)]
        return ("BOS", ".", *houses, *VERBS, *_names())

    @cached_property
    def homes(self) -> np.ndarray:
        """The home of each islander, ``(96,)``: spoken of often, then rarely, then never."""
        random = np.random.default_rng(self.seed)
        return np.concatenate([random.permutation(HOUSES) for _ in FREQUENCIES])

    @cached_property
    def contexts(self) -> list[Context]:
        """Every islander with every verb, 96 x 5."""
        return list(self._contexts())

    def house_probabilities(self, context: Context) -> Tensor:
        """Return the true distribution over the houses, ``(32,)`` float64.

        With reach r, noise e and the houses h = 0, ..., 31 counted from the islander's home::

            p(h) = (1 - e) [h < r] / r + e / 32
        """
        return window_probabilities(context.home, context.verb, noise=self.noise)

    def true_logits(self, contexts: Sequence[Context]) -> Tensor:
        """Return the log of the true next-token distribution, ``(contexts, tokens)`` float64.

        -inf where a token cannot follow.
        """
        p = torch.zeros(len(contexts), len(self.tokens), dtype=torch.float64)
        rows = [self.house_probabilities(context) for context in contexts]
        p[:, house_columns()] = torch.stack(rows)
        return p.log()

    def sentences(self, count: int, *, seed: int) -> Tensor:
        """Return that many sentences, drawn anew, ``(count, 5)`` token ids.

        Raises:
            ValueError: count below 1.
        """
        if count < 1:
            raise ValueError(f"count must be at least 1, got {count}.")
        random = np.random.default_rng(seed)

        # 1. who: a frequency, then one of its 32 islanders
        is_rare = random.random(count) < self.rare_share
        islander = random.integers(0, HOUSES, count) + HOUSES * is_rare

        # 2. what: one of five verbs, or of the four that are not withheld
        verb = random.integers(0, len(VERBS), count)
        shift = random.integers(1, len(VERBS), count)
        withheld = withheld_verb(islander)
        verb = np.where(is_rare, verb, (withheld + shift) % len(VERBS))

        # 3. where: within reach, or anywhere
        reach = np.array(list(REACH.values()))[verb]
        house = self.homes[islander] + random.integers(0, reach)
        anywhere = random.random(count) < self.noise
        house = np.where(anywhere, random.integers(0, HOUSES, count), house) % HOUSES

        columns = [
            np.full(count, BOS),
            islander + _FIRST_NAME,
            verb + _FIRST_VERB,
            house + _FIRST_HOUSE,
            np.full(count, STOP),
        ]
        return torch.from_numpy(np.stack(columns, axis=1))

    def _contexts(self) -> Iterator[Context]:
        names = _names()
        for islander, home in enumerate(self.homes.tolist()):
            frequency = FREQUENCIES[islander // HOUSES]
            for number, verb in enumerate(VERBS):
                is_withheld = frequency == "often" and number == withheld_verb(islander)
                seen = "withheld" if is_withheld else frequency
                token_ids = (BOS, islander + _FIRST_NAME, number + _FIRST_VERB)
                yield Context(names[islander], verb, seen, token_ids, home)


def withheld_verb(islander):
    """Return the number of the verb that an islander spoken of often is never seen with."""
    return islander % len(VERBS)


def window_probabilities(home: int, verb: str, *, noise: float = 0.0) -> Tensor:
    """Return the distribution over the houses for an islander who lives there, ``(32,)`` float64.

    Raises:
        KeyError: a verb that is none of `VERBS`.
    """
    reach = REACH[verb]
    p = torch.full((HOUSES,), noise / HOUSES, dtype=torch.float64)
    within = (torch.arange(reach) + home) % HOUSES
    p[within] += (1 - noise) / reach
    return p


def house_columns() -> slice:
    """Return where the houses stand among the tokens."""
    return slice(_FIRST_HOUSE, _FIRST_VERB)


def home_log_posterior(language: KnownLanguage, sentences: Tensor) -> Tensor:
    """Return what the sentences tell an ideal reader of each islander's home, ``(96, 32)`` float64.

    The ideal reader knows the rule of the verbs and the noise, and only not who lives where. With a
    uniform prior and the sentences (verb v_i, house h_i) about the islander::

        log P(home | sentences) = sum_i log p(h_i | home, v_i) - log of the sum over homes

    -inf for a home that a sentence excludes.

    Args:
        sentences: ``(count, 5)`` token ids, as `KnownLanguage.sentences` returns them.
    """
    homes = range(HOUSES)
    rules = [
        torch.stack([window_probabilities(home, verb, noise=language.noise) for home in homes])
        for verb in VERBS
    ]
    likelihood = torch.stack(rules).log()  # (verbs, homes, houses)
    _, name, verb, house, _ = sentences.T
    told = likelihood[verb - _FIRST_VERB, :, house - _FIRST_HOUSE]  # (count, homes)
    start = torch.full((len(language.homes), HOUSES), -math.log(HOUSES), dtype=torch.float64)
    return start.index_add(0, name - _FIRST_NAME, told).log_softmax(-1)


def ideal_reader(
    language: KnownLanguage, sentences: Tensor, contexts: Sequence[Context]
) -> tuple[Tensor, Tensor]:
    """Return what an ideal reader of the sentences takes for possible, as 32 weighted members.

    Member h believes that the islander lives in house h, and predicts by the rule of the verb. Its
    weight is that belief's posterior probability (`home_log_posterior`). With
    `mutual_information` this gives the epistemic doubt that the sentences leave, exactly. Averaged
    over what can be true it equals the reader's own error KL(truth || prediction).

    Returns:
        Logits ``(32, contexts, tokens)`` and weights ``(32, contexts)``, float64.
    """
    logits = torch.full((HOUSES, len(contexts), len(language.tokens)), -math.inf).double()
    for row, context in enumerate(contexts):
        rules = [
            window_probabilities(home, context.verb, noise=language.noise) for home in range(HOUSES)
        ]
        logits[:, row, house_columns()] = torch.stack(rules).log()
    islanders = torch.tensor([context.token_ids[1] - _FIRST_NAME for context in contexts])
    weights = home_log_posterior(language, sentences).exp()[islanders]
    return logits, weights.T


def _names() -> list[str]:
    starts = [consonant + vowel for vowel in _VOWELS for consonant in _CONSONANTS]
    names = [(start + ending).capitalize() for ending in _ENDINGS for start in starts]
    return names[: HOUSES * len(FREQUENCIES)]
