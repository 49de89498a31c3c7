"""The client that runs a lesson: nbclient's, without its answers to widgets.

nbclient plays the front end of an Output widget (every `interact` has one) and sends the kernel
what the widget holds, on the socket on which it waits for the cell's own reply. Now and then that
reply is then never noticed, and the run stands still (nbclient, issue 312). Nobody reads what is
sent, so it is not sent.
"""

from nbclient import NotebookClient
from nbclient.output_widget import OutputWidget


class SilentOutput(OutputWidget):
    """An Output widget that keeps what is written to it and tells the kernel nothing."""

    def send(self, *_, **__) -> None:
        """Send nothing."""


class LessonClient(NotebookClient):
    """A NotebookClient whose Output widgets are silent."""

    def __init__(self, *args, **kwargs):
        """Take what NotebookClient takes."""
        super().__init__(*args, **kwargs)
        self.widget_registry = {"@jupyter-widgets/output": {"OutputModel": SilentOutput}}
