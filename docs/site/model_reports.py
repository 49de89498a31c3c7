"""The reports of two models that come with the course, and a page that leads to them."""

from uncertainty import recorded_report
from uncertainty.course.lessons import LESSONS

MODELS = {"smollm2-135m": "SmolLM2-135M-Instruct", "gemma3-270m": "Gemma 3 270M, a base model"}
ABOUT = """# Reports of two models

`python -m uncertainty report MODEL` asks a model questions, grades its answers, and writes one
page: which of its doubts rank its wrong answers best, whether its probabilities can be believed,
and what a threshold promises. These two come with the course. Both models were asked every third
of its questions with one right answer. [Any model](../notebooks/LESSON) reads the two side by side,
and [a tour for practitioners](../docs/tour_practitioners.md) says how to make such a page for your
own model and your own questions.

"""


def report_files() -> dict[str, str]:
    """Return the HTML of each report, by file name."""
    return {f"{model}.html": recorded_report(model).to_html() for model in MODELS}


def about_reports() -> str:
    """Return the page that leads to the reports, as Markdown."""
    lines = [f'<li><a href="{model}.html">{title}</a></li>' for model, title in MODELS.items()]
    [lesson] = [lesson.file for lesson in LESSONS if lesson.name == "any_model"]
    return ABOUT.replace("LESSON", lesson) + "\n".join(["<ul>", *lines, "</ul>", ""])
