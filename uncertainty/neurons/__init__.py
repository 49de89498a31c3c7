"""The last layer's neurons: geometry, ablation, token frequency; ablation in any layer.

May import: loading, architecture, lens.
"""
