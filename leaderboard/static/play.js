// Mental-Pong to be played. Trials stay in this browser; the table of them is made here, too.
(() => {
  "use strict";
  const game = window.innerscorePong;
  const physics = window.innerscorePhysics;
  const main = document.getElementById("main");
  if (!game || !physics) return;
  const one = (name) => main.querySelector(name);
  const KEY = "innerscore-pong";
  const FEEDBACK_MS = 900;
  const LONGEST_MS = 250; // a longer wait between two frames stops the clock: the page was not in sight
  const half = game.half_arena_deg;
  const byName = new Map(game.conditions.map((condition) => [condition.name, condition]));
  const endOf = (condition) => physics.ballAt(condition, physics.endMs(condition)).y;

  // Kept trials: [name, endpoint in deg], of this very game.
  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      if (found?.id !== game.id) return [];
      return found.trials.filter(([name, y]) => byName.has(name) && Math.abs(y) <= half);
    } catch { return []; }
  }

  function keep(trials) {
    try { localStorage.setItem(KEY, JSON.stringify({ id: game.id, trials })); } catch { /* for this visit alone */ }
  }

  let trials = kept();

  // Mean endpoint of each trial that was played, in the order of the set.
  function answers() {
    const found = new Map();
    for (const [name, y] of trials) found.set(name, [...(found.get(name) ?? []), y]);
    return game.conditions.filter(({ name }) => found.has(name)).map((condition) => {
      const ys = found.get(condition.name);
      return { condition, y: ys.reduce((sum, value) => sum + value, 0) / ys.length };
    });
  }

  // One of those played least often.
  function nextCondition() {
    const counts = new Map(game.conditions.map(({ name }) => [name, 0]));
    for (const [name] of trials) counts.set(name, counts.get(name) + 1);
    const least = Math.min(...counts.values());
    const open = game.conditions.filter(({ name }) => counts.get(name) === least);
    return open[Math.floor(Math.random() * open.length)];
  }

  // ---- The arena
  const canvas = one("canvas");
  const pen = canvas.getContext("2d");
  const grey = (value) => `rgb(${value} ${value} ${value})`;
  let scale = 1;

  function fit() {
    const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)) || 480;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    scale = canvas.width / (2 * half);
  }

  const px = (x) => (x + half) * scale;
  const py = (y) => (half - y) * scale;

  function draw(ball, paddle, ended) {
    fit();
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const disc = (style) => {
      pen.fillStyle = style;
      pen.beginPath();
      pen.arc(px(ball.x), py(ball.y), game.ball_radius_deg * scale, 0, 2 * Math.PI);
      pen.fill();
    };
    if (ball) disc(grey(game.greys.ball));
    pen.fillStyle = grey(game.greys.occluder);
    pen.fillRect(px(game.occluder_deg), 0, canvas.width, canvas.height);
    pen.fillStyle = grey(game.greys.paddle);
    pen.fillRect(px(half - game.paddle_width_deg), py(paddle + game.paddle_half_length_deg),
      game.paddle_width_deg * scale, 2 * game.paddle_half_length_deg * scale);
    if (ended) disc("#fff");
  }

  // ---- A trial, in frames of the task's own length whatever the screen's
  let state = "waiting"; // or "playing", "showing"
  let condition = null;
  let paddle = 0;
  let ms = 0; // after motion onset
  let owed = 0;
  let before = 0;
  let showUntil = 0;
  let isLast = false;
  let pointer = null; // where the pointer asks the paddle to be, in deg
  const held = new Set();

  function target() {
    const direction = (held.has("up") ? 1 : 0) - (held.has("down") ? 1 : 0);
    if (direction) return direction * half;
    return pointer ?? paddle;
  }

  function begin() {
    condition = nextCondition();
    [state, paddle, ms, owed, pointer] = ["playing", 0, -game.still_ms, 0, null];
    before = performance.now();
    requestAnimationFrame(frame);
  }

  function frame(now) {
    if (state === "waiting") return;
    if (state === "showing") {
      if (now < showUntil) requestAnimationFrame(frame);
      else if (isLast) rest();
      else begin();
      return;
    }
    owed += Math.min(Math.max(now - before, 0), LONGEST_MS);
    before = now;
    while (owed >= game.frame_ms && state === "playing") {
      owed -= game.frame_ms;
      paddle = physics.paddleAfter(paddle, target());
      ms += game.frame_ms;
      if (ms >= physics.endMs(condition)) end(now);
    }
    if (state === "playing") draw(physics.ballAt(condition, ms), paddle, false);
    requestAnimationFrame(frame);
  }

  function end(now) {
    state = "showing";
    showUntil = now + FEEDBACK_MS;
    trials.push([condition.name, Number(paddle.toFixed(4))]);
    keep(trials);
    const ball = physics.ballAt(condition, physics.endMs(condition));
    draw(ball, paddle, true);
    const off = paddle - ball.y;
    const caught = Math.abs(off) <= game.paddle_half_length_deg;
    say(`${caught ? "Caught" : "Missed"}: ${Math.abs(off).toFixed(1)} deg ${off > 0 ? "too high" : "too low"}.`);
    tell();
  }

  function rest() {
    state = "waiting";
    button.textContent = trials.length ? "Go on" : "Start";
  }

  const say = (text) => { one(".said").textContent = text; };

  // ---- Hands
  const button = one(".start");
  button.addEventListener("click", () => {
    canvas.focus({ preventScroll: true });
    if (state !== "waiting") {
      isLast = true;
      button.textContent = "Stops after this trial";
      return;
    }
    isLast = false;
    button.textContent = "Pause";
    say("\u00a0");
    begin();
  });
  const DIRECTIONS = { ArrowUp: "up", w: "up", W: "up", ArrowDown: "down", s: "down", S: "down" };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === " " && state === "waiting") { event.preventDefault(); button.click(); }
    const direction = DIRECTIONS[event.key];
    if (!direction || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    pointer = null;
    held.add(direction);
  });
  addEventListener("keyup", (event) => held.delete(DIRECTIONS[event.key]));
  addEventListener("blur", () => held.clear());
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    pointer = half - 2 * half * (event.clientY - box.top) / box.height;
  };
  canvas.addEventListener("pointermove", follow);
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); follow(event); });

  // ---- The table
  function table() {
    const rows = answers().map(({ condition: { name }, y }) => `${name},${y.toFixed(4)}`);
    return [`stimulus,${game.column}`, ...rows, ""].join("\n");
  }

  one(".table").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([table()], { type: "text/csv" }));
    link.download = "my-endpoints.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000); // some browsers read it later
  });

  one(".forget").addEventListener("click", () => {
    if (!confirm("Delete all your trials from this browser?")) return;
    trials = [];
    try { localStorage.removeItem(KEY); } catch { /* there were none */ }
    say("Your trials are deleted.");
    if (state === "waiting") rest();
    tell();
  });

  // ---- The charts
  function shape(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function picture(width, height, label, parts) {
    return shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "figure", "font-size": 12, role: "img", "aria-label": label }, ...parts);
  }

  const label = (x, y, text, more = {}) => shape("text", { x, y, class: "label", ...more }, String(text));

  const MOST_MODELS = 12;

  function errorRows(yours) {
    const mine = { name: `you, ${trials.length} ${trials.length === 1 ? "trial" : "trials"}`, error_deg: yours, kind: "you" };
    const models = game.models.slice(0, MOST_MODELS).map((row) => ({ ...row, kind: row.control ? "control" : "model" }));
    const published = game.published.map((row) => ({ ...row, name: `${row.name}, published`, kind: "published" }));
    return [mine, ...models, ...published].sort((a, b) => a.error_deg - b.error_deg);
  }

  // Each name above its bar, so that long ones fit a narrow screen.
  function errorChart(yours) {
    const rows = errorRows(yours);
    const [width, step, top] = [372, 33, 34];
    const most = Math.max(...rows.map((row) => row.error_deg));
    const at = (value) => 6 + (width - 50) * value / most;
    const bottom = top + step * rows.length;
    const parts = [label(0, 16, "Endpoint error, deg", { class: "name", "font-weight": 600, "font-size": 14 })];
    for (let tick = 0; tick <= most; tick += most > 4 ? 2 : 1) {
      parts.push(shape("line", { x1: at(tick), x2: at(tick), y1: top - 4, y2: bottom, class: "grid" }),
        label(at(tick), bottom + 16, tick, { "text-anchor": "middle" }));
    }
    rows.forEach((row, place) => {
      const y = top + step * place + 22;
      const isMine = row.kind === "you";
      parts.push(
        label(0, y - 9, row.name, isMine ? { class: "name halo", "font-weight": 700 } : { class: "label halo" }),
        shape("line", { x1: at(0), x2: at(row.error_deg), y1: y, y2: y, class: `length ${row.kind}` }),
        shape("circle", { cx: at(row.error_deg), cy: y, r: isMine ? 6 : 4, class: `end ${row.kind}` }),
        label(at(row.error_deg) + 10, y + 4, row.error_deg.toFixed(2), { class: "label halo" }),
      );
    });
    const said = rows.map((row) => `${row.name} ${row.error_deg.toFixed(2)}`).join(", ");
    return picture(width, bottom + 24, `Endpoint error in deg: ${said}`, parts);
  }

  function endpointChart(found) {
    const [left, top, side] = [52, 34, 300];
    const x = (value) => left + side * (value + half) / (2 * half);
    const y = (value) => top + side * (half - value) / (2 * half);
    const parts = [label(0, 16, "Where you put the paddle", { class: "name", "font-weight": 600, "font-size": 14 })];
    for (let tick = -half; tick <= half; tick += 5) {
      const said = String(tick).replace("-", "−");
      parts.push(shape("line", { x1: x(tick), x2: x(tick), y1: top, y2: top + side, class: "grid" }),
        shape("line", { x1: left, x2: left + side, y1: y(tick), y2: y(tick), class: "grid" }),
        label(x(tick), top + side + 16, said, { "text-anchor": "middle" }),
        label(left - 8, y(tick) + 4, said, { "text-anchor": "end" }));
    }
    parts.push(shape("line", { x1: x(-half), y1: y(-half), x2: x(half), y2: y(half), class: "reference", "stroke-dasharray": "4 3" }),
      label(left + side / 2, top + side + 34, "the ball's height at the edge, deg", { "text-anchor": "middle" }),
      label(12, top + side / 2, "your paddle's, deg", { "text-anchor": "middle", transform: `rotate(-90 12 ${top + side / 2})` }));
    for (const [name, endpoint] of trials) {
      const shown = byName.get(name);
      const kind = physics.bounce(shown);
      const hint = shape("title", {}, `${name}: ball ${endOf(shown).toFixed(1)}, you ${endpoint.toFixed(1)} deg`);
      parts.push(shape("circle", { cx: x(endOf(shown)), cy: y(endpoint), r: 4.5, class: `end ${kind}` }, hint));
    }
    ["none", "visible", "occluded"].forEach((kind, place) => {
      const [at, said] = [[0, 92, 208][place] + left - 20, ["no bounce", "bounce in view", "hidden bounce"][place]];
      parts.push(shape("circle", { cx: at + 5, cy: top + side + 52, r: 4.5, class: `end ${kind}` }), label(at + 14, top + side + 56, said));
    });
    return picture(372, top + side + 64, `Your endpoint against the ball's in ${found.length} different trials`, parts);
  }

  function tell() {
    const found = answers();
    const all = game.conditions.length;
    one(".count").textContent = found.length === all ? `All ${all} trials are in your table.` : `${found.length} of ${all} trials in your table.`;
    one(".table").disabled = one(".forget").disabled = !trials.length;
    one(".results").hidden = !trials.length;
    if (!trials.length) return;
    const off = trials.map(([name, y]) => Math.abs(y - endOf(byName.get(name))));
    one(".errors").replaceChildren(errorChart(off.reduce((sum, value) => sum + value, 0) / off.length));
    one(".endpoints").replaceChildren(endpointChart(found));
  }

  one(".game").hidden = false;
  addEventListener("resize", () => { if (state === "waiting") draw(null, paddle, false); });
  draw(null, 0, false);
  rest();
  tell();
})();
