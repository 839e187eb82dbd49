// Keeps the wall of cameras current: asks for the tiles that changed, and exchanges a picture, with the age
// that is said of it, only once the new one is loaded: nothing flashes, and no old picture is said to be new.
// Tiles are moved only while nobody points or tabs among them.
"use strict";
(() => {
  const EVERY_MS = 2000;
  const OLD_MS = 180000; // as the hub says it: hub/camera_views.py
  const inSight = new WeakSet();
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) inSight.add(entry.target);
        else inSight.delete(entry.target);
      }
    },
    { rootMargin: "200px" },
  );
  const coming = new WeakMap(); // tile -> what will be said of its picture that is not loaded yet
  let version = -1;
  let busy = false;

  const grid = () => document.getElementById("cw-grid");
  const tiles = () => [...grid().querySelectorAll(":scope > article")];

  function parsed(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html; // written by the hub, every name in it made inert there
    return holder.content.firstElementChild;
  }

  const shownOf = (tile) => ({
    age: tile.querySelector(".cw-age"),
    badge: tile.querySelector(".cw-stale"),
    old: tile.classList.contains("cw-old"),
  });

  // Says of a picture how old it is; what is said of it is one thing: age, badge and greyness.
  function say(tile, { age, badge, old }) {
    const shown = shownOf(tile);
    if (shown.age && age && shown.age !== age) shown.age.replaceWith(age.cloneNode(true));
    if (shown.badge && !badge) shown.badge.remove();
    else if (!shown.badge && badge) tile.querySelector(".cw-shot").append(badge.cloneNode(true));
    tile.classList.toggle("cw-old", old);
  }

  // A picture that no newer one replaces grows old here, whatever is said of the newer one.
  function grow(tile) {
    const since = tile.querySelector(".cw-age time");
    if (!since || Date.now() - Number(since.dataset.since) < OLD_MS) return;
    tile.classList.add("cw-old");
    if (tile.querySelector(".cw-stale")) return;
    const badge = document.createElement("span");
    badge.className = "cw-stale";
    badge.textContent = grid().dataset.old;
    tile.querySelector(".cw-shot").append(badge);
  }

  // Shows the picture that is said to come. One that does not load is asked for again at the next turn.
  function load(tile) {
    const image = tile.querySelector(".cw-shot img");
    if (!image) return;
    if (image.complete && !image.naturalWidth && inSight.has(tile)) image.dataset.next ??= image.getAttribute("src");
    if (!image.dataset.next) return;
    grow(tile);
    if (!inSight.has(tile)) return;
    const address = image.dataset.next;
    const said = coming.get(tile);
    delete image.dataset.next;
    const loading = new Image();
    loading.onload = () => {
      image.src = address;
      if (said) say(tile, said);
      if (coming.get(tile) === said) coming.delete(tile);
    };
    loading.onerror = () => {
      image.dataset.next ??= address;
    };
    loading.src = address;
  }

  function patch(old, fresh) {
    const image = old.querySelector(".cw-shot img");
    const next = fresh.querySelector(".cw-shot img");
    const later = image && next && image.getAttribute("src") !== next.getAttribute("src");
    const shown = shownOf(old);
    const said = shownOf(fresh);
    if (later) {
      said.age = said.age && said.age.cloneNode(true);
      coming.set(old, said);
      image.dataset.next = next.getAttribute("src");
      if (shown.age && said.age) fresh.querySelector(".cw-age").replaceWith(shown.age.cloneNode(true));
    } else {
      coming.delete(old);
      if (!image || !next) old.querySelector(".cw-shot").innerHTML = fresh.querySelector(".cw-shot").innerHTML;
      else delete image.dataset.next;
    }
    old.className = fresh.className;
    const body = old.querySelector(".cw-body");
    const now = fresh.querySelector(".cw-body");
    if (body.innerHTML !== now.innerHTML) body.innerHTML = now.innerHTML;
    say(old, later ? { ...shown, age: null } : { ...said, age: null });
  }

  function take(said) {
    const known = new Map(tiles().map((tile) => [tile.dataset.camera, tile]));
    for (const [name, html] of Object.entries(said.tiles)) {
      const fresh = parsed(html);
      if (known.has(name)) patch(known.get(name), fresh);
      else known.set(name, fresh);
    }
    const wanted = said.order.map((name) => known.get(name)).filter(Boolean);
    const busyHere = grid().matches(":hover") || grid().contains(document.activeElement);
    const there = tiles();
    const moved = wanted.some((tile, n) => tile !== there[n]);
    if (moved && !busyHere) grid().replaceChildren(...wanted);
    else if (moved) {
      for (const tile of there) if (!wanted.includes(tile) && !tile.contains(document.activeElement)) tile.remove();
      for (const tile of wanted) if (!tile.isConnected) grid().append(tile);
    }
    document.getElementById("cw-nothing").hidden = wanted.length > 0;
    const figures = document.getElementById("cw-figures");
    if (figures.textContent !== said.figures) figures.textContent = said.figures;
    version = said.version;
    for (const tile of tiles()) watch.observe(tile);
  }

  async function look() {
    if (!grid() || busy || document.hidden) return;
    if (version < 0) {
      version = Number(grid().dataset.version);
      for (const tile of tiles()) watch.observe(tile);
    }
    busy = true;
    try {
      const asked = new URLSearchParams(location.search);
      asked.set("after", String(version));
      const answer = await fetch(`/page/cameras/tiles?${asked}`, { cache: "no-store" });
      if (answer.ok) take(await answer.json());
    } catch {
      // The hub is away: the page's own banner says so.
    } finally {
      busy = false;
    }
    if (grid()) for (const tile of tiles()) load(tile);
  }

  setInterval(look, EVERY_MS);
})();
