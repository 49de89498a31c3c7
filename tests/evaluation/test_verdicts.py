"""The rule for verdicts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uncertainty.evaluation.verdicts import claim_verdict, control_bar

SMALL = [0.01, -0.02, 0.005]


@pytest.mark.parametrize(
    ("interval", "controls", "verdict"),
    [
        ((0.3, 0.2, 0.4), SMALL, "shows"),
        ((0.3, -0.1, 0.7), SMALL, "weak"),
        ((0.015, 0.01, 0.02), SMALL, "weak"),
        ((0.01, -0.01, 0.03), SMALL, "does not show"),
        ((-0.3, -0.4, -0.2), SMALL, "the opposite"),
        ((-0.3, -0.7, 0.1), SMALL, "does not show"),
        ((-0.3, -0.4, -0.2), [0.5], "does not show"),
        ((-0.3, -0.4, -0.2), [0.3], "does not show"),
        ((0.3, 0.2, 0.4), [-0.5], "weak"),
        ((0.0, 0.0, 0.0), [0.0], "does not show"),
    ],
)
def test_the_rule(interval, controls, verdict):
    assert claim_verdict(*interval, controls) == verdict


def test_an_effect_as_large_as_the_bar_has_not_passed_it():
    assert claim_verdict(0.3, 0.2, 0.4, [0.3]) == "weak"


def test_few_controls_count_by_the_largest_and_many_by_the_quantile():
    nineteen = [0.0] * 18 + [-1.0]
    assert control_bar(nineteen) == 1.0
    many = np.random.default_rng(0).normal(size=500)
    assert control_bar(many) == pytest.approx(np.sort(np.abs(many))[474:476].mean(), abs=0.01)
    assert control_bar([0.0] * 99 + [1.0]) == 0.0


@given(
    st.floats(-1, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.lists(st.floats(-1, 1), min_size=1, max_size=40),
)
def test_turning_the_controls_around_changes_nothing(value, below, above, controls):
    interval = value, value - below, value + above
    turned = [-control for control in controls]
    assert claim_verdict(*interval, controls) == claim_verdict(*interval, turned)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_claim_shows_where_its_reverse_is_the_opposite(value, below, above, bar):
    interval = value, value - below, value + above
    reverse = -value, -value - above, -value + below
    shows = claim_verdict(*interval, [bar]) == "shows"
    assert shows == (claim_verdict(*reverse, [bar]) == "the opposite")


@pytest.mark.parametrize(
    ("interval", "controls", "message"),
    [
        ((0.3, 0.2, 0.4), [], "at least one control"),
        ((0.3, 0.2, 0.4), [float("nan")], "finite"),
        ((0.5, 0.2, 0.4), SMALL, "does not lie"),
        ((float("nan"), 0.2, 0.4), SMALL, "does not lie"),
    ],
)
def test_what_gives_no_verdict(interval, controls, message):
    with pytest.raises(ValueError, match=message):
        claim_verdict(*interval, controls)
