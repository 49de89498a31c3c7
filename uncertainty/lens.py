"""The logit lens: what the model would say if it stopped at each depth, and how sure it would be.

At every depth the residual stream goes through the model's own final norm and unembedding. All depths of a block of tokens
are one tall matrix, multiplied by a slice of the unembedding at a time. A slice's few statistics are kept, its logits are
not, so nothing of size depths x tokens x vocabulary ever exists. Each slice is treated as a small distribution of its own
(its log-sum-exp, and means under it); at the end the slices are mixed, in float64.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .anatomy import Anatomy, anatomy, middle_readers
from .generation import Generation, Prompt, check_batch, generate
from .information import upcast

ROWS, COLUMNS = 2048, 2048  # so many logits at a time: 16 MB in float32, twice
PIECE = 64  # a divisor of COLUMNS
IGNORED = -100  # as a target: nothing to predict here


@dataclass(eq=False)
class LensTrace:
    """What each depth says about the next token. First axis: depths, 0 the embedding, -1 the model itself. Nats.

    Attributes:
        entropy: ``(depths, tokens)`` Shannon entropy of the lens' distribution p_l.
        kl_to_final: ``(depths, tokens)`` KL(p_L || p_l), where p_L is the model's own distribution.
        reverse_kl: ``(depths, tokens)`` KL(p_l || p_L).
        top_tokens, top_probabilities: ``(depths, tokens, top)`` the likeliest tokens, likeliest first.
        renyi: order -> ``(depths, tokens)``.
        cross_entropy: -log p_l(target), ``(depths, tokens)``, with one more axis when there are several targets a token; nan
            where the target is -100; None without targets.
        rank: the same shape, how many *other* tokens are likelier than the target (0: it is the top token); -1 for -100.
    """

    entropy: Tensor
    kl_to_final: Tensor
    reverse_kl: Tensor
    top_tokens: Tensor
    top_probabilities: Tensor
    renyi: dict[float, Tensor]
    cross_entropy: Tensor | None
    rank: Tensor | None

    @property
    def top_token(self) -> Tensor:
        """``(depths, tokens)`` the likeliest token."""
        return self.top_tokens[..., 0]

    def columns(self, start: int, stop: int) -> "LensTrace":
        """The trace of some of the tokens only."""
        cut = {name: None if value is None else value[:, start:stop] for name, value in vars(self).items() if name != "renyi"}
        return LensTrace(renyi={alpha: value[:, start:stop] for alpha, value in self.renyi.items()}, **cut)

    @property
    def cross_entropy_to_final(self) -> Tensor:
        """CE(p_L, p_l) = H(p_L) + KL(p_L || p_l): how surprised depth l would be by what the model draws, on average."""
        return self.entropy[-1] + self.kl_to_final


@torch.no_grad()
def logit_lens(model, input_ids, *, targets=None, renyi: Sequence[float] = (), top: int = 1, middle: bool = False) -> LensTrace:
    """Read the residual stream at every depth and every token through the final norm and the unembedding.

    The norm is computed anew at each depth. Rows that pad a vocabulary take part, as they do in the model's own softmax.

    Args:
        input_ids: ``(tokens,)`` or ``(1, tokens)``.
        targets: token ids to measure: one a token, or ``(tokens, k)``; -100 for none. Position t says what comes *after*
            token t, so the text's own next tokens are ``[*input_ids[1:], -100]``.
        renyi: orders of Renyi entropies, 0 and infinity included.
        top: how many of the likeliest tokens to keep.
        middle: rows for the stream between attention and MLP, too: ``2 * layers + 1`` depths instead of ``layers + 1``.

    Returns:
        A `LensTrace` on the CPU, float32 (float64 for a float64 model). The logits are those of the model's own precision:
        in bfloat16 they are rounded to three digits, and entropies to about 0.05.

    Raises:
        ValueError: shapes that do not fit, ids outside the vocabulary, an order that is negative or too near to 1, a model in
            training mode or one that `anatomy` cannot prove, ``middle`` where a block has none.

    Source: arXiv 2412.05768, section 2; arXiv 2502.16570, section 3.
    """
    parts = anatomy(model)
    ids = one_row(model, input_ids)
    with parts.residuals(middle=middle_readers(model) if middle else ()) as stream:
        model.base_model(input_ids=ids, use_cache=False)
    return read_stream(parts, [state[0] for state in stream], targets=targets, renyi=renyi, top=top)


def generate_with_lens(model, tokenizer, prompts: Sequence[Prompt], *, renyi: Sequence[float] = (), top: int = 1,
                       **options) -> list[tuple[Generation, LensTrace]]:
    """`generate` for a list of prompts, with the lens at every step; each position is computed once.

    Column t of an answer's trace is the stream that its token t was drawn from, and that token is the target.

    Raises:
        ValueError: one prompt instead of a list; else as `generate` and `logit_lens`.
    """
    answers, stream = generate_with_stream(model, tokenizer, prompts, **options)
    written = torch.cat([rows[:, : len(answer)] for answer, rows in zip(answers, stream)], 1)  # all answers in a row
    targets = torch.cat([answer.token_ids for answer in answers])
    trace = read_stream(anatomy(model), written, targets=targets, renyi=renyi, top=top)
    ends = torch.tensor([len(answer) for answer in answers]).cumsum(0).tolist()
    return [(answer, trace.columns(end - len(answer), end)) for answer, end in zip(answers, ends)]


def generate_with_stream(model, tokenizer, prompts: Sequence[Prompt], **options) -> tuple[list[Generation], Tensor]:
    """`generate` for a list of prompts, and the residual stream each token was drawn from.

    Returns:
        The answers, and ``(prompts, layers + 1, steps, width)``; the steps after an answer's end mean nothing.

    Raises:
        ValueError: one prompt instead of a list; else as `generate`.
    """
    check_batch(prompts)
    parts = anatomy(model)
    with parts.residuals(positions=slice(-1, None)) as stream:
        answers = generate(model, tokenizer, list(prompts), **options)
    depths, steps = len(parts.blocks) + 1, max(len(answer) + (answer.finish_reason == "stop") for answer in answers)
    written = torch.cat(stream[-steps * depths :], 1)  # passes before these only read what the prompts begin with
    return answers, written.unflatten(1, (steps, depths)).transpose(1, 2)


@torch.no_grad()
def read_stream(parts: Anatomy, stream: Sequence[Tensor], *, targets=None, renyi: Sequence[float] = (), top: int = 1) -> LensTrace:
    """The lens on a stream that is there already: a ``(tokens, width)`` tensor for each depth, the last the model's own.

    Arguments, result and errors as in `logit_lens`.
    """
    tokens, vocabulary = len(stream[0]), len(parts.unembedding.weight)
    if not 1 <= top <= min(vocabulary, COLUMNS):
        raise ValueError(f"top must lie between 1 and {min(vocabulary, COLUMNS)}, got {top}.")
    aims, several = _targets(targets, tokens, vocabulary)
    orders, step = [_order(alpha) for alpha in renyi], max(1, ROWS // len(stream))
    blocks = [_read_block(parts, torch.stack([state[i : i + step] for state in stream], 1), aims[i : i + step], orders, top)
              for i in range(0, max(tokens, 1), step)]
    found = {name: torch.cat([block[name] for block in blocks]).transpose(0, 1).cpu() for name in blocks[0]}
    found["cross_entropy"][:, aims == IGNORED] = math.nan
    found["rank"][:, aims == IGNORED] = -1
    for name in ("cross_entropy", "rank"):
        found[name] = None if targets is None else found[name] if several else found[name][..., 0]
    return LensTrace(renyi={alpha: found.pop(alpha) for alpha in orders}, **found)


def _read_block(parts: Anatomy, stream: Tensor, targets: Tensor, orders: list[float], top: int) -> dict[str | float, Tensor]:
    """Everything about one block of tokens, by name: ``(tokens, depths, ...)``."""
    states, targets = parts.before_head(stream), targets.clamp(min=0).to(stream.device)
    weight, bias = parts.unembedding.weight, getattr(parts.unembedding, "bias", None)
    chosen = torch.einsum("tld,tkd->tlk", states, weight[targets])
    chosen = upcast(parts.after_head(chosen if bias is None else chosen + bias[targets][:, None]))
    slices, width = [], min(COLUMNS, len(weight))
    products, space = (like.new_empty(states.shape[:2].numel() * width) for like in (states, chosen))  # used again and again
    for start in range(0, len(weight), COLUMNS):
        part = slice(start, start + COLUMNS)
        shape = (*states.shape[:2], len(weight[part]))
        logits = torch.mm(states.flatten(0, 1), weight[part].T, out=products[: math.prod(shape)].view(-1, shape[-1])).view(shape)
        logits = upcast(parts.after_head(logits if bias is None else logits.add_(bias[part])))
        slices.append(_read_slice(logits, chosen, targets - start, orders, top, space[: math.prod(shape)].view(shape)))
        slices[-1]["top_tokens"] += start
    values = {name: [one[name] for one in slices] for name in slices[0]}
    return {name: value.to(chosen.dtype) if value.is_floating_point() else value
            for name, value in _mix(values, chosen, orders, len(weight), top).items()}


def _read_slice(logits: Tensor, chosen: Tensor, own: Tensor, orders: list[float], top: int, space: Tensor) -> dict:
    """One slice of the vocabulary, as a distribution p of its own over logits z.

    ``mean`` is E[z_l] under p_l, ``final_mean`` E[z_l] under p_L, ``reverse_mean`` E[z_L] under p_l, all within the slice.
    The slice's size is its log-sum-exp. ``space`` is memory to work in, shaped like the logits.
    """
    values, places = _largest(logits, min(top, logits.shape[-1]))
    p = torch.softmax(logits, -1, out=space)
    largest = values[..., 0].double()
    size = largest - p.gather(-1, places[..., :1])[..., 0].double().log()
    final_mean = torch.bmm(p[:, -1:], logits.transpose(1, 2))[:, 0].double()
    reverse_mean = torch.bmm(logits[:, -1:], p.transpose(1, 2))[:, 0].double()
    mean = p.mul_(logits).sum(-1).double()
    powers = {alpha: alpha * largest + torch.sub(logits, values[..., :1], out=space).mul_(alpha).exp_().sum(-1).double().log()
              for alpha in orders if alpha not in (0, 1, math.inf)}
    return dict(size=size, mean=mean, final_mean=final_mean, reverse_mean=reverse_mean, top_tokens=places, top_logits=values,
                rank=_larger(logits, chosen, own, space)) | powers


def _largest(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` largest logits and their places: looked for only in the pieces that have the largest maxima."""
    width = logits.shape[-1]
    if width % PIECE or count > width // PIECE:
        return tuple(logits.topk(count))
    pieces = logits.unflatten(-1, (-1, PIECE))
    where = pieces.amax(-1).topk(count).indices
    best = pieces.take_along_dim(where[..., None], -2).flatten(-2).topk(count)
    return best.values, where.gather(-1, best.indices // PIECE) * PIECE + best.indices % PIECE


def _larger(logits: Tensor, chosen: Tensor, own: Tensor, space: Tensor) -> Tensor:
    """How many logits of a slice exceed each chosen token's, itself not counted; ``own`` is its place, perhaps outside.

    The chosen logits come from another product, a rounding apart; so equals must not count as larger.
    """
    chosen = chosen + 8 * torch.finfo(chosen.dtype).eps * (1 + chosen.abs())
    larger = torch.zeros_like(chosen)
    for k in range(chosen.shape[-1]):
        larger[..., k] = torch.gt(logits, chosen[..., k : k + 1], out=space).sum(-1)
    inside = (own >= 0) & (own < logits.shape[-1])
    itself = logits.gather(-1, own.clamp(0, logits.shape[-1] - 1)[:, None].expand(chosen.shape)) > chosen
    return larger.long() - (itself & inside[:, None]).long()


def _mix(values: dict, chosen: Tensor, orders: list[float], vocabulary: int, top: int) -> dict[str | float, Tensor]:
    """Put the slices of the vocabulary together; every value is a list with one tensor a slice."""
    sizes, mean, final_mean, reverse_mean = (torch.stack(values[name]) for name in ("size", "mean", "final_mean", "reverse_mean"))
    size = sizes.logsumexp(0)
    share = (sizes - size).exp()
    entropy = size - (share * mean).sum(0)
    to_final = size - (share[..., -1:] * final_mean).sum(0)  # CE(p_L, p_l)
    from_final = size[:, -1:] - (share * reverse_mean).sum(0)  # CE(p_l, p_L)
    best = torch.cat(values["top_logits"], -1).topk(top)
    found = dict(entropy=entropy.clamp(min=0), kl_to_final=(to_final - entropy[:, -1:]).clamp(min=0),
                 reverse_kl=(from_final - entropy).clamp(min=0),
                 top_tokens=torch.cat(values["top_tokens"], -1).gather(-1, best.indices),
                 top_probabilities=(best.values - size[..., None]).exp(),
                 cross_entropy=(size[..., None] - chosen).clamp(min=0), rank=sum(values["rank"]))
    limits = {0: torch.full_like(size, math.log(vocabulary)), 1: found["entropy"], math.inf: size - best.values[..., 0]}
    return found | {alpha: limits[alpha] if alpha in limits else
                    (torch.stack(values[alpha]).logsumexp(0) - alpha * size) / (1 - alpha) for alpha in orders}


def one_row(model, input_ids) -> Tensor:
    """Token ids of one text as ``(1, tokens)`` on the model's device; ValueError for anything else, or a model in training."""
    ids = torch.as_tensor(input_ids)
    ids = ids[None] if ids.ndim == 1 else ids
    vocabulary = model.get_input_embeddings().weight.shape[0]
    if ids.ndim != 2 or len(ids) != 1 or not ids.shape[1] or ids.is_floating_point():
        raise ValueError(f"need the token ids of one text, (tokens,) or (1, tokens), got shape {tuple(ids.shape)}, {ids.dtype}.")
    if not 0 <= int(ids.min()) <= int(ids.max()) < vocabulary:
        raise ValueError(f"token ids must lie in 0..{vocabulary - 1}, got {ids.min()}..{ids.max()}.")
    if model.training:
        raise ValueError("the model is in training mode, where dropout changes every number: call model.eval().")
    return ids.to(model.device)


def _targets(targets, tokens: int, vocabulary: int) -> tuple[Tensor, bool]:
    """Targets as ``(tokens, k)``, and whether there was an axis for several."""
    if targets is None:
        return torch.zeros(tokens, 0, dtype=torch.long), False
    ids = torch.as_tensor(targets).cpu()
    ids = ids[0] if ids.shape == (1, tokens) else ids
    if ids.ndim not in (1, 2) or len(ids) != tokens or ids.is_floating_point():
        raise ValueError(f"need one target id for each of {tokens} tokens, or (tokens, k); got {tuple(ids.shape)}, {ids.dtype}.")
    wrong = ids[(ids != IGNORED) & ((ids < 0) | (ids >= vocabulary))]
    if len(wrong):
        raise ValueError(f"targets must lie in 0..{vocabulary - 1}, or be {IGNORED} for none; got {wrong[0]}.")
    return (ids if ids.ndim == 2 else ids[:, None]).long(), ids.ndim == 2


def _order(alpha: float) -> float:
    if not alpha >= 0 or 0 < abs(alpha - 1) < 0.01:
        raise ValueError(f"a Renyi order must be 0 or larger (infinity is allowed), and 1 or at least 0.01 away from it: {alpha}. "
                         "Nearer to 1 the formula divides one rounding error by another; 1 itself is the Shannon entropy.")
    return alpha
