"""Draw the README's pictures: ``python imgs/draw.py``.

Each is computed here or in its lesson, on the default model.
"""

import base64
import json
from pathlib import Path

import matplotlib

from uncertainty import generate, load_model, logit_lens
from uncertainty.generation.prompts import prompt_token_ids
from uncertainty.plotting.lens_view import lens_figure
from uncertainty.plotting.style import use_course_style
from uncertainty.plotting.token_figure import plot_tokens

matplotlib.use("Agg")

HERE = Path(__file__).parent
# There is no such charter.
QUESTION = "Which queen signed the Charter of Ellingmoor, and why? Answer in two sentences."
PROMPT = "The capital of France is"


def heat_map(model, tokenizer):
    figure = plot_tokens(
        generate(model, tokenizer, QUESTION),
        width=78,
        title="An answer about something that does not exist",
    )
    figure.savefig(HERE / "token_heatmap.png", dpi=120)


def lens(model, tokenizer):
    ids = prompt_token_ids(tokenizer, PROMPT, chat=False)
    figure = lens_figure(tokenizer, ids, logit_lens(model, ids), every=3)
    figure.savefig(HERE / "lens.png", dpi=110)


def from_lesson(file, title, picture):
    """Keep the figure that the lesson's cell with this text drew when it was last run.

    So both show the same numbers.
    """
    cells = json.loads((HERE.parent / "notebooks" / file).read_text(encoding="utf-8"))["cells"]
    [cell] = [
        cell for cell in cells if cell["cell_type"] == "code" and title in "".join(cell["source"])
    ]
    [drawn] = [
        output["data"]["image/png"]
        for output in cell["outputs"]
        if "image/png" in output.get("data", {})
    ]
    (HERE / picture).write_bytes(base64.b64decode("".join(drawn)))


if __name__ == "__main__":
    answering = "04_answer_only_when_sure.ipynb"
    from_lesson(answering, 'title="Answer only when sure"', "risk_coverage.png")
    from_lesson("09_judging_itself.ipynb", 'title="What a token buys"', "tokens_and_quality.png")
    from_lesson("11_lens_on_trial.ipynb", 'title="What a depth knows', "depth_and_loss.png")
    use_course_style()
    loaded = load_model()
    heat_map(*loaded)
    lens(*loaded)
