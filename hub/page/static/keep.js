// Keeps a person's place on every page: the keyboard's focus when a list is drawn anew under it, and what
// was typed when the page had to be loaded anew because the hub was away. Texts are only put in as values.
"use strict";
(() => {
  const PREFIX = "sh-typed:";
  const TYPED_MS = 30 * 60 * 1000; // what is older was given up
  let focused = ""; // the data-keep of what has, or just lost, the focus
  let around = []; // those of its list in their order, for when it goes away for good

  const keyed = (key) => document.querySelector(`[data-keep="${CSS.escape(key)}"]`);

  document.addEventListener("focusin", (event) => {
    const kept = event.target.closest && event.target.closest("[data-keep]");
    focused = kept ? kept.dataset.keep : "";
    const list = kept && kept.closest("ul, ol, svg, table, nav");
    around = list ? [...list.querySelectorAll("[data-keep]")].map((item) => item.dataset.keep) : [];
  });

  // Who clicks elsewhere has left the list: its next drawing does not call them back.
  document.addEventListener("pointerdown", (event) => {
    if (!event.target.closest || !event.target.closest("[data-keep]")) focused = "";
  });

  // The same thing; else the same row, whose button may be gone; else the next row, and the last but one.
  function successor() {
    const row = focused.slice(focused.indexOf(":") + 1);
    const at = around.indexOf(focused);
    const rest = at < 0 ? [] : [...around.slice(at + 1), ...around.slice(0, at).reverse()];
    const keys = [focused, `case:${row}`, ...rest];
    return keys.map(keyed).find((item) => item && !item.disabled);
  }

  function refocus() {
    if (!focused || document.activeElement !== document.body) return;
    const next = successor();
    if (next) next.focus({ preventScroll: true });
  }

  // ---- what is typed -----------------------------------------------------------------------------
  // Forms of cases keep their own drafts (case.js); a search is in the address; no password is kept.
  const mine = (form) => form && form.getAttribute("method") !== "get" && !form.dataset.draft;
  const named = (form) => {
    const forms = [...document.forms].filter(mine);
    return `${PREFIX}${location.pathname}#${form.dataset.form || forms.indexOf(form)}`;
  };
  const keeps = (control) => control.name && !["password", "file", "hidden", "submit"].includes(control.type);

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!mine(form)) return;
    const typed = [...form.elements].filter(keeps).map((c) => [c.name, c.type === "checkbox" ? c.checked : c.value]);
    sessionStorage.setItem(named(form), JSON.stringify({ at: Date.now(), typed }));
  });
  document.addEventListener("submit", (event) => {
    if (mine(event.target)) sessionStorage.removeItem(named(event.target));
  });

  function restore(form) {
    form.dataset.kept = "1";
    let saved = null;
    try {
      saved = JSON.parse(sessionStorage.getItem(named(form)) || "null");
    } catch {
      saved = null;
    }
    if (!saved || Date.now() - saved.at > TYPED_MS) return;
    for (const [name, value] of saved.typed) {
      const control = form.elements.namedItem(name);
      if (!control || !keeps(control)) continue;
      if (control.type === "checkbox") control.checked = value;
      else control.value = value;
      control.dispatchEvent(new Event("change", { bubbles: true })); // the page may count it
    }
  }

  // ---- what has the focus never stands behind the header -------------------------------------------
  const above = new ResizeObserver(([seen]) => {
    document.documentElement.style.scrollPaddingTop = `${seen.target.offsetHeight}px`;
  });
  let header = null;
  function measure() {
    if (header) return;
    header = document.querySelector(".sh-header");
    if (header) above.observe(header);
  }

  const reloaded = (performance.getEntriesByType("navigation")[0] || {}).type === "reload";
  new MutationObserver(() => {
    refocus();
    measure();
    if (reloaded) [...document.forms].filter((form) => mine(form) && !form.dataset.kept).forEach(restore);
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
