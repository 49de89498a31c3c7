"""Every public function that takes a model, each called once: what it says, as numbers that can be compared."""

import numpy as np
import torch
import transformers

import uncertainty as u
from uncertainty.data.word_choices import word_choices

WORDS = (" yes", " no", " true", " false", " low", " medium", " high")
IDS = torch.arange(3, 19)
TEXTS = torch.stack([IDS, IDS.flip(0)])
REPEAT = torch.tensor([1, 5, 6, 7, 5, 6, 7])
PROMPTS = ["Hello", "Hello you"]
PLAIN = dict(chat=False, max_new_tokens=4)


def small_model():
    """A random Llama on the grid of 4-bit rounding, and a tokenizer that has some words whole."""
    tokenizer = u.load_model("tiny")[1]
    tokenizer.add_tokens([*WORDS, *(f" {word}" for word in word_choices(1)[0].words)])
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.3,
    )
    model = transformers.LlamaForCausalLM(config).eval()
    with torch.no_grad():
        model.model.norm.weight.add_(0.3 * torch.randn(64))
        for name, weight in model.named_parameters():
            if "layers" in name and weight.ndim == 2:
                blocks = weight.view(-1, 32)
                lowest = blocks.amin(1, keepdim=True)
                step = (blocks.amax(1, keepdim=True) - lowest) / 15
                blocks.copy_(lowest + step * ((blocks - lowest) / step).round())
    return model, tokenizer


