// What all pages share: the theme, a pause for clips, and the two forms that lead to an address made of names.
(() => {
  "use strict";
  const root = document.documentElement;
  const live = root.dataset.live === "1";
  const here = document.currentScript.src;

  const isDark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;

  function themeButton() {
    const button = document.getElementById("theme");
    const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
    button.hidden = false;
    button.setAttribute("aria-label", "Switch between light and dark");
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("innerscore-theme", root.dataset.theme); } catch { /* not kept then */ }
      label();
    });
    label();
  }

  // On a narrow page the links of the head are behind a button, so that the head is one line.
  function menuButton() {
    const button = document.getElementById("menu");
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") !== "true";
      button.setAttribute("aria-expanded", String(open));
    });
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") button.setAttribute("aria-expanded", "false");
    });
  }

  function pauseButtons() {
    for (const button of document.querySelectorAll("button.pause")) {
      const picture = button.closest("figure").querySelector("img");
      const moving = picture.getAttribute("src");
      const source = picture.parentElement.querySelector("source");
      let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
      const show = () => {
        source.remove();
        picture.src = playing ? moving : picture.dataset.still;
        button.textContent = playing ? "Pause" : "Play";
      };
      button.hidden = false;
      button.textContent = playing ? "Pause" : "Play";
      button.addEventListener("click", () => { playing = !playing; show(); });
    }
  }

  // "compare.html?candidate=a&candidate=b" and the form lead to "compare/a+b.html".
  function namesForm(id, field) {
    const form = document.getElementById(id);
    if (!form) return;
    const base = form.getAttribute("action").replace(/\.html$/, "");
    const go = (values) => {
      const names = [...new Set(values.filter(Boolean))].sort();
      const note = document.getElementById(`${id}-note`);
      if (names.length < 2) return say(note, "Choose two that differ.");
      if (live) return visit(base, names);
      return withKnown(base.slice(0, -id.length), (known) => {
        if (known[id].includes(names.join("+"))) visit(base, names);
        else offer(note, base, names, known[id]);
      });
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      go(new FormData(form).getAll(field));
    });
    const asked = new URLSearchParams(location.search).getAll(field);
    if (asked.length) go(asked);
  }

  const visit = (base, names) => { location.href = `${base}/${names.join("+")}.html`; };

  function say(note, text) {
    note.textContent = text;
    note.hidden = false;
  }

  // A page opened from a folder may not fetch, but it may load a script: the addresses that this copy has.
  function withKnown(toRoot, then) {
    if (window.innerscoreKnown) return then(window.innerscoreKnown);
    const script = document.createElement("script");
    script.src = `${toRoot}data/known.js`;
    script.addEventListener("load", () => then(window.innerscoreKnown));
    document.head.append(script);
  }

  // A copy without a server has not every combination: say so, and name those of the pairs that it has.
  function offer(note, base, names, known) {
    note.replaceChildren("This copy without a server does not hold that combination. ");
    const pairs = names.flatMap((a, n) => names.slice(n + 1).map((b) => [a, b]))
      .filter((pair) => known.includes(pair.join("+")));
    for (const pair of pairs) {
      const link = document.createElement("a");
      link.href = `${base}/${pair.join("+")}.html`;
      link.textContent = pair.join(" and ");
      note.append(link, " ");
    }
    note.append(pairs.length ? "" : "“innerscore board serve” compares any.");
    note.hidden = false;
  }

  function openTarget() {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
  }

  // What a mark in a figure says, at once and also on touch: the title inside it, beside the pointer.
  function hints() {
    const tip = document.createElement("div");
    tip.id = "tip";
    tip.hidden = true;
    tip.setAttribute("aria-hidden", "true");
    document.body.append(tip);
    const titled = (target) => target.closest?.("svg.figure *:has(> title), svg.figure a")?.querySelector("title");
    const show = (event) => {
      const title = titled(event.target);
      tip.hidden = !title;
      if (!title) return;
      tip.textContent = title.textContent;
      const box = event.target.getBoundingClientRect();
      tip.style.left = `${Math.max(8, Math.min(box.right + 8, innerWidth - tip.offsetWidth - 8))}px`;
      tip.style.top = `${Math.max(8, box.top - tip.offsetHeight - 4)}px`;
    };
    for (const kind of ["pointerover", "pointerdown", "focusin"]) document.addEventListener(kind, show);
    addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
  }

  // What few pages need is loaded by those alone.
  function load(name) {
    const script = document.createElement("script");
    script.src = here.replace(/site\.js/, name);
    document.head.append(script);
  }

  if (document.querySelector("svg.figure")) hints();
  if (document.querySelector(".track[data-step]")) load("pictures.js");
  themeButton();
  menuButton();
  pauseButtons();
  namesForm("compare", "candidate");
  namesForm("scatter", "benchmark");
  addEventListener("hashchange", openTarget);
  openTarget();
})();
