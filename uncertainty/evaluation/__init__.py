"""Is a doubt worth anything? Discrimination, calibration, intervals, and the grader that says what is right.

May import: no other room.
"""
