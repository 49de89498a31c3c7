"""What each depth of the residual stream would say.

May import: information, generation, architecture.
"""
