"""The residual stream along texts, and where prompts end, against the lens on the whole."""

import pytest
import torch

from uncertainty.architecture.parts import model_parts
from uncertainty.lens.logit_lens import logit_lens, read_stream
from uncertainty.lens.streams import last_streams, text_stream
from uncertainty.loading.models import load_model

PROMPTS = ["one", "two or three", "four and five"]


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


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
