// The editor of zones and masks: polygons over a picture, with mouse, finger or keyboard, and undo; what it
// makes is YAML that the hub checks. Below it, a trial of the new settings with a clip.
"use strict";
(() => {
  const NEAR = 0.02; // of the picture: so near to the first corner a click closes the polygon
  const STEP = 0.005;
  const SVG = "http://www.w3.org/2000/svg";
  const by = (id) => document.getElementById(id);
  let shapes = []; // {kind: "zone" | "mask", name, points: [[x, y], …]}
  let chosen = -1;
  let draft = null; // {kind, points}
  let history = [];
  let camera = "";
  let words = {};
  let drawnBefore = "";
  let masksBefore = "[]";

  const round = (n) => Math.round(Math.min(1, Math.max(0, n)) * 1000) / 1000;
  const corner = ([x, y]) => [round(x), round(y)];

  // ---- changes -------------------------------------------------------------------------------------
  function remember() {
    history.push(JSON.stringify({ shapes, chosen }));
    if (history.length > 100) history.shift();
  }

  function undo() {
    if (draft) {
      draft.points.pop();
      if (!draft.points.length) draft = null;
    } else if (history.length) ({ shapes, chosen } = JSON.parse(history.pop()));
    const byKey = by("ce-handles").contains(document.activeElement);
    draw();
    if (byKey) (by("ce-handles").firstElementChild || by("ce-stage")).focus();
  }

  function freeName() {
    let n = 1;
    while (shapes.some((shape) => shape.name === `zone-${n}`)) n += 1;
    return `zone-${n}`;
  }

  function finish() {
    if (!draft) return;
    if (draft.points.length === 0) draft.points = [[0.35, 0.35], [0.65, 0.35], [0.65, 0.65], [0.35, 0.65]];
    // A double click ends with two corners at one place.
    draft.points = draft.points.filter((p, n, all) => !n || Math.hypot(p[0] - all[n - 1][0], p[1] - all[n - 1][1]) > STEP);
    if (draft.points.length < 3) return;
    remember();
    shapes.push({ kind: draft.kind, name: draft.kind === "zone" ? freeName() : "", points: draft.points.map(corner) });
    chosen = shapes.length - 1;
    draft = null;
    draw();
    const name = by("ce-list").querySelector(".ce-on input");
    if (name) name.focus();
  }

  function begin(kind) {
    draft = draft && draft.kind === kind ? null : { kind, points: [] };
    chosen = -1;
    draw();
    if (draft) by("ce-stage").focus();
  }

  function remove(index) {
    remember();
    shapes.splice(index, 1);
    chosen = -1;
    draw();
  }

  // ---- drawing -------------------------------------------------------------------------------------
  function polygon(points, type) {
    const made = document.createElementNS(SVG, points.length > 2 ? "polygon" : "polyline");
    made.setAttribute("points", points.map((point) => point.join(",")).join(" "));
    made.setAttribute("class", type);
    return made;
  }

  function drawSvg() {
    const svg = by("ce-svg");
    svg.replaceChildren();
    shapes.forEach((shape, index) => {
      const made = polygon(shape.points, `ce-${shape.kind}${index === chosen ? " ce-chosen" : ""}`);
      made.dataset.index = index;
      svg.append(made);
    });
    if (draft && draft.points.length) svg.append(polygon(draft.points, "ce-draft"));
  }

  function handle(point, label, type) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = `ce-handle ${type}`;
    made.setAttribute("aria-label", label);
    place(made, point);
    return made;
  }

  function place(element, [x, y]) {
    element.style.left = `${x * 100}%`;
    element.style.top = `${y * 100}%`;
  }

  function drawHandles(focus) {
    const host = by("ce-handles");
    host.replaceChildren();
    if (draft) {
      for (const point of draft.points) {
        const dot = handle(point, "", draft.kind === "mask" ? "ce-formask" : "");
        dot.tabIndex = -1;
        dot.style.pointerEvents = "none";
        dot.setAttribute("aria-hidden", "true");
        host.append(dot);
      }
    }
    const shape = shapes[chosen];
    if (!shape) return;
    shape.points.forEach((point, index) => {
      const label = `${shape.name || words.sayMask} ${words.sayCorner} ${index + 1}`;
      const made = handle(point, label, shape.kind === "mask" ? "ce-formask" : "");
      made.dataset.corner = index;
      host.append(made);
    });
    if (focus !== undefined && host.children[focus]) host.children[focus].focus();
  }

  function button(text, act, label) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "cw-plain";
    made.textContent = text;
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  function drawList() {
    const list = by("ce-list");
    if (list.contains(document.activeElement) && document.activeElement.tagName === "INPUT") return;
    list.replaceChildren();
    let masks = 0;
    shapes.forEach((shape, index) => {
      const line = document.createElement("li");
      if (shape.kind === "mask") line.classList.add("ce-ismask");
      if (index === chosen) line.classList.add("ce-on");
      const called = shape.kind === "mask" ? `${words.sayMask} ${(masks += 1)}` : shape.name;
      if (shape.kind === "mask") line.append(Object.assign(document.createElement("span"), { textContent: called }));
      else line.append(named(shape));
      const choose = button(words.sayChoose, () => { chosen = index; draft = null; draw(); }, `${words.sayChoose} ${called}`);
      choose.setAttribute("aria-pressed", String(index === chosen));
      line.append(choose, button(words.sayDelete, () => remove(index), `${words.sayDelete} ${called}`));
      list.append(line);
    });
  }

  function named(shape) {
    const label = document.createElement("label");
    const name = document.createElement("input");
    name.className = "sh-input";
    name.value = shape.name;
    name.maxLength = 63;
    name.size = 14;
    name.setAttribute("aria-label", words.sayName);
    name.addEventListener("focus", remember);
    name.addEventListener("input", () => {
      shape.name = name.value.trim();
      write();
    });
    name.addEventListener("blur", () => setTimeout(draw, 0));
    label.append(`${words.sayZone} `, name);
    return label;
  }

  function draw(focus) {
    drawSvg();
    drawHandles(focus);
    drawList();
    by("ce-undo").disabled = !history.length && !(draft && draft.points.length);
    by("ce-zone").setAttribute("aria-pressed", String(!!draft && draft.kind === "zone"));
    by("ce-mask").setAttribute("aria-pressed", String(!!draft && draft.kind === "mask"));
    by("ce-hint").textContent = draft ? words.sayDrawing : chosen >= 0 ? words.sayChosen : "";
    by("ce-stage").style.cursor = draft ? "crosshair" : "default";
    write();
  }

  // ---- text ----------------------------------------------------------------------------------------
  const plain = (name) => (/^[a-z0-9][a-z0-9-]*$/.test(name) ? name : JSON.stringify(name));
  const flow = (points) => `[${points.map(([x, y]) => `[${x}, ${y}]`).join(", ")}]`;

  const masksNow = () => JSON.stringify(shapes.filter((shape) => shape.kind === "mask").map((shape) => shape.points));

  // Masks hold for the shape of picture that they were drawn on: whoever changes something else, or draws on
  // a picture that is black because its shape changed, confirms nothing.
  function drawnOn() {
    if (masksNow() === masksBefore || words.misfit) return drawnBefore;
    const { naturalWidth, naturalHeight } = by("ce-picture");
    return naturalWidth ? `${naturalWidth}x${naturalHeight}` : drawnBefore;
  }

  function yaml() {
    const masks = shapes.filter((shape) => shape.kind === "mask");
    const zones = shapes.filter((shape) => shape.kind === "zone");
    const observations = by("ce-observations").value.trimEnd();
    const lines = [];
    if (masks.length) lines.push("masks:", ...masks.map((mask) => `  - ${flow(mask.points)}`));
    if (masks.length && drawnOn()) lines.push(`masks_drawn_on: ${drawnOn()}`);
    if (zones.length) lines.push("zones:", ...zones.map((zone) => `  ${plain(zone.name)}: ${flow(zone.points)}`));
    if (observations.trim()) lines.push("observations:", ...observations.split("\n").map((line) => `  ${line}`));
    return `${lines.join("\n")}\n`;
  }

  let waiting = 0;
  function write() {
    const text = yaml();
    if (by("ce-yaml").textContent === text && by("ce-said").textContent) return;
    by("ce-yaml").textContent = text;
    by("ce-said").textContent = words.sayChecking;
    clearTimeout(waiting);
    waiting = setTimeout(check, 600);
  }

  function post(path, body) {
    return fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  }

  function tellErrors(errors) {
    by("ce-errors").replaceChildren(
      ...errors.map((text) => Object.assign(document.createElement("li"), { className: "sh-trouble sh-major", textContent: text })),
    );
  }

  async function check() {
    const text = yaml();
    let said;
    try {
      said = await (await post("/page/cameras/check", { camera, text })).json();
    } catch {
      return;
    }
    if (text !== yaml() || !by("ce-said")) return; // changed meanwhile; another check follows
    by("ce-said").textContent = said.ok ? `✓ ${words.sayGood}` : `✗ ${words.sayBad}`;
    by("ce-said").className = `sh-tone ${said.ok ? "sh-normal" : "sh-major"}`;
    tellErrors(said.errors || []);
  }

  // ---- hands ---------------------------------------------------------------------------------------
  function at(event) {
    const box = by("ce-stage").getBoundingClientRect();
    return [round((event.clientX - box.left) / box.width), round((event.clientY - box.top) / box.height)];
  }

  function pressed(event) {
    const grip = event.target.closest(".ce-handle");
    if (grip && !draft) return drag(event, grip);
    const point = at(event);
    if (draft) {
      const [first] = draft.points;
      if (draft.points.length > 2 && Math.hypot(first[0] - point[0], first[1] - point[1]) < NEAR) finish();
      else {
        draft.points.push(point);
        draw();
      }
      return;
    }
    const shape = event.target.closest("[data-index]");
    chosen = shape ? Number(shape.dataset.index) : -1;
    draw();
  }

  function drag(event, grip) {
    event.preventDefault();
    grip.focus();
    const index = Number(grip.dataset.corner);
    let moved = false;
    const move = (now) => {
      if (!moved) remember();
      moved = true;
      shapes[chosen].points[index] = at(now);
      place(grip, shapes[chosen].points[index]);
      drawSvg();
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      if (moved) draw(index);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  }

  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function keyed(event) {
    if (!by("ce") || !by("ce").contains(event.target)) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !/INPUT|TEXTAREA/.test(event.target.tagName)) {
      event.preventDefault();
      return undo();
    }
    if (draft && event.target.id === "ce-stage" && event.key === "Enter") {
      event.preventDefault();
      return finish();
    }
    if (draft && event.key === "Escape") {
      draft = null;
      return draw();
    }
    const index = Number(event.target.dataset.corner ?? NaN);
    if (Number.isNaN(index) || !shapes[chosen]) return;
    moveCorner(event, index);
  }

  function moveCorner(event, index) {
    const { points } = shapes[chosen];
    const arrow = ARROWS[event.key];
    if (arrow) {
      remember();
      const step = event.shiftKey ? STEP * 5 : STEP;
      points[index] = corner([points[index][0] + arrow[0] * step, points[index][1] + arrow[1] * step]);
      draw(index);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      if (points.length <= 3) return event.preventDefault(), remove(chosen);
      remember();
      points.splice(index, 1);
      draw(Math.max(0, index - 1));
    } else if (event.key === "Insert" || event.key === "+") {
      const next = points[(index + 1) % points.length];
      remember();
      points.splice(index + 1, 0, corner([(points[index][0] + next[0]) / 2, (points[index][1] + next[1]) / 2]));
      draw(index + 1);
    } else return;
    event.preventDefault();
  }

  function fresh() {
    const image = by("ce-picture");
    const asked = new URLSearchParams({ name: camera, view: "plain", purpose: "technical", t: Date.now() });
    image.src = `/page/cameras/picture?${asked}`;
  }

  // ---- trial ---------------------------------------------------------------------------------------
  let trial = "";

  function say(text, bad) {
    by("cr-said").textContent = text;
    by("cr-said").className = bad ? "sh-tone sh-major" : "";
  }

  function upload(file) {
    return new Promise((good, bad) => {
      const sending = new XMLHttpRequest();
      sending.open("POST", "/page/cameras/clip");
      sending.upload.onprogress = (event) => { by("cr-bar").value = (event.loaded / event.total) * 0.2; };
      sending.onerror = () => bad(new Error("the hub is away"));
      sending.onload = () => {
        const said = JSON.parse(sending.responseText || "{}");
        if (sending.status === 200) good(said.clip);
        else bad(new Error(said.detail || String(sending.status)));
      };
      sending.send(file);
    });
  }

  async function start() {
    const file = by("cr-file").files[0];
    const stored = by("cr-stored").value;
    if (!file && !stored) return;
    if (!stored && file.size > 64 * 1024 * 1024) return say(words.sayLarge, true);
    by("cr-result").replaceChildren();
    by("cr-progress").hidden = false;
    by("cr-start").disabled = true;
    by("cr-bar").value = 0;
    say(words.sayUploading);
    try {
      const clip = stored ? { stored } : { clip: await upload(file) };
      const answer = await post("/page/cameras/trial", { camera, text: yaml(), ...clip });
      const said = await answer.json();
      if (!answer.ok) throw new Error((said.errors || [said.detail]).join("; "));
      trial = said.trial;
      by("cr-stop").hidden = false;
      say(words.sayRunning);
      await follow();
    } catch (error) {
      say(error.message, true);
    } finally {
      by("cr-stop").hidden = true;
      by("cr-start").disabled = false;
      by("cr-progress").hidden = true;
    }
  }

  async function follow() {
    for (;;) {
      await new Promise((wake) => setTimeout(wake, 400));
      const answer = await fetch(`/page/cameras/trial?trial=${encodeURIComponent(trial)}`, { cache: "no-store" });
      const said = await answer.json();
      if (!answer.ok) throw new Error(said.detail);
      by("cr-bar").value = 0.2 + 0.8 * said.done;
      if (said.state === "failed") throw new Error(said.error);
      if (said.state === "done") {
        by("cr-result").innerHTML = said.html; // written by the hub, every name in it made inert there
        return say("");
      }
    }
  }

  // ---- begin ---------------------------------------------------------------------------------------
  function install(editor) {
    words = editor.dataset;
    camera = editor.dataset.camera;
    const drawn = JSON.parse(editor.dataset.drawn);
    drawnBefore = drawn.drawn_on;
    shapes = [
      ...Object.entries(drawn.zones).map(([name, points]) => ({ kind: "zone", name, points })),
      ...drawn.masks.map((points) => ({ kind: "mask", name: "", points })),
    ];
    masksBefore = masksNow();
    by("ce-zone").addEventListener("click", () => begin("zone"));
    by("ce-mask").addEventListener("click", () => begin("mask"));
    by("ce-undo").addEventListener("click", undo);
    by("ce-fresh").addEventListener("click", fresh);
    by("ce-picture").addEventListener("load", write);
    by("ce-stage").addEventListener("pointerdown", pressed);
    by("ce-stage").addEventListener("dblclick", finish);
    by("ce-observations").addEventListener("input", write);
    by("ce-copy").addEventListener("click", async () => {
      await navigator.clipboard.writeText(by("ce-yaml").textContent).catch(() => {
        getSelection().selectAllChildren(by("ce-yaml"));
        document.execCommand("copy");
      });
      by("ce-said").textContent = words.sayCopied;
    });
    for (const id of ["cr-file", "cr-stored"]) {
      by(id).addEventListener("change", () => {
        by("cr-start").disabled = !by("cr-file").files.length && !by("cr-stored").value;
      });
    }
    by("cr-start").addEventListener("click", start);
    by("cr-stop").addEventListener("click", () =>
      fetch(`/page/cameras/trial?trial=${encodeURIComponent(trial)}`, { method: "DELETE" }));
    document.addEventListener("keydown", keyed);
    draw();
  }

  const waitingFor = setInterval(() => {
    if (!by("ce") || !by("cr")) return;
    clearInterval(waitingFor);
    install(by("ce"));
  }, 100);
})();
