// The chat while it is open: what is said is sent and shown without the page being loaded again, and answers of people come by themselves.
// On the chat's own page everything works without this. The widget's frame has no cookie and no storage on another site: there the school's
// page keeps the token for this tab, and hands it to the frame that it loads.
(function () {
  "use strict";
  var doc = document, app = doc.querySelector("[data-chat-app]"), host = "";
  if (!app || !window.fetch) return;
  var log = app.querySelector(".chat-log"), scroll = app.querySelector(".chat-scroll"), framed = window.parent !== window;
  var token = app.dataset.token || "", seen = "", state = "", shown = !framed, turn = Promise.resolve();

  // The page that this frame was loaded for, by its exact origin: only a page that the policy lets have the frame gets this far.
  try { host = framed ? new URL(new URLSearchParams(location.search).get("page")).origin : ""; } catch (none) { host = ""; }
  function keep(value) {
    if (value === token) return;
    token = value;
    if (host) window.parent.postMessage({ districtHelp: "keep", token: value }, host); // a secret, and for nobody else
  }
  function newId() {
    if (window.crypto.randomUUID) return crypto.randomUUID();
    var hex = Array.prototype.map.call(crypto.getRandomValues(new Uint8Array(16)), function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }
  function tell(what) { if (framed) window.parent.postMessage({ districtHelp: what }, "*"); } // nothing in it is anybody's secret

  // --- what is said
  function ask(address, body) {
    var options = { headers: { Accept: "application/json" }, credentials: "omit", cache: "no-store" };
    if (token) options.headers["X-Chat-Token"] = token;
    if (body) { body.delete("token"); options.method = "POST"; options.body = body; }
    return fetch(address, options);
  }
  function take(answer) {
    keep(answer.token);
    if (!framed && !app.dataset.token) { // so that a reload shows it
      app.dataset.token = answer.token;
      history.replaceState(null, "", app.dataset.own.replace("TOKEN", answer.token));
    }
    var fresh = merge(answer.talk);
    seen = answer.seen;
    if (answer.state !== state) { state = answer.state; writing(answer.writing); }
    return fresh;
  }
  function merge(html) { // lines that stand already are left alone, so that each is read out once
    var parsed = new DOMParser().parseFromString(html, "text/html"), talk = log.querySelector(".chat-talk"), fresh = [];
    if (!talk) { talk = doc.createElement("div"); talk.className = "chat-talk"; talk.innerHTML = "<ol class='chat-lines'></ol>"; log.append(talk); }
    var list = talk.querySelector(".chat-lines"), ids = {}, at = null;
    parsed.querySelectorAll(".chat-lines > li").forEach(function (line) {
      var there = doc.getElementById(line.id);
      ids[line.id] = true;
      if (!there) {
        there = doc.importNode(line, true);
        at ? at.after(there) : list.prepend(there);
        fresh.push(there);
      }
      at = there;
    });
    Array.prototype.slice.call(list.children).forEach(function (line) { if (!ids[line.id] && !line.dataset.pending) line.remove(); });
    var now = parsed.querySelector("#chat-state"), before = talk.querySelector("#chat-state");
    if (now && before && now.outerHTML !== before.dataset.as) { before.replaceWith(put(now)); } else if (now && !before) talk.append(put(now));
    return fresh;
  }
  function put(node) { // with what it was made of: the buttons in it are shown by us
    var made = doc.importNode(node, true);
    made.dataset.as = node.outerHTML;
    made.querySelectorAll("[data-copy-link]").forEach(function (button) { button.hidden = false; });
    return made;
  }
  function writing(html) { // other forms for another state; what is being typed stays, and where one is
    var before = app.querySelector(".chat-writing"), focused = doc.activeElement, opened = before.querySelector("#person[open]");
    var made = doc.importNode(new DOMParser().parseFromString(html, "text/html").querySelector(".chat-writing"), true), person = made.querySelector("#person");
    if (opened && person) { person.open = true; person.dataset.kept = "1"; }
    made.querySelectorAll("textarea, input:not([type=hidden])").forEach(function (field) {
      var same = field.id ? before.querySelector("#" + field.id) : before.querySelector("[name='" + field.name + "']");
      if (same) { field.value = same.value; if (same === focused) focused = field; }
    });
    if (before.contains(focused)) focused = made.querySelector(opened && person ? "#person summary" : ".chat-say textarea");
    before.replaceWith(made);
    if (made.contains(focused)) focused.focus({ preventScroll: true });
  }
  function toEnd() {
    if (scroll) { scroll.scrollTop = scroll.scrollHeight; return; }
    var last = log.querySelector(".chat-lines > li:last-child");
    if (last) last.scrollIntoView({ block: "nearest" });
  }
  function show(fresh) { // a long answer is read from its beginning
    var first = fresh.filter(function (line) { return !line.classList.contains("visitor"); })[0];
    if (first && scroll) scroll.scrollTop = Math.max(0, first.offsetTop - 56); else toEnd();
  }

  // --- sending, one after the other
  doc.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.hasAttribute("data-chat")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var body = new URLSearchParams(new FormData(form)), button = event.submitter;
    if (button && button.name) body.set(button.name, button.value);
    if (form.classList.contains("chat-say")) say(form, body); else act(form, body);
  }, true);
  function say(form, body) {
    var box = form.elements.text, text = box.value.trim();
    if (!text) return;
    body.set("said_id", newId());
    box.value = "";
    grow(box);
    firstWords(false);
    var line = pending(text);
    queue(form.action, body, line, text);
  }
  function queue(address, body, line, text) {
    turn = turn.then(function () { return deliver(address, body, line, 0); }).then(function (refused) {
      if (!refused) return;
      line.remove();
      firstWords(true);
      var box = app.querySelector(".chat-say textarea");
      if (!box.value) box.value = text;
      complain(refused, box);
    });
  }
  function firstWords(wanted) { // a person who is asked for now has what is on its way
    var field = app.querySelector(".first-words");
    if (!field) return;
    field.hidden = !wanted;
    field.querySelector("textarea").disabled = !wanted;
  }
  function deliver(address, body, line, tries) {
    return ask(address, body).then(function (response) {
      if (response.status >= 500) throw new Error("server");
      if (response.status === 404 && token) { keep(""); seen = ""; return { error: app.dataset.over }; }
      return response.json().then(function (answer) {
        if (!response.ok) return answer;
        line.remove();
        calm();
        show(take(answer));
        soon();
        return null;
      });
    }).catch(function () {
      if (tries < 2) return wait(1500 * (tries + 1)).then(function () { return deliver(address, body, line, tries + 1); });
      failed(line, function () { turn = turn.then(function () { return deliver(address, body, line, 2); }); });
      return null;
    });
  }
  function act(form, body) {
    var opened = form.closest("details"), typed = app.querySelector(".chat-say textarea");
    if (form.dataset.busy) return;
    form.dataset.busy = "1";
    if (!body.get("said_id")) body.delete("said_id"); else body.set("said_id", newId());
    if (typed && typed.value.trim() && opened && form.elements.text && !form.elements.text.value.trim()) body.set("text", typed.value);
    turn = turn.then(function () { return ask(form.action, body); }).then(function (response) {
      if (response.status >= 500) throw new Error("server");
      return response.json().then(function (answer) {
        delete form.dataset.busy;
        if (!response.ok) { complain(answer, form.elements.contact || form.elements.text); return; }
        calm();
        if (typed && opened) typed.value = "";
        show(take(answer));
        var there = app.querySelector(opened ? "#chat-state" : ".chat-say textarea");
        if (there) { if (opened) there.tabIndex = -1; there.focus({ preventScroll: true }); }
        if (opened) toEnd();
        soon();
      });
    }).catch(function () { delete form.dataset.busy; complain({ error: app.dataset.failed }, null); });
  }
  function wait(time) { return new Promise(function (go) { setTimeout(go, time); }); }

  // --- on its way, refused, or not sent
  function pending(text) {
    var list = log.querySelector(".chat-lines"), line = doc.createElement("li"), who = doc.createElement("p"), words = doc.createElement("div");
    if (!list) { merge(""); list = log.querySelector(".chat-lines"); }
    line.className = "line visitor pending"; line.dataset.pending = "1";
    who.className = "line-who"; who.append(strong(app.dataset.you), " ", app.dataset.sending);
    words.className = "line-text"; words.dir = "auto"; words.textContent = text;
    line.append(who, words);
    list.append(line);
    calm();
    toEnd();
    return line;
  }
  function strong(text) { var made = doc.createElement("strong"); made.textContent = text; return made; }
  function failed(line, again) {
    var who = line.querySelector(".line-who"), button = doc.createElement("button");
    who.replaceChildren(strong(app.dataset.you), " ", app.dataset.failed);
    button.type = "button"; button.className = "btn btn-sm"; button.textContent = app.dataset.again;
    button.addEventListener("click", function () { button.remove(); who.replaceChildren(strong(app.dataset.you), " ", app.dataset.sending); again(); });
    line.append(button);
    toEnd();
  }
  function calm() {
    app.querySelectorAll(".chat-problem, .chat-refused").forEach(function (old) { old.remove(); });
    app.querySelectorAll("[aria-errormessage]").forEach(function (field) {
      field.removeAttribute("aria-invalid"); field.removeAttribute("aria-errormessage");
    });
  }
  function complain(answer, field) {
    calm();
    var box = doc.createElement("div"), said = doc.createElement("p");
    box.className = "chat-problem"; box.id = "chat-problem"; box.setAttribute("role", "alert");
    if (answer.danger) {
      var danger = doc.createElement("div");
      danger.className = "chat-refused"; danger.innerHTML = answer.danger;
      log.append(danger);
      toEnd();
    }
    said.textContent = answer.error || app.dataset.failed;
    box.append(said);
    app.querySelector(".chat-writing").prepend(box);
    if (!field) return;
    field.setAttribute("aria-invalid", "true"); field.setAttribute("aria-errormessage", box.id);
    field.focus();
  }

  // --- news: every few seconds while somebody waits, less often the longer nothing comes, and seldom while nobody looks
  var timer = 0, pause = 0, till = 0;
  function soon() { pause = 3000; plan(); }
  function plan() {
    clearTimeout(timer);
    var all = doc.querySelectorAll("[data-words-come]"), words = all[all.length - 1]; // of a model: they come within ten seconds, or not at all
    if (words && !words.dataset.wordsCome) { words.dataset.wordsCome = "waited"; till = Date.now() + 11000; pause = 1500; }
    if (!token || (state === "talking" && seen && !(words && Date.now() < till))) return; // nobody answers but we, and at once
    timer = setTimeout(look, doc.hidden || !shown ? Math.max(pause, 20000) : pause);
  }
  function look() {
    ask(app.dataset.news + "?seen=" + encodeURIComponent(seen)).then(function (response) {
      if (response.status === 204) { pause = Math.min(pause * 1.3, 30000); return null; }
      if (response.status === 404) { keep(""); return null; }
      if (response.status === 429) { pause = 60000; return null; }
      return response.ok ? response.json().then(function (answer) {
        var first = !seen, fresh = take(answer), said = fresh.filter(function (line) { return line.classList.contains("person"); });
        pause = 3000;
        if (first) toEnd(); else if (fresh.length) show(fresh);
        if (said.length && (!shown || doc.hidden)) tell("news");
      }) : null;
    }).catch(function () { pause = Math.min(pause * 2, 60000); }).then(plan);
  }
  doc.addEventListener("visibilitychange", function () { if (!doc.hidden && token) soon(); });

  // --- the box grows with what is typed in the frame, where there is little room; Enter sends, Shift and Enter is a new line
  function grow(box) {
    if (!framed) return;
    box.style.height = "";
    if (box.scrollHeight > box.clientHeight) box.style.height = Math.min(box.scrollHeight + 2, 150) + "px";
  }
  doc.addEventListener("input", function (event) { if (event.target.matches(".chat-say textarea")) grow(event.target); });
  doc.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && framed) { tell("close"); return; }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches(".chat-say textarea")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });
  doc.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-copy-link]"), link = doc.querySelector("#chat-link a");
    if (!button || !link) return;
    var words = button.querySelector("span"), idle = words.textContent;
    function done() { words.textContent = button.dataset.copied; setTimeout(function () { words.textContent = idle; }, 4000); }
    function mark() {
      var range = doc.createRange();
      range.selectNodeContents(link);
      getSelection().removeAllRanges(); getSelection().addRange(range);
      if (doc.execCommand("copy")) done();
    }
    if (navigator.clipboard) navigator.clipboard.writeText(link.href).then(done, mark); else mark();
  });
  doc.addEventListener("toggle", function (event) { // the first field of what was opened
    if (!event.target.matches || !event.target.matches("details.chat-person") || !event.target.open) return;
    if (event.target.dataset.kept) { delete event.target.dataset.kept; return; } // it was open before, and somebody is in it
    var typed = app.querySelector(".chat-say textarea"), first = event.target.querySelector("textarea, input:not([type=hidden])");
    if (first && first.name === "text" && typed && typed.value.trim() && !first.value) { first.value = typed.value; first = event.target.querySelector("[name=contact]"); }
    if (first) first.focus();
  }, true);
  window.addEventListener("message", function (event) {
    if (!framed || event.source !== window.parent || event.origin !== host || !event.data) return;
    if (event.data.districtHelp === "kept" && !token && typeof event.data.token === "string" && event.data.token) { token = event.data.token; look(); }
    if (event.data.districtHelp === "open") { shown = true; var box = app.querySelector(".chat-say textarea"); if (box) box.focus(); if (token) soon(); }
    if (event.data.districtHelp === "shut") { shown = false; }
  });

  var talk = log.querySelector(".chat-talk");
  if (talk) { // the page came with it
    seen = talk.dataset.seen;
    state = app.querySelector(".chat-writing").dataset.state;
    log.querySelectorAll("[data-copy-link]").forEach(function (button) { button.hidden = false; });
  } else state = "new";
  if (token) { if (seen) soon(); else look(); }
  tell("ready");
})();
