"""Schematics say what they should: every box is drawn."""

import matplotlib.pyplot as plt

from uncertainty.plotting.probe_schematic import FOLDS, TOKENS, probe_schematic


def test_the_probe_reads_the_answer_only_and_each_fold_is_judged_once():
    figure = probe_schematic()
    states, folds = ([text.get_text() for text in axes.texts] for axes in figure.axes)
    colours = [tuple(box.get_facecolor()) for box in figure.axes[0].patches]
    plt.close(figure)
    assert set(TOKENS) <= set(states) and min(map(colours.count, set(colours))) == len(TOKENS) - 2
    assert folds.count("judge") == FOLDS and folds.count("learn") == FOLDS * (FOLDS - 1)
    assert folds.count("choose depth") == 3
