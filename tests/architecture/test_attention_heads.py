"""The proof that heads average their values, on heads that do and on heads that do not.

That the averages are split into the right heads is tested by brute force with BOS ablation.
"""

import pytest
import torch
from families import FAMILIES, tiny_model

from uncertainty.architecture.attention_heads import head_projection, split_heads

SINKS = {"gpt_oss"}


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - SINKS))
def test_the_output_projection_is_found_and_reads_all_heads(family):
    model = tiny_model(family)
    recorded = []
    projection = head_projection(model, 1, 0)
    hook = projection.register_forward_pre_hook(lambda _, arguments: recorded.append(arguments[0]))
    with torch.no_grad():
        model(input_ids=torch.arange(3, 12)[None], use_cache=False)
    hook.remove()
    [states] = recorded  # one layer's projection, so one record a pass
    outputs = split_heads(model, states)
    assert outputs.shape[:3] == (1, 9, model.config.get_text_config().num_attention_heads)
    assert torch.equal(outputs.flatten(-2), states)


@pytest.mark.parametrize("family", sorted(SINKS))
def test_sinks_are_refused(family):
    with pytest.raises(ValueError, match="no average of values"):
        head_projection(tiny_model(family), 1, 1)


def test_a_gate_on_the_heads_is_refused():
    """A sigmoid of the attention's own input on the heads' outputs, as some newer families have."""
    model = tiny_model("llama")
    attention = model.model.layers[1].self_attn
    inputs = []
    plain = attention.forward

    def forward(hidden_states, **named):
        inputs.append(hidden_states)
        return plain(hidden_states, **named)

    attention.forward = forward
    attention.o_proj.register_forward_pre_hook(
        lambda _, arguments: (arguments[0] * inputs[-1].sigmoid(),)
    )
    head_projection(model, 0, 1)
    with pytest.raises(ValueError, match="layer 1: what a head outputs is no average"):
        head_projection(model, 1, 1)


def test_heads_in_another_order_are_refused():
    model = tiny_model("llama")
    order = torch.randperm(32, generator=torch.Generator().manual_seed(0))
    model.model.layers[1].self_attn.o_proj.register_forward_pre_hook(
        lambda _, arguments: (arguments[0][..., order],)
    )
    with pytest.raises(ValueError, match="no average of values"):
        head_projection(model, 1, 1)


@pytest.mark.parametrize(("layer", "head"), [(3, 0), (-1, 0), (0, 4), (0, -1)])
def test_heads_that_are_not_there(layer, head):
    with pytest.raises(ValueError, match=r"layers 0\.\.2 with heads 0\.\.3"):
        head_projection(tiny_model("gpt2"), layer, head)


def test_training_mode_is_refused():
    with pytest.raises(ValueError, match="training mode"):
        head_projection(tiny_model("llama").train(), 0, 0)
