// Runs in the browser beside the page's own framework and does not depend on it: it says whether the
// picture is true, and makes the sounds. If the hub dies, this is what still tells the truth.
"use strict";
(() => {
  const STALE_MS = 5000;
  const REPEAT_MS = 4000;
  const LINK_MS = 10000; // a lost link is told this often
  const LOST_MS = 10000; // the framework mends its own connection in this time, or not at all
  const QUIET_MS = 60000; // nobody mutes a fire for longer; a new alarm ends the quiet at once
  // A file of its own that a site may change; one that is broken costs the sound's kind, not the sound.
  const TONES = window.smarthubTones || { order: [], patterns: {} };
  const LINK = { tones: [330, 247], step: 220, times: 2, loud: 0.1 };
  const PLAIN = { tones: [880, 660], step: 350, times: 6, loud: 0.3 };
  const pattern = (name) => TONES.patterns[name] || TONES.patterns.other || PLAIN;

  let audio = null;
  let heardAt = performance.now();
  let alarms = [];
  let soundedAt = -Infinity; // 0 would be "just now" on a page that was just opened
  let stale = false;
  let quietUntil = 0;
  let raised = null;
  let ready = true;
  let connectedAt = performance.now();

  const by = (id) => document.getElementById(id);
  const text = (name) => (by("sh-lamps") ? by("sh-lamps").getAttribute(`data-${name}`) : "");
  const narrow = matchMedia("(max-width: 700px)");
  const fitting = (name) => text(narrow.matches ? `${name}-short` : name);
  const armed = () => audio !== null && audio.state === "running";

  function beep(sound, volume) {
    let at = audio.currentTime + 0.02;
    for (let n = 0; n < sound.times; n += 1) {
      const tone = sound.tones[n % sound.tones.length];
      const length = sound.step / 1000;
      if (tone > 0) {
        const source = audio.createOscillator();
        const gain = audio.createGain();
        source.type = "square";
        source.frequency.value = tone;
        gain.gain.setValueAtTime(0, at);
        gain.gain.linearRampToValueAtTime(volume, at + 0.02);
        gain.gain.setValueAtTime(volume, at + length - 0.04);
        gain.gain.linearRampToValueAtTime(0, at + length - 0.01);
        source.connect(gain).connect(audio.destination);
        source.start(at);
        source.stop(at + length);
      }
      at += length;
    }
    window.smarthubSounds = (window.smarthubSounds || 0) + 1;
    window.smarthubSounded = sound;
  }

  async function arm() {
    audio = audio || new AudioContext();
    await audio.resume();
    sessionStorage.setItem("sh-armed", "1");
    paint();
    sound();
  }

  function sound() {
    const now = performance.now();
    // Without the hub nobody knows whether it still burns: what sounded last goes on, and where nothing
    // did, the lost link itself is told. A screen that cannot say "fire" is never silent about it.
    const told = alarms.length > 0;
    if (!armed() || now < quietUntil || !(told || stale)) return;
    if (now - soundedAt < (told ? REPEAT_MS : LINK_MS)) return;
    soundedAt = now;
    if (!told) {
      const lost = TONES.linkLost || LINK;
      beep(lost, lost.loud);
      return;
    }
    const real = alarms.filter((a) => a.mode === "real");
    const heard = real.length ? real : alarms;
    const loudest = pattern(TONES.order.find((name) => heard.some((a) => a.category === name)) || "other");
    if (real.length) beep(loudest, loudest.loud);
    else {
      const marker = TONES.unreal || PLAIN;
      beep(marker, marker.loud);
      setTimeout(() => armed() && beep(loudest, TONES.unrealLoud || 0.1), 450);
    }
  }

  // What is new ends the quiet and waits for no turn.
  function atOnce() {
    soundedAt = -Infinity;
    quietUntil = 0;
  }

  function hush() {
    quietUntil = performance.now() + QUIET_MS;
    paint();
  }

  // Ages count up here, so that a screen that shows them costs the hub nothing.
  function ages() {
    const zh = document.documentElement.lang.startsWith("zh");
    for (const item of document.querySelectorAll("time[data-since]")) {
      const s = Math.max(0, Math.floor((Date.now() - Number(item.dataset.since)) / 1000));
      const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
      let said = `${s % 60} ${zh ? "秒" : "s"}`;
      if (d) said = `${d} ${zh ? "天" : "d"} ${h} ${zh ? "时" : "h"}`;
      else if (h) said = `${h} ${zh ? "时" : "h"} ${m} ${zh ? "分" : "min"}`;
      else if (m) said = `${m} ${zh ? "分" : "min"} ${said}`;
      if (item.textContent !== said) item.textContent = said;
    }
  }

  function paint() {
    const lamp = by("sh-sound");
    if (!lamp) return;
    lamp.textContent = paintedLamp();
    lamp.setAttribute("aria-label", text(armed() ? "armed" : "unarmed"));
    lamp.classList.toggle("sh-off", !armed());
    lamp.setAttribute("aria-pressed", String(armed()));
    by("sh-live").textContent = stale ? "○" : ready ? `● ${text("live")}` : `○ ${text("notready")}`;
    by("sh-live").classList.toggle("sh-off", stale || !ready);
    if (!stale && by("sh-stale").textContent !== text("stale")) by("sh-stale").textContent = text("stale");
    by("sh-stale").hidden = !stale;
    by("sh-unarmed").hidden = armed() || stale || alarms.length === 0;
    const left = Math.ceil((quietUntil - performance.now()) / 1000);
    by("sh-quiet").hidden = (alarms.length === 0 && !stale) || !armed();
    by("sh-quiet").textContent = left > 0 ? `${text("hushed")} ${left} s` : fitting("quiet");
    document.body.classList.toggle("sh-is-stale", stale);
    document.body.classList.toggle("sh-alarm", alarms.length > 0);
  }

  function watch() {
    const quiet = performance.now() - heardAt > STALE_MS;
    if (quiet !== stale) {
      stale = quiet;
      if (stale && alarms.length === 0) atOnce(); // a quiet of something else
      paint();
    }
    sound();
    mend();
  }

  // The hub is there, but the page's own connection has been gone for long: what is shown stands still
  // under a green lamp. Only then the page is loaded anew; a short stall costs nobody what they typed.
  function mend() {
    const now = performance.now();
    const framework = window.socket;
    if (!framework || framework.connected || stale) connectedAt = now;
    else if (now - connectedAt > LOST_MS) {
      connectedAt = now;
      location.reload();
    }
  }

  function listen() {
    const stream = new EventSource("/page/live");
    stream.addEventListener("beat", (message) => {
      const said = JSON.parse(message.data);
      heardAt = performance.now();
      if (stale && alarms.length === 0) atOnce(); // who quieted the link quieted no fire
      alarms = said.alarms;
      ready = said.ready;
      // Another number, not only a higher one: a hub that began anew counts anew.
      if (raised !== null && said.raised !== raised) atOnce();
      raised = said.raised;
      // After a stall the framework sends what the page missed, or loads it anew by itself.
      stale = false;
      paint();
      sound();
    });
    stream.addEventListener("ended", () => {
      const back = encodeURIComponent(location.pathname + location.search);
      location.assign(`/login?ended=1&next=${back}`);
    });
    stream.onerror = () => {
      stream.close();
      setTimeout(listen, 1000);
    };
  }

  // What is sent while the hub is away would be lost without a word: it is not sent, and that is said.
  function unsent(event) {
    const chosen = event.target.closest ? event.target.closest("[data-ack], [data-deed], [type=submit]") : null;
    if (!stale || !(chosen || event.type === "submit")) return;
    event.preventDefault();
    event.stopPropagation();
    by("sh-stale").textContent = text("unsent");
  }
  // The wall acknowledges at the press already.
  for (const kind of ["pointerdown", "mousedown", "click", "submit"]) document.addEventListener(kind, unsent, true);

  document.addEventListener("click", (event) => {
    const id = event.target.closest ? (event.target.closest("button") || {}).id : "";
    if (id === "sh-test") arm().then(() => beep(pattern("fire"), TONES.testLoud || 0.15));
    else if (id === "sh-quiet") hush();
    else if (id === "sh-full") {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen();
    } else if (id === "sh-sound" || sessionStorage.getItem("sh-armed")) {
      if (!armed()) arm(); // any click re-arms a screen that was armed before this page was opened
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (sessionStorage.getItem("sh-armed")) {
      audio = new AudioContext(); // browsers that allow it go on at once; others wait for a click
      audio.resume().then(paint);
    }
  });
  // The framework draws the frame after this script has begun.
  setInterval(() => {
    watch();
    ages();
    if (quietUntil > performance.now() || (by("sh-quiet") && !by("sh-quiet").hidden)) paint();
    if (by("sh-sound") && by("sh-sound").textContent !== paintedLamp()) paint();
  }, 500);
  function paintedLamp() {
    return armed() ? `🔊 ${fitting("armed")}` : `🔇 ${fitting("unarmed")}`;
  }
  listen();
})();
