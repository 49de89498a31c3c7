"""The last layer's neurons: geometry, ablation, token frequency.

May import: architecture.
"""
