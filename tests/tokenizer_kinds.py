"""Small tokenizers of the kinds that differ in what they add to a text."""

import transformers
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from uncertainty import load_model

CORPUS = [
    "The capital of France is Paris, and the capital of Italy is Rome.",
    "The proposed answer is true. The proposed answer is false. Is it true or false?",
    "Question: what is the capital? Answer: Paris. user assistant x: y. a b c d e f g h i j k l m",
] * 3
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}[{{ message['role'] }}] {{ message['content'] }}"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)


def byte_tokenizer(*, bos=False, eos=False):
    """The tiny model's tokenizer, which also begins every text with BOS, or ends it with EOS."""
    tokenizer = load_model("tiny")[1]
    tokenizer.chat_template = CHAT_TEMPLATE
    tokenizer.backend_tokenizer.post_processor = _special_tokens(
        tokenizer.bos_token if bos else None, tokenizer.eos_token if eos else None, tokenizer
    )
    return tokenizer


def space_tokenizer(kind, *, bos=True):
    """A tokenizer that puts a space before every text, as SentencePiece's do.

    ``kind`` is "normaliser" (Llama 2), "metaspace" (always) or "metaspace first".
    """
    core = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    if kind == "normaliser":
        prepend = normalizers.Prepend("\u2581")
        core.normalizer = normalizers.Sequence([prepend, normalizers.Replace(" ", "\u2581")])
        strip = decoders.Strip(" ", 1, 0)
        core.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.Fuse(), strip])
    else:
        scheme = "always" if kind == "metaspace" else "first"
        core.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
        core.decoder = decoders.Metaspace(prepend_scheme=scheme)
    trainer = trainers.BpeTrainer(
        vocab_size=200, special_tokens=["<unk>", "<s>", "</s>"], show_progress=False
    )
    if kind == "normaliser":  # without a pre-tokenizer nothing keeps a merge inside a word
        core.pre_tokenizer = pre_tokenizers.Split("\u2581", "merged_with_next")
    core.train_from_iterator(CORPUS, trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    if bos:
        tokenizer.backend_tokenizer.post_processor = _special_tokens("<s>", None, tokenizer)
    return tokenizer


def _special_tokens(bos, eos, tokenizer):
    ends = [token for token in (bos, eos) if token is not None]
    return processors.TemplateProcessing(
        single=[*([bos] if bos else []), "$A", *([eos] if eos else [])],
        special_tokens=[(token, tokenizer.convert_tokens_to_ids(token)) for token in ends],
    )
