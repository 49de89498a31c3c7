"""Attention heads: repeated text, induction scores, BOS ablation.

May import: architecture, lens, data.
"""
