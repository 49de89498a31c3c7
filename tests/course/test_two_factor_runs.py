"""The run on two factors: what it keeps, and the divergence of wordings by another formula."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from scipy.stats import entropy as scipy_entropy

from uncertainty import score
from uncertainty.course import two_factor_runs
from uncertainty.course.two_factor_runs import (
    begins_right,
    doubt_columns,
    first_token_doubts,
    paraphrase_divergence,
)
from uncertainty.data.two_factors import load_two_factors
from uncertainty.measures.token_measures import token_measures

PAIRS = [(0, 1), (0, 2), (1, 2)]


def test_the_divergence_is_scipys():
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(0)) * 3
    p = softmax(logits.double().numpy(), axis=-1)
    both_ways = [scipy_entropy(p[i], p[j]) + scipy_entropy(p[j], p[i]) for i, j in PAIRS]
    information = np.mean([scipy_entropy(row, p.mean(0)) for row in p])
    kl, mi = paraphrase_divergence(logits)
    assert kl == pytest.approx(np.array(both_ways) / 2, rel=1e-5)
    assert mi == pytest.approx(information, rel=1e-4)


def test_equal_wordings_do_not_diverge_and_sure_different_ones_reach_log_n():
    row = torch.randn(1, 20)
    [kl], mi = paraphrase_divergence(row.expand(2, -1))
    assert (kl, mi) == pytest.approx((0, 0), abs=1e-6)
    sure = torch.eye(3) * 60
    assert paraphrase_divergence(sure)[1] == pytest.approx(np.log(3), abs=1e-6)
    with pytest.raises(ValueError, match="at least two wordings, got 1"):
        paraphrase_divergence(row)


def test_each_wording_has_the_measures_it_has_alone(tiny, own_cache):
    items = load_two_factors()[:10:3]
    questions = [item.questions for item in items]
    records = first_token_doubts(*tiny, questions, batch_size=3)
    for item, record in zip(items, records):
        for wording, question in enumerate(item.questions):
            prompt = two_factor_runs.EXAMPLES.format(question)
            first = record["first"][wording]
            alone = score(*tiny, prompt, [first], chat=False)
            measures = token_measures(alone)
            assert alone.logits[0].argmax() == first
            assert record["read"][wording] == len(alone.prompt_ids)
            for name in two_factor_runs.KEPT:
                assert record[name][wording] == pytest.approx(measures[name].item(), abs=2e-3)
    assert first_token_doubts(*tiny, questions, batch_size=3) == records
    assert len(list((own_cache / "results").glob("two_factors-*.jsonl"))) == 1


@pytest.mark.parametrize("questions", [[], [("Why?", "Why so?"), ("Who?",)]])
def test_questions_with_unequal_wordings_are_refused(tiny, own_cache, questions):
    with pytest.raises(ValueError, match="every question needs as many wordings"):
        first_token_doubts(*tiny, questions)


def test_a_first_token_is_right_when_a_right_answer_begins_with_it(tiny):
    _, tokenizer = tiny
    [item] = [i for i in load_two_factors() if i.id == "rivers-known-02-one"]
    [atlantic] = tokenizer(" Atlantic", add_special_tokens=False).input_ids[:1]
    [baltic] = tokenizer(" zzz", add_special_tokens=False).input_ids[:1]
    assert begins_right(tokenizer, item, [atlantic, baltic]) == [True, atlantic == baltic]
    [open_item] = [i for i in load_two_factors() if i.id == "rivers-known-02-many"]
    assert begins_right(tokenizer, open_item, [atlantic]) == [False]


def test_columns_average_over_wordings_and_pairs():
    one = dict(
        entropy=[1.0, 2.0, 6.0],
        surprisal=[0.0, 0.0, 3.0],
        aleatoric=[0.5, 0.5, 0.2],
        epistemic=[0.1, 0.2, 0.3],
        margin=[1.0, 0.4, 0.4],
        first=[7, 7, 9],
        kl=[0.0, 0.6, 0.3],
        mutual_information=0.2,
    )
    columns = doubt_columns([one, {**one, "first": [1, 2, 3]}])
    expected = dict(
        entropy=3.0,
        surprisal=1.0,
        aleatoric=0.4,
        epistemic=0.2,
        margin_complement=0.4,
        disagreement=2 / 3,
        kl=0.3,
        mutual_information=0.2,
    )
    assert {name: values[0] for name, values in columns.items()} == pytest.approx(expected)
    assert columns["disagreement"][1] == 1
