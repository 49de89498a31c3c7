"""The runs of lessons 15 and 16: entropies where prompts end, top-p sets, and blocks left out.

Each is done once and kept on disk. What is kept names a text by its digest, so that texts that must
not be published can be measured.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..architecture.parts import model_parts
from ..data.corpora import encyclopaedia_texts, news_texts
from ..information import upcast
from ..lens.logit_lens import logit_lens, read_stream
from ..lens.nuclei import read_nuclei
from ..lens.skipping import skipped_block
from ..lens.streams import last_streams
from .results import cached_results

DECIMALS = 7  # the entropies of a network with random weights differ in the fourth
ARTICLES = 102
OPENING = 24  # words
STORY_QUESTIONS = {
    "continuation": (
        "How can the text be continued?",
        "Which could be a continuation of the text?",
    ),
    "counting": ("How many words are in the text?", "Count the number of words in the text."),
    "semantic": ("What is the main idea of the text?", "Who is the subject of the text?"),
}
READING = (last_streams, logit_lens, model_parts, upcast, read_nuclei, skipped_block)


def article_windows(tokenizer, length: int = 24) -> Tensor:
    """Return the first tokens of articles of the encyclopaedia and the news in turn.

    Shape ``(102, length)``. Even rows are the encyclopaedia's.
    """
    ids = [tokenizer(text, add_special_tokens=False).input_ids for text in _articles()]
    return torch.tensor([article[:length] for article in ids])


def story_prompts(form: str, count: int = ARTICLES) -> list[str]:
    """Return three prompts for each of the first articles: continuation, counting, semantic.

    A prompt is the first words of the article and one of two wordings of a question
    (`STORY_QUESTIONS`): the first for articles 0, 1, 4, 5, ..., the second for the others.

    Args:
        form: "base" (text, then question), "reversed" (question first) or "scrambled" (the text's
            words in another order, then the question).
        count: how many articles.

    Source: Entropy-Lens (arXiv 2502.16570), whose stories are those of TinyStories.

    Raises:
        ValueError: another form.
    """
    if form not in ("base", "reversed", "scrambled"):
        raise ValueError(f"form must be base, reversed or scrambled, got {form!r}.")
    random = np.random.default_rng(0)
    prompts = []
    for number, article in enumerate(_articles()[:count]):
        words = article.split()[:OPENING]
        mixed = random.permutation(words)
        text = " ".join(mixed if form == "scrambled" else words)
        for wordings in STORY_QUESTIONS.values():
            question = wordings[number // 2 % 2]
            parts = [question, text] if form == "reversed" else [text, question]
            prompts.append("\n\n".join(parts))
    return prompts


def prompt_entropies(model, tokenizer, prompts: Sequence[str]) -> np.ndarray:
    """Return the entropy at each depth where each prompt ends, ``(prompts, layers + 1)``, in nats.

    That is the profile of the first token that would be written.
    """
    prompt_of = {text_digest(prompt): prompt for prompt in prompts}

    def compute(batch: list) -> list[list[float]]:
        stream = last_streams(model, tokenizer, [prompt_of[key] for key in batch])
        entropy = read_stream(model_parts(model), stream).entropy  # (depths, prompts)
        return np.round(entropy.double().numpy().T, DECIMALS).tolist()

    kept = _kept(model, tokenizer, list(map(text_digest, prompts)), compute, "prompt_ends", {})
    return np.array(kept)


@torch.no_grad()
def decision_steps(
    model, tokenizer, windows: Tensor, *, positions: Sequence[int], mass: float = 0.6
) -> dict[str, np.ndarray]:
    """Return entropy and top-p sets at a few positions of each text window.

    Args:
        windows: ``(windows, tokens)``.
        positions: at which to read.

    Returns:
        ``entropy`` and ``sizes``, ``(windows, layers + 1, positions)``, and ``overlap`` and
        ``crossed_overlap``, ``(windows, layers, positions)``, as in `read_nuclei`.
    """
    window_of = {text_digest(window.tolist()): window for window in windows}

    def compute(batch: list) -> list[dict]:
        return [_steps(model, window_of[key], list(positions), mass) for key in batch]

    settings = {"positions": list(positions), "mass": mass}
    keys = [text_digest(window.tolist()) for window in windows]
    kept = _kept(model, tokenizer, keys, compute, "decisions", settings)
    return {name: np.array([record[name] for record in kept]) for name in kept[0]}


@torch.no_grad()
def losses_without_block(
    model, tokenizer, windows: Tensor, *, blocks: Sequence[int], first: int
) -> np.ndarray:
    """Return each window's mean loss with one block left out, ``(windows, 1 + blocks)``, in nats.

    Column 0 is the whole model, the others follow ``blocks``.

    Args:
        windows: ``(windows, tokens)``.
        blocks: which to leave out, one at a time, from 0 for the first.
        first: the first position whose next token counts.
    """
    window_of = {text_digest(window.tolist()): window for window in windows}

    def compute(batch: list) -> list[list[float]]:
        ids = torch.stack([window_of[key] for key in batch])
        losses = [_loss(model, ids, first)]
        for block in blocks:
            with skipped_block(model, block):
                losses.append(_loss(model, ids, first))
        return np.round(torch.stack(losses, 1).numpy(), DECIMALS).tolist()

    keys = [text_digest(window.tolist()) for window in windows]
    settings = {"blocks": list(blocks), "first": first}
    return np.array(_kept(model, tokenizer, keys, compute, "skipped", settings))


def _steps(model, window: Tensor, positions: list[int], mass: float) -> dict:
    parts = model_parts(model)
    with parts.record_stream() as recorded:
        model.base_model(input_ids=window[None].to(model.device), use_cache=False)
    stream = [state[0, positions] for state in recorded]
    nuclei = read_nuclei(parts, stream, mass=mass)
    entropy = read_stream(parts, stream).entropy.double().numpy()
    return {
        "entropy": np.round(entropy, DECIMALS).tolist(),
        # With a decimal point, since rounding moves a set of 20,000 equally likely tokens by one.
        "sizes": nuclei.sizes.astype(float).tolist(),
        "overlap": np.round(nuclei.overlap, 4).tolist(),
        "crossed_overlap": np.round(nuclei.crossed_overlap, 4).tolist(),
    }


def _loss(model, ids: Tensor, first: int) -> Tensor:
    """Return the mean loss of each row from a position on, ``(rows,)``."""
    ids = ids.to(model.device)
    keep = ids.shape[1] - first
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=keep).logits[:, :-1]
    log_p = logits.float().log_softmax(-1)
    targets = ids[:, first + 1 :, None]
    return -log_p.gather(-1, targets)[..., 0].mean(-1).double().cpu()


def _articles() -> list[str]:
    half = ARTICLES // 2
    pairs = zip(encyclopaedia_texts()[:half], news_texts()[:half])
    return [text for pair in pairs for text in pair]


def text_digest(text: str | list[int]) -> str:
    """Return the name that a prompt, or the token ids of a window, has in what is kept."""
    return hashlib.sha256(repr(text).encode()).hexdigest()[:16]


def _kept(model, tokenizer, keys: list[str], compute, task: str, settings: dict) -> list:
    code = (prompt_entropies, *READING)
    return cached_results(
        model, tokenizer, keys, compute, task=task, settings=settings, batch_size=16, code=code
    )
