"""A measure that grows with confidence is refused by its name; a doubt is not."""

import pytest
import torch

from uncertainty import answer_measures
from uncertainty.evaluation.leaderboard import leaderboard
from uncertainty.evaluation.orientation import check_orientation


@pytest.mark.parametrize(
    "name",
    [
        "-entropy",
        "1 - perplexity",
        "negative entropy",
        "self-consistency",
        "vote share",
        "P(IK)",
        "max softmax",
        "confidences",
        "probabilities",
        "reliability",
    ],
)
def test_more_confidences_and_doubts_turned_around_are_refused(name):
    with pytest.raises(ValueError, match="grows with confidence"):
        check_orientation(name)


def test_doubts_pass_by_name():
    for name in (
        "neg_log_likelihood",
        "uncertainty",
        "improbability",
        "entropy",
        "1 - P(True), 3 ideas",
        "distinct answers",
    ):
        check_orientation(name)


@pytest.mark.parametrize(
    "name",
    [
        "confidence",
        "stated confidence",
        "margin",
        "mean_margin",
        "probability",
        "max_probability",
        "sequence probability",
        "log_likelihood",
        "P(True)",
        "lexical agreement",
        "certainty",
    ],
)
def test_a_measure_that_grows_with_confidence_is_refused_by_name(name):
    with pytest.raises(ValueError, match=r"grows with confidence.*'1 - "):
        leaderboard([0, 1], {name: [0.1, 0.2]})
    check_orientation(f"1 - {name}")
    check_orientation(f"-{name}")


@pytest.mark.parametrize(
    "name",
    [
        "sequence_probability_complement",
        "min_probability_complement",
        "mean_margin_complement",
        "P(True) complement",
        "answer_agreement_complement",
        "answer_disagreement",
        "disagreement with the most probable answer",
        "disagreement_of_probabilities",
        "1 - entropy_complement",  # turned around twice
    ],
)
def test_complements_of_confidences_and_disagreements_are_doubts(name):
    check_orientation(name)


@pytest.mark.parametrize(
    "name",
    [
        "sequence_probability",
        "agreement",
        "entropy_complement",
        "perplexity complement",
        "answer_disagreement_complement",
        "1 - answer_disagreement",
        "1 - sequence_probability_complement",  # turned around twice
        "complement_of_probability",  # only the end of a name turns it around
    ],
)
def test_complements_of_doubts_are_confidences(name):
    with pytest.raises(ValueError, match="grows with confidence"):
        check_orientation(name)


def test_the_advice_depends_on_whether_the_name_was_turned_around():
    with pytest.raises(ValueError, match="leave it as it is"):
        check_orientation("entropy_complement")
    with pytest.raises(ValueError, match="under the name '1 - sequence_probability'"):
        check_orientation("sequence_probability")


@pytest.mark.parametrize("name", ["linear probe", "marginal entropy", "shared tokens"])
def test_only_whole_words_count(name):
    check_orientation(name)


def test_our_own_measures_pass_by_name_and_by_nature():
    """Each grows when the model's distribution is flattened, whatever it is called."""
    sure, unsure = torch.tensor([[9.0, 1, 1, 1]] * 3), torch.tensor([[2.0, 1.9, 1.8, 1.7]] * 3)
    small, large = answer_measures(sure), answer_measures(unsure)
    for name in small:
        check_orientation(name)
        assert small[name] < large[name], name
