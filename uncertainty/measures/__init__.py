"""How unsure was the model? Measures from logits, from its own words, and from asking again.

May import: generation, evaluation.
"""
