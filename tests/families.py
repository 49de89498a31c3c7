"""Tiny random models of every causal family the course supports: seconds to build, no download."""

import torch
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY = 260
_SIZES = dict(
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    max_position_embeddings=256,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
_GROUPED = dict(num_key_value_heads=2, head_dim=8)
_GPT2 = dict(n_embd=32, n_layer=3, n_head=4, n_positions=256)
_MOE = dict(num_experts_per_tok=2)

FAMILIES = {
    "gpt2": _GPT2,
    "gptj": _GPT2 | dict(rotary_dim=4),
    "gpt_neox": {},
    "opt": dict(ffn_dim=48, word_embed_proj_dim=32),
    "gpt_neo": dict(num_layers=3, num_heads=4, attention_types=[[["global"], 3]]),
    "bloom": dict(n_layer=3, n_head=4),
    "llama": _GROUPED,
    "mistral": _GROUPED,
    "qwen2": _GROUPED,
    "qwen3": _GROUPED,
    "phi": {},
    "phi3": {},
    "olmo": {},
    "olmo2": {},
    "stablelm": _GROUPED,
    "starcoder2": _GROUPED,
    "smollm3": _GROUPED,
    "granite": _GROUPED | dict(logits_scaling=4.0, residual_multiplier=0.5),
    "gemma": _GROUPED,
    "gemma2": _GROUPED | dict(final_logit_softcapping=2.0),
    "gemma3_text": _GROUPED,
    "cohere": _GROUPED,
    "falcon": {},
    "mixtral": _GROUPED | _MOE | dict(num_local_experts=4),
    "qwen2_moe": _GROUPED
    | _MOE
    | dict(num_experts=4, moe_intermediate_size=16, shared_expert_intermediate_size=16),
    "qwen3_moe": _GROUPED | _MOE | dict(num_experts=4, moe_intermediate_size=16),
    "mpt": dict(d_model=32, n_heads=4, n_layers=3, max_seq_len=256),
    "gpt_oss": _GROUPED | _MOE | dict(num_local_experts=4, sliding_window=128),
}


def tiny_model(family: str, seed: int = 0, **options):
    """A random model of the family in eval mode, with logits far from uniform; ``options`` go to its configuration."""
    torch.manual_seed(seed)
    config = AutoConfig.for_model(family, **(_SIZES | FAMILIES[family] | options))
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for weights in model.parameters():
            if weights.ndim > 1:
                weights.normal_(std=0.15)
    return model
