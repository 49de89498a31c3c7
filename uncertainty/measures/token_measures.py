"""How unsure was the model of each token, and of the whole answer? One forward pass is all these measures need.

Every function takes a `Generation`, transformers' own result of
``generate(..., return_dict_in_generate=True, output_logits=True)`` for one prompt, or a ``(steps, vocabulary)`` tensor
of **raw** logits. Processed scores (after temperature, top-k, top-p or penalties) are refused: they make any model look
surer than it is. All numbers grow with doubt unless their name says confidence, probability or margin.
(What can be recognised is refused; a temperature leaves no trace in a tensor.)

A `Generation` ends before the end-of-sequence token. transformers' result does not say where that is, so all its steps
count, the stop included: ``torch.cat(result.logits)[:-1]`` leaves it out.
"""

import torch
from torch import Tensor

from ..information import LOWEST
from .evidence import evidence_count, evidence_split
from .raw_logits import raw_logits

ROWS = 8  # rows worked on at once: 8 x 50,000 float32 stay in a laptop's cache, which is worth a factor of two


def get_token_confidence(generation, top_k: int = 1) -> Tensor:
    """The k largest probabilities of every step, ``(steps, top_k)``, largest first; top_k is cut to the vocabulary.

    Raises:
        ValueError: top_k below 1, or a source these measures refuse (see `raw_logits`).
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}.")
    logits = raw_logits(generation)
    largest = logits.topk(min(top_k, logits.shape[-1])).values
    return (largest - logits.logsumexp(-1, keepdim=True)).exp()


@torch.no_grad()
def token_measures(
    generation, token_ids: Tensor | None = None, *, n_evidence: int = 2
) -> dict[str, Tensor]:
    """Every measure of this module, per token: a dict of ``(steps,)`` float tensors, in one pass over the logits.

    ==================  ==========================================================================
    probability         p(token) of the token that was written (needs its id; see below)
    surprisal           -log p(token), nats
    max_probability     max_v p(v); equal to ``probability`` under greedy decoding
    margin              p(likeliest) - p(second likeliest): small when two candidates compete
    entropy             -sum_v p(v) log p(v), nats
    aleatoric           AU of `aleatoric_epistemic`
    epistemic           EU of `aleatoric_epistemic`
    logtoku             AU x EU
    ==================  ==========================================================================

    Args:
        token_ids: ``(steps,)`` ids of the written tokens; known for a `Generation` and a transformers result. Without
            them (a bare tensor) the likeliest token stands in, as if decoding had been greedy.

    Raises:
        ValueError: token ids that do not fit the logits, n_evidence below 2, or a source these measures refuse.
    """
    logits = raw_logits(generation)
    keep = evidence_count(n_evidence, logits)
    spare = logits.new_empty(
        2, ROWS, logits.shape[-1]
    )  # fresh memory for every block would cost more than the sums
    blocks = [_statistics(block, keep, spare[:, : len(block)]) for block in logits.split(ROWS)]
    largest, favourites, log_total, entropy = (torch.cat(parts) for parts in zip(*blocks))
    token_ids = (
        _written_tokens(generation, favourites) if token_ids is None else torch.as_tensor(token_ids)
    )
    _check_token_ids(token_ids, logits)
    log_p = (
        logits.gather(-1, token_ids[:, None].to(logits.device)).squeeze(-1)
        - largest[:, 0]
        - log_total
    )
    top_two = (largest[:, :2] - largest[:, :1] - log_total[:, None]).exp()
    aleatoric, epistemic = evidence_split(largest)
    return dict(
        probability=log_p.exp(),
        surprisal=-log_p,
        max_probability=top_two[:, 0],
        margin=top_two[:, 0] - top_two[:, 1:].sum(-1),
        entropy=entropy,
        aleatoric=aleatoric,
        epistemic=epistemic,
        logtoku=aleatoric * epistemic,
    )


def _check_token_ids(token_ids: Tensor, logits: Tensor) -> None:
    if token_ids.shape != logits.shape[:1]:
        raise ValueError(f"{len(logits)} steps but {token_ids.numel()} token ids.")
    if not 0 <= int(token_ids.min()) <= int(token_ids.max()) < logits.shape[-1]:
        raise ValueError(
            f"token ids must lie in 0..{logits.shape[-1] - 1}, got {token_ids.min()}..{token_ids.max()}."
        )


def _written_tokens(source, favourites: Tensor) -> Tensor:
    if hasattr(source, "token_ids"):
        return source.token_ids
    if hasattr(source, "sequences"):
        return source.sequences[0, -len(favourites) :]
    return favourites


def _statistics(block: Tensor, keep: int, spare: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Largest logits, likeliest token, log sum of exp(logit - largest) and entropy, each logit touched while in cache."""
    largest, places = block.topk(keep)
    shifted = torch.sub(block, largest[:, :1], out=spare[0]).clamp_(min=LOWEST)
    weights = torch.exp(shifted, out=spare[1])
    total = weights.sum(-1)
    entropy = total.log() - weights.mul_(shifted).sum(-1) / total
    return largest, places[:, 0], total.log(), entropy.clamp_(min=0)
