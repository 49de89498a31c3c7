"""Every public function of numbers, on all kinds of input: precisions, ties, -inf, one or no row, any order.

The values are scipy's or numpy's in float64, computed from what the lower precision holds.
"""

import dataclasses
import math
import warnings

import numpy as np
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from uncertainty import information as info
from uncertainty.evaluation.calibration import (
    brier,
    brier_decomposition,
    expected_calibration_error,
    negative_log_likelihood,
    reliability_bins,
)
from uncertainty.evaluation.discrimination import (
    auroc,
    average_precision,
    prediction_rejection_ratio,
    risk_coverage,
)
from uncertainty.evaluation.recalibration import (
    isotonic_scaling,
    platt_scaling,
    temperature_scaling,
)
from uncertainty.lens.profiles import resample_depth, settled_depth, window_means
from uncertainty.measures.evidence import aleatoric_epistemic
from uncertainty.measures.token_measures import get_token_confidence, token_measures

DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
# Few different values, so that ties are frequent.
numbers = st.one_of(st.integers(-6, 6).map(float), st.floats(-20, 20))


@st.composite
def logits(draw, *, fewest_rows=0, forbidden=True):
    """``(..., vocabulary)`` logits of any precision; each row keeps one token that is possible."""
    rows = draw(st.lists(st.integers(fewest_rows, 3), min_size=1, max_size=2))
    vocabulary = draw(st.integers(1, 6))
    size = math.prod(rows) * vocabulary
    values = torch.tensor(draw(st.lists(numbers, min_size=size, max_size=size)))
    values = values.reshape(*rows, vocabulary)
    if forbidden:
        mask = draw(st.lists(st.booleans(), min_size=size, max_size=size))
        mask = torch.tensor(mask, dtype=torch.bool).reshape(values.shape)
        mask[..., draw(st.integers(0, vocabulary - 1))] = False
        values = values.masked_fill(mask, -math.inf)
    return values.to(draw(st.sampled_from(DTYPES)))


def probabilities(z):
    return scipy.special.softmax(z.double().numpy(), axis=-1)


def assert_close(ours, expected, z):
    """The shape of the rows, the precision that the docstring promises, and the values."""
    assert ours.shape == z.shape[:-1]
    assert ours.dtype == (torch.float64 if z.dtype == torch.float64 else torch.float32)
    tolerance = 1e-9 if z.dtype == torch.float64 else 1e-5
    np.testing.assert_allclose(ours.double().numpy(), expected, atol=tolerance, rtol=tolerance)


# --- information ----------------------------------------------------------------------------------


@given(logits())
def test_entropy(z):
    assert_close(info.entropy(z), scipy.stats.entropy(probabilities(z), axis=-1), z)


@given(logits(), st.sampled_from([0, 0.3, 0.95, 1, 1.05, 2, 7, math.inf]))
@example(torch.tensor([[0.0, 1.0, -math.inf]]), 0.95)
@example(torch.tensor([[0.0, 1.0, -3000.0]], dtype=torch.float64), 0.901)
def test_renyi_entropy(z, alpha):
    p = probabilities(z)
    if alpha == 0:
        expected = np.log((z > -math.inf).sum(-1).numpy())
    elif alpha == 1:
        expected = scipy.stats.entropy(p, axis=-1)
    elif alpha == math.inf:
        expected = -np.log(p.max(-1))
    else:
        expected = np.log((p**alpha).sum(-1)) / (1 - alpha)
    ours = info.renyi_entropy(z, alpha)
    assert ours.shape == z.shape[:-1]
    np.testing.assert_allclose(ours.double().numpy(), expected, atol=1e-4)


@given(logits(), st.randoms(use_true_random=False))
def test_kl_and_cross_entropy_with_tokens_that_are_impossible(p_logits, random):
    order = list(range(p_logits.shape[-1]))
    random.shuffle(order)
    q_logits = p_logits[..., order]
    p, q = probabilities(p_logits), probabilities(q_logits)
    kl = scipy.special.rel_entr(p, q).sum(-1)  # infinite where q forbids what p allows
    assert_close(info.kl_divergence(p_logits, q_logits), kl, p_logits)
    entropy = scipy.stats.entropy(p, axis=-1)
    assert_close(info.cross_entropy(p_logits, q_logits), kl + entropy, p_logits)


@given(logits(), st.data())
def test_surprisal(z, data):
    vocabulary = z.shape[-1]
    count = math.prod(z.shape[:-1])
    chosen = data.draw(st.lists(st.integers(0, vocabulary - 1), min_size=count, max_size=count))
    ids = torch.tensor(chosen, dtype=torch.long).reshape(z.shape[:-1])
    log_p = scipy.special.log_softmax(z.double().numpy(), axis=-1)
    expected = -np.take_along_axis(log_p, ids.numpy()[..., None], -1)[..., 0]
    assert_close(info.surprisal(z, ids), expected, z)


