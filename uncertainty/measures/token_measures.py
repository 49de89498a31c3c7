"""How unsure was the model of each token? One forward pass is all that these measures need.

Every function takes a `Generation` (of a server's answer, see `answers_from`, what its
log-probabilities allow), transformers' own result of
``generate(..., return_dict_in_generate=True, output_logits=True)`` for one prompt, or a
``(steps, vocabulary)`` tensor of **raw** logits. Processed scores (after temperature, top-k, top-p
or penalties) make any model look surer than it is, so they are refused where they can be
recognised; a temperature leaves no trace in a tensor. All numbers grow with doubt unless their name
says confidence, probability or margin.

A `Generation` ends before the end-of-sequence token. transformers' result does not say where that
is, so all its steps count, the stop included: ``torch.cat(result.logits)[:-1]`` leaves it out.
"""

import torch
from torch import Tensor

from .._inputs import require_ids_in_vocabulary
from ..generation.server_answers import ServerAnswer
from ..information import LOWEST
from .evidence import evidence_count, evidence_split
from .raw_logits import LogitsSource, raw_logits
from .server_measures import largest_probabilities, server_token_measures

# Steps worked on at once: 8 x 50,000 float32 stay in a laptop's cache, which is twice as fast.
ROWS = 8


def get_token_confidence(generation: LogitsSource, top_k: int = 1) -> Tensor:
    """Return the k largest probabilities of every step, ``(steps, top_k)``, the largest first.

    top_k is cut to the vocabulary.

    Raises:
        ValueError: top_k below 1, more than a server sent, or a source these measures refuse (see
            `raw_logits`).
    """
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, got {top_k}.")
    if isinstance(generation, ServerAnswer):
        return largest_probabilities(generation, top_k)
    logits = raw_logits(generation)
    largest = logits.topk(min(top_k, logits.shape[-1])).values
    return (largest - logits.logsumexp(-1, keepdim=True)).exp()


@torch.no_grad()
def token_measures(
    generation: LogitsSource, token_ids: Tensor | None = None, *, n_evidence: int = 2
) -> dict[str, Tensor]:
    """Compute every measure of a token: a dict of ``(steps,)`` float tensors, in one pass.

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
        token_ids: ``(steps,)`` ids of the written tokens; known for a `Generation` and a
            transformers result. Without them (a bare tensor) the likeliest token is taken, as if
            decoding had been greedy.

    A server's answer has no entropy, aleatoric, epistemic and logtoku; reading one of them from the
    dict raises ValueError, which says what to do instead.

    Raises:
        ValueError: token ids that do not fit the logits (a server's answer takes none), n_evidence
            below 2, or a source these measures refuse (see `raw_logits`).
    """
    if isinstance(generation, ServerAnswer):
        _refuse_token_ids(token_ids, generation)
        return server_token_measures(generation)
    logits = raw_logits(generation)  # (T, V)
    # K >= 2, so the two likeliest are included (1 if the vocabulary has one)
    n_largest = evidence_count(n_evidence, logits)

    # 1. The only pass over the logits, ROWS steps at a time. All blocks share two buffers: fresh
    #    memory for every block would cost more than the sums.
    buffers = logits.new_empty(2, ROWS, logits.shape[-1])
    blocks = [
        _block_statistics(block, n_largest, buffers[:, : len(block)])
        for block in logits.split(ROWS)
    ]
    statistics = (torch.cat(parts) for parts in zip(*blocks))
    largest, likeliest, log_total, entropy = statistics  # (T, K), then (T,) each

    # 2. The written token. The largest logit is taken off first, so that a small surprisal keeps
    #    its digits whatever the level of the logits.
    if token_ids is None:
        token_ids = _written_tokens(generation, likeliest)
    token_ids = torch.as_tensor(token_ids)
    _check_token_ids(token_ids, logits)
    columns = token_ids[:, None].long().to(logits.device)  # (T, 1)
    written_logit = logits.gather(-1, columns).squeeze(-1)  # (T,)
    log_p = written_logit - largest[:, 0] - log_total

    # 3. The two likeliest tokens (one, when the vocabulary has no more), and the evidence.
    top_two = (largest[:, :2] - largest[:, :1] - log_total[:, None]).exp()  # (T, 2)
    max_probability = top_two[:, 0]
    aleatoric, epistemic = evidence_split(largest)
    return dict(
        probability=log_p.exp(),
        surprisal=-log_p,
        max_probability=max_probability,
        margin=max_probability - top_two[:, 1:].sum(-1),
        entropy=entropy,
        aleatoric=aleatoric,
        epistemic=epistemic,
        logtoku=aleatoric * epistemic,
    )


def _block_statistics(
    block: Tensor, n_largest: int, buffers: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Summarise some steps' logits ``(B, V)`` while they are in the cache.

    Args:
        buffers: ``(2, B, V)``, overwritten.

    Returns:
        The largest logits ``(B, K)``; the likeliest token, the log of sum_v exp(logit_v - largest)
        and the entropy in nats, each ``(B,)``.
    """
    largest, token_ids = block.topk(n_largest)
    shifted = torch.sub(block, largest[:, :1], out=buffers[0]).clamp_(min=LOWEST)
    weights = torch.exp(shifted, out=buffers[1])
    total = weights.sum(-1)
    log_total = total.log()
    entropy = log_total - weights.mul_(shifted).sum(-1) / total
    return largest, token_ids[:, 0], log_total, entropy.clamp_(min=0)


def _written_tokens(source: LogitsSource, likeliest: Tensor) -> Tensor:
    """Return the ids that a source says it wrote, else the likeliest token of every step."""
    if hasattr(source, "token_ids"):
        return source.token_ids
    if hasattr(source, "sequences"):
        return source.sequences[0, -len(likeliest) :]
    return likeliest


def _refuse_token_ids(token_ids: Tensor | None, answer: ServerAnswer) -> None:
    if token_ids is not None:
        raise ValueError(
            f"token_ids have no meaning for an answer of {answer.endpoint}, which sends the "
            "log-probabilities of the tokens that were written: leave them out."
        )


def _check_token_ids(token_ids: Tensor, logits: Tensor) -> None:
    if token_ids.shape != logits.shape[:1]:
        raise ValueError(f"{len(logits)} steps but {token_ids.numel()} token ids.")
    require_ids_in_vocabulary(token_ids, logits.shape[-1])
