// How each class of emergency sounds, and nothing else: a site that hears badly changes this file.
// tones: two pitches in Hz that alternate, 0 is a pause; step: how long each lasts (ms); times: how many.
// loud: 0 to 1. Keep the kinds apart by rhythm as well as pitch: not everybody hears high tones.
"use strict";
window.smarthubTones = {
  // What sounds when several wait: the first of these; what is not listed sounds as `other`.
  order: ["fire", "gas", "water_flow", "panic", "duress", "door_forced"],
  patterns: {
    fire: { tones: [880, 660], step: 350, times: 6, loud: 0.3 },
    gas: { tones: [520, 780], step: 250, times: 6, loud: 0.3 },
    water_flow: { tones: [740, 740], step: 250, times: 6, loud: 0.3 },
    panic: { tones: [980, 0], step: 200, times: 6, loud: 0.3 },
    // Soft: whoever is under duress may stand beside a screen.
    duress: { tones: [440, 0], step: 200, times: 6, loud: 0.12 },
    door_forced: { tones: [600, 500], step: 300, times: 4, loud: 0.3 },
    other: { tones: [660, 0], step: 300, times: 4, loud: 0.3 },
  },
  // Two short high blips before a soft voice: a drill or a simulation is never taken for the real thing.
  unreal: { tones: [1500, 0], step: 90, times: 4, loud: 0.06 },
  unrealLoud: 0.1,
  // Two low soft tones that fall: the hub does not answer, and nothing was known to burn.
  linkLost: { tones: [330, 247], step: 220, times: 2, loud: 0.1 },
  testLoud: 0.15,
};
