"""Attention heads: repeated text, induction, BOS ablation.

May import: architecture, lens, data.
"""
