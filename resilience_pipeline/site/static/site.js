// What a page does beside being read: hides the paper's figures, finds what a link to a trace asked for.
"use strict";

const WORDS = JSON.parse(document.getElementById("words").textContent);

for (const details of document.querySelectorAll(".contents details")) {
  if (matchMedia("(max-width: 60rem)").matches) details.open = false;
}

for (const button of document.querySelectorAll("button.toggle")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const hidden = document.body.classList.toggle("no-paper");
    button.setAttribute("aria-pressed", String(hidden));
    button.textContent = hidden ? button.dataset.show : button.dataset.hide;
  });
}

// On paper nothing can be opened; long lists of files and cities stay folded.
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("main details:not(:has(table, .tables))")) details.open = true;
});

// A coefficient's name begins with its result's: table_4.3.did stands under table_4.
function showAsked() {
  const asked = document.getElementById("asked");
  if (!asked || location.hash.length < 2 || document.getElementById("explorer")) return; // the explorer follows it
  const name = decodeURIComponent(location.hash.slice(1));
  for (const old of document.querySelectorAll(".asked")) old.classList.remove("asked");
  const section = document.getElementById(name) || document.getElementById(name.split(".")[0]);
  if (!section || !section.classList.contains("trace-of")) return;
  asked.textContent = `${name}    resilience trace ${name}`;
  section.classList.add("asked");
  section.scrollIntoView();
  section.focus({ preventScroll: true });
}
addEventListener("hashchange", showAsked);
showAsked();
