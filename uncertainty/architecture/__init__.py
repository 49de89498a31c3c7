"""Where a transformers model keeps its parts. The only room that knows architectures.

To support a new architecture:

1. Call `model_parts(model)`. Where it finds no blocks or no final norm, add the attribute's name to
   ``BLOCK_STACKS`` or ``FINAL_NORMS`` in ``parts.py``; for what follows the
   unembedding (a scale, a softcap) see `ModelParts`.
2. For neurons add the path of the MLP's last linear layer to ``OUTPUT_PROJECTIONS`` in
   ``last_mlp.py``; for heads that of the attention's last layer to ``HEAD_PROJECTIONS`` in
   ``attention_heads.py``; for the middle of a block the MLP's name to ``MLPS`` in ``middle.py``.
3. Add a tiny configuration to ``MORE_FAMILIES`` in ``tests/families.py``, and run
   ``python tests/test_families.py``: it takes the family through every function, compares with
   plain passes and hooks, and writes its row of ``FAMILIES.md``. Where blocks are attention and MLP
   it may stand in ``FAMILIES`` instead: then the tests of ``lens``, ``neurons`` and ``heads`` run
   on it, too, and one that a function must refuse goes into that test's list of exceptions
   (``PARALLEL``, ``EXPERTS``, ...).

A name in these tuples is only a guess: each function proves on the model what it found. Proven
means here: verified numerically in passes of this model over a few tokens.

May import: no other room.
"""
