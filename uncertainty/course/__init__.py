"""The lessons as a course: their list, their exercises, and runs that are kept on disk.

May import: every other room.
"""
