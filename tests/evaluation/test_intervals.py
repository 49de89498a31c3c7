"""The bootstrap interval covers what it should, repeats, and draws whole questions."""

import numpy as np
import pytest
from labelled_answers import answers_of_other_libraries

from uncertainty.evaluation.discrimination import auroc
from uncertainty.evaluation.intervals import Interval, bootstrap, shuffled_controls


def test_the_bootstrap_covers_the_truth_as_often_as_it_says():
    """AUROC of two normals one standard deviation apart is Phi(1/sqrt 2) = 0.760.

    200 repetitions of 120 answers.
    """
    random, hits = np.random.default_rng(3), 0
    for i in range(200):
        wrong = random.random(120) < 0.5
        interval = bootstrap(auroc, wrong, random.normal(size=120) + wrong, rounds=200, seed=i)
        hits += interval.low <= 0.7602 <= interval.high
    assert 180 <= hits <= 199


def test_the_bootstrap_repeats_and_draws_whole_questions():
    wrong, uncertainty = answers_of_other_libraries()
    assert bootstrap(auroc, wrong, uncertainty) == bootstrap(auroc, wrong, uncertainty)
    single = bootstrap(np.mean, uncertainty)
    questions = np.repeat(np.arange(200), 5)
    repeated = bootstrap(np.mean, np.repeat(uncertainty, 5), questions=questions)
    naive = bootstrap(np.mean, np.repeat(uncertainty, 5))
    assert repeated.high - repeated.low == pytest.approx(single.high - single.low, rel=0.1)
    assert naive.high - naive.low < 0.6 * (single.high - single.low)
    seen = []
    bootstrap(
        lambda q: seen.append(np.unique(q, return_counts=True)[1]) or 0.0,
        questions,
        questions=questions,
        rounds=20,
    )
    assert all((counts % 5 == 0).all() for counts in seen)


def test_a_paired_difference_is_sharper_than_two_intervals():
    random = np.random.default_rng(5)
    wrong = random.random(300) < 0.5
    one = random.normal(size=300) + wrong
    other = one + 0.3 * random.normal(size=300)
    difference = bootstrap(lambda w, a, b: auroc(w, a) - auroc(w, b), wrong, one, other)
    assert difference.high - difference.low < 0.5 * (
        bootstrap(auroc, wrong, one).high - bootstrap(auroc, wrong, one).low
    )


def test_a_bootstrap_of_one_class_is_nan_and_silent(recwarn):
    assert np.isnan(bootstrap(auroc, [1, 1, 1], [1, 2, 3])).all() and not recwarn.list
    assert str(Interval(0.847, 0.79, 0.9249)) == "0.85 [0.79, 0.92]"


def test_every_question_is_drawn_equally_often():
    questions = np.repeat(["a", "b", "c", "d", "e"], [1, 2, 3, 2, 1])
    drawn = dict.fromkeys("abcde", 0)

    def count_questions(rows):
        for name, count in zip(*np.unique(questions[rows], return_counts=True)):
            drawn[name] += count / (questions == name).sum()
        return 0.0

    bootstrap(count_questions, np.arange(9), questions=questions, rounds=2000)
    assert list(drawn.values()) == pytest.approx([2000] * 5, rel=0.1)


def test_columns_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"lengths \[2, 3, 2\]"):
        bootstrap(auroc, [0, 1], [1, 2, 3])
    with pytest.raises(ValueError, match=r"lengths \[2, 2, 3\]"):
        bootstrap(auroc, [0, 1], [1, 2], questions=[1, 2, 3])
    with pytest.raises(ValueError, match="at least one column and one round, got 0"):
        bootstrap(auroc)
    with pytest.raises(ValueError, match="got 2 and 0"):
        bootstrap(auroc, [0, 1], [1, 2], rounds=0)


def test_nothing_to_measure_is_nan():
    nothing = np.array([], dtype=bool), np.array([])
    assert np.isnan(bootstrap(auroc, *nothing)).all()
    controls = shuffled_controls(auroc, *nothing, rounds=7)
    assert len(controls) == 7 and np.isnan(controls).all()


def test_a_metric_that_is_nan_is_not_drawn_again():
    calls = []

    def undefined(column):
        calls.append(column)
        return float("nan")

    assert np.isnan(bootstrap(undefined, np.arange(4))).all() and len(calls) == 1


def test_each_round_draws_as_many_questions_as_there_are():
    questions = np.repeat(["a", "b", "c", "d", "e"], [1, 2, 3, 2, 1])
    share = np.array(
        [1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2, 1]
    )  # 1 over the question's rows
    drawn = []
    bootstrap(
        lambda rows: drawn.append(share[rows].sum()) or 0.0,
        np.arange(9),
        questions=questions,
        rounds=50,
    )
    assert drawn == pytest.approx([5] * 51)


def test_one_round_is_an_interval_of_one_draw():
    interval = bootstrap(np.mean, [1.0, 2.0, 4.0], rounds=1)
    assert interval.low == interval.high and interval.value == pytest.approx(7 / 3)


def test_shuffled_labels_give_chance_and_keep_their_number():
    wrong, uncertainty = answers_of_other_libraries()
    controls = shuffled_controls(auroc, wrong, uncertainty)
    assert len(controls) == 200 and abs(np.mean(controls) - 0.5) < 0.02 < np.std(controls)
    counts = shuffled_controls(lambda labels, _: labels.sum(), wrong, uncertainty, rounds=20)
    assert set(counts) == {np.sum(wrong)}
    assert shuffled_controls(auroc, wrong, uncertainty) == controls


def test_labels_shuffled_within_groups_keep_what_the_group_tells():
    """A doubt that is nothing but the group keeps its AUROC; what it knows inside one is lost."""
    groups = np.repeat([0, 1], 100)
    wrong = np.r_[np.arange(100) < 20, np.arange(100) < 80]
    controls = shuffled_controls(auroc, wrong, groups, within=groups, rounds=20)
    assert np.allclose(controls, auroc(wrong, groups))
    inside = groups + 0.5 * wrong
    assert (
        auroc(wrong, inside)
        > 0.95
        > max(shuffled_controls(auroc, wrong, inside, within=groups, rounds=20))
    )


def test_shuffled_controls_refuse_columns_that_do_not_fit():
    with pytest.raises(ValueError, match="one length"):
        shuffled_controls(auroc, [True, False], [1.0, 2.0], within=[1, 2, 3])
    with pytest.raises(ValueError, match="at least one column"):
        shuffled_controls(auroc)
