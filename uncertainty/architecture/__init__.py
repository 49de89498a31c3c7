"""Where a transformers model keeps its parts. The only room that knows architectures.

May import: no other room.
"""
