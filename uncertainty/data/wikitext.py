"""Wikitext in, paragraphs of running prose out.

What is no prose goes: tables, lists, headings, files, categories, footnotes. A paragraph also goes
as a whole where a gap would be left in a sentence, such as for a formula.
"""

import re

import mwparserfromhell
from mwparserfromhell import nodes

# Signs that stand in the text of a page until it is cut into paragraphs; nothing prints them.
GAP = "\ue000"  # something that a sentence needs cannot be written as plain text
SOUND = "\ue001"  # a pronunciation, or a word in another script; sentences carry it in brackets
ITEM = "\ue002"  # the line belongs to a list
HEADING = "\ue003"

# The prose of an article ends with the first of these headings.
# fmt: off
LAST_HEADINGS = {
    "bibliography", "citations", "external links", "filmography", "footnotes", "further reading",
    "notes", "notes and references", "references", "references and notes", "see also", "sources",
    "works cited",
}
# Links into these namespaces show a picture or sort the page into a category.
HIDDEN_NAMESPACES = {"category", "file", "image", "media"}

FOOTNOTE_TAGS = {"ref", "references"}
BLOCK_TAGS = {
    "blockquote", "center", "div", "gallery", "hr", "imagemap", "poem", "pre", "source",
    "syntaxhighlight", "table", "timeline",
}
ITEM_TAGS = {"dd", "dt", "li", "ol", "ul"}
PLAIN_TAGS = {"abbr", "b", "big", "cite", "em", "i", "nowiki", "q", "s", "small", "span", "strong"}

# Templates that print nothing in a sentence, or only the mark of a footnote.
SILENT_TEMPLATES = {
    "according to whom", "anchor", "attribution needed", "better source", "by whom", "citation",
    "citation needed", "clarify", "clear", "cn", "dead link", "dubious", "efn", "en icon", "fact",
    "failed verification", "flagicon", "full", "harv", "harvnb", "inflation-fn", "nb", "or",
    "page needed", "peacock term", "quantify", "r", "refn", "rp", "sfn", "sfnm", "sfnp", "specify",
    "unreliable source?", "update after", "update inline", "vague", "verify source",
    "weasel-inline", "when", "where", "which", "which?", "who", "who?", "whom?",
}
SILENT_PREFIXES = ("cite ", "citation ", "use ", "pp-")
SOUND_TEMPLATES = {"audio", "ipa", "respell", "script", "unicode"}
SOUND_PREFIXES = ("ipa-", "ipac-", "lang-")
TEXT_OF_TEMPLATE = {
    "'s": "'s", "nbsp": " ", "ndash": "–", "spaced ndash": " – ", "snd": " – ", "mdash": "—",
    "mdashb": "—", "emdash": "—", "!": GAP,
}
# Templates that print one of their arguments: which one, counted from 1.
ARGUMENT_OF_TEMPLATE = {
    "big": 1, "em": 1, "midsize": 1, "nihongo": 1, "nowrap": 1, "sc": 1, "small": 1, "smaller": 1,
    "lang": 2, "transl": 2, "vanchor": 1,
}
UNITS = {
    "C": "°C", "°C": "°C", "F": "°F", "°F": "°F", "acre": "acres", "cm": "cm", "ft": "feet",
    "ha": "hectares", "in": "inches", "kg": "kg", "km": "km", "km2": "km²", "lb": "pounds",
    "m": "m", "m2": "m²", "m3": "m³", "mi": "miles", "mm": "mm", "mph": "miles per hour",
    "nmi": "nautical miles", "sqmi": "square miles", "oilbbl/d": "barrels per day",
    "koilbbl/d": "thousand barrels per day", "Moilbbl/d": "million barrels per day",
    "oilbbl": "barrels", "Moilbbl": "million barrels", "Goilbbl": "billion barrels",
}
# fmt: on
RANGE_WORDS = {"to": " to ", "and": " and ", "by": " by ", "-": "–", "–": "–"}
SUPERSCRIPTS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")

