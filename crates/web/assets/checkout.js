// The checkout page, live. Everything works without this file; it copies, counts down and swaps in what the server renders.
"use strict";
(() => {
  const main = document.querySelector("main[data-events]");
  const said = document.getElementById("said");
  // Each section as the server last sent it: only what differs is replaced, so that focus and selections stay.
  const sent = new Map();
  const POLL_MS = 10000;
  let source = null;
  let polling = null;
  let endsAt = null;
  let losing = null;
  // So long may a connection be away before the payer is told: the stream tells browsers to come back after three seconds.
  const LOST_MS = 8000;
  const offline = document.getElementById("offline");

  const live = () => document.getElementById("live");
  const remember = (root) => {
    sent.clear();
    for (const part of root.children) sent.set(part.id, part.outerHTML);
  };

  function prepare(root) {
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = false;
    const time = document.getElementById("time");
    endsAt = time ? performance.now() + Number(time.dataset.seconds) * 1000 : null;
    count();
  }

  function count() {
    const time = document.getElementById("time");
    if (!time || endsAt === null) return;
    const seconds = Math.max(0, Math.round((endsAt - performance.now()) / 1000));
    const clock = time.querySelector("[role=timer]");
    if (seconds < 48 * 3600) {
      const pad = (number) => String(number).padStart(2, "0");
      const minutes = Math.floor(seconds / 60);
      const short = `${minutes}:${pad(seconds % 60)}`;
      clock.textContent = minutes < 60 ? short : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
    }
    time.classList.toggle("short", seconds <= Number(time.dataset.lastQuarter));
  }

  function show(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const next = holder.content.getElementById("live");
    const now = live();
    if (!next || !now) return;
    const open = new Set([...now.querySelectorAll("details[open]")].map((details) => details.id));
    const focus = document.activeElement && document.activeElement.id;
    const news = next.dataset.said !== now.dataset.said;
    const fresh = [...next.children].map((part) => ({ id: part.id, html: part.outerHTML, part }));
    const kept = new Set();
    for (const { id, html: text } of fresh) if (sent.get(id) === text && id !== "time") kept.add(id);
    const parts = fresh.map(({ id, part }) => (kept.has(id) && now.querySelector(`:scope > #${id}`)) || part);
    for (const old of [...now.children]) if (!parts.includes(old)) old.remove();
    parts.forEach((part, index) => {
      if (now.children[index] !== part) now.insertBefore(part, now.children[index] || null);
    });
    for (const name of ["title", "said", "final"]) {
      if (name in next.dataset) now.dataset[name] = next.dataset[name];
      else delete now.dataset[name];
    }
    for (const details of now.querySelectorAll("details")) if (open.has(details.id)) details.open = true;
    sent.clear();
    for (const { id, html: text } of fresh) sent.set(id, text);
    prepare(now);
    if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
    document.title = now.dataset.title;
    if (news) said.textContent = now.dataset.said;
    if ("final" in now.dataset) stop();
  }

  // The stream is open: nobody has to ask, and nothing is out of date.
  function heard() {
    clearTimeout(losing);
    clearInterval(polling);
    losing = polling = null;
    offline.hidden = true;
  }

  function stop() {
    heard();
    source?.close();
  }

  async function poll() {
    try {
      const answer = await fetch(location.href, { cache: "no-store", credentials: "omit" });
      if (!answer.ok) throw new Error(answer.statusText);
      offline.hidden = true;
      show(await answer.text());
    } catch {
      // Whoever hears nothing may look at an address that must not be paid any more.
      offline.hidden = "final" in live().dataset;
      if (!offline.hidden) polling ??= setInterval(poll, POLL_MS);
    }
  }

  function listen() {
    if (typeof EventSource === "undefined") return fall();
    source = new EventSource(main.dataset.events);
    source.addEventListener("open", heard);
    source.addEventListener("view", (event) => show(event.data));
    source.addEventListener("end", stop);
    // The browser reconnects by itself unless the server refused; then, or when that takes long, the page asks now and then.
    source.addEventListener("error", () => {
      if ("final" in live().dataset) return;
      if (source.readyState === EventSource.CLOSED) fall();
      else losing ??= setTimeout(fall, LOST_MS);
    });
  }

  function fall() {
    polling ??= setInterval(poll, POLL_MS);
    poll();
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const area = document.createElement("textarea");
      area.value = button.dataset.copy;
      area.className = "unseen";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      button.focus();
      if (!done) return;
    }
    button.textContent = main.dataset.copiedLabel;
    button.classList.add("copied");
    said.textContent = main.dataset.copiedLabel;
    setTimeout(() => {
      button.textContent = main.dataset.copyLabel;
      button.classList.remove("copied");
    }, 2000);
  }

  if (!main || !live()) return;
  remember(live());
  prepare(live());
  main.addEventListener("click", (event) => {
    const copies = event.target.closest("[data-copies]")?.dataset.copies || (event.target.closest(".number") && "copy-amount");
    const button = event.target.closest("[data-copy]") || (copies && document.getElementById(copies));
    if (button) copy(button);
  });
  setInterval(count, 1000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !("final" in live().dataset)) poll();
  });
  addEventListener("offline", () => { if (!("final" in live().dataset)) fall(); });
  if (!("final" in live().dataset)) listen();
})();
