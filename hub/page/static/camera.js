// Keeps one camera's picture and facts current: the new picture is loaded first and then takes the old one's
// place. The newest look decides: a slow answer for another view or purpose is not shown.
"use strict";
(() => {
  const EVERY_MS = 2500;
  const OLD_S = 180;
  let shownAt = 0;
  let look = 0;
  let skew = 0; // the hub's clock less ours

  const by = (id) => document.getElementById(id);
  const view = () => (by("cm-seen").getAttribute("aria-pressed") === "true" ? "seen" : "plain");

  async function picture() {
    const stage = by("cm-stage");
    if (!stage) return;
    const mine = ++look;
    const asked = new URLSearchParams({ name: stage.dataset.camera, view: view(), purpose: by("cm-purpose").value, t: Date.now() });
    const answer = await fetch(`/page/cameras/picture?${asked}`, { cache: "no-store" });
    if (mine !== look) return;
    const image = by("cm-picture");
    if (!answer.ok) {
      // What the hub has not, nobody may see: a new mask may hide it. Else the last picture stays, with its age.
      const gone = answer.status === 404;
      if (gone || (image.dataset.view !== view() && image.dataset.view)) empty(image, { gone });
      return;
    }
    const at = Number(answer.headers.get("x-picture-at"));
    if (at === shownAt && image.dataset.view === view()) return;
    const address = URL.createObjectURL(await answer.blob());
    const loading = new Image();
    loading.onload = () => {
      if (mine !== look) return URL.revokeObjectURL(address);
      const before = image.src;
      image.src = address;
      image.hidden = false;
      by("cm-none").hidden = true;
      image.dataset.view = view();
      if (before.startsWith("blob:")) URL.revokeObjectURL(before);
      shownAt = at;
      age();
    };
    loading.src = address;
  }

  function empty(image, { gone }) {
    image.hidden = true;
    by("cm-none").hidden = false;
    if (!gone) return;
    if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    image.removeAttribute("src");
    image.dataset.view = "";
    shownAt = 0;
  }

  async function facts() {
    const place = by("cm-facts");
    if (!place) return;
    const answer = await fetch(`/page/cameras/facts?name=${encodeURIComponent(place.dataset.camera)}`, { cache: "no-store" });
    if (!answer.ok) return;
    const said = await answer.json();
    skew = said.now - Date.now();
    if (place.dataset.html !== said.html && !place.contains(document.activeElement)) {
      place.dataset.html = said.html;
      place.innerHTML = said.html; // written by the hub, every name in it made inert there
    }
  }

  function age() {
    const line = by("cm-age");
    if (!line) return;
    if (!shownAt) {
      line.textContent = line.dataset.waiting;
      return;
    }
    const s = Math.max(0, Math.round((Date.now() + skew - shownAt) / 1000));
    const old = s > OLD_S;
    line.textContent = `${old ? line.dataset.old : ""}${line.dataset.age}${s}${line.dataset.ago}`;
    by("cm-stage").classList.toggle("cw-old", old);
  }

  async function turn() {
    if (document.hidden) return;
    try {
      await facts();
      if (by("cm-stage")) await picture();
    } catch {
      // The hub is away: the page's own banner says so.
    }
    age();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest ? event.target.closest("#cm-seen") : null;
    if (!button) return;
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    shownAt = 0;
    turn();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "cm-purpose") turn();
  });
  const begin = setInterval(() => {
    if (!by("cm-facts")) return;
    clearInterval(begin);
    shownAt = Number(by("cm-picture")?.dataset.at ?? 0); // drawn by the hub
    turn();
    setInterval(turn, EVERY_MS);
  }, 100);
  setInterval(age, 1000);
})();
