"""A model with one block left out."""

from collections.abc import Iterator
from contextlib import contextmanager

from .._inputs import hooks_are_called, without_wrapper
from ..architecture.parts import first_output, model_parts


@contextmanager
def skipped_block(model, block: int) -> Iterator[None]:
    """Leave one block out of every forward pass inside the context: its output is its input.

    Args:
        block: its number, 0 for the first.

    Raises:
        IndexError: there is no such block.
        ValueError: as `model_parts`.
    """
    model = without_wrapper(model)
    blocks = model_parts(model).blocks
    if not 0 <= block < len(blocks):
        raise IndexError(f"there are blocks 0 to {len(blocks) - 1}, got {block}.")

    def put_input_through(module, arguments, named, output):
        state = arguments[0] if arguments else named["hidden_states"]
        if first_output(output) is output:
            return state
        return (state, *output[1:])

    hook = blocks[block].register_forward_hook(put_input_through, with_kwargs=True)
    try:
        with hooks_are_called():
            yield
    finally:
        hook.remove()
