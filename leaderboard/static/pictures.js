// Pictures that move: points that run along their ways, at a speed of one's own choice or held still. Without this
// script the ways stand still and whole; where the reader asked for less motion nothing moves until it is started.
(() => {
  "use strict";
  const PAUSE_MS = 700;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const places = (line) => line.getAttribute("points").trim().split(/\s+/).map((at) => at.split(",").map(Number));

  function tracksOf(figure) {
    return [...figure.querySelectorAll(".track[data-step]")].map((track) => {
      const way = places(track.querySelector(".way"));
      return {
        way,
        step: Number(track.dataset.step),
        from: Math.max(Number(track.dataset.from) - 1, 0),
        trail: track.querySelector(".trail"),
        runner: track.querySelector(".runner"),
      };
    });
  }

  // The place at a time, between two steps; and of the trail what has been passed.
  function show(track, ms) {
    const last = track.way.length - 1;
    const at = Math.min(ms / track.step, last);
    const before = Math.floor(at);
    const after = Math.min(before + 1, last);
    const here = [0, 1].map((axis) => track.way[before][axis] + (at - before) * (track.way[after][axis] - track.way[before][axis]));
    track.runner.setAttribute("cx", here[0].toFixed(1));
    track.runner.setAttribute("cy", here[1].toFixed(1));
    const passed = at < track.from ? [] : [...track.way.slice(track.from, before + 1), here];
    track.trail.setAttribute("points", passed.map((one) => one.map((value) => value.toFixed(1)).join(",")).join(" "));
  }

  function play(figure, label) {
    const tracks = tracksOf(figure);
    if (!tracks.length) return;
    const end = Math.max(...tracks.map((track) => track.step * (track.way.length - 1)));
    const bar = document.createElement("div");
    bar.className = "player";
    const button = document.createElement("button");
    button.type = "button";
    const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: Math.round(end), step: 10 });
    range.setAttribute("aria-label", `Time in ms: ${label}`);
    const said = document.createElement("output");
    bar.append(button, range, said);
    figure.querySelector(".panels").before(bar);

    let ms = end;
    let began = null;
    let seen = false;
    const draw = () => {
      for (const track of tracks) show(track, ms);
      range.value = Math.round(ms);
      said.textContent = `${(ms / 1000).toFixed(2)} s`;
    };
    const turn = (playing) => {
      button.textContent = playing ? "Pause" : "Play";
      button.setAttribute("aria-label", `${button.textContent}: ${label}`);
    };
    const frame = (now) => {
      if (began === null) return;
      const gone = now - began;
      if (gone > end + PAUSE_MS) began = now;
      ms = Math.min(Math.max(now - began, 0), end);
      draw();
      if (seen) requestAnimationFrame(frame);
    };
    const start = () => {
      if (ms >= end) ms = 0;
      began = performance.now() - ms;
      turn(true);
      requestAnimationFrame(frame);
    };
    const stop = () => { began = null; turn(false); };
    let wanted = !still.matches;
    button.addEventListener("click", () => {
      wanted = began === null;
      if (wanted) start(); else stop();
    });
    range.addEventListener("input", () => { wanted = false; stop(); ms = Number(range.value); draw(); });
    // Nothing runs out of sight.
    new IntersectionObserver(([entry]) => {
      seen = entry.isIntersecting;
      if (seen && wanted && !document.hidden) start();
      else if (began !== null) stop();
    }).observe(figure);
    turn(false);
    draw();
  }

  for (const figure of document.querySelectorAll("figure.panelled")) {
    play(figure, figure.querySelector("h3, h4").textContent);
  }
})();
