"""The known language: its distributions by counting and by exact enumeration, its entropy, its ideal reader."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from scipy.stats import entropy as scipy_entropy

from uncertainty import KnownLanguage, entropy, ideal_reader, mutual_information
from uncertainty.data.known_language import (
    HOUSES,
    REACH,
    VERBS,
    home_log_posterior,
    house_columns,
    window_probabilities,
)

PLAIN = KnownLanguage()
NOISY = KnownLanguage(noise=0.2, rare_share=0.25, seed=3)


def by_rule(language, context):
    """The distribution over the houses, house by house from the rule in the docstring."""
    place = language.tokens.index(context.name) - language.tokens.index("Balo")
    home = int(language.homes[place])
    p = np.zeros(HOUSES)
    for step in range(REACH[context.verb]):
        p[(home + step) % HOUSES] += 1 / REACH[context.verb]
    return (1 - language.noise) * p + language.noise / HOUSES


@pytest.mark.parametrize("language", [PLAIN, NOISY], ids=["plain", "noisy"])
def test_every_distribution_is_the_rules(language):
    for context in language.contexts:
        p = language.house_probabilities(context)
        np.testing.assert_allclose(p, by_rule(language, context), atol=1e-15)
        assert p.dtype == torch.float64 and p.sum().item() == pytest.approx(1, abs=1e-12)


def test_the_entropy_is_the_log_of_the_reach_and_with_noise_scipys():
    found = entropy(PLAIN.true_logits(PLAIN.contexts))
    np.testing.assert_allclose(found, [math.log(REACH[c.verb]) for c in PLAIN.contexts], atol=1e-12)
    noisy = entropy(NOISY.true_logits(NOISY.contexts[:5]))
    expected = [scipy_entropy(by_rule(NOISY, context)) for context in NOISY.contexts[:5]]
    np.testing.assert_allclose(noisy, expected, rtol=1e-12)


@pytest.mark.parametrize("language", [PLAIN, NOISY], ids=["plain", "noisy"])
def test_a_million_sentences_have_the_distributions_that_are_claimed(language):
    """The 1 % point of as many chi-square tests as there are contexts, names and verbs."""
    names, verbs = language.tokens.index("Balo"), language.tokens.index("sleeps")
    text = language.sentences(1_000_000, seed=7).numpy()
    assert (text[:, 0] == 0).all() and (text[:, 4] == 1).all()
    _, name, verb, house, _ = (text - [0, names, verbs, 2, 0]).T
    counts = np.zeros((96, 5, HOUSES))
    np.add.at(counts, (name, verb, house), 1)

    # 1. names: two groups, equal inside
    weights = np.repeat([1 - language.rare_share, language.rare_share, 0], 32) / 32
    assert counts[64:].sum() == 0
    per_name = counts.sum((1, 2))
    assert chisquare(per_name[:64], weights[:64] * len(text)).pvalue > 0.001

    # 2. verbs and houses
    p_values = []
    for context, found in zip(language.contexts, counts.reshape(480, HOUSES)):
        if context.seen in ("withheld", "never"):
            assert found.sum() == 0, context
            continue
        expected = by_rule(language, context) * found.sum()
        assert found[expected == 0].sum() == 0
        if (expected > 0).sum() > 1:
            p_values.append(chisquare(found[expected > 0], expected[expected > 0]).pvalue)
    for islander, (row, seen) in enumerate(zip(counts.sum(2)[:64], per_name)):
        allowed = row[row > 0]
        assert len(allowed) == (4 if islander < 32 else 5)
        p_values.append(chisquare(allowed, np.full(len(allowed), seen / len(allowed))).pvalue)
    assert min(p_values) > 0.01 / len(p_values)
    assert 0.3 < np.mean(np.array(p_values) < 0.5) < 0.7


def test_frequency_and_entropy_are_crossed():
    counts = Counter((context.seen, context.verb) for context in PLAIN.contexts)
    for verb in VERBS:
        assert counts["rare", verb] == counts["never", verb] == 32
        assert counts["often", verb] + counts["withheld", verb] == 32
        assert counts["withheld", verb] in (6, 7)
    for start in (0, 32, 64):
        assert sorted(PLAIN.homes[start : start + 32]) == list(range(HOUSES))
    assert len(set(PLAIN.tokens)) == len(PLAIN.tokens) == 2 + 32 + 5 + 96
    first = PLAIN.contexts[0]
    assert [PLAIN.tokens[token] for token in first.token_ids] == ["BOS", first.name, first.verb]


def test_a_seed_makes_the_same_sentences_and_another_seed_others():
    text = PLAIN.sentences(200, seed=1)
    assert torch.equal(text, KnownLanguage().sentences(200, seed=1))
    assert not torch.equal(text, PLAIN.sentences(200, seed=2))
    assert not np.array_equal(PLAIN.homes, KnownLanguage(seed=1).homes)


@pytest.mark.parametrize("settings", [dict(noise=1.5), dict(rare_share=-0.1)])
def test_shares_outside_0_to_1_are_refused(settings):
    with pytest.raises(ValueError, match="is a share of the sentences, from 0 to 1, got"):
        KnownLanguage(**settings)


def test_no_sentences_are_refused():
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        PLAIN.sentences(0, seed=0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.0, 0.2]), st.integers(1, 60))
def test_the_ideal_reader_is_bayes_rule_one_sentence_at_a_time(seed, noise, count):
    language = KnownLanguage(noise=noise, rare_share=0.5)
    text = language.sentences(count, seed=seed)
    found = home_log_posterior(language, text).exp().numpy()
    first = language.tokens.index("Balo")
    for islander in {*text[:, 1].tolist(), first + 95}:
        posterior = np.full(HOUSES, 1 / HOUSES)
        for _, _, verb, house, _ in text[text[:, 1] == islander].tolist():
            rule = [window_probabilities(h, language.tokens[verb], noise=noise) for h in range(32)]
            posterior *= [p[house - 2].item() for p in rule]
            posterior /= posterior.sum()
        np.testing.assert_allclose(found[islander - first], posterior, atol=1e-12)


def test_the_ideal_readers_mutual_information_is_its_expected_error():
    """Averaged over what can be true, KL(true || prediction) is the mutual information, exactly."""
    posterior = torch.softmax(torch.randn(HOUSES, generator=torch.Generator().manual_seed(0)), -1)
    rules = torch.stack([window_probabilities(home, "shops") for home in range(HOUSES)])
    information = mutual_information(rules.log(), weights=posterior.double() / posterior.sum())
    pooled = posterior.double() @ rules
    errors = [scipy_entropy(rule, pooled) for rule in rules.numpy()]
    assert information.item() == pytest.approx(posterior.numpy() @ errors, rel=1e-5)


def test_an_islander_nobody_speaks_of_leaves_log_32_over_reach():
    contexts = PLAIN.contexts[-5:] + PLAIN.contexts[:5]
    logits, weights = ideal_reader(PLAIN, PLAIN.sentences(20_000, seed=0), contexts)
    found = mutual_information(logits, weights=weights)
    expected = [math.log(32 / REACH[context.verb]) for context in contexts[:5]]
    np.testing.assert_allclose(found, [*expected, 0, 0, 0, 0, 0], atol=1e-9)
    pooled = (weights[..., None] * logits.exp()).sum(0)[5:, house_columns()]
    truth = torch.stack([PLAIN.house_probabilities(context) for context in contexts[5:]])
    np.testing.assert_allclose(pooled, truth, atol=1e-9)


def test_the_houses_stand_where_they_are_said_to():
    assert PLAIN.tokens[house_columns()] == tuple(f"house-{number}" for number in range(32))
