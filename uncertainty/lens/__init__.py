"""What each depth of the residual stream would say about the next token.

May import: loading, generation, architecture.
"""
