"""Several sampled answers to each prompt."""

import pytest

from uncertainty import generate, load_model, sample_answers

PROMPTS = ["Hello there", "Bye"]


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


def texts(groups):
    return [[answer.text for answer in group] for group in groups]


def test_samples_come_in_groups_and_repeat_with_the_seed(tiny):
    groups = sample_answers(*tiny, PROMPTS, 3, max_new_tokens=5, seed=4)
    again = sample_answers(*tiny, PROMPTS, 3, max_new_tokens=5, seed=4)
    assert texts(groups) == texts(again)
    assert [len(group) for group in groups] == [3, 3]
    assert [{answer.prompt for answer in group} for group in groups] == [{"Hello there"}, {"Bye"}]


@pytest.mark.parametrize("truncation", [dict(top_k=1), dict(top_p=1e-9)])
def test_truncation_to_the_likeliest_token_is_greedy_decoding(tiny, truncation):
    greedy = generate(*tiny, PROMPTS, max_new_tokens=5)
    groups = sample_answers(*tiny, PROMPTS, 2, max_new_tokens=5, seed=4, **truncation)
    assert texts(groups) == [[answer.text] * 2 for answer in greedy]
    untruncated = sample_answers(*tiny, PROMPTS, 2, max_new_tokens=5, seed=4)
    assert texts(untruncated) != texts(groups)


def test_template_options_reach_the_chat_template(tiny):
    with pytest.raises(ValueError, match="enable_thinking"):
        sample_answers(*tiny, PROMPTS, 2, template_options={"enable_thinking": False})


@pytest.mark.parametrize("samples,temperature", [(0, 1.0), (3, 0.0)])
def test_no_samples_and_no_temperature_are_refused(tiny, samples, temperature):
    with pytest.raises(ValueError, match=f"got {samples} and {temperature}"):
        sample_answers(*tiny, ["Hello"], samples, temperature=temperature)


@pytest.mark.parametrize("prompts", ["Why so?", [{"role": "user", "content": "Why so?"}], []])
def test_a_single_prompt_is_not_cut_into_characters(tiny, prompts):
    with pytest.raises(ValueError, match=r"need a list of prompts, \[prompt, \.\.\.\]"):
        sample_answers(*tiny, prompts, 2)
