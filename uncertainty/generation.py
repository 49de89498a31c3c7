"""Generation with scores: what the model wrote, and the raw logits it wrote it from.

*Raw* is the point. Everything that decoding does to the logits before a token is drawn (temperature, top-k, top-p,
penalties, suppressed tokens) changes the numbers an uncertainty measure reads, so this module keeps the logits from
before all of that, and drops what lies at and after the end-of-sequence token.
"""

from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers
from torch import Tensor

from .heatmap import token_heatmap_html, token_labels
from .prefixes import read_prompts

Prompt = str | list[dict[str, str]]  # a question, or a conversation of {"role": ..., "content": ...} messages


@dataclass(eq=False)
class Generation:
    """An answer with its evidence. In a notebook it shows itself as a token heat map.

    Attributes:
        prompt: what was asked, before the chat template.
        text: the answer, decoded, without special tokens.
        token_ids: ``(steps,)`` the answer's tokens, without the end-of-sequence token.
        logits: ``(steps, vocabulary)`` raw float32 on the CPU; row t is the distribution token t was drawn from.
        prompt_ids: ``(prompt,)`` what the model really read.
        finish_reason: "stop" (end of sequence), "length" (ran into max_new_tokens) or "given" (scored, not generated).
    """

    prompt: Prompt
    text: str
    token_ids: Tensor
    logits: Tensor
    prompt_ids: Tensor
    finish_reason: str
    tokenizer: Any = field(repr=False)

    @property
    def tokens(self) -> list[str]:
        """The answer's tokens as readable labels, one a step."""
        return token_labels(self.tokenizer, self.token_ids)

    def __len__(self) -> int:
        return len(self.token_ids)

    def __repr__(self) -> str:
        return f"Generation({self.text!r}, {len(self)} tokens, finish_reason={self.finish_reason!r})"

    def _repr_html_(self) -> str:
        return token_heatmap_html(self)


def generate(model, tokenizer, prompt: Prompt | Sequence[Prompt], *, max_new_tokens: int = 64, chat: bool = True,
             temperature: float = 0.0, seed: int | None = None) -> Generation | list[Generation]:
    """Let the model answer, and keep the raw logits of every step.

    Args:
        prompt: a string, a conversation (list of role/content messages), or a list of either for one padded batch,
            which reads a repeated prompt, and what all its prompts begin with, only once.
        chat: put the prompt through the tokenizer's chat template; ``False`` continues the text as it stands.
        temperature: 0 takes the likeliest token; larger values sample from softmax(logits / temperature), untruncated.
        seed: makes sampling repeatable without touching torch's global random state.

    Returns:
        One `Generation`, or a list in the order of the prompts. With temperature 0 and float32 weights a batch gives the
        tokens that each prompt gives alone (half precision rounds so coarsely that near ties can fall either way).

    Raises:
        ValueError: temperature or max_new_tokens out of range, an empty prompt, no chat template, or a model that is
            no decoder-only one or is in training mode.
    """
    _check_model(model)
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, got {max_new_tokens}.")
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature must be 0 (greedy) or a positive number, got {temperature}.")
    prompts = list(prompt) if _is_batch(prompt) else [prompt]
    if not prompts:
        return []
    rows = [prompt_token_ids(tokenizer, one, chat=chat) for one in prompts]
    generated, logits = _run(model, tokenizer, rows, max_new_tokens, temperature, seed)
    stops = stop_token_ids(model, tokenizer)
    results = [_cut(tokenizer, prompts[i], rows[i], generated[i], [step[i] for step in logits], stops)
               for i in range(len(rows))]
    return results if _is_batch(prompt) else results[0]


def score(model, tokenizer, prompt: Prompt, answer: str | Sequence[int], *, chat: bool = True) -> Generation:
    """The logits an answer *would* have been written from: one forward pass over prompt + answer (teacher forcing).

    Args:
        answer: a text (tokenised on its own, exactly as given: mind a leading space when ``chat=False``) or token ids.

    Returns:
        A `Generation` with finish_reason "given". For the model's own greedy tokens its logits equal `generate`'s.

    Raises:
        ValueError: the answer is empty or no single row of ids; the model is no decoder-only one or is training.
    """
    _check_model(model)
    prompt_ids = prompt_token_ids(tokenizer, prompt, chat=chat)
    ids = tokenizer(answer, add_special_tokens=False).input_ids if isinstance(answer, str) else answer
    answer_ids = torch.as_tensor(ids, dtype=torch.long).cpu()
    if answer_ids.ndim != 1 or len(answer_ids) == 0:
        raise ValueError(f"nothing to score: need one row of token ids, got shape {tuple(answer_ids.shape)}.")
    read = torch.cat([prompt_ids, answer_ids])[None].to(model.device)
    with torch.no_grad():
        logits = model(input_ids=read, use_cache=False).logits[0, len(prompt_ids) - 1 : -1]
    return Generation(prompt, _text(tokenizer, answer_ids), answer_ids, logits.to("cpu", torch.float32, copy=True),
                      prompt_ids, "given", tokenizer)


