// The form of people who ask. Questions come up with the answers they wait for; what is typed stays in its tab until it is sent, for an
// hour after the last key at most, and its words without name, contact and answers are offered to other tabs of the device as long; and it
// is sent once there is a connection. Without this file the form works, page by page.
(function () {
  "use strict";
  var doc = document, HOUR = 3600 * 1000, AGAIN = 10000, BEGINS = "ask.", GONE = "gone.ask.";
  var form, told, memory = {}, later, saving, last = 0, dirty = false, sending = false, waiting = false;
  if (!window.fetch || !window.FormData || !window.DOMParser) return;

  function all(where, what) { return Array.prototype.slice.call(where.querySelectorAll(what)); }
  function own(id) { return form && doc.getElementById(id); }

  // --- questions that wait for an answer to another
  function unpack(root) {
    all(root, "template[data-question]").forEach(function (kept) {
      var box = doc.createElement("div");
      box.className = "question";
      Object.keys(kept.dataset).forEach(function (name) { box.dataset[name] = kept.dataset[name]; });
      box.appendChild(kept.content.cloneNode(true));
      kept.replaceWith(box);
    });
  }
  function controls(box) { return all(box, "input, select, textarea"); }
  function said(boxes, key) {
    var box = boxes.filter(function (one) { return one.dataset.question === key; })[0];
    if (!box || box.hidden) return "";
    return controls(box).reduce(function (found, one) {
      if (one.name !== "q." + key || (one.type === "radio" && !one.checked)) return found;
      return one.value.trim();
    }, "");
  }
  function weigh(root) { // in the order of the page; again until nothing moves, for a question may stand before the one it waits for
    var boxes = all(root, ".question"), moved = true;
    for (var round = 0; moved && round <= boxes.length; round++) {
      moved = false;
      boxes.forEach(function (box) {
        if (!box.dataset.after) return;
        var values = JSON.parse(box.dataset.values || "[]"), answer = said(boxes, box.dataset.after);
        var shut = !answer || (values.length > 0 && values.indexOf(answer) < 0);
        if (box.hidden === shut && box.dataset.weighed) return;
        box.hidden = shut; box.dataset.weighed = "1"; moved = true;
        controls(box).forEach(function (one) { one.disabled = shut; });
      });
    }
  }
  function ask(root) { unpack(root); weigh(root); }
  doc.addEventListener("change", function (event) {
    var root = event.target.closest && event.target.closest("[data-questions]");
    if (root) weigh(root);
  });
  doc.addEventListener("htmx:afterSwap", function (event) {
    var root = event.target;
    if (!root.matches || !root.matches("[data-questions]")) return;
    unpack(root); fill(memory, root); weigh(root);
    if (root.querySelector(".question")) window.say(root.dataset.said);
  });

  // --- what was typed: not files, nothing where there is danger. All of it stays in its own tab. Whoever sits down at the device next
  // may be somebody else, in the same tab too: after an hour nothing comes again; other tabs are offered the words alone, for an hour, and no more once it was sent or forgotten in any tab
  var NOT_OFFERED = /^(contact|name)$|^q\./;
  var NOT_KEPT = { csrfmiddlewaretoken: 1, step: 1, seen: 1, guess: 1, answer: 1, photos: 1 };
  function store(work) { try { return work(window.localStorage, window.sessionStorage); } catch (error) { return null; } }
  function key() { return BEGINS + form.elements.form_id.value; }
  function typed() {
    var fields = {};
    new FormData(form).forEach(function (value, name) {
      if (NOT_KEPT[name] || typeof value !== "string") return;
      (fields[name] = fields[name] || []).push(value);
    });
    return fields;
  }
  function worth(fields) {
    return Object.keys(fields).some(function (name) {
      return (/^(text|contact|name)$|^q\./).test(name) && fields[name].some(function (value) { return value.trim(); });
    });
  }
  function remember() { // answers to one service's questions come again when it is chosen again
    var fields = typed();
    Object.keys(fields).forEach(function (name) { memory[name] = fields[name]; });
    return fields;
  }
  function keep() {
    if (!form) return;
    var fields = remember();
    if (!dirty || form.dataset.keep === "no") return; // nothing was typed on this page: it may have been sent long ago
    if (!worth(fields) || Date.now() - last > HOUR) { forget(key()); return; }
    store(function (local, tab) {
      var offered = offerable(fields);
      tab.setItem(key(), JSON.stringify({ at: last, fields: fields }));
      tab.setItem(BEGINS + "tab", key());
      local.removeItem(GONE + key());
      if (worth(offered)) local.setItem(key(), JSON.stringify({ at: last, fields: offered })); else local.removeItem(key());
    });
    var note = own("kept-here");
    if (note) note.hidden = false;
  }
  function offerable(fields) {
    return Object.keys(fields).reduce(function (kept, name) {
      if (!NOT_OFFERED.test(name)) kept[name] = fields[name];
      return kept;
    }, {});
  }
  function touched() { // somebody typed before this file was here; not: the browser's Back filled in again what was sent
    var before = store(function (local, tab) { return tab.getItem(BEGINS + "sent"); });
    if (before === key()) return false;
    return all(form, "input, select, textarea").some(function (one) {
      if (one.type === "hidden" || one.type === "file") return false;
      if (one.type === "radio" || one.type === "checkbox") return one.checked !== one.defaultChecked;
      return one.tagName === "SELECT" ? one.selectedIndex > 0 && !one.options[one.selectedIndex].defaultSelected : one.value !== one.defaultValue;
    });
  }
  function forget(which) {
    store(function (local, tab) {
      if (local.getItem(which) || tab.getItem(which)) local.setItem(GONE + which, String(Date.now())); // for the tab it was begun in
      local.removeItem(which);
      tab.removeItem(which);
      if (tab.getItem(BEGINS + "tab") === which) tab.removeItem(BEGINS + "tab");
    });
  }
  function read(shelf, which, most) { // null where it is too old, or no draft
    var one = null;
    try { one = JSON.parse(shelf.getItem(which) || "null"); } catch (error) { return null; }
    return one && one.fields && Date.now() - one.at <= most && one.at <= Date.now() + most ? one : null;
  }
  function draft(which) { return store(function (local) { return read(local, which, HOUR); }); }
  function mine(which) { return store(function (local, tab) { return local.getItem(GONE + which) ? null : read(tab, which, HOUR); }); }
  function sweep() { // what is too old goes, whatever page is open
    store(function (local, tab) {
      Object.keys(local).forEach(function (name) {
        if (name.indexOf(GONE) === 0 && !(Date.now() - Number(local.getItem(name)) <= HOUR)) local.removeItem(name);
        if (name.indexOf(BEGINS) === 0 && !read(local, name, HOUR)) local.removeItem(name);
      });
      Object.keys(tab).forEach(function (name) {
        if (name.indexOf(BEGINS) === 0 && name !== BEGINS + "tab" && name !== BEGINS + "sent" && !mine(name)) tab.removeItem(name);
      });
    });
  }
  function newest() {
    var best = "", at = 0;
    store(function (local) {
      Object.keys(local).forEach(function (name) {
        var one = name.indexOf(BEGINS) === 0 && draft(name);
        if (one && one.at > at) { best = name; at = one.at; }
      });
    });
    return best;
  }
  function fill(fields, root) {
    all(root, "input, select, textarea").forEach(function (one) {
      var values = fields[one.name];
      if (!values || NOT_KEPT[one.name] || one.type === "file") return;
      if (one.type === "hidden" && one.name !== "form_id") return; // what the door knows
      if (one.type === "radio" || one.type === "checkbox") { one.checked = values.indexOf(one.value) >= 0; return; }
      if (one.tagName === "SELECT" && !all(one, "option").some(function (o) { return o.value === values[0]; })) return;
      one.value = values[0];
    });
  }
  function restore(fields) {
    fill(fields, form);
    Object.keys(fields).forEach(function (name) { // what this page has no field for goes on with it, unseen
      if (NOT_KEPT[name] || form.elements[name] || form.dataset.step !== "box") return;
      fields[name].forEach(function (value) {
        var one = doc.createElement("input");
        one.type = "hidden"; one.name = name; one.value = value;
        form.appendChild(one);
      });
    });
  }
  function begin() { // an empty box: what was begun in this tab comes again by itself, what was begun in another is offered
    var own_tab = store(function (local, tab) { return tab.getItem(BEGINS + "tab"); }), which = newest(), one;
    if (form.elements.text.value.trim()) return;
    if (own_tab && (one = mine(own_tab))) { restore(one.fields); own("kept-here").hidden = false; return; }
    one = which && draft(which);
    if (!one) return;
    var offer = own("draft");
    offer.querySelector("[data-when]").textContent = new Date(one.at).toLocaleString(doc.documentElement.lang, { weekday: "long", hour: "numeric", minute: "2-digit" });
    offer.hidden = false;
    offer.querySelector("[data-go]").addEventListener("click", function () {
      restore(one.fields); offer.hidden = true; dirty = true; last = Date.now(); keep(); form.elements.text.focus();
    });
    offer.querySelector("[data-drop]").addEventListener("click", function () {
      forget(which); offer.hidden = true; form.elements.text.focus(); window.say(offer.dataset.dropped);
    });
  }
  function soon() { dirty = true; last = Date.now(); remember(); clearTimeout(saving); saving = setTimeout(keep, 250); }

  // --- sending: by this script, so that words and photos stay here until the answer is there
  function token() { var found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(doc.cookie); return found ? found[1] : ""; }
  function idle() {
    setTimeout(function () { // after app.js has marked the form as sent
      if (!form) return;
      delete form.dataset.sent;
      all(form, "button[data-idle]").forEach(function (button) {
        button.removeAttribute("aria-disabled");
        button.innerHTML = button.dataset.idle;
        delete button.dataset.idle;
      });
    });
  }
  function wait() {
    var note = own("waiting"), photos = form.elements.photos;
    sending = false;
    clearTimeout(later);
    later = setTimeout(function () { if (waiting && navigator.onLine) send(); }, AGAIN);
    idle();
    if (waiting || !note) return;
    waiting = true;
    note.querySelector("[data-photos]").hidden = !(photos && photos.files && photos.files.length);
    note.hidden = false;
    window.say(note.textContent);
  }
  function go() { // nothing to keep any more
    waiting = false;
    clearTimeout(later); clearTimeout(saving);
    forget(key());
    store(function (local, tab) { tab.setItem(BEGINS + "sent", key()); });
    dirty = false;
  }
  function send() {
    if (!form || sending) return;
    if (form.dataset.step === "box") { if (navigator.onLine === false) { wait(); } else { waiting = false; form.submit(); } return; }
    if (navigator.onLine === false) { wait(); return; }
    sending = true;
    keep();
    if (token()) form.elements.csrfmiddlewaretoken.value = token();
    fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin", headers: { "X-Sent-By": "script" } }).then(answered, wait);
  }
  function answered(response) {
    var where = response.headers.get("X-Go");
    if (where) { go(); form = null; location.assign(where); return; }
    if (response.status >= 500) { wait(); return; }
    response.text().then(function (page) { sending = false; show(page); }, wait);
  }
  function show(text) { // the form again with what is wrong, or that it is kept
    text = text.replace(/<style[\s\S]*?<\/style>/g, ""); // the policy would complain of it
    var page = new DOMParser().parseFromString(text, "text/html"), main = page.querySelector("main"), old = doc.querySelector("main");
    if (!main) { wait(); return; }
    if (!main.querySelector("#still") && !main.querySelector("[data-sent]")) { refused(main); return; }
    if (main.querySelector("[data-sent]")) go();
    waiting = false;
    clearTimeout(later);
    doc.title = page.title;
    main = doc.importNode(main, true);
    old.replaceWith(main);
    if (window.htmx) window.htmx.process(main);
    setUp();
    agree();
    window.scrollTo(0, 0);
    var first = main.querySelector("#errors, [role=alert], h1");
    if (first) { first.tabIndex = -1; first.focus(); }
  }
  function refused(main) { // more than one form carries: its own page would be another form's end
    var words = all(main, "h1, main > p").map(function (one) { return one.textContent.trim(); });
    complain(words.slice(0, 2).join(". ").replace("..", "."));
    idle();
  }
  function complain(words) {
    var box = own("too-much");
    if (!box) return;
    box.querySelector("[data-text]").textContent = words;
    box.hidden = false;
    box.scrollIntoView({ block: "center" });
  }
  function fits(input) { // said before a slow connection has carried it all
    var files = Array.prototype.slice.call(input.files || []), box = own("too-much");
    var kept = all(form, "input[name=kept]").filter(function (one) { return one.type === "hidden" || one.checked; }).length;
    var large = files.filter(function (one) { return one.size > Number(input.dataset.bytes); });
    if (box) box.hidden = true;
    if (large.length) complain(input.dataset.large.replace("%s", large[0].name));
    else if (files.length + kept > Number(input.dataset.most)) complain(input.dataset.many);
    else return true;
    return false;
  }

  function overlay() { // Back to a page that is older than what was typed on it
    var one = mine(key());
    if (form.dataset.keep === "no") { forget(key()); return; }
    if (!one || form.querySelector("[aria-invalid=true]")) return;
    fill(one.fields, form);
    Object.keys(one.fields).forEach(function (name) { memory[name] = one.fields[name]; }); // answers to questions that are not here yet
  }
  function agree() { // the questions of another service than the page came with: chosen in its draft, or before any script was here to hear it
    var service = form && form.elements.service, options = service && all(service, "option");
    var came = options && (options.filter(function (one) { return one.defaultSelected; })[0] || options[0]);
    if (came && came.value !== service.value) service.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function setUp() {
    form = doc.querySelector("form[data-ask]");
    if (!form) { all(doc, "[data-questions]").forEach(ask); return; } // a preview
    told = form;
    dirty = touched();
    last = (mine(key()) || { at: Date.now() }).at;
    all(form, "[data-questions]").forEach(unpack);
    if (form.dataset.step === "box") begin(); else overlay();
    all(form, "[data-questions]").forEach(weigh);
    keep();
    if (form.elements.photos && form.elements.photos.files.length) fits(form.elements.photos); // chosen before this file was here
    form.addEventListener("input", soon);
    form.addEventListener("change", function (event) {
      if (event.target.name === "photos") fits(event.target);
      soon();
    });
    form.addEventListener("submit", function (event) {
      var button = event.submitter, named = button && button.name;
      keep();
      if (form.dataset.step === "box" || named) { // another page of ours: nothing is sent yet
        if (navigator.onLine === false) { event.preventDefault(); if (named) complain(form.dataset.offline); else wait(); idle(); }
        return;
      }
      event.preventDefault();
      if (form.elements.photos && !fits(form.elements.photos)) { idle(); return; }
      send();
    });
    all(form, "[data-forget]").forEach(function (button) {
      button.addEventListener("click", function () {
        forget(key());
        form.dataset.keep = "no";
        own("kept-here").hidden = true;
        window.say(button.dataset.forget);
        if (form.dataset.step === "box") { form.elements.text.value = ""; form.elements.text.focus(); }
      });
    });
    all(doc, "form[data-enough]").forEach(function (enough) { enough.addEventListener("submit", go); }); // nothing is left to ask
    all(form, "[data-now]").forEach(function (button) { button.addEventListener("click", send); });
  }
  sweep();
  setUp();
  doc.addEventListener("DOMContentLoaded", agree); // htmx hears nothing before
  setInterval(function () { if (form && dirty && !waiting) keep(); sweep(); }, 60000); // an hour may pass on an open page
  window.addEventListener("online", function () { if (waiting) send(); });
  window.addEventListener("pagehide", keep);
  window.addEventListener("pageshow", function (event) { if (event.persisted) { sending = false; form = told && doc.contains(told) ? told : doc.querySelector("form[data-ask]"); } });
  window.addEventListener("beforeunload", function (event) { if (waiting) event.preventDefault(); });
  doc.addEventListener("visibilitychange", function () { if (doc.visibilityState === "hidden") keep(); });
})();
