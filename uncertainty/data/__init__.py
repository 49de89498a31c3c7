"""Questions, idioms, tasks and text to measure on.

May import: loading.
"""
