"""What loading may raise, beside the ValueError for an argument that makes no sense."""


class ModelUnavailable(RuntimeError):  # noqa: N818, a name that our callers use
    """The model, or a corpus, cannot be loaded here and now.

    The message is one sentence with the likely cause and the remedy.
    """


class DiskTrouble(ModelUnavailable):
    """The cache folder is full or cannot be written."""


class UnsupportedOption(ValueError):  # noqa: N818, a sibling of the two above
    """transformers does not support what an option asks for, whatever the state of the network."""
