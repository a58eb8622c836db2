// The year: several days chosen at once, by drawing over them or by Shift and the arrow keys. Without it each day is a link.
(function () {
  "use strict";
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  var year = document.querySelector("[data-year]"), form = document.getElementById("change");
  if (!year || !form) return;
  document.querySelectorAll("[data-with-script]").forEach(function (words) { words.hidden = false; });
  var days = Array.prototype.slice.call(year.querySelectorAll("[data-day]"));
  var place = new Map(days.map(function (day, n) { return [day, n]; }));
  var from = null, to = null, drawn = false;

  // one stop for the Tab key; the arrows go on from there
  var start = days.find(function (day) { return day.classList.contains("day-today"); }) || days[0];
  days.forEach(function (day) { day.tabIndex = day === start ? 0 : -1; day.draggable = false; });
  function focus(day) { days.forEach(function (one) { one.tabIndex = -1; }); day.tabIndex = 0; day.focus(); }

  function mark() {
    var ends = [place.get(from), place.get(to)].sort(function (a, b) { return a - b; });
    days.forEach(function (day, n) { day.classList.toggle("day-chosen", from !== to && n >= ends[0] && n <= ends[1]); });
    return ends;
  }
  function take() { // the form is filled in; what the days are is for the person to say
    var ends = mark(), first = days[ends[0]].dataset.day, last = days[ends[1]].dataset.day;
    form.elements.first.value = first; form.elements.last.value = last;
    var title = form.querySelector("h2"), shown = function (text) { return new Date(text + "T12:00").toLocaleDateString(document.documentElement.lang, { day: "numeric", month: "long", year: "numeric" }); };
    title.textContent = shown(first) + " – " + shown(last);
    if (window.say) window.say(title.textContent);
  }
  year.addEventListener("pointerdown", function (event) {
    var day = event.target.closest("[data-day]");
    if (!day || event.button || event.pointerType !== "mouse") return;
    if (event.shiftKey && from) { to = day; drawn = true; take(); event.preventDefault(); return; }
    from = to = day; drawn = false;
    event.preventDefault(); // no selection of text, no dragging of the link
  });
  year.addEventListener("pointerover", function (event) {
    var day = event.target.closest("[data-day]");
    if (!day || !from || !(event.buttons & 1) || event.pointerType !== "mouse" || day === to) return;
    to = day; drawn = true; mark();
  });
  document.addEventListener("pointerup", function () { if (drawn && from && to) { take(); form.elements.kind.focus({ preventScroll: true }); form.scrollIntoView({ block: "nearest" }); } });
  year.addEventListener("click", function (event) { if (drawn && event.target.closest("[data-day]")) { event.preventDefault(); drawn = false; } });
  year.addEventListener("keydown", function (event) {
    var day = event.target.closest("[data-day]"), step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (!day) return;
    if (event.key === "Enter" && from && to && from !== to) { event.preventDefault(); take(); form.elements.kind.focus(); return; }
    if (!step) return;
    if (document.documentElement.dir === "rtl" && Math.abs(step) === 1) step = -step;
    var next = days[place.get(day) + step];
    event.preventDefault();
    if (!next) return;
    if (event.shiftKey) { from = from && from !== to ? from : day; to = next; mark(); } else { from = to = next; mark(); }
    focus(next);
  });
})();
