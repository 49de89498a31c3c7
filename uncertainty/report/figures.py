"""The figures of a report, drawn from its numbers in the style of the lessons.

Each function takes a part of a report as JSON holds it, and returns a figure with the sentence that
describes it. The figures are narrow, so that their letters can be read on a phone.
"""

from base64 import b64encode
from io import BytesIO
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from ..measures.labels import measure_label
from ..plotting.intervals import plot_intervals
from ..plotting.style import BLACK, BLUE, ORANGE, use_course_style

WIDTH = 5.2  # inches
RESOLUTION = 150  # pixels an inch


class Picture(NamedTuple):
    """A figure as the address of its own data, and its description."""

    address: str
    alt: str


def picture(draw, *arguments) -> Picture:
    """Draw in the lessons' style, whatever style is set outside, and return the picture."""
    with plt.rc_context():
        use_course_style()
        figure, alt = draw(*arguments)
        content = BytesIO()
        figure.savefig(content, format="png", dpi=RESOLUTION)
        plt.close(figure)
    return Picture(f"data:image/png;base64,{b64encode(content.getvalue()).decode()}", alt)


def draw_leaderboard(part: dict) -> tuple[Figure, str]:
    """Draw the AUROC of every doubt with its interval."""
    rows = [row for row in part["rows"] if row["auroc"]["low"] is not None]
    figure, axes = plt.subplots(figsize=(WIDTH, 0.3 * len(rows) + 1.1))
    plain = tuple(row["label"] for row in rows if row["is_control"])
    plot_intervals(axes, {row["label"]: _triple(row["auroc"]) for row in rows}, plain=plain)
    axes.set_xlabel("AUROC (0.5 is chance)")
    best = rows[0]
    alt = (
        f"AUROC with 95 % intervals of {len(rows)} doubts and controls. Highest: {best['label']}, "
        f"{_words(best['auroc'])}. The line at 0.5 is chance."
    )
    return figure, alt


def draw_reliability(part: dict) -> tuple[Figure, str]:
    """Draw the share of right answers against the confidence, before and after Platt scaling."""
    figure, axes = plt.subplots(figsize=(WIDTH, 4.4))
    styles = {"as it is": ("o", "-", BLUE), "Platt": ("s", "--", ORANGE)}
    for name, (marker, line, colour) in styles.items():
        bins = part["diagram"][name]
        axes.plot(bins["confidence"], bins["accuracy"], line, color=colour, linewidth=1, alpha=0.5)
        sizes = [min(15 + 4 * count, 300) for count in bins["count"]]
        axes.scatter(
            bins["confidence"], bins["accuracy"], sizes, color=colour, marker=marker, label=name
        )
    axes.plot([0, 1], [0, 1], ":", color=BLACK, label="perfect")
    axes.set(xlabel="mean confidence of the bin", ylabel="share right")
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))  # points at 0 and 1 are whole
    axes.legend(fontsize=10)
    ece = {row["name"]: row["ece"] for row in part["rows"]}
    alt = (
        "Reliability diagram on held-out answers: share right against mean confidence of ten bins, "
        "a larger mark for more answers. Expected "
        f"calibration error as it is {_words(ece['as it is'])}, after Platt scaling "
        f"{_words(ece['Platt'])}."
    )
    return figure, alt


def draw_risk(part: dict) -> tuple[Figure, str]:
    """Draw the share of wrong answers against the share answered, on the half that is tested."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    for name, curve in part["curves"].items():
        axes.plot(curve["coverage"], curve["risk"], label=measure_label(name))
    everything = part["risk_of_all"]["value"]
    axes.axhline(everything, color=BLACK, linestyle=":", linewidth=1, label="at random")
    axes.set(xlabel="coverage: share answered", ylabel="risk: share wrong", ylim=(0, 1))
    axes.legend(fontsize=10)
    first = part["curves"][part["measure"]]
    alt = (
        f"Risk against coverage with {part['label']}: {first['risk'][0]:.2f} of the surest answers "
        f"are wrong at a coverage of {first['coverage'][0]:.2f}, and {everything:.2f} when "
        "everything is answered."
    )
    return figure, alt


def draw_profile(part: dict) -> tuple[Figure, str]:
    """Draw the mean entropy at each depth, right and wrong answers apart."""
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    looks = {"right": ("-", BLUE), "wrong": ("--", ORANGE)}
    ends = []
    for name, depths in part["entropy"].items():
        line, colour = looks[name]
        places = range(len(depths))
        axes.plot(places, [depth["value"] for depth in depths], line, color=colour, label=name)
        lows = [depth["low"] for depth in depths]
        highs = [depth["high"] for depth in depths]
        axes.fill_between(places, lows, highs, color=colour, alpha=0.2)
        ends.append(f"{name} {depths[0]['value']:.2f} to {depths[-1]['value']:.2f} nats")
    axes.set(xlabel="depth (0: embedding, last: the model)", ylabel="entropy (nats)")
    axes.legend(fontsize=10)
    alt = f"Mean entropy from depth 0 to depth {part['depths'] - 1}: {'; '.join(ends)}."
    return figure, alt


def draw_neurons(part: dict) -> tuple[Figure, str]:
    """Draw each suspect's share through the norm, beside the range of the controls."""
    rows = [row for row in part["rows"] if row["share"] is not None]
    figure, axes = plt.subplots(figsize=(WIDTH, 0.35 * len(rows) + 1.3))
    names = {f"{part['layer']}.{row['neuron']}": _triple(row["share"]) for row in rows}
    controls = part["controls"]
    if controls["low"] is not None:
        axes.axvspan(controls["low"], controls["high"], color=ORANGE, alpha=0.25)
    plot_intervals(axes, names, reference=0)
    axes.set_xlabel("share of the loss change through the norm")
    stated = [f"{name} {value:.2f}" for name, (value, _, _) in names.items()]
    alt = (
        f"Share through the norm of the neurons with the highest rho: {', '.join(stated)}. "
        f"The shaded range holds nine in ten of {controls['count']} controls."
    )
    return figure, alt


def draw_both(comparison: dict) -> tuple[Figure, str]:
    """Draw the AUROC of each common measure for two models."""
    rows = comparison["measures"]
    figure, axes = plt.subplots(figsize=(WIDTH, 0.42 * len(rows) + 1.6))
    looks = zip(comparison["names"], ("o", "s"), (BLUE, ORANGE), (0.12, -0.12))
    for side, (name, marker, colour, shift) in enumerate(looks):
        for place, row in enumerate(rows):
            value, low, high = _triple(row["auroc"][side])
            axes.plot([low, high], [shift - place] * 2, "-", color=colour)
            label = name if place == 0 else None
            axes.plot(value, shift - place, marker, color=colour, label=label)
    axes.axvline(0.5, color=BLACK, linestyle=":")
    axes.set_yticks(range(0, -len(rows), -1), [row["label"] for row in rows])
    axes.set_xlabel("AUROC (0.5 is chance)")
    figure.legend(loc="outside upper center", fontsize=10)
    first = rows[0]
    pair = " and ".join(_words(one) for one in first["auroc"])
    alt = (
        f"AUROC of {len(rows)} doubts for {' and '.join(comparison['names'])}: "
        f"{first['label']} {pair}."
    )
    return figure, alt


def _triple(record: dict) -> tuple[float, float, float]:
    return record["value"], record["low"], record["high"]


def _words(record: dict) -> str:
    return f"{record['value']:.2f} [{record['low']:.2f}, {record['high']:.2f}]"
