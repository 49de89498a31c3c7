"""Is a doubt worth anything? Discrimination, calibration, intervals, and the grader.

Two different virtues are measured apart, each with an interval:

*Discrimination*: does a measure rank wrong answers above right ones? `auroc`, `average_precision`,
`risk_coverage` and `prediction_rejection_ratio` take ``(wrong, uncertainty)`` on any scale.

*Calibration*: when it says 70 %, is it right in 70 %? `expected_calibration_error`, `brier`,
`brier_decomposition` and `negative_log_likelihood` take ``(correct, confidence)`` with confidences
in [0, 1].

Labels come first, as in scikit-learn. Missing values (nan) are refused, never dropped: decide what
they mean, and say how many there were. `leaderboard` does that for a whole table of measures.

May import: no other room.
"""
