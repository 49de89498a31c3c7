"""guarantees.py against scipy's exact test, brute force, and the exact chance of a broken promise."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_answers import columns, tied_answers
from scipy.stats import binom, binomtest, multinomial

from uncertainty.evaluation.guarantees import answer_threshold, fewest_answers, risk_bound

SHARES = st.floats(0.02, 0.9)


@given(st.integers(0, 60), st.integers(0, 60), SHARES)
def test_the_bound_is_scipys_exact_one_sided_bound(wrong, right, delta):
    if wrong + right == 0:
        assert risk_bound(0, 0, delta=delta) == 1
        return
    test = binomtest(wrong, wrong + right, alternative="less")
    expected = test.proportion_ci(1 - delta, method="exact").high
    assert risk_bound(wrong, wrong + right, delta=delta) == pytest.approx(expected, abs=1e-9)


@given(SHARES, SHARES)
def test_the_fewest_answers_are_the_fewest(risk, delta):
    count = fewest_answers(risk=risk, delta=delta)
    assert (1 - risk) ** count <= delta * (1 + 1e-9)
    assert count == 1 or (1 - risk) ** (count - 1) > delta * (1 - 1e-9)


def walk(wrong, doubt, risk, delta, start):
    """Learn-then-Test as it is written in a book: one threshold after the other, from the start."""
    found = None
    for candidate in [start, *sorted(value for value in set(doubt) if value > start)]:
        passed = [w for w, value in zip(wrong, doubt) if value <= candidate]
        if not passed:
            return found
        p = binomtest(int(sum(passed)), len(passed), risk, alternative="less").pvalue
        if p > delta:
            return found
        found = (candidate, len(passed), sum(passed))
    return found


@settings(deadline=None, max_examples=60)
@given(tied_answers, st.sampled_from([0.3, 0.5, 0.8]), st.sampled_from([0.2, 0.5]), st.data())
def test_the_threshold_is_where_the_walk_ends(rows, risk, delta, data):
    wrong, doubt = columns(rows)
    start = data.draw(st.sampled_from([*doubt, doubt.min() - 1, 0.123]))
    found = answer_threshold(wrong, doubt, risk=risk, delta=delta, start=start)
    expected = walk(wrong, doubt, risk, delta, start)
    if expected is None:
        assert found.threshold is None and found.answered == 0 and found.bound > risk
    else:
        assert (found.threshold, found.answered, found.wrong) == expected
        assert found.bound <= risk + 1e-12 and found.share_answered == expected[1] / len(wrong)


def test_the_walk_ends_at_the_first_threshold_that_fails():
    wrong = [0, 0, 1, 0, 0, 0, 0, 0, 0]  # P(Binomial(3, 1/2) <= 1) = 0.5, and of 9 it is 0.02
    found = answer_threshold(wrong, range(9), risk=0.5, delta=0.3, start=1)
    assert (found.threshold, found.answered, found.wrong) == (1, 2, 0)


def all_samples(cells, count):
    """Every way to draw `count` from some cells, ``(ways, cells)``."""
    ways = [w for w in product(range(count + 1), repeat=cells - 1) if sum(w) <= count]
    return np.array([[*way, count - sum(way)] for way in ways])


VALUES = np.array([0.0, 1.0, 2.0])  # three doubts, each with right and wrong answers
SAMPLE = 7
SAMPLES = all_samples(2 * len(VALUES), SAMPLE)  # columns: right at each value, then wrong
RISK, DELTA = 0.5, 0.3  # so that two right answers are enough


def thresholds(start):
    """The threshold of each sample, as the number of values that pass."""
    passing = []
    for sample in SAMPLES:
        doubt = np.repeat(np.tile(VALUES, 2), sample)
        wrong = np.repeat([0, 0, 0, 1, 1, 1], sample)
        found = answer_threshold(wrong, doubt, risk=RISK, delta=DELTA, start=start).threshold
        passing.append(0 if found is None else int((found >= VALUES).sum()))
    return np.array(passing)


@pytest.fixture(scope="module")
def passing():
    return {start: thresholds(start) for start in (0.0, 1.0, None)}


def broken(passing, share, error):
    """The exact chance of a broken promise, and the risk at each of the three thresholds."""
    risks = np.cumsum(share * error) / np.cumsum(share)
    chance = multinomial.pmf(SAMPLES, SAMPLE, np.concatenate([share * (1 - error), share * error]))
    is_broken = np.append(False, risks > RISK)[passing]
    assert chance.sum() == pytest.approx(1)
    return chance[is_broken].sum(), risks


PARTS = st.lists(st.floats(0.05, 1), min_size=3, max_size=3)
ERRORS = st.lists(st.floats(0, 1), min_size=3, max_size=3)


@pytest.mark.parametrize("start", [0.0, 1.0])
@given(parts=PARTS, errors=ERRORS)
def test_the_exact_chance_of_a_broken_promise_is_at_most_delta(passing, start, parts, errors):
    """Whatever the population is: the doubt may be upside down."""
    chance, _ = broken(passing[start], np.array(parts) / sum(parts), np.array(errors))
    assert chance <= DELTA + 1e-9


@given(parts=PARTS, errors=ERRORS)
def test_a_start_read_off_the_doubts_keeps_the_promise_where_the_risk_rises(passing, parts, errors):
    chance, risks = broken(passing[None], np.array(parts) / sum(parts), np.sort(errors))
    assert (np.diff(risks) >= -1e-12).all() and chance <= DELTA + 1e-9


def test_the_chance_can_come_near_delta(passing):
    """So the tests above could fail: P(Binomial(7, 1/2) <= 2) = 0.23, and one more is 0.5."""
    chance, _ = broken(passing[0.0], np.array([0.98, 0.01, 0.01]), np.full(3, 0.501))
    assert 0.2 < chance <= DELTA


def test_the_largest_threshold_without_the_walk_breaks_the_promise():
    """The trap: every threshold is tried, and the largest that passes its own test is taken."""
    random = np.random.default_rng(0)
    walked, searched = 0, 0
    for _ in range(300):
        wrong, doubt = random.random(200) < 0.52, random.random(200)  # it ranks nothing
        found = answer_threshold(wrong, doubt, risk=0.5, start=0.1)
        walked += found.threshold is not None
        so_far = np.cumsum(wrong[doubt.argsort()])[19:]
        searched += (binom.cdf(so_far, np.arange(20, 201), 0.5) <= 0.1).any()
    assert walked / 300 <= 0.1 + 0.04 and searched / 300 > 0.12


def test_too_few_all_wrong_and_all_right():
    assert answer_threshold([0] * 11, range(11)).threshold is None  # nothing to start from
    assert answer_threshold([0] * 10, range(10), start=99).threshold is None
    found = answer_threshold([0] * 11, range(11), start=99)
    assert found.threshold == 99 and found.answered == 11 and found.bound < 0.2
    everything = answer_threshold([0] * 40, range(40))
    assert everything.threshold == 39 and everything.share_answered == 1
    nothing = answer_threshold([1] * 40, range(40))
    assert nothing.threshold is None and nothing.bound == 1 and "no threshold" in str(nothing)
    assert "at most 20% of what is answered" in str(everything)


def test_equal_doubts_pass_together():
    wrong = [0] * 30 + [1] * 10
    assert answer_threshold(wrong, [1.0] * 40, start=1.0).threshold is None  # a quarter is wrong
    assert answer_threshold(wrong, [1.0] * 40, risk=0.4, start=1.0).answered == 40
    assert (
        answer_threshold(wrong, [1.0] * 40, risk=0.4).threshold is None
    )  # none lies below another


def test_only_the_order_of_the_doubts_counts():
    random = np.random.default_rng(1)
    doubt = random.random(150)
    wrong = random.random(150) < doubt**2
    plain = answer_threshold(wrong, doubt)
    stretched = answer_threshold(wrong, np.exp(3 * doubt))
    assert plain.answered == stretched.answered > 20
    assert plain.answered == (doubt <= plain.threshold).sum()


@pytest.mark.parametrize("options", [{"risk": 0}, {"risk": 1.0}, {"delta": 0}, {"delta": 1.5}])
def test_refuses_what_is_no_share(options):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        answer_threshold([0, 1], [1.0, 2.0], **options)


def test_refuses_what_is_missing():
    with pytest.raises(ValueError, match=r"missing \(nan\)"):
        answer_threshold([0, 1], [1.0, np.nan])
    with pytest.raises(ValueError, match="labels must be 0/1"):
        answer_threshold([0.2, 0.9], [0, 1])
    with pytest.raises(ValueError, match="start must be"):
        answer_threshold([0, 1], [1.0, 2.0], start=np.nan)
    with pytest.raises(ValueError, match="need 0 <= wrong <= answered"):
        risk_bound(3, 2)
