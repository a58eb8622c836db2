// In the head, before anything is painted: the reader's own choice, else what their device prefers.
(function () {
  var root = document.documentElement, device = matchMedia("(prefers-color-scheme: dark)"), kept = null;
  try { kept = localStorage.getItem("theme"); } catch (e) { /* storage is off: follow the device */ }
  function show() { root.setAttribute("data-bs-theme", kept || (device.matches ? "dark" : "light")); }
  show();
  if (device.addEventListener) device.addEventListener("change", show);
  window.switchTheme = function () {
    kept = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", kept); } catch (e) { /* kept for this page only */ }
    show();
  };
})();
