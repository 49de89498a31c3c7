"""Draw the README's pictures: ``python imgs/draw.py``. Each is computed here or in its lesson, on the default model."""

import base64
import json
from pathlib import Path

import matplotlib
import torch

from uncertainty import generate, load_model
from uncertainty.generation import prompt_token_ids
from uncertainty.heatmap import token_labels
from uncertainty.information import entropy
from uncertainty.plots import plot_tokens, use_course_style

matplotlib.use("Agg")
import matplotlib.pyplot as plt

HERE = Path(__file__).parent
QUESTION = "Which queen signed the Charter of Ellingmoor, and why? Answer in two sentences."  # there is no such charter
PROMPT = "The capital of France is"


def heat_map(model, tokenizer):
    figure = plot_tokens(generate(model, tokenizer, QUESTION), width=78, title="An answer about something that does not exist")
    figure.savefig(HERE / "token_heatmap.png", dpi=120)


@torch.no_grad()
def lens_rows(model, ids):
    """Logits of the final norm and unembedding applied at every depth, (layers + 1, tokens, vocabulary)."""
    inputs_of_norm = []
    hook = model.model.norm.register_forward_pre_hook(lambda _, arguments: inputs_of_norm.append(arguments[0]))
    states = model(ids[None], output_hidden_states=True).hidden_states
    hook.remove()
    depths = [*states[:-1], inputs_of_norm[0]]  # transformers' last state is already normed; the lens wants it raw
    return torch.stack([model.lm_head(model.model.norm(state))[0] for state in depths])


def lens(model, tokenizer):
    ids = prompt_token_ids(tokenizer, PROMPT, chat=False)
    logits = lens_rows(model, ids)[::3, 1:]  # the first token is an attention sink, unlike all others
    ids = ids[1:]
    doubt, best = entropy(logits), logits.argmax(-1)
    figure, axes = plt.subplots(figsize=(8.2, 5))
    picture = axes.imshow(doubt, cmap="cividis_r", aspect="auto", origin="lower", vmin=0)
    for depth, row in enumerate(best):
        for place, label in enumerate(token_labels(tokenizer, row)):
            dark = doubt[depth, place] > 0.55 * doubt.max()
            axes.text(place, depth, repr(label)[1:-1].strip() or "(space)", ha="center", va="center", fontsize=10,
                      color="white" if dark else "black")
    axes.set_xticks(range(len(ids)), [label.strip() for label in token_labels(tokenizer, ids)])
    axes.set_yticks(range(len(best)), range(0, 31, 3))
    axes.set(xlabel="token read, after \"The\"", ylabel="depth (0: embedding, 30: the model)")
    axes.set_title("What each depth would say next", loc="left")
    axes.grid(False)
    figure.colorbar(picture, label="entropy (nats)")
    figure.savefig(HERE / "lens.png", dpi=110)


def from_lesson(file, title, picture):
    """Keep the figure that a lesson's cell with this text drew when it was last run, so that both show the same numbers."""
    cells = json.loads((HERE.parent / "notebooks" / file).read_text(encoding="utf-8"))["cells"]
    [cell] = [cell for cell in cells if cell["cell_type"] == "code" and title in "".join(cell["source"])]
    [drawn] = [output["data"]["image/png"] for output in cell["outputs"] if "image/png" in output.get("data", {})]
    (HERE / picture).write_bytes(base64.b64decode("".join(drawn)))


if __name__ == "__main__":
    from_lesson("05_is_it_any_good.ipynb", 'title="Answer only when sure"', "risk_coverage.png")
    from_lesson("06_asking_again.ipynb", 'title="What a token buys"', "tokens_and_quality.png")
    use_course_style()
    loaded = load_model()
    heat_map(*loaded)
    lens(*loaded)
