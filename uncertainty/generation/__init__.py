"""What the model wrote or was given, and the raw logits it was written from.

May import: information.
"""
