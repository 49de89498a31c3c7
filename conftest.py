"""What nbval compares when it runs the lessons: printed text. HTML carries unrounded shades and tooltips, and progress
bars and warnings go to stderr; what a lesson claims stands in its asserts."""


def pytest_collectstart(collector):
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "stderr")
