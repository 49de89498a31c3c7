"""Traps C-1 to C-10: what a model wrote, and from which numbers."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from families import tiny_model
from tokenizers import processors

from uncertainty import (
    auroc,
    choice_log_probabilities,
    generate,
    is_correct,
    leaderboard,
    load_model,
    parse_confidence,
    score,
    token_measures,
)
from uncertainty.generation.prompts import prompt_token_ids
from uncertainty.generation.tokens import token_labels
from uncertainty.measures.verbalised import PROMPTS
from uncertainty.neurons.unigrams import predicted_unigram

TEXT = "Hello there"


@pytest.fixture
def tokenizer():
    return load_model("tiny")[1]


def endless(family, **options):
    """A tiny model that never stops by itself."""
    model = tiny_model(family, **options)
    model.generation_config.eos_token_id = None
    return model


def transformers_generate(model, tokenizer, text=TEXT, **options):
    inputs = tokenizer(text, return_tensors="pt")
    torch.manual_seed(0)
    return model.generate(
        **inputs,
        pad_token_id=0,
        return_dict_in_generate=True,
        output_scores=True,
        output_logits=True,
        **options,
    )


def teacher_forced(model, ids, prompt_length):
    """The logits that one plain pass gives for every token after the prompt."""
    with torch.no_grad():
        return model(input_ids=ids[None]).logits[0, prompt_length - 1 : -1]


def naive_entropy(scores):
    p = scores.softmax(-1)
    return -(p * p.log()).sum(-1)


def test_c01_scores_are_not_logits(tokenizer):
    """`generate(output_scores=True)` returns scores after temperature and truncation, not the model's logits."""
    model = endless("llama")
    warping = dict(do_sample=True, temperature=0.7, top_k=50, top_p=0.95, max_new_tokens=6)
    result = transformers_generate(model, tokenizer, **warping)
    scores = torch.cat(result.scores)
    assert naive_entropy(scores).isnan().all()  # the trap
    assert (scores.softmax(-1).amax(-1) > token_measures(result)["max_probability"]).all()
    for processed in (scores, SimpleNamespace(scores=result.scores, sequences=result.sequences)):
        with pytest.raises(ValueError, match="processed scores"):
            token_measures(processed)

    ours = generate(
        model,
        tokenizer,
        TEXT,
        chat=False,
        temperature=0.7,
        top_k=50,
        top_p=0.95,
        seed=0,
        max_new_tokens=6,
    )
    ids = torch.cat([ours.prompt_ids, ours.token_ids])
    forced = teacher_forced(model, ids, len(ours.prompt_ids))
    torch.testing.assert_close(ours.logits, forced, atol=1e-4, rtol=0)
    assert token_measures(ours)["entropy"].isfinite().all()


def test_c02_sampling_is_untruncated_unless_asked(tokenizer):
    """`do_sample=True` alone keeps only the 50 likeliest tokens; ours draws from all of them."""
    model = endless("llama")
    for weights in model.parameters():
        weights.data *= 0.01 if weights.ndim > 1 else 1  # nearly uniform predictions

    def largest_rank(logits, token_ids):
        chosen = logits.gather(-1, token_ids[:, None])
        return (logits > chosen).sum(-1).max()

    result = transformers_generate(model, tokenizer, do_sample=True, max_new_tokens=40)
    written = result.sequences[0, -40:]
    assert largest_rank(torch.cat(result.logits), written) < 50  # the trap
    ours = generate(model, tokenizer, TEXT, chat=False, temperature=1.0, seed=0, max_new_tokens=40)
    assert largest_rank(ours.logits, ours.token_ids) > 150


def test_c03_greedy_decoding_is_not_always_raw(tokenizer):
    """A model's own generation settings change scores and tokens even without sampling."""
    model = endless("llama")
    plain = generate(model, tokenizer, TEXT, chat=False, max_new_tokens=8)
    favourite = int(plain.token_ids[0])
    model.generation_config.repetition_penalty = 3.0
    model.generation_config.suppress_tokens = [favourite]
    theirs = transformers_generate(model, tokenizer, max_new_tokens=8)
    assert not torch.equal(theirs.sequences[0, -8:], plain.token_ids)  # the trap
    assert not torch.allclose(theirs.scores[0], theirs.logits[0])
    ours = generate(model, tokenizer, TEXT, chat=False, max_new_tokens=8)
    assert torch.equal(ours.token_ids, plain.token_ids)
    torch.testing.assert_close(ours.logits, plain.logits)
    assert model.generation_config.repetition_penalty == 3.0  # given back


