"""How unsure was the model? Measures from logits, from its own words, and from asking again.

To add a token measure, compute it in ``token_measures.py`` and its one value for an answer in
``answer_measures.py``, each with a test against an independent formula in the file of the same name
in ``tests/measures/``. Its key is in snake_case; its words for tables and figures stand in
``labels.py``. Lesson 03 ranks every measure of an answer, so run it anew (``make outputs``).
Newer measures of one pass stand in ``newer_measures.py``, which lesson 03 does not rank.

May import: loading, generation, evaluation.
"""
