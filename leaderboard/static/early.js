// Runs before the page is drawn, so that nothing jumps: says that scripts run, and sets the theme chosen before.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("innerscore-theme");
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  } catch { /* storage may be forbidden; the system's theme holds then */ }
})();
