"""The style sheet for JupyterLab's page: there where a server shows one, nowhere else."""

from uncertainty import use_course_style
from uncertainty.plotting import page_style


def shown(monkeypatch) -> list:
    """What setting the course's style displays."""
    displayed = []
    monkeypatch.setattr(page_style, "display", displayed.append)
    use_course_style()
    return displayed


def test_a_page_of_a_jupyter_server_gets_the_style_sheet(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "notebooks/00_start_here.ipynb")
    [page_style_shown] = shown(monkeypatch)
    assert "text-decoration: underline" in page_style_shown.data


def test_a_run_without_a_page_gets_no_output(monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert shown(monkeypatch) == []
