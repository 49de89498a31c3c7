"""From one question to semantic entropy: samples, clusters by meaning, shares, entropy."""

from matplotlib.axes import Axes

from uncertainty.plotting.style import BLUE, GREEN, ORANGE

from .style import GREY, arrow, box, canvas, label

ALT = (
    "One question leads to five sampled answers in different words. Three of them say Lima and "
    "form one cluster; one says Cusco, one says Quito, and each of these is a cluster of its own. "
    "The clusters have the shares 0.6, 0.2 and 0.2, and the entropy of these shares is 0.95 nats, the "
    "semantic entropy. Below, the agreement with the greedy answer, Lima, is 3 of 5."
)
SAMPLES = (
    ("Lima.", BLUE),
    ("It is Lima.", BLUE),
    ("The capital is Lima.", BLUE),
    ("Cusco, I think.", ORANGE),
    ("Peru's capital is Quito.", GREEN),
)
CLUSTERS = ((6.5, "Lima", 0.6, BLUE), (3.55, "Cusco", 0.2, ORANGE), (2.1, "Quito", 0.2, GREEN))


def draw() -> Axes:
    """Draw question, samples, clusters and entropy from left to right."""
    axes = canvas(20, 9.6)
    for x, text in ((2.1, "question"), (7.4, "samples"), (12.9, "clusters"), (17.6, "one number")):
        label(axes, (x, 9.0), text, colour=GREY)
    box(axes, (2.1, 5.0), "What is the\ncapital of Peru?", width=3.8, height=1.7, size=11)
    for place, (text, colour) in enumerate(SAMPLES):
        y = 7.95 - place * 1.46
        box(axes, (7.4, y), text, width=4.5, height=1.05, fill="white", edge=colour, size=11)
        arrow(axes, (4.0, 5.0), (5.15, y), colour=GREY)
    for y, name, share, colour in CLUSTERS:
        text = f"{name}: share {share}"
        box(axes, (12.9, y), text, width=3.7, height=1.05, fill="white", edge=colour, size=11)
        arrow(axes, (14.75, y), (15.75, 5.0), colour=GREY)
        for place, (_, own) in enumerate(SAMPLES):
            if own == colour:
                arrow(axes, (9.65, 7.95 - place * 1.46), (11.05, y), colour=colour)
    box(axes, (17.6, 5.0), "semantic entropy\n0.95 nats", width=3.7, height=1.7, size=11)
    label(axes, (10.0, 0.6), "agreement with the greedy answer, Lima: 3 of 5 = 0.6", colour=GREY)
    return axes
