"""One report about one model: which of its doubts can be trusted, on whose questions.

It asks the model questions, grades the answers, and judges every doubt with the functions that the
lessons use. Each part is a file that turns columns into plain numbers; the page is made from those
numbers alone. To add a part, write such a file, call it in ``reports.py`` and give it a section of
``templates/report.html``.

May import: every other room.
"""
