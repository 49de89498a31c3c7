"""The lessons as a course: their list, their exercises, how they open, and runs kept on disk.

May import: every other room but referee, report.
"""