SPACES = re.compile(r"[ \t\r\f\v\u00a0\u2000-\u200a\u202f\u3000]+")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]|__[A-Z]+__")
INNER_BRACKETS = re.compile(r" ?\(([^()]*)\)")
# What English prose is written with, and the letters of names in Latin script.
PROSE_CHARACTERS = (
    " -~"  # ASCII
    "£§°±²³·¹¼½¾×€"
    "À-ÖØ-öø-ſ"  # Latin letters with accents
    "–—‘’“”…′″−⁰⁴-⁹⁺⁻"
)
FOREIGN = re.compile(f"[^{PROSE_CHARACTERS}]")
LEFTOVERS = re.compile(r"\[\[|\]\]|[{}|<>]|''|==|&#?\w+;|https?:|www\.|\(\W*\)|\[\W*\]|\\")
SENTENCES = re.compile(r"[\"“‘'(]?(?![A-Z][a-z]{4,}[A-Z])[A-Z0-9].*[.!?][\"”’')]*", re.DOTALL)
POINTERS = re.compile(  # to something that is not kept
    r"\b(table|chart|diagram|figure|image|list|picture)s? (above|below|(on|to) the right)\b|"
    r"\b(following|below) (are|table|chart|diagram|figure|list)\b|\bas follows\b|"
    r"\b(illustrated|listed|outlined|shown) (above|below|here)\b",
    re.IGNORECASE,
)
FEWEST_WORDS = 15


def prose_paragraphs(wikitext: str) -> list[str]:
    """Return the paragraphs of running prose of one page, in order, as plain text.

    Each is one line, in Latin script, without markup, brackets of pronunciations or footnotes. Not
    among them: lists, tables, captions, what stands below headings such as "References",
    paragraphs with fewer than 15 words, and paragraphs in which a formula or a template that is
    not known here would leave a gap.
    """
    text = _plain_text(mwparserfromhell.parse(wikitext))
    paragraphs = []
    for line in text.split("\n"):
        if line.startswith(HEADING) and line[1:].strip().lower() in LAST_HEADINGS:
            break
        paragraph = _tidied(line)
        if _is_prose(paragraph):
            paragraphs.append(paragraph)
    return paragraphs


def _plain_text(code: mwparserfromhell.wikicode.Wikicode) -> str:
    return "".join(_plain_node(node) for node in code.nodes)


def _plain_node(node: nodes.Node) -> str:
    if isinstance(node, nodes.Text):
        return str(node)
    if isinstance(node, nodes.HTMLEntity):
        return node.normalize()
    if isinstance(node, nodes.Comment):
        return ""
    if isinstance(node, nodes.Heading):
        return f"\n{HEADING}{_plain_text(node.title)}\n"
    if isinstance(node, nodes.Wikilink):
        return _plain_link(node)
    if isinstance(node, nodes.ExternalLink):
        return _plain_text(node.title) if node.title else ""
    if isinstance(node, nodes.Tag):
        return _plain_tag(node)
    if isinstance(node, nodes.Template):
        return _plain_template(node)
    return GAP  # an argument of a template


def _plain_link(link: nodes.Wikilink) -> str:
    target = _plain_text(link.title).strip()
    namespace = target.partition(":")[0].strip().lower()
    if namespace in HIDDEN_NAMESPACES:
        return ""
    if link.text is None and "#" in target:
        return GAP
    if link.text is None:
        return target.lstrip(":")
    return _plain_text(link.text)


def _plain_tag(tag: nodes.Tag) -> str:
    name = str(tag.tag).strip().lower()
    content = _plain_text(tag.contents) if tag.contents is not None else ""
    if name in FOOTNOTE_TAGS:
        return ""
    if name == "br":
        return " "
    if name in ITEM_TAGS:
        return ITEM + content
    if name in BLOCK_TAGS:
        return "\n"
    if name == "sub" and content.isdecimal():
        return content
    if name == "sup" and content in ("st", "nd", "rd", "th"):
        return content
    if name == "sup" and re.fullmatch("[0-9+−-]+", content):
        return content.translate(SUPERSCRIPTS)
    if name in PLAIN_TAGS:
        return content
    return GAP


