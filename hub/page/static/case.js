// Beside the page's framework: keeps what somebody types through reloads, and the countdowns running.
// Data is only ever put in as text. The focus is kept by keep.js.
"use strict";
(() => {
  const PREFIX = "sh-draft:";
  const zh = () => document.documentElement.lang.startsWith("zh");
  let offset = null;

  const root = () => document.querySelector("[data-case]");

  function span(ms) {
    const units = [["天", "d", 86400], ["小时", "h", 3600], ["分", "min", 60], ["秒", "s", 1]];
    let seconds = Math.max(0, Math.floor(ms / 1000));
    const parts = [];
    for (const [han, latin, size] of units) {
      const amount = Math.floor(seconds / size);
      seconds -= amount * size;
      if (amount || (size === 1 && !parts.length)) parts.push(`${amount} ${zh() ? han : latin}`);
    }
    return parts.slice(0, 2).join(" ");
  }

  function tick() {
    const page = document.querySelector("[data-now]");
    if (!page) return;
    if (offset === null) offset = Number(page.dataset.now) - Date.now();
    const now = Date.now() + offset;
    for (const item of document.querySelectorAll("[data-since]")) {
      item.textContent = span(now - Number(item.dataset.since));
    }
    for (const item of document.querySelectorAll("[data-due]")) {
      const left = Number(item.dataset.due) - now;
      const word = left > 0 ? item.dataset.left : item.dataset.over;
      const length = span(Math.abs(left));
      item.textContent = zh() || left <= 0 ? `${word} ${length}` : `${length} ${word}`;
      item.classList.toggle("cp-over", left <= 0);
    }
  }

  // ---- what is typed -----------------------------------------------------------------------------
  document.addEventListener("input", (event) => {
    const form = event.target.closest && event.target.closest("form[data-draft]");
    if (!form) return;
    const typed = Object.fromEntries(new FormData(form));
    sessionStorage.setItem(PREFIX + form.dataset.draft, JSON.stringify(typed));
  });

  function restore(form) {
    let typed = null;
    try {
      typed = JSON.parse(sessionStorage.getItem(PREFIX + form.dataset.draft) || "null");
    } catch {
      typed = null;
    }
    if (!typed) return;
    for (const control of form.elements) {
      if (!control.name || !(control.name in typed)) continue;
      if (control.type === "checkbox") control.checked = true;
      else control.value = typed[control.name];
    }
  }

  function drawn(node) {
    const fold = node.querySelector("details[data-wide]");
    if (fold && matchMedia("(min-width: 701px)").matches) fold.open = true;
    const done = node.querySelectorAll("[data-done]");
    for (const item of done) sessionStorage.removeItem(PREFIX + item.dataset.done);
    const form = node.querySelector("form[data-draft]");
    if (form && !form.dataset.drawn) {
      form.dataset.drawn = "1";
      if (form.dataset.try === "0") restore(form);
      const first = form.querySelector("[data-focus], input:not([type=hidden]), select, textarea, button");
      if (first) first.focus({ preventScroll: true });
      form.scrollIntoView({ block: "nearest" });
    }
    if (done.length) {
      const next = document.querySelector(".cp-next [data-deed]");
      if (next && document.activeElement === document.body) next.focus({ preventScroll: true });
    }
  }

  // A form that was open when the page was loaded anew is opened again; its draft fills it.
  function reopen(tries) {
    const page = root();
    const open = Object.keys(sessionStorage).filter(
      (key) => page && key.startsWith(`${PREFIX}${page.dataset.case}/`),
    );
    if (!open.length || document.querySelector("form[data-draft]") || tries <= 0) return;
    const button = document.querySelector(`[data-deed="${CSS.escape(open[0].split("/")[1])}"]:not([data-once])`);
    if (button) button.click();
    setTimeout(() => reopen(tries - 1), 700);
  }

  // ---- the focus -----------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#f-"]');
    const field = link && document.getElementById(link.getAttribute("href").slice(1));
    if (field) {
      event.preventDefault();
      field.focus();
    }
  });

  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.target.nodeType === 1 && change.addedNodes.length) drawn(change.target);
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  setInterval(tick, 1000);
  setTimeout(() => reopen(12), 800);
})();
