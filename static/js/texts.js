// How many parts of a text message a reply makes, while it is typed. The same counting as delivery/segments.py does; without this
// file the page says so after the reply was sent. A field with data-texts="…" is one whose words leave as a text, with that behind them.
(function () {
  "use strict";
  var doc = document;
  var BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
  var EXTENDED = "\f^{}\\[~]|€";
  var SMART = [
    [/[‘’‚‛′´`ʹʻʼʽˈˊˋ❛❜＇]/g, "'"], [/[“”„‟″«»ʺˮ❝❞〝〞＂]/g, '"'], [/[\u00ad\u200b-\u200f\u2060\ufeff]/g, ""], [/…/g, "..."],
    [/[·•−]/g, "-"], [/→/g, "->"], [/×/g, "x"], [/[\u2028\u2029]/g, "\n"], [/[\t\p{Zs}]/gu, " "], [/\p{Pd}/gu, "-"]
  ];

  function odd(text) {
    return Array.from(new Set(text)).filter(function (letter) { return BASIC.indexOf(letter) < 0 && EXTENDED.indexOf(letter) < 0; });
  }

  function smart(text) {
    var plain = SMART.reduce(function (said, rule) { return said.replace(rule[0], rule[1]); }, text.normalize("NFC"));
    return odd(plain).length ? text : plain;
  }

  function parts(text) {
    var plain = !odd(text).length, alone = plain ? 160 : 70, each = plain ? 153 : 67;
    var weights = Array.from(text, function (letter) { return plain ? (EXTENDED.indexOf(letter) < 0 ? 1 : 2) : letter.length; });
    var all = weights.reduce(function (sum, one) { return sum + one; }, 0);
    if (all <= alone) return 1;
    var count = 1, room = each;
    weights.forEach(function (one) {
      if (one > room) { count += 1; room = each; }
      room -= one;
    });
    return count;
  }

  function tell(field) {
    var told = doc.getElementById(field.getAttribute("aria-describedby")), words = told.dataset;
    var text = smart(field.value.trim().replace(/\r\n?/g, "\n") + field.dataset.texts), count = parts(text);
    var said = count === 1 ? words.one : words.many.replace("%", count);
    var letters = odd(text).slice(0, 8);
    if (letters.length) said += " · " + words.odd + " " + letters.join(" ");
    if (count > Number(words.most)) said += " · " + words.cut;
    if (told.textContent !== said) told.textContent = said;
  }

  doc.addEventListener("input", function (event) { if (event.target.dataset && "texts" in event.target.dataset) tell(event.target); });
  function all() { doc.querySelectorAll("[data-texts]").forEach(function (field) { if (field.value) tell(field); }); }
  doc.addEventListener("htmx:afterSettle", all);
  all();
})();
