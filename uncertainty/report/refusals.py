"""The error that the report raises on purpose, told apart from faults of its own."""


class ReportRefused(ValueError):  # noqa: N818, what the package says of inputs that it refuses
    """What was given cannot be reported on; the message says why, and what to do instead.

    The command prints it without a traceback. Any other ValueError is a fault of the program, and
    keeps its traceback.
    """