def _plain_template(template: nodes.Template) -> str:
    name = str(template.name).strip().lower().replace("_", " ")
    if name in SILENT_TEMPLATES or name.startswith(SILENT_PREFIXES):
        return ""
    if name in SOUND_TEMPLATES or name.startswith(SOUND_PREFIXES):
        return SOUND
    if name in TEXT_OF_TEMPLATE:
        return TEXT_OF_TEMPLATE[name]
    if name in ARGUMENT_OF_TEMPLATE:
        wanted = str(ARGUMENT_OF_TEMPLATE[name])
        return _plain_text(template.get(wanted).value) if template.has(wanted) else GAP
    if name == "convert":
        return _plain_measurement(template)
    if name == "as of":
        return _plain_as_of(template)
    return GAP


def _plain_measurement(template: nodes.Template) -> str:
    """Return ``{{convert|1300|mi|km}}`` as "1300 miles", without the conversion."""
    words = _positional_arguments(template)
    options = {str(parameter.name).strip() for parameter in template.params if parameter.showkey}
    if options & {"adj", "disp", "order"}:  # it is printed in another form
        return GAP
    if len(words) >= 4 and words[1] in RANGE_WORDS:
        number = _grouped(words[0]) + RANGE_WORDS[words[1]] + _grouped(words[2])
        unit = words[3]
    elif len(words) >= 2:
        number = _grouped(words[0])
        unit = words[1]
    else:
        return GAP
    in_feet_and_inches = unit == "ft" and "in" in words
    if unit not in UNITS or in_feet_and_inches:
        return GAP
    return f"{number} {UNITS[unit]}"


def _grouped(number: str) -> str:
    """Return a number with commas between its thousands; anything else as it is."""
    return f"{int(number):,}" if re.fullmatch("[0-9]+", number) else number


def _plain_as_of(template: nodes.Template) -> str:
    words = _positional_arguments(template)
    if len(words) != 1:
        return GAP
    beginning = "as of" if template.has("lc") else "As of"
    return f"{beginning} {words[0]}"


def _positional_arguments(template: nodes.Template) -> list[str]:
    return [
        _plain_text(parameter.value).strip()
        for parameter in template.params
        if not parameter.showkey
    ]


def _tidied(line: str) -> str:
    """Return a line without invisible characters, doubled spaces and brackets of no use."""
    line = INVISIBLE.sub("", line)
    line = SPACES.sub(" ", line)
    changed = True
    while changed:  # from the inside out
        tidied = INNER_BRACKETS.sub(_readable_brackets, line)
        changed = tidied != line
        line = tidied
    line = re.sub(" +", " ", line)
    line = re.sub(" ([,.;:!?)])", r"\1", line)
    line = re.sub(r"([a-z0-9]{2}[.!?])(?=[A-Z][a-z])", r"\1 ", line)  # where a footnote stood
    return line.replace("( ", "(").strip()


def _readable_brackets(match: re.Match) -> str:
    """Return a pair of brackets as it is, or nothing when it says nothing in English."""
    content = match[1]
    if GAP in content:
        return GAP
    has_letters = re.search(r"\w", content) is not None
    points_elsewhere = re.match(r"(see|cf\.|e\.g\.$|i\.e\.$)", content, re.IGNORECASE) is not None
    if not has_letters or points_elsewhere or FOREIGN.search(content):
        return ""
    return match[0]


def _is_prose(paragraph: str) -> bool:
    return (
        len(paragraph.split()) >= FEWEST_WORDS
        and FOREIGN.search(paragraph) is None  # which finds the signs, too
        and LEFTOVERS.search(paragraph) is None
        and POINTERS.search(paragraph) is None
        and SENTENCES.fullmatch(paragraph) is not None
        and paragraph.count("(") == paragraph.count(")")
        and paragraph.count('"') % 2 == 0  # else it is a piece of a longer one
    )