def test_c04_rows_of_beam_search_are_no_answers(tokenizer):
    """In beam search a row of scores is a beam that may have been left, so its numbers belong to no answer."""
    model = endless("llama")
    result = transformers_generate(model, tokenizer, num_beams=4, max_new_tokens=8)
    steps = len(result.scores)
    written = result.sequences[0, -steps:]
    naive = torch.stack(
        [step[0].log_softmax(-1)[token] for step, token in zip(result.logits, written)]
    )
    right = model.compute_transition_scores(
        result.sequences, result.scores, result.beam_indices, normalize_logits=False
    )[0, :steps]
    assert (naive - right).abs().max() > 0.1  # the trap
    with pytest.raises(ValueError, match="beam search"):
        token_measures(result)
    model.generation_config.num_beams = 4
    ours = generate(model, tokenizer, TEXT, chat=False, max_new_tokens=8)
    assert torch.equal(ours.logits.argmax(-1), ours.token_ids)


def test_c05_what_follows_the_end_is_padding(tokenizer):
    """In a batch a finished row goes on with padding whose logits look real."""
    model = endless("llama")
    prompts = ["Hello", "Why?", "A longer question"]
    full = generate(model, tokenizer, prompts, chat=False, max_new_tokens=10)
    stop = int(full[0].token_ids[2])
    model.generation_config.eos_token_id = stop
    cut = generate(model, tokenizer, prompts, chat=False, max_new_tokens=10)
    first_stop = full[0].token_ids.tolist().index(stop)
    assert len({len(answer) for answer in cut}) > 1, "rows that all end together test nothing"
    assert len(cut[0]) == len(cut[0].logits) == first_stop
    assert cut[0].finish_reason == "stop" and stop not in cut[0].token_ids
    for batched, prompt in zip(cut, prompts):
        alone = generate(model, tokenizer, prompt, chat=False, max_new_tokens=10)
        assert torch.equal(batched.token_ids, alone.token_ids)
        assert batched.finish_reason == alone.finish_reason


@pytest.mark.parametrize("family", ["gpt2", "llama", "bloom"])
def test_c06_padding_changes_no_number(family, tokenizer):
    """A short prompt in a batch must be padded on the left, with its mask and its own positions."""
    assert (
        tokenizer.pad_token_id == tokenizer.eos_token_id
    )  # so no mask can be guessed from the ids
    model = endless(family)
    prompts = ["Hi", "A much longer question than that one?"]
    rows = [torch.tensor(tokenizer(prompt).input_ids) for prompt in prompts]
    width = len(rows[1])
    padding = torch.full((width - len(rows[0]),), tokenizer.pad_token_id)
    with torch.no_grad():
        alone = model(input_ids=rows[0][None]).logits[0, -1]
        unmasked = model(input_ids=torch.cat([padding, rows[0]])[None]).logits[0, -1]
        right = model(input_ids=torch.cat([rows[0], padding])[None]).logits[0, -1]
    assert (unmasked - alone).abs().max() > 0.1 and (right - alone).abs().max() > 0.1  # the trap
    for answer, prompt in zip(
        generate(model, tokenizer, prompts, chat=False, max_new_tokens=4), prompts
    ):
        single = generate(model, tokenizer, prompt, chat=False, max_new_tokens=4)
        torch.testing.assert_close(answer.logits, single.logits, atol=1e-4, rtol=0)
        assert torch.equal(answer.token_ids, single.token_ids)


def with_bos(tokenizer):
    """The same tokenizer, which now begins every text with a BOS as Llama's does, and so does its template."""
    tokenizer = copy.deepcopy(tokenizer)
    bos = tokenizer.bos_token
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A",
        pair=f"{bos} $A {bos} $B",
        special_tokens=[(bos, tokenizer.bos_token_id)],
    )
    tokenizer.chat_template = (
        "{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}"
    )
    return tokenizer