@given(logits(fewest_rows=1), st.randoms(use_true_random=False))
def test_rows_do_not_see_each_other_and_tokens_have_no_order(z, random):
    rows = list(range(len(z)))
    random.shuffle(rows)
    tokens = list(range(z.shape[-1]))
    random.shuffle(tokens)
    for function in (info.entropy, lambda rows: info.renyi_entropy(rows, 2)):
        together = function(z)
        assert torch.equal(function(z[rows]), together[rows])
        torch.testing.assert_close(torch.stack([function(row) for row in z]), together)
        torch.testing.assert_close(function(z[..., tokens]), together, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("function", [info.entropy, info.log_probabilities, aleatoric_epistemic])
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 0)])
def test_an_empty_vocabulary_is_refused(function, shape):
    with pytest.raises(ValueError, match="empty vocabulary axis"):
        function(torch.zeros(shape))


def test_a_single_number_is_refused():
    with pytest.raises(ValueError, match="a single number is no row of logits"):
        info.entropy(torch.tensor(1.0))


# --- measures of a token --------------------------------------------------------------------------


@given(logits(fewest_rows=1, forbidden=False))
def test_token_measures(z):
    z = z.flatten(0, -2)
    p = np.sort(probabilities(z), axis=-1)[:, ::-1]
    measures = token_measures(z)
    assert_close(measures["max_probability"], p[:, 0], z)
    assert_close(measures["probability"], p[:, 0], z)
    assert_close(measures["surprisal"], -np.log(p[:, 0]), z)
    assert_close(measures["margin"], p[:, 0] - (p[:, 1] if p.shape[1] > 1 else 0), z)
    assert_close(measures["entropy"], scipy.stats.entropy(p, axis=-1), z)
    aleatoric, epistemic = aleatoric_epistemic(z)
    assert torch.equal(measures["aleatoric"], aleatoric)
    assert torch.equal(measures["epistemic"], epistemic)
    confidence = get_token_confidence(z, top_k=9)
    np.testing.assert_allclose(confidence.double().numpy(), p, atol=1e-5)


@given(logits(fewest_rows=1, forbidden=False), st.randoms(use_true_random=False))
def test_measures_follow_the_order_of_the_steps(z, random):
    z = z.flatten(0, -2).repeat(4, 1)  # more than one block of rows
    order = list(range(len(z)))
    random.shuffle(order)
    straight, shuffled = token_measures(z), token_measures(z[order])
    for name in straight:
        torch.testing.assert_close(shuffled[name], straight[name][order], msg=name)


@given(logits(), st.integers(2, 5))
def test_evidence(z, n_evidence):
    aleatoric, epistemic = aleatoric_epistemic(z, n_evidence)
    count = min(n_evidence, z.shape[-1])
    alpha = np.maximum(np.sort(z.double().numpy(), axis=-1)[..., ::-1][..., :count], 0)
    total = alpha.sum(-1, keepdims=True)
    gaps = scipy.special.digamma(total + 1) - scipy.special.digamma(alpha + 1)
    with np.errstate(invalid="ignore"):
        expected = np.where(total[..., 0] > 0, (alpha * gaps / total).sum(-1), np.log(count))
    np.testing.assert_allclose(aleatoric.double().numpy(), expected, atol=2e-5)
    np.testing.assert_allclose(epistemic.double().numpy(), count / (alpha + 1).sum(-1), rtol=1e-5)


# --- metrics --------------------------------------------------------------------------------------

SEPARATION = [auroc, average_precision, prediction_rejection_ratio, risk_coverage]
CALIBRATION = [
    expected_calibration_error,
    brier,
    negative_log_likelihood,
    brier_decomposition,
    reliability_bins,
]


def flat(result):
    """All numbers of a result in one array."""
    if dataclasses.is_dataclass(result):
        result = dataclasses.astuple(result)
    parts = result if isinstance(result, tuple) else (result,)
    return np.concatenate([np.atleast_1d(np.asarray(part, float)) for part in parts])


