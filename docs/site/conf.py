"""Sphinx' settings. The pages come from `staging`; make.py calls both."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from repository import BRANCH, PROJECT, REPOSITORY

project = "When to believe a language model"
author = PROJECT["authors"][0]["name"]
copyright = f"{author}. Code: BSD-3-Clause. Lessons: see LICENSE-lessons"
release = PROJECT["version"]
language = "en"

sphinx_own = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
extensions = ["myst_nb", *sphinx_own, "signatures", "tidying", "languages"]
exclude_patterns = ["_static", "_whole", ".doctrees", "jupyter_execute"]
templates_path = ["templates"]

# Other languages: make.py names one, and each page has a catalog of its own (`translating`).
locale_dirs = ["locale"]
gettext_compact = False

# Notebooks: shown as they were committed, never run.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}
nb_code_prompt_show = "Show the folded code"
nb_code_prompt_hide = "Fold the code again"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_url_schemes = ["http", "https", "mailto", "ftp", "original"]

# Formulas: MathJax out of the site's own folder.
mathjax_path = "mathjax/tex-mml-chtml.js"
mathjax3_config = {"options": {"enableMenu": False}}

# Docstrings.
highlight_language = "text"  # of formulas in docstrings; a lesson's cells name their language
default_role = "py:obj"
add_module_names = False
autodoc_member_order = "bysource"
maximum_signature_line_length = 88
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
toc_object_entries_show_parents = "hide"

# The look.
html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_favicon = "static/icon.svg"
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_show_sourcelink = True
html_context = {"default_mode": "auto"}  # light or dark, as the reader's machine is
html_theme_options = {
    "repository_url": REPOSITORY,
    "repository_branch": BRANCH,
    "repository_provider": "github",
    "path_to_docs": "",
    "use_repository_button": True,
    "use_download_button": True,
    "launch_buttons": {"colab_url": "https://colab.research.google.com"},
    "navbar_persistent": [],  # the search stands at the side
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
