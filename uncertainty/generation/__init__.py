"""What the model wrote or was given, with the raw logits it was written from.

May import: architecture.
"""
