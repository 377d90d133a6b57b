// The board in place: sort, filter, search, open columns, and an address for every view. The rules are those of
// pages/view.py, which a server applies when scripts do not run.
(() => {
  "use strict";
  const table = document.getElementById("board");
  const form = document.getElementById("view");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const live = document.documentElement.dataset.live === "1";
  const ROW_FACETS = ["class", "trained", "supervision", "own"];
  const COLUMN_FACETS = ["region", "species", "data"];
  const SCALE = { low: -0.2, high: 1.2 };
  const squeezed = (key) => key.replaceAll(" ", "\u00a0");
  const state = { sort: "", ascending: false, open: new Set() };
  const initial = rows.slice();

  const key = (place) => heads[place].dataset.key;
  const isRate = (place) => heads[place].classList.contains("m");
  const parse = (text) => Number.parseFloat(text.replace("−", "-"));
  const valueOf = (row, place) => {
    const cell = row.cells[place];
    return place === 0 ? cell.querySelector("a").textContent
      : cell.querySelector("span") ? Number.NaN : parse(cell.textContent);
  };

  function order() {
    const place = heads.findIndex((head) => head.dataset.key === state.sort);
    if (place < 0) return initial;
    const sign = state.ascending ? 1 : -1;
    const keyed = initial.map((row, n) => ({ row, n, value: valueOf(row, place) }));
    if (place === 0) keyed.sort((a, b) => sign * (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) || a.n - b.n);
    else keyed.sort((a, b) => {
      const missing = Number.isNaN(a.value) - Number.isNaN(b.value);
      return missing || sign * (a.value - b.value) || a.n - b.n;
    });
    return keyed.map((one) => one.row);
  }

  // Moving a row lays all its open cells out again. What is in sight comes first, the rest a frame later and on.
  const AT_ONCE = 1500;
  const SPARE_ROWS = 8;
  let rest = [];
  let placing = 0;

  function rowsInSight() {
    const top = body.getBoundingClientRect().top;
    const height = Math.max(body.getBoundingClientRect().height / Math.max(body.rows.length, 1), 16);
    return Math.ceil((innerHeight - top) / height) + SPARE_ROWS;
  }

  function placeRows(ordered) {
    const columns = heads.filter((head) => head.offsetWidth > 0).length;
    const atOnce = Math.max(Math.ceil(AT_ONCE / Math.max(columns, 1)), rowsInSight());
    const last = ordered.filter((row) => !row.hidden)[atOnce - 1];
    const end = last ? ordered.indexOf(last) + 1 : ordered.length;
    body.replaceChildren(...ordered.slice(0, end));
    rest = ordered.slice(end);
    placeRest(2 * atOnce, ++placing);
  }

  function placeRest(atOnce, number) {
    table.ariaBusy = String(rest.length > 0);
    if (rest.length) requestAnimationFrame(() => setTimeout(() => {
      if (number !== placing) return;
      body.append(...rest.splice(0, atOnce));
      placeRest(2 * atOnce, number);
    }));
  }

  function placeAll() {
    placing += 1;
    body.append(...rest.splice(0));
    table.ariaBusy = "false";
  }

  function sortRows() {
    placeRows(order());
    heads.forEach((head) => {
      const here = head.dataset.key === state.sort;
      head.setAttribute("aria-sort", here ? (state.ascending ? "ascending" : "descending") : "none");
    });
  }

  const chosen = (name) => new FormData(form).getAll(name);

  function filterRows() {
    const text = String(new FormData(form).get("q") || "").trim().toLowerCase();
    const wanted = ROW_FACETS.map((name) => [name, chosen(name)]).filter(([, values]) => values.length);
    let shown = 0;
    for (const row of rows) {
      const head = row.cells[0];
      const words = `${head.querySelector("a").textContent} ${head.querySelector("small").textContent}`;
      const passes = words.toLowerCase().includes(text)
        && wanted.every(([name, values]) => values.includes(head.dataset[name] || ""));
      row.hidden = !passes;
      shown += passes;
    }
    document.getElementById("count").textContent = `${shown} of ${rows.length} candidates`;
    document.getElementById("none").hidden = shown > 0;
  }

  // A win rate is hidden with any measure below it: it would not be the rate over what is shown.
  function filteredOut() {
    const wanted = COLUMN_FACETS.map((name) => [name, chosen(name)]).filter(([, values]) => values.length);
    const out = new Set();
    heads.forEach((head, place) => {
      if (place === 0 || isRate(place)) return;
      if (wanted.every(([name, values]) => values.includes(head.dataset[name] || ""))) return;
      out.add(place);
      const parents = (head.dataset.parents || "").split(" ");
      heads.forEach((other, n) => { if (n && parents.includes(squeezed(key(n)))) out.add(n); });
    });
    return out;
  }

  function classesOf(place, out) {
    const parents = (heads[place].dataset.parents || "").split(" ").filter(Boolean);
    const open = new Set([...state.open].map(squeezed));
    const hiddenParent = parents.some((parent) => heads.some((head, n) => out.has(n) && squeezed(key(n) || "") === parent));
    const names = isRate(place) ? ["m"] : [];
    // What a hidden win rate stood for is shown part by part.
    if (parents.length) names.push(hiddenParent || parents.every((parent) => open.has(parent)) ? "k o" : "k");
    if (out.has(place)) names.push("x");
    return names.join(" ");
  }

  function arrangeColumns() {
    const out = filteredOut();
    heads.forEach((head, place) => {
      if (place === 0) return;
      const classes = classesOf(place, out);
      if (head.className !== classes) {
        head.className = classes;
        for (const row of rows) row.cells[place].className = classes;
      }
      const opener = head.querySelector("button.opens");
      if (opener) {
        const open = state.open.has(key(place));
        opener.setAttribute("aria-expanded", String(open));
        opener.firstElementChild.textContent = open ? "−" : "+";
      }
      if (!classes.includes("x") && (!classes.includes("k") || classes.includes("o"))) draw(place);
    });
  }

  // Value and interval as a picture behind the text; places are custom properties, so the style sheet draws.
  const drawn = new Set();
  function draw(place) {
    if (drawn.has(place)) return;
    drawn.add(place);
    const at = (value) => Math.min(Math.max((value - SCALE.low) / (SCALE.high - SCALE.low), 0), 1).toFixed(3);
    for (const row of rows) {
      const cell = row.cells[place];
      const value = valueOf(row, place);
      if (Number.isNaN(value)) continue;
      cell.style.setProperty("--v", at(value));
      cell.style.setProperty("--s", "1");
      const ends = cell.querySelector("small");
      if (!ends) continue;
      const [low, high] = ends.textContent.slice(1, -1).split(",").map(parse);
      cell.style.setProperty("--l", at(low));
      cell.style.setProperty("--h", at(high));
    }
  }

  function address() {
    const given = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) given.append(name, value);
    if (state.sort) given.set("sort", (state.ascending ? "+" : "") + state.sort);
    for (const one of state.open) given.append("open", one);
    return given.size ? `?${given}` : location.pathname.split("/").pop() || "table.html";
  }

  function remember() {
    const query = address();
    try { history.replaceState(null, "", query); } catch { /* some browsers forbid it for files */ }
    const asked = query.startsWith("?") ? query : "";
    for (const link of document.querySelectorAll("a[data-keep]")) link.search = asked;
    if (live) for (const link of document.querySelectorAll("a[data-download]")) link.search = asked;
  }

  function recall() {
    const given = new URLSearchParams(location.search);
    const sort = given.get("sort") || "";
    state.ascending = sort.startsWith("+");
    state.sort = sort.replace(/^\+/, "");
    state.open = new Set(given.getAll("open"));
    for (const box of form.querySelectorAll("input[type=checkbox]")) {
      box.checked = given.getAll(box.name).includes(box.value);
    }
    form.elements.q.value = given.get("q") || "";
    if ([...ROW_FACETS, ...COLUMN_FACETS].some((name) => given.has(name))) {
      form.querySelector("details.filters").open = true;
    }
  }

  function onSort(event) {
    const head = event.target.closest("th");
    if (state.sort === head.dataset.key) state.ascending = !state.ascending;
    else Object.assign(state, { sort: head.dataset.key, ascending: head === heads[0] });
    sortRows();
    remember();
  }

  function onOpen(event) {
    const head = event.target.closest("th");
    if (!state.open.delete(head.dataset.key)) state.open.add(head.dataset.key);
    arrangeColumns();
    remember();
  }

  function openAll(open) {
    state.open = new Set(open ? heads.filter((head) => head.querySelector(".opens")).map((head) => head.dataset.key) : []);
    arrangeColumns();
    remember();
  }

  const refilter = () => { filterRows(); arrangeColumns(); remember(); };

  // Without a server the view's files are made here, from all cells with all their digits.
  function takeWithoutServer(event) {
    const kind = event.target.dataset.download;
    if (kind === "parquet") return;
    event.preventDefault();
    const give = () => save(`board.${kind}`, contentOf(kind, window.innerscoreBoard));
    if (window.innerscoreBoard) return give();
    const script = document.createElement("script");
    script.src = "data/board.js";
    script.addEventListener("load", give);
    document.head.append(script);
  }

  function viewCells(board) {
    placeAll();
    const at = Object.fromEntries(board.columns.map((name, n) => [name, n]));
    const states = ["data_sha256", "stimuli_sha256", "benchmark_card_sha256"];
    const keyOf = (cell) => [
      cell[at.benchmark], cell[at.benchmark_version],
      ...states.map((name) => cell[at[name]]).filter(Boolean).map((sha256) => sha256.slice(0, 8)),
    ].join("@");
    const out = filteredOut();
    const shown = new Set(heads.map((_, n) => n).filter((n) => n && !isRate(n) && !out.has(n)).map(key));
    const names = [...body.rows].filter((row) => !row.hidden).map((row) => row.cells[0].querySelector("a").textContent);
    const place = new Map(names.map((name, n) => [name, n]));
    return board.cells.filter((cell) => place.has(cell[at.candidate]) && shown.has(keyOf(cell)))
      .sort((a, b) => place.get(a[at.candidate]) - place.get(b[at.candidate]));
  }

  function contentOf(kind, board) {
    const cells = viewCells(board);
    const named = cells.map((cell) => Object.fromEntries(board.columns.map((name, n) => [name, cell[n]])));
    if (kind === "json") return JSON.stringify({ schema_version: 1, cells: named });
    if (kind === "bib") {
      const cited = new Set();
      for (const one of named) {
        cited.add(board.citations.candidates[one.candidate]);
        cited.add((board.citations.benchmarks[one.benchmark] || "").trim());
      }
      return [...cited].filter(Boolean).join("\n\n") + "\n";
    }
    return [board.columns, ...cells].map((row) => row.map(csvCell).join(",")).join("\n") + "\n";
  }

  const FORMULA = /^(?:[\t\r]|[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20])/;

  function csvCell(value) {
    if (value === null) return "";
    if (typeof value === "boolean") return value ? "True" : "False";
    let text = String(value);
    if (typeof value === "string" && FORMULA.test(text)) text = `'${text}`;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  function save(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  for (const button of table.querySelectorAll("button.sort")) {
    button.type = "button";
    button.addEventListener("click", onSort);
  }
  for (const button of table.querySelectorAll("button.opens")) button.addEventListener("click", onOpen);
  addEventListener("beforeprint", placeAll);
  form.addEventListener("input", refilter);
  form.addEventListener("submit", (event) => { event.preventDefault(); refilter(); });
  document.getElementById("clear").addEventListener("click", () => {
    for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = false;
    form.elements.q.value = "";
    refilter();
  });
  document.getElementById("open-all").addEventListener("click", () => openAll(true));
  document.getElementById("close-all").addEventListener("click", () => openAll(false));
  if (!live) for (const link of document.querySelectorAll("a[data-download]")) link.addEventListener("click", takeWithoutServer);
  form.querySelector(".apply").hidden = true;
  form.querySelector(".openers").hidden = false;
  document.getElementById("clear").hidden = false;

  recall();
  if (state.sort) sortRows();
  if (location.search) filterRows();
  arrangeColumns();
  remember();
})();
