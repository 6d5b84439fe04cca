"use strict";
// Sliders beside the numbers of the page of trials: while one moves, the result alone is asked for again.
(() => {
  const trial = document.getElementById("trial");
  const result = document.getElementById("sections");
  const form = trial && trial.querySelector("form");
  if (!form || !result) return;
  const PAUSE = 150;
  let timer = 0;
  let asked = null;

  const ask = async () => {
    if (asked) asked.abort();
    const own = new AbortController();
    asked = own;
    const query = new URLSearchParams(new FormData(form)).toString();
    result.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(trial.dataset.result + "?" + query, { signal: own.signal });
      const text = await answer.text();
      if (own.signal.aborted) return;
      // A trial that is refused says why, in the place of its result.
      if (!answer.ok && answer.status !== 400) {
        form.submit();
        return;
      }
      result.innerHTML = text;
      history.replaceState(null, "", form.getAttribute("action") + "?" + query);
      // What is saved, and what is shown in the other language, is what is seen now.
      for (const link of document.querySelectorAll(".downloads a, .switch a")) {
        const before = new URL(link.href).searchParams;
        const now = new URLSearchParams(query);
        for (const name of ["format", "table", "lang"]) {
          if (before.has(name)) now.set(name, before.get(name));
        }
        link.href = form.getAttribute("action") + "?" + now.toString();
      }
    } catch (error) {
      if (error.name !== "AbortError") form.submit();
      return;
    }
    result.removeAttribute("aria-busy");
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };

  for (const input of form.querySelectorAll("input.slid")) {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = input.min;
    slider.max = input.max;
    slider.step = input.step === "any" ? "0.01" : input.step;
    slider.value = input.value;
    slider.setAttribute("aria-label", input.parentElement.firstChild.textContent.trim());
    slider.addEventListener("input", () => {
      input.value = slider.value;
      soon();
    });
    input.addEventListener("input", () => {
      slider.value = input.value;
      soon();
    });
    input.after(slider);
  }
})();
