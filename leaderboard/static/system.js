// A topic's panels in place: the column by which lines are sorted. Without a script they are sorted by the first.
(() => {
  "use strict";
  const root = document.documentElement;

  // An address of the whole table from when it was the first page leads there still.
  if (location.search && /(^|\/)(index\.html)?$/.test(location.pathname) && root.dataset.live !== "1") {
    location.replace(`table.html${location.search}`);
  }

  function sortBy(panel, place) {
    const table = panel.querySelector("table.system");
    const kind = `p${place}`;
    for (const cell of table.querySelectorAll("th.s, td.s")) cell.classList.remove("s");
    for (const cell of table.querySelectorAll(`.${kind}`)) cell.classList.add("s");
    for (const head of table.tHead.rows[0].cells) head.removeAttribute("aria-sort");
    table.querySelector(`thead .${kind}`).setAttribute("aria-sort", "descending");
    const placeOf = (body) => Number(body.rows[0].querySelector(`td.${kind}`).dataset.o ?? Infinity);
    table.append(...[...table.tBodies].map((body, n) => ({ body, n, at: placeOf(body) }))
      .sort((a, b) => a.at - b.at || a.n - b.n).map((one) => one.body));
    panel.querySelector(".by select").value = String(place);
  }

  function addButtons(panel) {
    panel.querySelectorAll("thead th").forEach((head, n) => {
      if (n === 0) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.setAttribute("aria-label", `Sort by ${head.textContent}`);
      button.addEventListener("click", () => sortBy(panel, n - 1));
      head.append(button);
    });
  }

  for (const panel of document.querySelectorAll(".panel")) {
    const by = panel.querySelector(".by");
    by.hidden = false;
    by.querySelector("select").addEventListener("change", (event) => sortBy(panel, Number(event.target.value)));
    addButtons(panel);
  }
})();
