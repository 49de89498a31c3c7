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


def sent_by(client_class, monkeypatch) -> int:
    """Return how many messages a client sends to a kernel's widget while a cell runs."""
    sent = []
    publish = OutputWidget._publish_msg

    def counted(widget, *args, **kwargs):
        sent.append(args)
        publish(widget, *args, **kwargs)

    monkeypatch.setattr(OutputWidget, "_publish_msg", counted)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    client = client_class(notebook, kernel_name="python3", timeout=120)
    client.execute()
    [outputs] = [
        widget["outputs"] for widget in client.widget_state.values() if widget.get("outputs")
    ]
    assert "".join(output["text"] for output in outputs).split() == [str(n) for n in range(100)]
    return len(sent)


def test_it_keeps_what_a_widget_shows_and_sends_nothing(monkeypatch):
    assert sent_by(LessonClient, monkeypatch) == 0


def test_a_silent_widget_is_one_that_does_not_send():
    alone = {"comm_id": "one", "state": {"outputs": []}, "kernel_client": None, "executor": None}
    SilentOutput(**alone).sync_state()
    with pytest.raises(AttributeError):
        OutputWidget(**alone).sync_state()
