"""Is a doubt worth anything? Discrimination, calibration, guarantees, intervals, and the grader.

Two different properties are measured apart, each with an interval:

*Discrimination*: does a measure rank wrong answers above right ones? `auroc`, `average_precision`,
`risk_coverage` and `prediction_rejection_ratio` take ``(wrong, uncertainty)`` on any scale.

*Calibration*: when it says 70 %, is it right in 70 %? `expected_calibration_error`, `brier`,
`brier_decomposition` and `negative_log_likelihood` take ``(correct, confidence)`` with confidences
in [0, 1].

*Recalibration*: `temperature_scaling`, `platt_scaling` and `isotonic_scaling` learn, on answers
that are not used for the evaluation, to turn a measure into a probability of being right.

*Guarantees*: `answer_threshold` promises a share of wrong answers, and `conformal_limit` that a set
of options holds the right one, each with a chance that is fixed beforehand.

Arguments are columns: a label and a value for each answer. Labels come first, as in scikit-learn.
Missing values (nan) are refused, never dropped: decide what they mean, and say how many there were.
`leaderboard` does that for a whole table of measures.

May import: no other room.
"""
