"""A page read as a browser reads it, strictly: what is opened is closed, in order."""

from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "img", "input", "hr"}


class Node:
    """An element: its name, attributes, children, and the text right in it."""

    def __init__(self, name, attributes, parent):
        self.name, self.attributes, self.parent = name, dict(attributes), parent
        self.children, self.texts = [], []

    def all(self, *names):
        """Return the elements of these names in it, in the order of the page."""
        found = [self] if self.name in names else []
        return found + [one for child in self.children for one in child.all(*names)]

    @property
    def text(self):
        """The text in it, for a test to look at."""
        return "".join(it if isinstance(it, str) else it.text for it in self.texts)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.at = self.root = Node("", (), None)

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self.at = self.at.children[-1]

    def handle_startendtag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"an attribute of {tag} is there twice"
        node = Node(tag, attrs, self.at)
        self.at.children.append(node)
        self.at.texts.append(node)

    def handle_endtag(self, tag):
        assert tag == self.at.name, f"</{tag}> closes <{self.at.name}>, {self.getpos()}"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.texts.append(data)


def parsed(page):
    """Return the root of a page."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.at is reader.root, f"<{reader.at.name}> is never closed"
    return reader.root
