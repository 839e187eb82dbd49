// Keeps the wall of cameras current: asks for the tiles that changed, and exchanges a picture only once the
// new one is loaded, so that nothing flashes. Tiles are moved only while nobody points or tabs among them.
"use strict";
(() => {
  const EVERY_MS = 2000;
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
  let version = -1;
  let busy = false;

  const grid = () => document.getElementById("cw-grid");
  const tiles = () => [...grid().querySelectorAll(":scope > article")];

  function parsed(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html; // written by the hub, every name in it made inert there
    return holder.content.firstElementChild;
  }

  function exchange(old, fresh) {
    const link = old.querySelector(".cw-shot");
    const shot = fresh.querySelector(".cw-shot");
    const image = link.querySelector("img");
    const next = shot.querySelector("img");
    if (!image || !next) {
      if (link.innerHTML !== shot.innerHTML) link.innerHTML = shot.innerHTML;
      return;
    }
    const word = link.querySelector(".cw-stale");
    const said = shot.querySelector(".cw-stale");
    if (word && !said) word.remove();
    else if (!word && said) link.append(said);
    image.dataset.next = next.getAttribute("src");
  }

  function load(tile) {
    const image = tile.querySelector(".cw-shot img[data-next]");
    if (!image || !inSight.has(tile)) return;
    const address = image.dataset.next;
    delete image.dataset.next;
    const loading = new Image();
    loading.onload = () => {
      image.src = address;
    };
    loading.src = address;
  }

  function patch(old, fresh) {
    exchange(old, fresh);
    old.className = fresh.className;
    old.dataset.at = fresh.dataset.at;
    const body = old.querySelector(".cw-body");
    const now = fresh.querySelector(".cw-body");
    if (body.innerHTML !== now.innerHTML) body.innerHTML = now.innerHTML;
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
