"""Small models of the known language: trained in seconds, kept on disk, some brought along.

The weights of the trainings that lesson 32 rests on lie in ``recorded_models``, so that its figures
are the same on every machine. Before they are used, the first steps of the training are repeated
and compared (`SPOT_CHECK_STEPS`). ``python tests/train_known_models.py`` makes them anew.
"""

import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import cross_entropy

from .._progress import progress_bar
from ..data.known_language import BOS, STOP, Context, KnownLanguage
from ..loading.cache import cache_folder
from .source_code import source_checksums

RECORDED_MODELS = Path(__file__).with_name("recorded_models")
MEMBERS = 5
BATCH = 128
LEARNING_RATE = 1e-2
WARM_UP = 50
SPOT_CHECK_STEPS = 20
# In nats. Rounding (float64, two threads) moves the first 20 losses by less than 1e-6, and other
# masks of dropout by 0.004; another text, seed or learning rate moves them by 0.016 or more.
SPOT_CHECK_TOLERANCE = 0.01


@dataclass(frozen=True)
class Training:
    """Everything that one small model's weights rest on.

    Attributes:
        language: whose sentences are read.
        sentences: how many different draws the training text has; each is read again and again.
        text_seed: of the draw of the training text.
        steps: of AdamW, with batches of 128 sentences; 0 leaves the model untrained.
        dropout: the share of activations dropped in training.
        seed: of the first weights and of the order in which the sentences are read.

    Raises:
        ValueError: no sentences, a negative number of steps, or a dropout outside 0..1.
    """

    language: KnownLanguage = field(default_factory=KnownLanguage)
    sentences: int = 16_384
    text_seed: int = 0
    steps: int = 1000
    dropout: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.sentences < 1 or self.steps < 0 or not 0 <= self.dropout < 1:
            raise ValueError(
                "a training needs at least 1 sentence, 0 or more steps and a dropout from 0 to "
                f"below 1, got {self.sentences}, {self.steps} and {self.dropout}."
            )

    def text(self) -> Tensor:
        """Return the sentences that are read, ``(sentences, 5)`` token ids."""
        return self.language.sentences(self.sentences, seed=self.text_seed)


# What came with the package: the trainings whose figures lesson 32 prints.
RECORDED_TRAININGS = [
    *[Training(seed=seed) for seed in range(MEMBERS)],
    *[Training(sentences=65_536, seed=seed) for seed in range(MEMBERS)],
    *[Training(language=KnownLanguage(noise=0.2), seed=seed) for seed in range(MEMBERS)],
    Training(dropout=0.1),
]


def known_ensemble(*, members: Sequence[int] = range(MEMBERS), **settings) -> list:
    """Return models of the known language that differ in their seed only, in evaluation mode.

    Each is a GPT-2 of transformers with two blocks of width 32 (34,000 weights). It is taken from
    the cache of this machine, else from what came with the package, else trained: about ten seconds
    a model on one core, with a progress bar, and kept in the cache.

    Args:
        members: a seed for each member.
        settings: the other attributes of `Training`.

    Raises:
        ValueError: a setting that `Training` refuses.
        TypeError: a setting it does not have.
    """
    return [known_model(Training(seed=seed, **settings)) for seed in members]


def known_model(training: Training):
    """Return the model of one training, as `known_ensemble` does."""
    path = cache_folder() / "known_models" / f"{_digest(_exact_settings(training))}.safetensors"
    weights = _read_weights(path)
    if weights is None:
        weights = _recorded_weights(training)
        if weights is None:
            weights, losses = train_weights(training)
        else:
            losses = weights.pop("losses")
        keep_weights(path, weights, losses)
    weights.pop("losses", None)
    model = new_model(training)
    model.load_state_dict({name: weight.float() for name, weight in weights.items()})
    return model.eval()


