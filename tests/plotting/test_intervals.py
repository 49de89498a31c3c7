"""Intervals are drawn where they are."""

import matplotlib
from matplotlib import pyplot as plt

from uncertainty.plotting.intervals import plot_intervals

matplotlib.use("Agg")


def test_intervals_are_drawn_from_the_first_down_with_baselines_of_their_own_shape():
    figure, axes = plt.subplots()
    plot_intervals(axes, {"best": (0.8, 0.7, 0.9), "length": (0.6, 0.5, 0.7)}, plain=("length",))
    bars, dots = axes.lines[0:4:2], axes.lines[1:4:2]
    assert [bar.get_xdata().tolist() for bar in bars] == [[0.7, 0.9], [0.5, 0.7]]
    assert [dot.get_ydata()[0] for dot in dots] == [0, -1]
    assert dots[0].get_marker() != dots[1].get_marker()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["best", "length"]
    plt.close(figure)
