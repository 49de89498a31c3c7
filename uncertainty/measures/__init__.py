"""How unsure was the model? Measures from logits, from its own words, and from asking again.

May import: generation, evaluation.
"""

# A new token measure is computed in token_measures.py, its one value for an answer in
# answer_measures.py, each with a test against an independent formula in the file of the same name
# in tests/measures/. Its key is in snake_case; its words for tables and figures are in labels.py.
