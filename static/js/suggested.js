// Suggested replies: "Use it" puts the words where the caret is in the reply box. Without this file the same button leads to the
// ticket's page with the words in the box. Nothing is sent by either.
(function () {
  "use strict";
  var doc = document;

  function apart(before, words, after) { // a blank line between them and what was typed
    var lead = before && !/\n\s*$/.test(before) ? "\n\n" : "";
    var tail = after && !/^\s*\n/.test(after) ? "\n\n" : "";
    return lead + words + tail;
  }

  function put(field, words) {
    var at = field.selectionEnd, text = apart(field.value.slice(0, at), words, field.value.slice(at));
    if (field.value.length + text.length > field.maxLength) return false;
    field.focus();
    field.setSelectionRange(at, at); // what is marked stays
    // The one way that the browser's own undo knows (https://www.w3.org/TR/input-events-2/#interface-InputEvent-Attributes: insertText)
    if (!doc.execCommand("insertText", false, text)) {
      field.setRangeText(text, at, at, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    var begin = field.value.indexOf(words, at), blank = /\[[^\]\n]{2,30}\]/.exec(words);
    if (blank && begin >= 0) field.setSelectionRange(begin + blank.index, begin + blank.index + blank[0].length); // to be filled in next
    return true;
  }

  doc.addEventListener("submit", function (event) {
    var form = event.target.closest("form[data-use]"), field = doc.getElementById("reply-text");
    if (!form || !field) return;
    event.preventDefault();
    field.closest("details").open = true;
    var there = put(field, form.dataset.use), said = doc.querySelector("[data-used]");
    if (said) said.textContent = there ? said.dataset.used : said.dataset.full;
    if (there) field.scrollIntoView({ block: "nearest" });
  });
})();
