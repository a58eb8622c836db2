// What every page needs and plain HTML cannot do. Nothing works only with this file.
(function () {
  "use strict";
  var doc = document;

  // --- the theme switch (shown only where this script runs)
  doc.querySelectorAll("[data-theme-switch]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.switchTheme(); });
  });

  // --- say(text): one polite announcement, also from the server by the header HX-Trigger: {"say": "…"}
  var said;
  function say(text) {
    var region = doc.getElementById("say");
    if (!region || !text) return;
    region.textContent = "";
    clearTimeout(said);
    said = setTimeout(function () { region.textContent = text; }, 60); // emptied first, so that the same words are read again
  }
  window.say = say;
  doc.addEventListener("say", function (event) { say(typeof event.detail === "string" ? event.detail : event.detail && event.detail.value); });

  // --- a notice one can see, for what went wrong on the way
  function warn(text, link, words) {
    var box = doc.getElementById("trouble");
    if (!box) return;
    var place = box.querySelector("[data-text]");
    place.textContent = text;
    if (link) {
      var anchor = doc.createElement("a");
      anchor.href = link; anchor.textContent = words; anchor.target = "_blank"; anchor.rel = "noopener";
      place.append(" ", anchor);
    }
    box.hidden = false;
  }
  doc.addEventListener("click", function (event) {
    var closer = event.target.closest && event.target.closest("[data-dismiss]");
    if (closer) closer.closest(closer.getAttribute("data-dismiss")).hidden = true;
  });

  // --- every form carries the token of now: a sign-in in another tab gives a new one, and what was typed here must still be sent
  function token() { var found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(doc.cookie); return found ? found[1] : ""; }
  doc.addEventListener("htmx:configRequest", function (event) {
    var now = token();
    if (!now) return;
    event.detail.headers["X-CSRFToken"] = now;
    if (event.detail.formData.has("csrfmiddlewaretoken")) event.detail.formData.set("csrfmiddlewaretoken", now);
  });
  doc.addEventListener("submit", function (event) {
    var field = event.target.elements && event.target.elements.csrfmiddlewaretoken, now = token();
    if (field && now) field.value = now;
    if (/\/account\/logout\//.test(event.target.action)) forget();
  }, true);

  // --- drafts (desk.js) end with the sign-out
  function forget() {
    try {
      Object.keys(sessionStorage).forEach(function (key) { if (/^(draft|ask)\./.test(key)) sessionStorage.removeItem(key); });
      Object.keys(localStorage).forEach(function (key) { if (/^ask\./.test(key)) localStorage.removeItem(key); }); // those of ask.js
    } catch (error) { return; }
  }

  // --- forms are sent once: a second click while the first is on its way does nothing
  doc.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.hasAttribute("hx-post") || form.hasAttribute("data-hx-post") || form.method === "get") return;
    if (form.dataset.sent && Date.now() - Number(form.dataset.sent) < 8000) { event.preventDefault(); return; }
    form.dataset.sent = String(Date.now());
    if (event.submitter && !event.submitter.dataset.busy) return; // another button of the form: its own words stay
    form.querySelectorAll("button[data-busy]").forEach(function (button) {
      button.setAttribute("aria-disabled", "true");
      button.dataset.idle = button.innerHTML;
      button.textContent = button.dataset.busy;
    });
  });
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return; // back to a page that was kept as it was left
    doc.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
    doc.querySelectorAll("button[data-idle]").forEach(function (button) {
      button.removeAttribute("aria-disabled");
      button.innerHTML = button.dataset.idle;
    });
  });

  // --- htmx: focus is not lost by a swap, and an answer that did not come is said
  var focused = null;
  doc.addEventListener("htmx:beforeSwap", function () { focused = doc.activeElement && doc.activeElement.id; });
  doc.addEventListener("htmx:afterSettle", function (event) {
    var wanted = event.detail.elt.querySelector && event.detail.elt.querySelector("[data-focus]");
    if (wanted) { if (!wanted.hasAttribute("tabindex") && wanted.tabIndex < 0) wanted.tabIndex = -1; wanted.focus(); return; }
    if (doc.activeElement && doc.activeElement !== doc.body) return;
    var same = focused && doc.getElementById(focused);
    if (same) same.focus({ preventScroll: true });
  });
  function words(key) { var region = doc.getElementById("say"); return region ? region.dataset[key] || "" : ""; }
  doc.addEventListener("htmx:sendError", function () { warn(words("offline")); say(words("offline")); });
  doc.addEventListener("htmx:timeout", function () { warn(words("offline")); say(words("offline")); });
  function signedOut(xhr) {
    try {
      var answer = JSON.parse(xhr.responseText);
      warn(answer.say, answer.link, answer.do); say(answer.say);
      return true;
    } catch (error) { return false; }
  }
  doc.addEventListener("htmx:afterRequest", function (event) {
    var box = doc.getElementById("trouble");
    if (box && event.detail.successful && event.detail.requestConfig.verb === "post") box.hidden = true; // it worked this time
  });
  doc.addEventListener("htmx:responseError", function (event) {
    if (event.detail.xhr.status === 422) return; // a form with errors is shown, see htmx-config
    if (event.detail.xhr.status === 401 && signedOut(event.detail.xhr)) return;
    warn(words("error")); say(words("error"));
  });

  // --- menus made of <details>: Escape and a click elsewhere close them
  doc.addEventListener("click", function (event) {
    doc.querySelectorAll("details[data-menu][open]").forEach(function (menu) { if (!menu.contains(event.target)) menu.open = false; });
  });
  doc.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    doc.querySelectorAll("details[data-menu][open]").forEach(function (menu) { menu.open = false; menu.querySelector("summary").focus(); });
  });
})();
