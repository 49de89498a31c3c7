"""Which variables a chat template reads from its caller."""

import re
from collections.abc import Iterable

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

# Functions that transformers gives every template: no variables of its caller.
TEMPLATE_FUNCTIONS = ("raise_exception", "strftime_now")


class GenerationTag(Extension):
    """The tag ``{% generation %}`` of transformers, which marks the assistant's words."""

    tags = {"generation"}  # noqa: RUF012 (jinja2 declares it so)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def unread_variables(template: str, names: Iterable[str]) -> list[str]:
    """Return the names that a chat template does not read as variables of its caller.

    Comments, strings, loop variables and what the template sets itself do not count. Where the
    template does not parse here (a tag that we do not know), a whole word anywhere in it counts.
    """
    try:
        variables = _read_variables(template)
    except TemplateSyntaxError:
        variables = set(re.findall(r"\w+", template))
    return [name for name in names if name not in variables]


def _read_variables(template: str) -> set[str]:
    environment = ImmutableSandboxedEnvironment(extensions=[GenerationTag, loopcontrols])
    environment.globals.update(dict.fromkeys(TEMPLATE_FUNCTIONS))
    syntax_tree = environment.parse(template)
    undeclared = meta.find_undeclared_variables(syntax_tree)
    # jinja2 also counts what one branch of an "if" sets, read or not
    read = {name.name for name in syntax_tree.find_all(nodes.Name) if name.ctx == "load"}
    return undeclared & read
