"""The lens to look at: every cell says what the trace says, whatever the tokens are."""

import re

import pytest
import torch

from uncertainty.lens.logit_lens import logit_lens
from uncertainty.loading.models import load_model
from uncertainty.plotting.lens_view import lens_figure, lens_table


def drawn(text="<b>$x$ & 1\n"):
    model, tokenizer = load_model("tiny")
    ids = tokenizer(text).input_ids
    return tokenizer, ids, logit_lens(model, ids, top=3)


def test_the_table_has_a_row_a_depth_with_the_model_on_top():
    tokenizer, ids, trace = drawn()
    table = lens_table(tokenizer, ids, trace, every=2)
    depths = [int(d) for d in re.findall(r'<th scope="row">(\d+)</th>', table)]
    assert depths == sorted(
        {*range(0, len(trace.entropy), 2), len(trace.entropy) - 1}, reverse=True
    )
    stories = re.findall(r'title="([^"]*)"', table)
    assert len(stories) == len(depths) * (len(ids) - 1)
    assert f"entropy {trace.entropy[-1, 1]:.2f} nats" in stories[0]
    shown = [float(p) for p in re.findall(r"&#10;(\d\.\d{3}) ", stories[0])]
    assert shown == [round(p, 3) for p in trace.top_probabilities[-1, 1].tolist()]


def test_nothing_to_show_is_said():
    tokenizer, ids, trace = drawn("a")
    for view in (lens_table, lens_figure):
        with pytest.raises(ValueError, match="nothing to show: 1 tokens"):
            view(tokenizer, ids, trace)


def test_what_was_read_cannot_break_the_page():
    table = lens_table(*drawn("<script>alert('x')</script>"))
    assert "<script" not in table and "&lt;" in table


def test_the_figure_shows_each_top_token_and_draws_dollars():
    tokenizer, ids, trace = drawn("a $x$ $y$")
    figure = lens_figure(tokenizer, ids, trace, every=1)
    figure.canvas.draw()
    assert len(figure.axes[0].texts) == len(trace.entropy) * (len(ids) - 1)
    assert torch.allclose(
        torch.tensor(figure.axes[0].images[0].get_array().data), trace.entropy[:, 1:]
    )


def test_the_figure_prints_the_probability_under_each_token_when_asked():
    tokenizer, ids, trace = drawn("a b")
    plain = lens_figure(tokenizer, ids, trace, every=1).axes[0].texts
    figure = lens_figure(tokenizer, ids, trace, every=1, probabilities=True)
    written = [text.get_text() for text in figure.axes[0].texts]
    shown = [f"{p:.2f}" for p in trace.top_probabilities[:, 1:, 0].flatten().tolist()]
    assert written == [f"{text.get_text()}\n{p}" for text, p in zip(plain, shown, strict=True)]
