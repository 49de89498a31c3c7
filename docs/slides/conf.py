"""Sphinx' settings for the slides. The decks come from `decks`; make.py calls both."""

project = "When to believe a language model"
language = "en"
extensions = ["myst_parser", "sphinx_revealjs"]
exclude_patterns = [".doctrees"]
myst_enable_extensions = ["dollarmath"]
suppress_warnings = ["myst.header"]  # a deck without a second level below a heading is fine

revealjs_style_theme = "white"
revealjs_static_path = ["static"]
revealjs_css_files = ["slides.css"]
revealjs_script_conf = {
    "hash": True,
    "slideNumber": True,
    "width": 1280,
    "height": 720,
    "transition": "none",
}
revealjs_script_plugins = [{"name": "RevealNotes", "src": "revealjs/plugin/notes/notes.js"}]
