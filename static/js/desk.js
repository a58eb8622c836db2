// The desk: single keys, and the queue's pulse. Nothing works only with this file.
(function () {
  "use strict";
  var doc = document, PULSE = 20000, STORE = "desk-keys";

  // --- the pulse: counts and news every 20 seconds, while somebody can see them
  setInterval(function () {
    if (doc.visibilityState === "visible" && window.htmx) window.htmx.trigger(doc.body, "desk-pulse");
  }, PULSE);

  // --- on a phone the views are a row one can push sideways: the one that is shown is in sight
  var current = doc.querySelector(".views [aria-current]");
  if (current) current.scrollIntoView({ block: "nearest", inline: "nearest" });

  // --- keys: an element with data-key="x" is what x does. Off while somebody types, and by a switch (WCAG 2.1.4)
  function on() { try { return localStorage.getItem(STORE) !== "off"; } catch (error) { return true; } }
  function seen(element) { // or in a menu that can be opened
    var menu = element.closest("details[data-menu]");
    return (menu ? menu.offsetParent : element.offsetParent) !== null || element === doc.activeElement;
  }
  function typing(element) { return /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable; }

  function step(by) {
    var lines = Array.prototype.slice.call(doc.querySelectorAll("[data-line] a.what"));
    if (!lines.length) return false;
    var at = lines.indexOf(doc.activeElement), to = at < 0 ? 0 : Math.min(lines.length - 1, Math.max(0, at + by));
    lines[to].focus();
    lines[to].scrollIntoView({ block: "nearest" });
    return true;
  }

  function open(selector) {
    var part = doc.querySelector(selector);
    if (!part) return;
    part.closest("details").open = true;
    part.scrollIntoView({ block: "nearest" });
    var field = part.querySelector("textarea, select");
    if (field) field.focus();
  }

  function act(element) {
    if (element.dataset.open) open(element.dataset.open);
    else if ("show" in element.dataset) { element.closest("details").open = true; element.focus(); } // a choice follows
    else if (typing(element)) { element.focus(); element.select(); }
    else element.click();
  }

  doc.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !on()) return;
    if (typing(event.target) || doc.querySelector("dialog[open]")) return;
    if ((event.key === "j" && step(1)) || (event.key === "k" && step(-1))) { event.preventDefault(); return; }
    if (event.key === "o" && doc.activeElement.closest("[data-line]")) { event.preventDefault(); doc.activeElement.click(); return; }
    var wanted = event.key.length === 1 && Array.prototype.find.call(doc.querySelectorAll("[data-key]"), function (element) {
      return element.dataset.key === event.key && seen(element);
    });
    if (wanted) { event.preventDefault(); act(wanted); }
  });

  // --- the quick log: Ctrl and Enter saves from the field in which Enter begins a line
  doc.addEventListener("keydown", function (event) {
    var form = event.target.closest && event.target.closest("form[data-quick]");
    if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });

  // --- links that open a part of the page and put the cursor in it
  doc.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("[data-open]");
    if (link) { event.preventDefault(); open(link.dataset.open); }
  });

  // --- the list of keys
  var list = doc.getElementById("keys");
  doc.querySelectorAll("[data-keys-open]").forEach(function (button) {
    button.hidden = !list;
    button.addEventListener("click", function () { list.showModal(); });
  });
  doc.querySelectorAll("[data-keys-switch]").forEach(function (box) {
    box.checked = on();
    box.addEventListener("change", function () { try { localStorage.setItem(STORE, box.checked ? "on" : "off"); } catch (error) { box.checked = true; } });
  });

  // --- drafts: what is typed on a ticket outlives a reload and a sign-in, in this tab and for this person only
  function drafts(field) { var box = field.closest("[data-draft]"); return box ? "draft." + box.dataset.draft + "." + field.id : ""; }
  function keep(field) {
    var key = drafts(field);
    try { if (field.value) sessionStorage.setItem(key, field.value); else sessionStorage.removeItem(key); } catch (error) { return; }
  }
  function bring() {
    var box = doc.querySelector("[data-draft]");
    if (!box) return;
    try {
      var me = "draft." + box.dataset.draft.split(".")[0] + ".";
      Object.keys(sessionStorage).forEach(function (key) { // somebody else's
        if (key.indexOf("draft.") === 0 && key.indexOf(me) !== 0) sessionStorage.removeItem(key);
      });
      box.querySelectorAll("textarea").forEach(function (field) {
        var kept = sessionStorage.getItem(drafts(field));
        if (!kept || field.value) return;
        field.value = kept;
        field.closest("details").open = true;
      });
    } catch (error) { return; }
  }
  doc.addEventListener("input", function (event) { if (event.target.tagName === "TEXTAREA" && drafts(event.target)) keep(event.target); });
  doc.addEventListener("htmx:beforeOnLoad", function (event) { // sent: before the page that follows is shown
    var form = event.detail.elt;
    if (form.tagName !== "FORM" || event.detail.xhr.status >= 300) return;
    form.querySelectorAll("textarea").forEach(function (field) {
      try { sessionStorage.removeItem(drafts(field)); } catch (error) { return; }
    });
  });
  doc.addEventListener("htmx:afterSettle", bring);
  bring();

  // --- an act is sent once: its form's other buttons rest until the answer is there
  doc.addEventListener("htmx:beforeRequest", function (event) {
    var form = event.detail.elt;
    if (form.tagName !== "FORM") return;
    if (form.dataset.busy) event.preventDefault();
    else form.dataset.busy = "1";
  });
  doc.addEventListener("htmx:afterRequest", function (event) { delete event.detail.elt.dataset.busy; });
})();
