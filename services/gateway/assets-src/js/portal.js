// Enhances pages that already work: suggestions under a search field, results that change in place, upload progress.
// Everything is found by data attributes; a page without them costs nothing.
const status = document.getElementById("bb-status");
const say = (text) => {
  if (!status) return;
  status.textContent = "";
  setTimeout(() => (status.textContent = text), 60);
};
const later = (ms, run) => {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(run, ms, ...args);
  };
};

// <input data-suggest="/api/v1/offers/suggest" data-suggest-one="1 Vorschlag" data-suggest-many="{n} Vorschläge">
for (const input of document.querySelectorAll("input[data-suggest]")) {
  const box = document.createElement("ul");
  box.id = `${input.id}-suggestions`;
  box.className = "bb-suggest";
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", input.dataset.suggestLabel || input.labels[0].textContent.trim());
  box.hidden = true;
  input.insertAdjacentElement("afterend", box);
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", box.id]]) input.setAttribute(name, value);
  input.autocomplete = "off";
  let active = -1;
  let asked = 0;
  const close = () => {
    box.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const move = (to) => {
    const options = [...box.children];
    if (!options.length) return;
    active = (to + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", index === active));
    input.setAttribute("aria-activedescendant", options[active].id);
  };
  const take = (option) => {
    input.value = option.textContent;
    close();
    input.form.requestSubmit ? input.form.requestSubmit() : input.form.submit();
  };
  const ask = later(180, async () => {
    const text = input.value.trim();
    const mine = ++asked;
    if (text.length < 2) return close();
    try {
      const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(text)}`, { headers: { accept: "application/json" } });
      if (!answer.ok || mine !== asked) return;
      const body = await answer.json();
      const words = (Array.isArray(body) ? body : body.items || []).map((item) => (typeof item === "string" ? item : item.text || item.label || item.title)).filter(Boolean);
      box.replaceChildren(
        ...words.slice(0, 8).map((word, index) => {
          const option = document.createElement("li");
          option.id = `${box.id}-${index}`;
          option.className = "bb-suggest__option";
          option.setAttribute("role", "option");
          option.setAttribute("aria-selected", "false");
          option.textContent = word;
          return option;
        }),
      );
      if (!words.length || document.activeElement !== input) return close();
      active = -1;
      box.hidden = false;
      input.setAttribute("aria-expanded", "true");
      const { suggestOne, suggestMany } = input.dataset;
      if (suggestMany) say(box.children.length === 1 && suggestOne ? suggestOne : suggestMany.replace("{n}", box.children.length));
    } catch {
      close();
    }
  });
  input.addEventListener("input", ask);
  input.addEventListener("blur", () => setTimeout(close, 150));
  input.addEventListener("keydown", (event) => {
    if (box.hidden) return;
    if (event.key === "ArrowDown") move(active + 1);
    else if (event.key === "ArrowUp") move(active < 0 ? -1 : active - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && active >= 0) take(box.children[active]);
    else return;
    event.preventDefault();
  });
  box.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
}

// <div id="results" data-live>: links to the same path inside it change it in place, the address follows.
const live = document.querySelector("[data-live]");
if (live && window.DOMParser) {
  const show = async (url, push) => {
    live.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (!answer.ok || !fresh) throw 0;
      const open = [...live.querySelectorAll("details")].map((d) => d.open);
      const focus = document.activeElement && live.contains(document.activeElement) ? document.activeElement.id : "";
      live.replaceChildren(...fresh.childNodes);
      live.querySelectorAll("details").forEach((d, i) => i in open && (d.open = open[i]));
      document.title = page.title;
      if (push) history.pushState({}, "", url);
      const target = focus && document.getElementById(focus);
      const head = live.querySelector("[data-count]");
      if (target) target.focus({ preventScroll: true });
      else if (head) {
        head.tabIndex = -1;
        head.focus();
      }
      if (head) say(head.textContent.trim().replace(/\s+/g, " "));
      live.removeAttribute("aria-busy");
    } catch {
      location.assign(url);
    }
  };
  live.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return;
    if (link.origin !== location.origin || link.pathname !== location.pathname || link.hasAttribute("download") || link.hash) return;
    event.preventDefault();
    show(link.href, true);
  });
  addEventListener("popstate", () => show(location.href, false));
}

// <form data-upload data-upload-text="{n} % übertragen"> with one file field at its end: a bar instead of a page that seems to hang.
for (const form of document.querySelectorAll("form[data-upload]")) {
  const bar = form.querySelector("progress");
  if (!bar || !window.FormData) continue;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const button = event.submitter;
    const body = new FormData(form);
    const request = new XMLHttpRequest();
    const text = form.dataset.uploadText || "{n} %";
    let told = -1;
    bar.hidden = false;
    if (button) button.disabled = true;
    request.upload.onprogress = (step) => {
      if (!step.lengthComputable) return;
      const share = Math.floor((step.loaded / step.total) * 100);
      bar.value = share;
      if (Math.floor(share / 25) > told) {
        told = Math.floor(share / 25);
        say(text.replace("{n}", share));
      }
    };
    request.onload = () => {
      if (request.responseURL && request.status < 300 && request.responseURL !== form.action) return location.assign(request.responseURL);
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      document.title = page.title;
      document.querySelector("main").replaceWith(page.querySelector("main") || page.body);
      const first = document.querySelector(".bb-error-summary, main h1");
      if (first) {
        first.tabIndex = -1;
        first.focus();
      }
    };
    request.onerror = () => {
      bar.hidden = true;
      if (button) button.disabled = false;
      say(form.dataset.uploadFailed || "");
    };
    request.open("POST", form.action);
    request.setRequestHeader("accept", "text/html");
    request.send(body);
  });
}

const summary = document.querySelector(".bb-error-summary");
if (summary) summary.focus();

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
