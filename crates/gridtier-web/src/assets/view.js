"use strict";
// Adds sliders to the number fields of the page of trials. While a slider moves, only the result is requested again.
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
      // If the server refuses a trial, its answer says why and takes the place of the result.
      if (!answer.ok && answer.status !== 400) {
        form.submit();
        return;
      }
      result.innerHTML = text;
      history.replaceState(null, "", form.getAttribute("action") + "?" + query);
      // Downloads and the link to the other language must use the values that are shown now.
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
