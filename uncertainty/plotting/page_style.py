"""What JupyterLab's own page lacks for readers with low vision, unsteady hands or a screen reader.

Its links differ from the text around them by their colour alone (WCAG 2.2, 1.4.1), folds that
follow each other are lower than 24 pixels (2.5.8), and the handles of the sliders of ipywidgets
have no name (4.1.2). axe-core finds all three.
"""

import os

from IPython.display import HTML, display

PAGE_STYLE = """<style>
.jp-RenderedHTMLCommon a:not(.jp-InternalAnchorLink) { text-decoration: underline; }
.jp-RenderedHTMLCommon summary { padding: 3px 0; }
</style>
<script>
(() => {
  const nameHandles = () => {
    for (const handle of document.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label");
      if (label?.textContent) handle.setAttribute("aria-label", label.textContent);
    }
  };
  nameHandles();
  new MutationObserver(nameHandles).observe(document.body, { childList: true, subtree: true });
})();
</script>"""


def mend_page() -> None:
    """Mend the page with a style sheet and a script, where a Jupyter server shows one.

    The server names its kernels' notebook in the variable JPY_SESSION_NAME. A notebook that is run
    without a page, by nbval for one, gets no output from this.
    """
    if "JPY_SESSION_NAME" in os.environ:
        display(HTML(PAGE_STYLE))
