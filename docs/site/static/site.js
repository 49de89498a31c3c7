// What scrolls sideways can be reached with the keyboard. Without scripts the pages can be read as well.
const SCROLLS = "pre, mjx-container, .text_html, .pst-scrollable-table-container";

function letKeysScroll() {
  for (const box of document.querySelectorAll(SCROLLS)) {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else if (box.matches("mjx-container, .text_html")) box.removeAttribute("tabindex");
  }
}

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  letKeysScroll();
});
window.addEventListener("resize", letKeysScroll);
document.addEventListener("toggle", letKeysScroll, true);  // a fold was opened

// Opened from a file, a page may not read other pages, so the search lists titles without an excerpt.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
