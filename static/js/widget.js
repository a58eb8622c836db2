// One line on a school's page: a button, and behind it the district's chat in a frame of its own origin. Served by /widget.js, which puts
// the district's words and colours in the place of TOLD. Nothing of the page is read but its language and address; no name is left in it.
(function () {
  "use strict";
  var doc = document, told = "TOLD", own = doc.currentScript || doc.querySelector('script[src*="/widget.js"]'), TAG = "district-help";
  if (!own || !own.src || !doc.documentElement.attachShadow || doc.querySelector(TAG)) return;
  var origin = new URL(own.src, location.href).origin, codes = Object.keys(told.words);
  var spoken = (doc.documentElement.lang || navigator.language || "").toLowerCase().split("-")[0];
  var lang = codes.indexOf(spoken) < 0 ? codes[0] : spoken, words = told.words[lang];
  var host = doc.createElement(TAG), root = host.attachShadow({ mode: "open" }), frame = null, ready = false, KEY = TAG + " " + origin;

  function make(name, attributes, inside) {
    var made = doc.createElement(name);
    Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    (inside || []).forEach(function (child) { made.append(child); });
    return made;
  }
  function icon(path) {
    var svg = doc.createElementNS("http://www.w3.org/2000/svg", "svg"), line = doc.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", path);
    svg.setAttribute("viewBox", "0 0 24 24"); svg.setAttribute("aria-hidden", "true");
    svg.append(line);
    return svg;
  }

  // --- its looks: a style sheet made by a script needs no leave of the page's own policy
  var css = ":host{--a:" + told.light[0] + ";--f:" + told.light[1] + "}@media(prefers-color-scheme:dark){:host{--a:" + told.dark[0] +
    ";--f:" + told.dark[1] + "}}" + told.css;
  try {
    var sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch (older) { root.append(make("style", {}, [css])); }

  var close = make("button", { type: "button", "class": "close", "aria-label": words.close }, [icon("M6 6l12 12M18 6L6 18")]);
  var title = make("strong", { id: "title" }, [words.title]), said = make("span", { role: "status", "class": "said" });
  var elsewhere = make("p", { "class": "elsewhere", hidden: "" }, [
    make("a", { href: origin + "/chat/", target: "_blank", rel: "noopener" }, [words.elsewhere]),
  ]);
  var panel = make("div", { role: "dialog", "aria-labelledby": "title", "class": "panel", lang: lang, hidden: "" }, [
    make("div", { "class": "head" }, [title, close]), elsewhere,
  ]);
  var button = make("button", { type: "button", "class": "open", lang: lang, "aria-expanded": "false", "aria-label": words.title }, [
    icon("M3 20l1.3 -3.9a9 8 0 1 1 3.4 2.9l-4.7 1M12 12v.01M8 12v.01M16 12v.01"), make("span", {}, [words["short"]]),
  ]);
  if (own.getAttribute("data-side") === "left") host.className = "left";
  root.append(panel, button, said);
  doc.body ? doc.body.append(host) : doc.addEventListener("DOMContentLoaded", function () { doc.body.append(host); });

  function tell(what) { if (ready) frame.contentWindow.postMessage({ districtHelp: what }, origin); }
  function load() {
    var address = origin + "/chat/panel?lang=" + lang + "&page=" + encodeURIComponent(location.origin + location.pathname);
    frame = make("iframe", { src: address, title: words.title, referrerpolicy: "no-referrer", allow: "clipboard-write" });
    panel.append(frame);
    setTimeout(function () { if (!ready) missing(true); }, 2500); // the page's policy, or ours, does not let it be shown here
  }
  function missing(is) {
    elsewhere.hidden = !is;
    if (is && root.activeElement === frame) elsewhere.firstChild.focus();
    frame.hidden = is;
  }
  function kept() { try { return sessionStorage.getItem(KEY) || ""; } catch (none) { return ""; } }
  function keep(token) { // for this tab: the frame of another site may have no storage of its own
    try { token ? sessionStorage.setItem(KEY, token) : sessionStorage.removeItem(KEY); } catch (none) { return; }
  }
  function isOpen() { return !panel.hidden; }
  function show() {
    panel.hidden = false;
    host.setAttribute("open", "");
    button.setAttribute("aria-expanded", "true");
    quiet();
    if (!frame) load();
    frame.focus();
    tell("open");
  }
  function hide() {
    if (!isOpen()) return;
    panel.hidden = true;
    host.removeAttribute("open");
    button.setAttribute("aria-expanded", "false");
    button.focus();
    tell("shut");
  }
  function quiet() {
    button.classList.remove("news");
    button.setAttribute("aria-label", words.title);
    said.textContent = "";
  }
  function news() {
    if (isOpen()) return;
    button.classList.add("news");
    button.setAttribute("aria-label", words.title + ": " + words.news);
    said.textContent = words.news;
  }

  button.addEventListener("click", function () { isOpen() ? hide() : show(); });
  close.addEventListener("click", hide);
  root.addEventListener("keydown", function (event) { if (event.key === "Escape") hide(); });
  addEventListener("message", function (event) {
    if (!frame || event.origin !== origin || event.source !== frame.contentWindow) return;
    var what = event.data && event.data.districtHelp;
    if (what === "ready") {
      ready = true; missing(false);
      if (kept()) frame.contentWindow.postMessage({ districtHelp: "kept", token: kept() }, origin);
      tell(isOpen() ? "open" : "shut");
    }
    if (what === "keep" && typeof event.data.token === "string") keep(event.data.token.slice(0, 64));
    if (what === "close") hide();
    if (what === "news") news();
  });
})();
