"""What each depth of the residual stream would say about the next token.

May import: generation, architecture, loading.
"""
