"""The model "tiny": two layers of random weights and a tokenizer of bytes, no download."""

from typing import Any

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from .errors import ModelUnavailable
from .options import LoadOptions
from .pretrained import missing_package_message

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def tiny_model(options: LoadOptions):
    """Return a Llama of two layers, with the same random weights every time, and its tokenizer.

    Raises:
        ModelUnavailable: the attention implementation needs a package that is not installed.
        ValueError: transformers does not know the attention implementation.
    """
    tokenizer = byte_tokenizer()
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # far above the usual 0.02, which would make all predictions nearly uniform
        initializer_range=0.3,
    )
    model: Any  # transformers' own types are loose
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers stay as they were
        torch.manual_seed(0)
        try:
            model = transformers.AutoModelForCausalLM.from_config(
                config, attn_implementation=options.attn_implementation
            )
        except ImportError as error:
            message = missing_package_message("tiny", options.attn_implementation, error)
            raise ModelUnavailable(message) from None
    model.to(device=options.device, dtype=options.dtype)
    return model.eval(), tokenizer


def byte_tokenizer() -> transformers.PreTrainedTokenizerFast:
    """Return a tokenizer with one token for each of the 256 bytes, and the tokens of a chat."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())  # a printable letter for each byte
    vocabulary = {letter: token_id for token_id, letter in enumerate(letters)}
    core = Tokenizer(models.BPE(vocabulary, []))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.decoder = decoders.ByteLevel()
    special = [AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS]
    core.add_special_tokens(special)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