def choice_log_probabilities(model, tokenizer, prompts: Sequence[Prompt], choices: Sequence[str], *, chat: bool = True) -> Tensor:
    """log p(the next token begins this choice), nats, ``(prompts, choices)``, without generating anything.

    The probabilities need not add up to 1: what is left goes to saying something else; a softmax over the last axis
    compares the choices alone. Mind the leading space of a choice that goes on with begun text.

    Raises:
        ValueError: no list of prompts, no choices, one that is empty, or two that begin alike; else as `generate`.
    """
    _check_model(model)
    check_batch(prompts)
    first = [ids[0] for ids in tokenizer([*choices], add_special_tokens=False).input_ids if ids] if choices else []
    if isinstance(choices, str) or not first or len(set(first)) < len(choices):
        raise ValueError(f"need a list of choices that begin with different tokens, got {choices!r}.")
    rows = [prompt_token_ids(tokenizer, one, chat=chat) for one in prompts]
    _, [logits] = _run(model, tokenizer, rows, 1, 0.0, None)
    return logits.float().log_softmax(-1)[:, first].cpu()


def check_batch(prompts) -> None:
    """ValueError unless this is a list of prompts with something in it (one string would be cut into characters)."""
    if not _is_batch(prompts) or not len(prompts):
        raise ValueError(f"need a list of prompts, [prompt, ...], got {prompts!r}.")


def prompt_token_ids(tokenizer, prompt: Prompt, *, chat: bool = True) -> Tensor:
    """What the model reads, ``(tokens,)``: with ``chat`` through the chat template (which writes its own BOS), else plain.

    A conversation that ends with an assistant message is left open, so that the model goes on with that reply.

    Raises:
        ValueError: an empty prompt, messages with ``chat=False``, or a tokenizer without a chat template.
    """
    if not prompt:
        raise ValueError(f"the prompt is empty: {prompt!r}.")
    if not chat and not isinstance(prompt, str):
        raise ValueError("a conversation needs its chat template: leave chat=True, or pass one string.")
    if not chat:
        return torch.tensor(tokenizer(prompt).input_ids)
    if not tokenizer.chat_template:
        raise ValueError(f"{tokenizer.name_or_path or 'this tokenizer'} has no chat template (a base model?): pass chat=False.")
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    begun = messages[-1]["role"] == "assistant"
    templated = tokenizer.apply_chat_template(messages, add_generation_prompt=not begun, continue_final_message=begun,
                                              tokenize=True, return_dict=True)
    return torch.tensor(templated["input_ids"])


def stop_token_ids(model, tokenizer) -> set[int]:
    """Every token id that ends an answer: the generation config's and the tokenizer's."""
    configured = model.generation_config.eos_token_id
    listed = configured if isinstance(configured, (list, tuple)) else [configured]
    return {int(token) for token in [*listed, tokenizer.eos_token_id] if token is not None}


def _text(tokenizer, token_ids: Tensor) -> str:
    return tokenizer.decode(token_ids.tolist(), skip_special_tokens=True)


def _check_model(model) -> None:
    if model.config.is_encoder_decoder:
        raise ValueError(f"{type(model).__name__} is an encoder-decoder; this needs a decoder-only model.")
    if model.training:
        raise ValueError("the model is in training mode, where dropout changes every number: call model.eval().")


def _is_batch(prompt) -> bool:
    if isinstance(prompt, dict):
        raise ValueError("one message is no conversation: put it in a list, [{'role': 'user', 'content': ...}].")
    return not isinstance(prompt, str) and not (len(prompt) and isinstance(prompt[0], dict))


def _run(model, tokenizer, rows, max_new_tokens, temperature, seed):
    """One padded model.generate: (batch, steps) new token ids, and a tuple of (batch, vocabulary) raw logits."""
    stops = sorted(stop_token_ids(model, tokenizer))
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else (stops or [0])[0]
    input_ids, mask, cache = read_prompts(model, rows, padding, max_new_tokens)
    options = _decoding(max_new_tokens, temperature, stops, padding) | dict(past_key_values=cache)
    with _seeded(model.device, seed), _no_habits(model):
        output = model.generate(input_ids.to(model.device), attention_mask=mask.to(model.device), **options)
    return output.sequences[:, input_ids.shape[1]:].cpu(), output.logits


def _decoding(max_new_tokens: int, temperature: float, stops: list[int], padding: int) -> dict:
    """Options for model.generate: plain greedy, or plain sampling (top_k=0, because its own default truncates to 50)."""
    choice = dict(do_sample=True, temperature=temperature, top_k=0) if temperature else dict(do_sample=False)
    kept = dict(output_logits=True, return_dict_in_generate=True)
    return dict(max_new_tokens=max_new_tokens, eos_token_id=stops or None, pad_token_id=padding) | choice | kept


@contextmanager
def _no_habits(model):
    """generate() fills what it is not told from the model's own config (penalties, biases, truncation): empty it meanwhile."""
    habits, model.generation_config = model.generation_config, transformers.GenerationConfig()
    try:
        yield
    finally:
        model.generation_config = habits


@contextmanager
def _seeded(device: torch.device, seed: int | None):
    """Seeded random numbers inside, the global random state untouched outside; ``None`` leaves everything as it is."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _cut(tokenizer, prompt, prompt_ids, generated: Tensor, step_logits: list[Tensor], stops: set[int]) -> Generation:
    """One row of the batch, up to its first end-of-sequence token: what follows is padding with real-looking logits."""
    ended = [t for t, token in enumerate(generated.tolist()) if token in stops]
    steps = ended[0] if ended else len(generated)
    token_ids = generated[:steps].clone()
    logits = torch.stack(step_logits[: max(steps, 1)])[:steps].float().cpu()
    reason = "stop" if ended else "length"
    return Generation(prompt, _text(tokenizer, token_ids), token_ids, logits, prompt_ids, reason, tokenizer)