def test_c07_one_bos_and_no_statistics_of_the_first_positions(tokenizer):
    """A chat template writes the BOS already, so tokenising its text adds a second; position 0 is an attention sink."""
    tokenizer = with_bos(tokenizer)
    bos = tokenizer.bos_token_id
    messages = [{"role": "user", "content": TEXT}]
    templated = tokenizer.apply_chat_template(messages, tokenize=False)
    assert tokenizer(templated).input_ids.count(bos) == 2  # the trap
    assert prompt_token_ids(tokenizer, TEXT).tolist().count(bos) == 1
    assert prompt_token_ids(tokenizer, TEXT, chat=False).tolist().count(bos) == 1
    assert prompt_token_ids(tokenizer, templated, chat=False).tolist().count(bos) == 1

    model = tiny_model("llama")
    answer = score(model, tokenizer, TEXT, " word", chat=False)  # nor in the middle
    assert bos not in answer.token_ids and answer.prompt_ids.tolist().count(bos) == 1
    choices = choice_log_probabilities(model, tokenizer, [TEXT], choices=[" yes", "no"], chat=False)
    ids = [tokenizer(word, add_special_tokens=False).input_ids[0] for word in (" yes", "no")]
    expected = answer.logits[0].log_softmax(-1)[ids]
    torch.testing.assert_close(choices[0], expected, atol=1e-4, rtol=0)

    text = torch.arange(10, 22)[None]
    with torch.no_grad():
        p = model(input_ids=text).logits[0].double().softmax(-1)
    expected = p[4:].mean(0)
    torch.testing.assert_close(predicted_unigram(model, text), expected, atol=1e-6, rtol=0)
    assert (p.mean(0) - expected).abs().max() > 1e-4


def test_c08_a_token_is_not_its_decoded_text(tokenizer):
    """Decoding single tokens loses half characters and leading spaces, and encode(decode(x)) is not x."""
    ids = tokenizer("\N{PERSON WITH FOLDED HANDS}").input_ids
    decoded = [tokenizer.decode([token]) for token in ids]
    assert set(decoded) == {"\ufffd"} and len(ids) == 4  # the trap
    labels = token_labels(tokenizer, ids)
    assert len(set(labels)) == len(set(ids)) and "\ufffd" not in "".join(labels)

    class SentencePiece:
        decode = staticmethod(lambda ids: "word")
        convert_ids_to_tokens = staticmethod(lambda token: "\u2581word")

    assert token_labels(SentencePiece(), [5]) == [" word"]

    half = ids[:2]
    again = tokenizer(tokenizer.decode(half)).input_ids
    assert again != half  # the trap
    answer = score(tiny_model("llama"), tokenizer, TEXT, half, chat=False)
    assert answer.token_ids.tolist() == half and len(answer.logits) == 2


def test_c09_a_first_token_is_not_a_word(tokenizer):
    """The first token of a word may begin another word, too, so a right first token is no right answer."""
    model = endless("llama")
    first = [tokenizer(word).input_ids[0] for word in (" bucket", " bunch")]
    assert first[0] == first[1]  # the trap
    with pytest.raises(ValueError, match="different tokens"):
        choice_log_probabilities(
            model, tokenizer, [TEXT], choices=[" bucket", " bunch"], chat=False
        )
    whole = score(model, tokenizer, "kick the", " bucket", chat=False)
    assert whole.token_ids.tolist() == tokenizer(" bucket").input_ids
    assert tokenizer("bucket").input_ids[0] != first[0]  # and the leading space counts
    assert is_correct("bucket.", ["bucket"])
    for prefix in ("b", "buck", "buckets of rain or bucketful"):
        assert not is_correct(prefix, ["bucket"])


def test_c10_a_template_is_no_answer_and_a_missing_number_is_counted():
    """A pattern run over prompt and answer finds the prompt's own template; what cannot be read must not vanish."""
    for name, prompt in PROMPTS.items():
        echo = parse_confidence(prompt.format(question="Who?"))
        assert echo.confidence is None and echo.problem, name
    assert parse_confidence("Answer: Rome\n**Confidence:** 85%").confidence == 0.85
    assert parse_confidence("Answer: Rome\nConfidence: 0.9").confidence == 0.9
    for nonsense in ("150%", "-5", "99999"):
        assert parse_confidence(f"Answer: Rome\nConfidence: {nonsense}").confidence is None
    assert parse_confidence("Answer: NO ANSWER\nConfidence: 0").refused

    wrong = np.array([0, 1, 0, 1, 1])
    doubt = np.array([0.1, 0.9, np.nan, 0.8, np.nan])
    with pytest.raises(ValueError, match="2 of 5 values are missing"):
        auroc(wrong, doubt)
    [row] = leaderboard(wrong, {"1 - stated confidence": doubt}, rounds=20)
    assert row.missing == 2 and row.auroc.value == 1
