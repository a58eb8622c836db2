// One question in set-up: only what belongs to what was chosen is shown. Without this file everything is.
(function () {
  "use strict";
  var kind = document.getElementById("id_kind"), after = document.getElementById("id_after");
  function look() {
    document.querySelectorAll("[data-for]").forEach(function (box) { box.hidden = !kind || box.dataset.for !== kind.value; });
    document.querySelectorAll("[data-of]").forEach(function (box) { box.hidden = !after || box.dataset.of !== after.value; });
  }
  [kind, after].forEach(function (one) { if (one) one.addEventListener("change", look); });
  look();
})();
