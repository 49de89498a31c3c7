"""What probability words are worth: a convention, not a property of any model."""

# Rough readings of probability words: a convention in the manner of S. Kent (1964), not a property
# of any model.
PROBABILITY_WORDS = {
    "almost certainly not": 0.05,
    "almost certainly": 0.95,
    "extremely high": 0.95,
    "extremely low": 0.05,
    "extremely unlikely": 0.05,
    "almost no chance": 0.02,
    "very unlikely": 0.1,
    "highly unlikely": 0.1,
    "almost certain": 0.95,
    "extremely likely": 0.95,
    "very likely": 0.9,
    "highly likely": 0.9,
    "very good chance": 0.8,
    "very high": 0.9,
    "very low": 0.1,
    "very confident": 0.9,
    "very sure": 0.9,
    "not confident": 0.2,
    "not sure": 0.3,
    "unlikely": 0.2,
    "improbable": 0.2,
    "uncertain": 0.4,
    "unsure": 0.4,
    "probably not": 0.25,
    "little chance": 0.1,
    "likely": 0.7,
    "probable": 0.7,
    "probably": 0.7,
    "better than even": 0.6,
    "about even": 0.5,
    "toss-up": 0.5,
    "impossible": 0.0,
    "completely certain": 1.0,
    "certain": 0.98,
    "certainly": 0.98,
    "high": 0.8,
    "medium": 0.5,
    "moderate": 0.5,
    "low": 0.2,
    "confident": 0.8,
    "sure": 0.9,
}

# The same grades in other languages; accents do not count.
_TRANSLATIONS = {
    "very high": "sehr hoch, tres elevee, tres eleve, tres haute, muy alta, muy alto, molto alta, "
    "molto alto, muito alta, muito alto, очень высокая, bardzo wysoka",
    "high": "hoch, elevee, eleve, haute, alta, alto, высокая, wysoka",
    "medium": "mittel, moyenne, moyen, media, medio, средняя, srednia",
    "low": "niedrig, gering, faible, basse, baja, bajo, bassa, basso, baixa, baixo, низкая, niska",
    "very low": "sehr niedrig, sehr gering, tres faible, muy baja, molto bassa, muito baixa, "
    "очень низкая, bardzo niska",
}
WORDS_IN_OTHER_LANGUAGES = {
    word: PROBABILITY_WORDS[english]
    for english, words in _TRANSLATIONS.items()
    for word in words.split(", ")
}