def some_unigrams(model):
    rows = model.get_output_embeddings().weight.shape[0]
    logits = torch.randn(2, rows, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return logits.softmax(-1)


def some_direction(model):
    return u.frequency_direction(some_unigrams(model)[0])


def sweep(model, **options):
    found = u.ablation_sweep(model, IDS, [0, 7], value="zero", progress=False, **options)
    kinds = [found, found.direct, found.frozen]
    return [numbers for kind in kinds if kind is not None for numbers in (kind.entropy, kind.kl)]


def first_order(model):
    width = u.activations(model, IDS).shape[1]
    found = u.first_order(model, TEXTS, some_unigrams(model), value=torch.zeros(width))
    shares = found.shares(0, [0, 3], controls=3)
    tops = found.top_tokens([[0, 1], [2]])
    return [
        found.entropy,
        shares.cosine,
        *shares.effects.values(),
        *shares.controls.values(),
        *tops,
    ]


def expansion(model):
    residual = u.text_stream(model, IDS)[0][-1]
    found = u.entropy_expansion(model, residual)
    return found.change(torch.full(found.cov_zu.shape, 0.3, device=found.cov_zu.device))


def translated(model):
    stream, _ = u.text_stream(model, IDS)
    moved = u.translate(stream, u.fit_translators(stream))
    return u.read_stream(u.model_parts(model), moved).entropy


def without_heads(model):
    with u.heads_attend_to_bos(model, [(0, 1), (1, 2)]):
        return u.logit_lens(model, IDS).entropy


def without_a_block(model):
    with u.skipped_block(model, 1):
        return u.logit_lens(model, IDS).entropy


def rerounded(model):
    with u.reround_linear_layers(model):
        return u.logit_lens(model, IDS).entropy


def lens(model, **options):
    trace = u.logit_lens(model, IDS, targets=[*IDS[1:].tolist(), -100], **options)
    return [
        trace.entropy,
        trace.kl_to_final,
        trace.reverse_kl,
        trace.cross_entropy,
        trace.top_token,
    ]


def unembedding(model):
    parts = u.model_parts(model)
    return u.effective_unembedding(parts, u.final_norm(parts), torch.float64)


def normed(model):
    norm = u.final_norm(u.model_parts(model))
    return [norm.gain, norm.bias]


def kept_results(model, tokenizer):
    return u.cached_results(model, tokenizer, ["a", "b"], list, task="device map")


def entails(model, tokenizer):
    judge = u.model_entails(model, tokenizer)
    return judge("Which city?", [("Rome", "Rome, Italy"), ("Rome", "Paris")])


CALLS = {
    "ablation_sweep": lambda m, t: [
        *sweep(m),
        *sweep(m, tolerance=1e-3),
        *sweep(m, freeze=some_direction(m), unigram=some_unigrams(m)[0]),
        u.ablation_sweep(m, TEXTS, [[0, 7], [3]], progress=False).entropy,
    ],
    "activations": lambda m, t: u.activations(m, IDS),
    "answers_by_step": lambda m, t: u.answers_by_step(m, t, PROMPTS, max_new_tokens=3, chat=False),
    "answers_by_token": lambda m, t: u.answers_by_token(m, t, PROMPTS, max_new_tokens=3),
    "answers_with_depth": lambda m, t: u.answers_with_depth(m, t, PROMPTS, max_new_tokens=3),
    "attention_patterns": lambda m, t: u.attention_patterns(m, IDS),
    "bos_ablation": lambda m, t: u.bos_ablation(
        m, TEXTS, head_sets=[[(0, 1)], [(1, 2)]], positions=[3, 8], neurons=[0, 5]
    ),
    "cached_results": kept_results,
    "choice_log_probabilities": lambda m, t: u.choice_log_probabilities(
        m, t, PROMPTS, choices=[" yes", " no"]
    ),
    "compare_with_unigrams": lambda m, t: [
        *u.compare_with_unigrams(m, TEXTS, some_unigrams(m)).values()
    ],
    "decision_steps": lambda m, t: [*u.decision_steps(m, t, TEXTS, positions=[4, 6]).values()],
    "effective_unembedding": lambda m, t: unembedding(m),
    "entropy_expansion": lambda m, t: expansion(m),
    "evidence_measures": lambda m, t: u.evidence_measures(m, t, PROMPTS, max_new_tokens=3),
    "final_norm": lambda m, t: normed(m),
    "first_order": lambda m, t: first_order(m),
    "first_token_doubts": lambda m, t: u.first_token_doubts(m, t, [PROMPTS]),
    "frequency_cosine": lambda m, t: u.frequency_cosine(m, some_direction(m)),
    "generate": lambda m, t: [each.logits for each in u.generate(m, t, PROMPTS, **PLAIN)],
    "generate_with_lens": lambda m, t: [
        trace.entropy for _, trace in u.generate_with_lens(m, t, PROMPTS, **PLAIN)
    ],
    "generate_with_logits": lambda m, t: (
        u.generate_with_logits(m, t, "Hi", temperature=0.7, seed=1, **PLAIN).logits
    ),
    "geometry": lambda m, t: [u.geometry(m).singular_values, u.geometry(m).cosines.abs()],
    "given_answer_measures": lambda m, t: u.given_answer_measures(m, t, [("Who?", "me")]),
    "given_by_step": lambda m, t: u.given_by_step(m, t, [("Hello", " you")]),
    "greedy_answers": lambda m, t: u.greedy_answers(m, t, PROMPTS, max_new_tokens=3),
    "heads_attend_to_bos": lambda m, t: without_heads(m),
    "induction_scores": lambda m, t: u.induction_scores(m, REPEAT),
    "last_layer_neurons": lambda m, t: [
        u.last_layer_neurons(m).output_weights,
        u.last_layer_neurons(m).adds_to_stream,
    ],
    "last_streams": lambda m, t: u.last_streams(m, t, PROMPTS, chat=False),
    "logit_lens": lambda m, t: [*lens(m, renyi=[0.5]), *lens(m, middle=True, top=3)],
    "logit_variance": lambda m, t: u.logit_variance(m),
    "losses_without_block": lambda m, t: u.losses_without_block(m, t, TEXTS, blocks=[1], first=4),
    "model_entails": entails,
    "model_parts": lambda m, t: u.model_parts(m).logits(u.text_stream(m, IDS)[0][-1]),
    "nucleus_sizes": lambda m, t: u.nucleus_sizes(m, IDS),
    "null_space_fraction": lambda m, t: u.null_space_fraction(m, 5),
    "needs_geometry": lambda m, t: u.needs_geometry(m) or 0,
    "p_true": lambda m, t: u.p_true(
        m, t, [u.p_true_conversation("Who?", answer="me", ideas=["me", "you"])]
    ),
    "predicted_unigram": lambda m, t: u.predicted_unigram(m, TEXTS),
    "prompt_entropies": lambda m, t: u.prompt_entropies(m, t, PROMPTS),
    "read_nuclei": lambda m, t: [*u.read_nuclei(u.model_parts(m), u.text_stream(m, IDS)[0])],
    "read_stream": lambda m, t: translated(m),
    "replay_heads": lambda m, t: u.replay_heads(m, TEXTS, 0, [[0], [1, 2]], progress=False).kl,
    "replay_sweep": lambda m, t: [
        u.replay_sweep(m, TEXTS, 1, [0, 7], value="zero", progress=False).entropy,
        u.replay_sweep(m, IDS, 0, [[0, 7], [3]], progress=False).kl,
    ],
    "resid_mid_modules": lambda m, t: len(u.resid_mid_modules(m)),
    "scaled_depth": lambda m, t: u.scaled_depth(m, 20),
    "scaled_depths": lambda m, t: u.scaled_depths(m, 5, 10, 20),
    "reround_linear_layers": lambda m, t: rerounded(m),
    "sample_answers": lambda m, t: [
        answer.logits
        for answers in u.sample_answers(m, t, PROMPTS, 2, seed=1, **PLAIN)
        for answer in answers
    ],
    "sampled_answers": lambda m, t: u.sampled_answers(m, t, PROMPTS, 2, max_new_tokens=3),
    "score": lambda m, t: u.score(m, t, "Hello", " you", chat=False).logits,
    "scored_confidence": lambda m, t: u.scored_confidence(m, t, [("Who?", "me")]),
    "second_turn_replies": lambda m, t: u.second_turn_replies(
        m, t, [("Who?", "me")], max_new_tokens=3
    ),
    "skipped_block": lambda m, t: without_a_block(m),
    "text_stream": lambda m, t: u.text_stream(m, IDS),
    "option_log_probabilities": lambda m, t: u.option_log_probabilities(
        m, t, [("A?", ["b", "cd"])]
    ),
    "word_choice_logits": lambda m, t: u.word_choice_logits(m, t, word_choices(1)),
}


def said(name, model, tokenizer):
    """What a function says, as a flat list of float64 tensors and of all that is no number."""
    return list(flat(CALLS[name](model, tokenizer)))


def flat(value):
    if isinstance(value, (torch.Tensor, np.ndarray, bool, int, float)):
        tensor = value.detach().cpu() if isinstance(value, torch.Tensor) else torch.tensor(value)
        yield tensor.double()
    elif isinstance(value, dict):
        for key in value:
            yield from flat(value[key])
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from flat(each)
    else:
        yield value


def agree(name, ours, theirs, tolerance=2e-4):
    assert len(ours) == len(theirs), name
    for one, other in zip(ours, theirs):
        if isinstance(one, torch.Tensor):
            torch.testing.assert_close(
                one,
                other,
                atol=tolerance,
                rtol=tolerance,
                equal_nan=True,
                msg=lambda m: f"{name}: {m}",
            )
        else:
            assert one == other, name
