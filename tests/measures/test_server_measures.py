"""The measures of a server's answer: those of the full logits where they can be known, and a refusal by name elsewhere."""

import math

import pytest
import torch
from fake_server import PROBABILITIES, as_a_server_sends_it, read, step, token

from uncertainty import (
    answer_measures,
    entropy_bounds,
    generate,
    get_token_confidence,
    load_model,
    logTokU,
    token_measures,
    token_uncertainty_naive,
    token_uncertainty_vanilla,
    token_uncertainty_written,
)

KEPT = ["probability", "surprisal", "max_probability", "margin"]
KEPT_OF_ANSWER = [
    "naive",
    "vanilla",
    "sequence_probability_complement",
    "min_probability_complement",
    "mean_margin_complement",
    "perplexity",
]


@pytest.fixture(scope="module", params=[0.0, 1.5])
def local(request):
    """Greedy and sampled: at 1.5 some written tokens are outside the top 20 of the tiny model."""
    return generate(
        *load_model("tiny"), "Hello", max_new_tokens=24, temperature=request.param, seed=1
    )


def test_the_measures_are_those_of_the_full_logits(local):
    server = as_a_server_sends_it(local)
    ours, theirs = token_measures(server), token_measures(local)
    assert list(ours) == KEPT
    for name in KEPT:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-5, atol=1e-6)
    ours, theirs = answer_measures(server), answer_measures(local)
    assert list(ours) == KEPT_OF_ANSWER
    for name in KEPT_OF_ANSWER:
        assert ours[name] == pytest.approx(theirs[name], rel=1e-5)
    for measure in (
        token_uncertainty_naive,
        token_uncertainty_vanilla,
        token_uncertainty_written,
    ):
        assert measure(server) == pytest.approx(measure(local), rel=1e-5)
    for top_k in (1, 5, 20):
        torch.testing.assert_close(
            get_token_confidence(server, top_k), get_token_confidence(local, top_k)
        )


def test_a_sampled_answer_has_tokens_outside_the_top():
    """Otherwise the test above would not have tried them."""
    sampled = generate(*load_model("tiny"), "Hello", max_new_tokens=24, temperature=1.5, seed=1)
    server = as_a_server_sends_it(sampled)
    assert (server.token_logprobs < server.top_logprobs[:, -1]).any()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "entropy",
            r"'entropy' needs the probabilities of all tokens, and http.* sends the 3 likeliest.*entropy_bounds",
        ),
        ("aleatoric", r"'aleatoric' needs raw logits, and http.* sends log-probabilities"),
        ("epistemic", "'epistemic' needs raw logits"),
        ("logtoku", "'logtoku' needs raw logits"),
    ],
)
def test_what_needs_more_is_refused_by_name(name, words):
    answer = read([step(" Paris")])
    with pytest.raises(ValueError, match=words):
        token_measures(answer)[name]
    assert name not in token_measures(answer)


@pytest.mark.parametrize(
    "name", ["mean_entropy", "max_entropy", "logtoku", "aleatoric", "epistemic"]
)
def test_what_an_answer_does_not_allow_is_refused_by_name(name):
    with pytest.raises(ValueError, match=f"'{name}' needs"):
        answer_measures(read([step(" Paris")]))[name]


def test_logtoku_is_refused_and_an_unknown_measure_is_a_key_error():
    answer = read([step(" Paris")])
    with pytest.raises(ValueError, match="'logtoku' needs raw logits"):
        logTokU(answer)
    with pytest.raises(KeyError, match="entropie"):
        token_measures(answer)["entropie"]
    with pytest.raises(ValueError, match="token_ids have no meaning"):
        token_measures(answer, [0])


def test_more_than_was_sent_is_refused():
    with pytest.raises(ValueError, match=r"needs the 4 likeliest.*has 3.*top_logprobs=4"):
        get_token_confidence(read([step(" Paris")]), 4)
    one = read([step(" Paris", top=1)], top=1)
    assert list(token_measures(one)) == ["probability", "surprisal", "max_probability"]
    with pytest.raises(ValueError, match=r"'margin' needs the 2 likeliest.*has 1"):
        token_measures(one)["margin"]
    with pytest.raises(ValueError, match="'mean_margin_complement' needs the 2"):
        answer_measures(one)["mean_margin_complement"]


def test_a_step_with_tokens_left_out_is_known_only_where_nothing_could_be_likelier():
    """0.5 was sent of a step, so nothing else exceeds it; 0.25 was sent of another, and 0.75 is left."""
    sure = read([step(" Paris", top=1)], top=3)
    assert token_measures(sure)["max_probability"].tolist() == pytest.approx([0.5])
    with pytest.raises(ValueError, match=r"'margin' needs .* for certain.*step 0 \(' Paris'\)"):
        token_measures(sure)["margin"]
    unsure = {**step(" Rome"), "top_logprobs": [token(" Rome", 0.25)]}
    doubtful = read([step(" Paris", top=3), unsure], top=3)
    assert list(token_measures(doubtful)) == ["probability", "surprisal"]
    with pytest.raises(ValueError, match=r"'naive' needs .*step 1 \(' Rome'\)"):
        answer_measures(doubtful)["naive"]
    with pytest.raises(ValueError, match=r"the 1 largest probabilities.*step 1"):
        token_uncertainty_vanilla(doubtful)


def test_an_empty_answer_has_nothing_to_measure():
    empty = read([])
    for measure in (token_measures, answer_measures, entropy_bounds, get_token_confidence):
        with pytest.raises(ValueError, match="stopped at once has nothing to measure"):
            measure(empty)


def test_the_heat_map_shows_the_bounds_of_the_entropy():
    known = read([step(" Paris")], vocabulary_size=5)
    true = -sum(p * math.log(p) for p in PROBABILITIES.values())
    lower, upper = (bound.item() for bound in entropy_bounds(known))
    assert lower <= true <= upper
    html = known._repr_html_()
    assert f"entropy {lower:.2f} to {upper:.2f} nats" in html and "probability 0.500" in html
    assert "entropy unknown" in read([step(" Paris")])._repr_html_()
