"""The page of a report taken apart, for tests."""

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br"}


class Page(HTMLParser):
    """What a page is made of: its tags with their attributes, and whether all are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def attributes(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def intervals(value):
    """Every interval in nested data."""
    if isinstance(value, dict):
        if value.keys() == {"value", "low", "high"}:
            yield value
        else:
            for inner in value.values():
                yield from intervals(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from intervals(inner)