def quiet(metric, labels, values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one class only
        return flat(metric(labels, values))


labels_and_values = st.lists(
    st.tuples(st.booleans(), st.integers(0, 8).map(lambda eighth: eighth / 8)),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("metric", SEPARATION + CALIBRATION)
@settings(max_examples=40)
@given(rows=labels_and_values, random=st.randoms(use_true_random=False))
def test_the_order_of_the_answers_and_the_precision_do_not_count(metric, rows, random):
    """Eighths are exact in every precision."""
    labels, values = map(list, zip(*rows))
    expected = quiet(metric, labels, values)
    for dtype in DTYPES:
        tensors = torch.tensor(labels), torch.tensor(values, dtype=dtype)
        np.testing.assert_array_equal(quiet(metric, *tensors), expected)
    as_integers = np.array(labels, dtype=np.int8), np.array(values, dtype=np.float16)
    np.testing.assert_array_equal(quiet(metric, *as_integers), expected)
    random.shuffle(rows)
    np.testing.assert_allclose(quiet(metric, *zip(*rows)), expected, atol=1e-12)


@pytest.mark.parametrize("metric", SEPARATION)
@given(rows=labels_and_values)
def test_only_the_order_of_the_uncertainties_counts(metric, rows):
    """Infinite ones have a place in it, too."""
    labels, values = (np.array(column) for column in zip(*rows))
    stretched = np.where(values == 1, np.inf, np.where(values == 0, -np.inf, np.exp(values)))
    np.testing.assert_array_equal(quiet(metric, labels, stretched), quiet(metric, labels, values))


@pytest.mark.parametrize("metric", SEPARATION + CALIBRATION)
def test_no_answer_is_refused(metric):
    with pytest.raises(ValueError, match="need two columns of one length, at least 1"):
        metric([], [])


@pytest.mark.parametrize("scaling", [temperature_scaling, platt_scaling, isotonic_scaling])
@settings(max_examples=25)
@given(rows=labels_and_values)
def test_recalibration_keeps_order_and_bounds_or_refuses(scaling, rows):
    labels, values = map(list, zip(*rows))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a score that does not grow with being right
        try:
            recalibrated = scaling(labels, values)
        except ValueError as error:
            assert len(set(labels)) == 1 and "nothing to learn from" in str(error)
            return
        result = recalibrated(np.sort(values))
    assert result.shape == (len(values),)
    assert ((result >= 0) & (result <= 1)).all()
    if scaling is not platt_scaling:  # whose slope may fall
        assert (np.diff(result) >= -1e-9).all()


# --- profiles -------------------------------------------------------------------------------------


@st.composite
def profiles(draw, *, fewest_tokens=0):
    """``(depths, tokens)`` in any precision, the same numbers in float64."""
    depths, tokens = draw(st.integers(2, 5)), draw(st.integers(fewest_tokens, 6))
    size = depths * tokens
    values = torch.tensor(draw(st.lists(numbers, min_size=size, max_size=size)))
    profile = values.reshape(depths, tokens).to(draw(st.sampled_from(DTYPES)))
    return profile.requires_grad_(draw(st.booleans())), profile.detach().double().numpy()


@given(profiles(fewest_tokens=1), st.data())
def test_window_means(both, data):
    profile, exact = both
    tokens = exact.shape[1]
    count = data.draw(st.sampled_from([n for n in range(1, tokens + 1) if tokens % n == 0]))
    expected = [np.mean(part, axis=1) for part in np.split(exact, count, axis=1)]
    np.testing.assert_allclose(window_means(profile, count), np.stack(expected, 1), atol=1e-5)


@given(profiles(), st.integers(2, 7))
def test_resampling(both, points):
    profile, exact = both
    ours = resample_depth(profile, points)
    assert ours.shape == (points, exact.shape[1])
    grid, depths = np.linspace(0, 1, points), np.linspace(0, 1, len(exact))
    for column in range(exact.shape[1]):
        expected = np.interp(grid, depths, exact[:, column])
        np.testing.assert_allclose(ours[:, column], expected, atol=1e-5)


@given(st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=1, max_size=6))
def test_settled_depth(rows):
    def settled(column):
        return next(d for d in range(len(column)) if all(v == column[-1] for v in column[d:]))

    expected = [settled([row[token] for row in rows]) for token in range(3)]
    assert settled_depth(rows).tolist() == expected
    assert settled_depth(torch.tensor(rows)).tolist() == expected


def test_what_is_no_profile_is_refused():
    with pytest.raises(ValueError, match="have no depths"):
        settled_depth(np.zeros((0, 3)))
    for function in (lambda x: window_means(x, 1), resample_depth, settled_depth):
        with pytest.raises(ValueError, match="a single number is no profile"):
            function(1.0)
    with pytest.raises(ValueError, match="1 of 6 entries are infinite"):
        resample_depth([[0, 1, 2], [3, np.inf, np.nan]])


@given(profiles(fewest_tokens=1))
def test_a_column_that_is_not_defined_leaves_the_others_alone(both):
    _, exact = both
    assume(exact.shape[1] >= 2)
    holed = exact.copy()
    holed[0, 0] = np.nan
    ours = resample_depth(holed, 4)
    assert np.isnan(ours[:, 0]).all()
    np.testing.assert_array_equal(ours[:, 1:], resample_depth(exact, 4)[:, 1:])