def train_weights(training: Training, *, stop_after: int | None = None):
    """Train one model from its first weights.

    The loss is the mean cross-entropy of all tokens but BOS, in nats. The learning rate rises for
    50 steps and then falls to 0. No weight decays, so the vectors of islanders that no sentence
    names stay as they were drawn.

    Args:
        stop_after: end after so many steps of the same schedule.

    Returns:
        The weights in float16, by name, and the losses of the steps, ``(steps,)`` float32.
    """
    steps = training.steps if stop_after is None else min(stop_after, training.steps)
    text = training.text()
    order = torch.Generator().manual_seed(training.seed)
    losses = []
    with torch.random.fork_rng(devices=[]):
        model = new_model(training).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0)
        schedule = transformers.get_linear_schedule_with_warmup(
            optimizer, WARM_UP, max(training.steps, 1)
        )
        torch.manual_seed(training.seed)  # of dropout
        with progress_bar(total=steps, description=f"training {training.seed}") as bar:
            for _ in range(steps):
                rows = torch.randint(0, len(text), (BATCH,), generator=order)
                loss = _loss(model, text[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                losses.append(loss.item())
                bar.update()
    weights = {name: weight.half() for name, weight in model.state_dict().items()}
    return weights, torch.tensor(losses)


def new_model(training: Training):
    """Return the untrained model: normal weights of deviation 0.02, gains 1 and biases 0.

    They are drawn here, parameter by parameter, so that no version of transformers decides them.
    """
    config = transformers.GPT2Config(
        vocab_size=len(training.language.tokens),
        n_positions=8,
        n_embd=32,
        n_layer=2,
        n_head=4,
        resid_pdrop=training.dropout,
        embd_pdrop=training.dropout,
        attn_pdrop=0,
        tie_word_embeddings=False,
        bos_token_id=BOS,
        eos_token_id=STOP,
        use_cache=False,
    )
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    draw = torch.Generator().manual_seed(training.seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2:
                weight.normal_(0, 0.02, generator=draw)
            else:
                weight.fill_(0 if name.endswith("bias") else 1)
    return model.eval()


@torch.no_grad()
def context_logits(models: Sequence, contexts: Sequence[Context]) -> Tensor:
    """Return every member's raw logits after each context, ``(members, contexts, tokens)``."""
    token_ids = torch.tensor([context.token_ids for context in contexts])
    return torch.stack([model(token_ids).logits[:, -1] for model in models])


def keep_weights(path: Path, weights: dict[str, Tensor], losses: Tensor) -> None:
    """Write weights and losses into one file; a folder that cannot be written gives a warning."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".aside", delete=False) as aside:
            aside.write(save({**weights, "losses": losses}))
        os.chmod(aside.name, 0o644)  # a temporary file is its owner's only
        os.replace(aside.name, path)
    except OSError as error:
        warnings.warn(
            f"trained weights cannot be kept in {path.parent} ({error}); set UNCERTAINTY_CACHE to "
            "a folder you can write to, or every run trains anew.",
            stacklevel=4,
        )


def recorded_path(training: Training) -> Path:
    """Return where the weights of this training lie if they came with the package."""
    return RECORDED_MODELS / f"{_digest(asdict(training))}.safetensors"


def _loss(model, sentences: Tensor) -> Tensor:
    logits = model(sentences[:, :-1]).logits  # (sentences, 4, tokens)
    return cross_entropy(logits.flatten(0, 1), sentences[:, 1:].flatten())


def _recorded_weights(training: Training) -> dict[str, Tensor] | None:
    """Return the weights that came with the package, if the training begins here as there."""
    weights = _read_weights(recorded_path(training))
    if weights is None:
        return None
    recorded = weights["losses"][:SPOT_CHECK_STEPS]
    _, losses = train_weights(training, stop_after=SPOT_CHECK_STEPS)
    difference = float((losses - recorded).abs().max()) if len(recorded) else 0.0
    if difference <= SPOT_CHECK_TOLERANCE:
        return weights
    warnings.warn(
        f"the first losses of a training differ by up to {difference:.2g} nats from those that "
        "came with the package, so the small models are trained anew. The cause can be another "
        "version of torch, or code that was changed.",
        stacklevel=4,
    )
    return None


def _read_weights(path: Path) -> dict[str, Tensor] | None:
    """Return what a file holds; None where there is none, or where it is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError):
        return None


def _exact_settings(training: Training) -> dict:
    code = source_checksums([KnownLanguage, train_weights])
    versions = [torch.__version__.split("+")[0], transformers.__version__]
    return {**asdict(training), "code": code, "versions": versions}


def _digest(settings: dict) -> str:
    text = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
