"""Schematics say what they should: every box and arrow is drawn, equal passages look equal."""

import matplotlib.pyplot as plt

from uncertainty.plotting.schematics import EDGES, NODES, causal_graph, draw_passage_rows


def test_the_causal_graph_names_every_part_and_what_cuts_it():
    figure = causal_graph()
    texts = [text.get_text() for text in figure.axes[0].texts]
    plt.close(figure)
    assert {text for *_, text in NODES.values()} <= set(texts)
    for cut in ("A", "B", "C"):
        assert cut in texts and any(f"{cut}: " in text for text in texts)
    assert {name for edge in EDGES for name in edge[:2]} == set(NODES)


def test_equal_passages_have_equal_colours_and_places():
    figure, axes = plt.subplots()
    draw_passage_rows(axes, {"twice": ["BOS", "S", "S"], "once": ["BOS", "other", "S"]})
    bars = [(bar.get_x(), bar.get_facecolor()) for bar in axes.patches]
    texts = [text.get_text() for text in axes.texts]
    plt.close(figure)
    assert texts == ["BOS", "S", "S", "twice", "BOS", "other", "S", "once"]
    assert bars[1][1] == bars[2][1] == bars[5][1] != bars[4][1]
    assert bars[2][0] == bars[5][0]
