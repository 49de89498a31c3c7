"""Questions, idioms, tasks and text to measure on.

May import: nothing else of this package.
"""
