"""Does a measure grow with doubt or with confidence? Its name is read for signs."""

import re

# What grows with confidence; plurals count, too.
SINGULARS = """confidence certainty margin agreement similarity consistency reliability accuracy
    vote softmax share prob maxprob logprob probability maxprobability logprobability likelihood
    loglikelihood density"""
CONFIDENCE_WORDS = set(SINGULARS.split())
CONFIDENCE_WORDS |= {word + "s" for word in CONFIDENCE_WORDS}
CONFIDENCE_WORDS |= {word[:-1] + "ies" for word in CONFIDENCE_WORDS if word.endswith("y")}
P_TRUE = re.compile(r"\bp ?\(? ?(?:true|ik)\b")  # "P(True)", "p true", "P(IK)"

# What negates a measure: turns a confidence into a doubt, and a doubt into a confidence.
NEGATING_BEGINNING = re.compile(
    r"""\s* (?: (?:1\s*)? [-\u2212]             # "1 - x", "-x", with either minus sign
              | (?:neg|negative|minus)\b )      # "negative x"
    """,
    re.X,
)
NEGATING_END = "complement"  # "x_complement" is 1 - x


def check_orientation(name: str) -> None:
    """Refuse a measure whose name says that it grows with confidence.

    "confidence", "probability", "margin", "agreement", "P(True)", ... grow with confidence. They
    are doubts when the name negates them: it begins with "1 -", "-" or "negative", or ends in
    "complement". Every other name is taken for a doubt, one with "disagreement" in it always; it
    must not be negated ("1 - entropy", "entropy_complement").

    Raises:
        ValueError: the name says that larger values mean surer.
    """
    spaced_name = name.lower().replace("_", " ").strip()
    names_confidence = _names_confidence(spaced_name)
    negated_at_beginning = NEGATING_BEGINNING.match(spaced_name) is not None
    negated_at_end = spaced_name.endswith(NEGATING_END)
    is_negated = negated_at_beginning != negated_at_end  # negated twice is not negated
    if names_confidence == is_negated:
        return
    if negated_at_beginning or negated_at_end:
        advice = "leave it as it is"
    else:
        advice = f"pass 1 - values (or -values) under the name '1 - {name}' (or '-{name}')"
    raise ValueError(
        f"{name!r} grows with confidence, and this wants doubt: {advice}. (If it does grow with "
        f"doubt, as an error probability does, say so: leaderboard(..., doubts=[{name!r}]).)"
    )


def _names_confidence(spaced_name: str) -> bool:
    if "disagreement" in spaced_name:
        return False
    words = re.findall(r"[^\W\d]+", spaced_name)
    return not CONFIDENCE_WORDS.isdisjoint(words) or P_TRUE.search(spaced_name) is not None
