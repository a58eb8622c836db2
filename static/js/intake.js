// The button that copies a private link. Without it the link can be marked and copied by hand.
(function () {
  "use strict";
  document.querySelectorAll("[data-copy]").forEach(function (button) {
    var link = document.querySelector(button.dataset.copy), words = button.querySelector("span"), idle = words.textContent, back;
    function done() {
      words.textContent = button.dataset.copied;
      window.say(button.dataset.copied);
      clearTimeout(back);
      back = setTimeout(function () { words.textContent = idle; }, 4000);
    }
    function mark() { // where the browser does not let us: marked, so that it can be copied by hand
      var range = document.createRange();
      range.selectNodeContents(link);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      if (document.execCommand("copy")) done();
    }
    button.hidden = false;
    button.addEventListener("click", function () {
      if (!navigator.clipboard) { mark(); return; }
      navigator.clipboard.writeText(link.textContent.trim()).then(done, mark);
    });
  });
})();
