"""The client that runs lessons stands still on no widget."""

import nbformat
import pytest
from lesson_client import LessonClient, SilentOutput
from nbclient.output_widget import OutputWidget

CELL = """
from ipywidgets import interact

def count(steps):
    for step in range(steps):
        print(step, flush=True)

interact(count, steps=(1, 200));
"""


def test_it_keeps_what_a_widget_shows_and_sends_nothing(monkeypatch):
    sent = []
    monkeypatch.setattr(OutputWidget, "_publish_msg", lambda *args, **kwargs: sent.append(args))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    client = LessonClient(notebook, kernel_name="python3", timeout=120)
    client.execute()
    [outputs] = [
        widget["outputs"] for widget in client.widget_state.values() if widget.get("outputs")
    ]
    assert "".join(output["text"] for output in outputs).split() == [str(n) for n in range(100)]
    assert not sent


def test_a_silent_widget_is_one_that_does_not_send():
    alone = {"comm_id": "one", "state": {"outputs": []}, "kernel_client": None, "executor": None}
    SilentOutput(**alone).sync_state()
    with pytest.raises(AttributeError):
        OutputWidget(**alone).sync_state()
