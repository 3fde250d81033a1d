/* The stewards' keys: j and k move along the lists, x chooses, Enter opens, / goes to the filter, ? lists the keys.
   Everything is reached by Tab alone too. Whoever does not want single letters to work turns them off in the list.
   A page of work that goes on looks again by itself; only what has changed is put in place, and the reader stays where they are. */
"use strict";

(() => {
  const KEPT = "yinuo-keys-off";
  const list = document.querySelector("[data-keys]");
  const open = document.querySelector("[data-keys-open]");
  const switched = document.querySelector("[data-keys-on]");
  const kept = (() => { try { return localStorage; } catch { return null; } })();
  let on = kept?.getItem(KEPT) !== "yes";

  const rows = () => [...document.querySelectorAll("[data-rows] [data-open]")];
  const rowOf = (element) => element?.closest?.("[data-rows] tr, [data-rows] li");
  const isTyping = (element) =>
    element.matches?.("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=submit])");

  function move(by) {
    const every = rows();
    if (!every.length) return;
    const at = every.findIndex((link) => rowOf(link) === rowOf(document.activeElement));
    const to = at < 0 ? (by > 0 ? 0 : every.length - 1) : Math.min(every.length - 1, Math.max(0, at + by));
    every[to].focus();
    rowOf(every[to]).scrollIntoView({ block: "nearest" });
  }

  function filter() {
    const found = document.querySelector("[data-filter]");
    if (!found) return;
    const around = found.closest("details");
    if (around) around.open = true;
    (around?.querySelector("select, input:not([type=hidden])") ?? found).focus();
  }

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => rowOf(document.activeElement)?.querySelector("input[type=checkbox]")?.click(),
    "/": filter,
    "?": () => list.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || list.open) return;
    if (isTyping(event.target) || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  if (open && list) {
    open.hidden = false;
    open.addEventListener("click", () => list.showModal());
    switched.checked = on;
    switched.addEventListener("change", () => {
      on = switched.checked;
      if (on) kept?.removeItem(KEPT); else kept?.setItem(KEPT, "yes");
    });
  }

  const AGAIN_MILLISECONDS = 3000;

  async function look() {
    const shown = document.querySelector("[data-watched]");
    let answer;
    try {
      answer = await fetch(location.href);
    } catch {
      return setTimeout(look, AGAIN_MILLISECONDS);      // the way there is broken for now
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector("[data-watched]");
    if (!now) return;                                   // signed out since, or refused
    if (now.innerHTML !== shown.innerHTML) {
      const had = shown.contains(document.activeElement);
      shown.replaceChildren(...now.childNodes);
      if (had) (shown.querySelector("a") ?? document.querySelector("#main")).focus();
    }
    if (now.dataset.watched === "going") setTimeout(look, AGAIN_MILLISECONDS);
  }

  if (document.querySelector("[data-watched=going]")) setTimeout(look, AGAIN_MILLISECONDS);
})();
