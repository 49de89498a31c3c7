"""The runs through depth: what is kept equals the lens itself, and is asked for once."""

import numpy as np
import pytest
import torch

from uncertainty.architecture.parts import model_parts
from uncertainty.course import depth_runs
from uncertainty.course.depth_runs import answers_with_depth, profile_rows
from uncertainty.lens.generated import generate_with_lens
from uncertainty.lens.logit_lens import logit_lens, read_stream
from uncertainty.lens.streams import last_streams, text_stream
from uncertainty.loading.models import load_model

PROMPTS = ["one", "two or three", "four and five"]


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


def test_records_hold_what_the_lens_saw_and_are_kept(tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    records = answers_with_depth(*tiny, PROMPTS, max_new_tokens=5, renyi=(2,))
    for record, (answer, trace) in zip(
        records, generate_with_lens(*tiny, PROMPTS, max_new_tokens=5, renyi=(2,))
    ):
        assert (
            record["text"] == answer.text
            and record["tokens"] == len(answer)
            and record["read"] == len(answer.prompt_ids)
        )
        assert np.allclose(record["entropy"], trace.entropy, atol=1e-3) and np.allclose(
            record["2"], trace.renyi[2], atol=1e-3
        )
        assert np.allclose(record["cross_entropy"], trace.cross_entropy, atol=1e-3)
    monkeypatch.setattr(depth_runs, "generate_with_lens", None)
    assert answers_with_depth(*tiny, PROMPTS, max_new_tokens=5, renyi=(2,)) == records
    with pytest.raises(TypeError):
        answers_with_depth(*tiny, PROMPTS, max_new_tokens=4, renyi=(2,))


def test_sampled_batches_do_not_share_their_luck(tiny, monkeypatch, tmp_path):
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path))
    texts = [
        r["text"]
        for r in answers_with_depth(
            *tiny, ["one", "two"], max_new_tokens=8, temperature=1.0, batch_size=1
        )
    ]
    monkeypatch.setenv("UNCERTAINTY_CACHE", str(tmp_path / "other"))
    again = [
        r["text"]
        for r in answers_with_depth(
            *tiny, ["one", "two"], max_new_tokens=8, temperature=1.0, batch_size=1
        )
    ]
    assert texts == again and texts[0] != texts[1]


def test_last_streams_are_where_each_prompt_ends(tiny):
    model, tokenizer = tiny
    stream = last_streams(model, tokenizer, PROMPTS, batch_size=2)
    assert stream.shape[:2] == (len(model_parts(model).blocks) + 1, 3)
    trace = read_stream(model_parts(model), stream)
    for column, prompt in enumerate(PROMPTS):
        ids = tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=True
        )
        alone = logit_lens(model, ids["input_ids"])
        torch.testing.assert_close(
            trace.entropy[:, column], alone.entropy[:, -1], atol=1e-4, rtol=1e-3
        )


def test_a_text_is_read_in_pieces(tiny):
    model, _ = tiny
    ids = torch.arange(5, 45)
    stream, following = text_stream(model, ids, piece=16, skip=4)
    assert following.tolist() == [*ids[5:16], *ids[21:32], *ids[37:40]]
    alone = logit_lens(model, ids[16:32]).entropy[:, 4:-1]
    torch.testing.assert_close(
        read_stream(model_parts(model), stream).entropy[:, 11:22], alone, atol=1e-4, rtol=1e-3
    )
    with pytest.raises(ValueError, match="leave nothing"):
        text_stream(model, ids[:5])
    assert torch.equal(text_stream(model, ids[None], piece=16)[0], stream)


def test_profile_rows_average_and_mark_empty_answers():
    records = [dict(tokens=2, entropy=[[1, 3], [0, 2]]), dict(tokens=0, entropy=[[], []])]
    rows = profile_rows(records)
    assert rows[0].tolist() == [2, 1] and np.isnan(rows[1]).all()
