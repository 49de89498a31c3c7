"""Tiny random models of causal families: seconds to build, no download.

`FAMILIES` are read by the tests of every room; they all have three blocks of attention and MLP.
`MORE_FAMILIES` are stranger, and `tests/test_families.py` takes both through what the README's
table of families says.
"""

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

_EXPERTS = _MOE | dict(moe_intermediate_size=16)
_DEEPSEEK = _EXPERTS | dict(
    kv_lora_rank=8,
    q_lora_rank=8,
    qk_nope_head_dim=8,
    qk_rope_head_dim=4,
    v_head_dim=8,
    num_key_value_heads=4,
    n_routed_experts=4,
    n_shared_experts=1,
    first_k_dense_replace=1,
    topk_group=1,
)
_MAMBA_HEADS = dict(mamba_n_heads=4, mamba_d_head=16, mamba_d_state=8, mamba_chunk_size=8)
_DELTA_NET = dict(
    linear_key_head_dim=8,
    linear_value_head_dim=8,
    linear_num_key_heads=2,
    linear_num_value_heads=2,
    layer_types=["linear_attention", "full_attention", "linear_attention"],
)
_LFM2_LAYERS = dict(layer_types=["conv", "full_attention", "conv"])

MORE_FAMILIES = {
    # attention and one MLP a block
    "apertus": _GROUPED,
    "biogpt": {},
    "bitnet": _GROUPED,
    "codegen": _GPT2 | dict(rotary_dim=4, n_ctx=256),
    "cohere2": _GROUPED,
    "ctrl": _GPT2 | dict(dff=48),
    "diffllama": _GROUPED,
    "doge": _GROUPED,
    "ernie4_5": _GROUPED,
    "exaone4": _GROUPED | dict(sliding_window=128),
    "gemma4_text": _GROUPED
    | dict(hidden_size_per_layer_input=0, sliding_window=128, vocab_size_per_layer_input=260),
    "glm": _GROUPED,
    "glm4": _GROUPED,
    "gpt_bigcode": _GPT2 | dict(n_inner=48),
    "helium": _GROUPED,
    "minicpm3": dict(
        kv_lora_rank=8,
        q_lora_rank=8,
        qk_nope_head_dim=8,
        qk_rope_head_dim=4,
        v_head_dim=8,
        num_key_value_heads=4,
    ),
    "ministral": _GROUPED,
    "modernbert-decoder": dict(local_attention=64),
    "nanochat": _GROUPED,
    "nemotron": _GROUPED,
    "olmo3": _GROUPED | dict(sliding_window=128),
    "openai-gpt": _GPT2,
    "persimmon": {},
    "seed_oss": _GROUPED,
    "vaultgemma": _GROUPED | dict(sliding_window=128, final_logit_softcapping=2.0),
    "xglm": dict(d_model=32, num_layers=3, attention_heads=4, ffn_dim=48),
    # mixtures of experts
    "cohere2_moe": _GROUPED | _MOE | dict(num_experts=4),
    "dbrx": dict(
        d_model=32,
        n_heads=4,
        n_layers=3,
        max_seq_len=256,
        attn_config=dict(kv_n_heads=2, clip_qkv=8, rope_theta=1e4),
        ffn_config=dict(ffn_hidden_size=48, moe_num_experts=4, moe_top_k=2),
    ),
    "deepseek_v2": _DEEPSEEK | dict(n_group=1),
    "deepseek_v3": _DEEPSEEK | dict(n_group=2),
    "flex_olmo": _GROUPED | _MOE | dict(num_experts=4),
    "glm4_moe": _GROUPED
    | _EXPERTS
    | dict(n_routed_experts=4, n_shared_experts=1, first_k_dense_replace=1, n_group=1),
    "granitemoe": _GROUPED | _MOE | dict(num_local_experts=4),
    "jetmoe": _MOE | dict(num_key_value_heads=2, kv_channels=8, num_local_experts=4),
    "llama4_text": _GROUPED
    | dict(intermediate_size_mlp=48, num_local_experts=2, attention_chunk_size=128),
    "minimax_m2": _GROUPED | _MOE | dict(num_local_experts=4),
    "olmoe": _GROUPED | _MOE | dict(num_experts=4),
    "phimoe": _GROUPED | _MOE | dict(num_local_experts=4),
    # recurrent, and hybrids of both
    "bamba": _GROUPED | _MAMBA_HEADS | dict(attn_layer_indices=[1]),
    "falcon_h1": _GROUPED
    | dict(
        mamba_d_ssm=32,
        mamba_n_heads=4,
        mamba_d_head=8,
        mamba_d_state=8,
        mamba_n_groups=1,
        mamba_chunk_size=8,
    ),
    "falcon_mamba": {},
    "granitemoehybrid": _GROUPED
    | _MAMBA_HEADS
    | _MOE
    | dict(
        num_local_experts=4,
        shared_intermediate_size=16,
        layer_types=["mamba", "attention", "mamba"],
    ),
    "jamba": _GROUPED
    | _MOE
    | dict(
        num_experts=4,
        mamba_d_state=8,
        mamba_dt_rank=4,
        attn_layer_period=2,
        attn_layer_offset=1,
        expert_layer_period=2,
        expert_layer_offset=1,
        use_mamba_kernels=False,
    ),
    "lfm2": _GROUPED | _LFM2_LAYERS | dict(block_multiple_of=8),
    "lfm2_moe": _GROUPED | _EXPERTS | _LFM2_LAYERS | dict(num_experts=4, num_dense_layers=1),
    "mamba": {},
    "mamba2": dict(num_heads=8, head_dim=8, state_size=8, n_groups=1, chunk_size=8),
    "minimax": _GROUPED | _MOE | dict(num_local_experts=4, block_size=8),
    "nemotron_h": _GROUPED
    | dict(
        layers_block_type=["mamba", "attention", "mlp"],
        mamba_num_heads=4,
        mamba_head_dim=16,
        ssm_state_size=8,
        chunk_size=8,
        n_groups=1,
        n_routed_experts=4,
        moe_intermediate_size=16,
        moe_shared_expert_intermediate_size=16,
    ),
    "olmo_hybrid": _GROUPED,
    "qwen3_5_text": _GROUPED | _DELTA_NET,
    "qwen3_next": _GROUPED
    | _EXPERTS
    | _DELTA_NET
    | dict(num_experts=4, shared_expert_intermediate_size=16),
    "recurrent_gemma": _GROUPED
    | dict(
        lru_width=32,
        block_types=["recurrent", "recurrent", "attention"],
        attention_window_size=128,
    ),
    "rwkv": dict(attention_hidden_size=32, context_length=256),
    "zamba": dict(
        num_hidden_layers=5,
        num_key_value_heads=4,
        attention_head_dim=16,
        mamba_d_state=8,
        mamba_dt_rank=4,
        n_mamba_heads=1,
        attn_layer_period=2,
        attn_layer_offset=1,
        use_mamba_kernels=False,
    ),
    "zamba2": dict(
        num_key_value_heads=4,
        attention_head_dim=16,
        mamba_d_state=8,
        n_mamba_heads=4,
        mamba_ngroups=1,
        chunk_size=8,
        adapter_rank=4,
        layers_block_type=["mamba", "hybrid", "mamba"],
        use_mamba_kernels=False,
        use_mem_eff_path=False,
    ),
    # no decoders, or decoders only if one insists
    "bert": {},
    "roberta": dict(is_decoder=True),
    "roformer": dict(is_decoder=True, embedding_size=32),
}


def tiny_model(family: str, seed: int = 0, **options):
    """A random model of the family in eval mode, with logits far from uniform.

    Biases are not zero, the unembedding's neither. ``options`` go to the configuration.
    """
    torch.manual_seed(seed)
    settings = _SIZES | (FAMILIES | MORE_FAMILIES)[family] | options
    config = AutoConfig.for_model(family, **settings)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if weights.ndim > 1 or name.endswith("bias"):
                weights.normal_(std=0.15)
    return model
