// The live feed: rows arrive while you watch, and wait while you read. Without this script, reload the page.
import { follow } from "./live/socket.js";
import { FeedList } from "./live/list.js";
import "./live/rate.js";

const WORDS = {
  connecting: ["Connecting", "neutral"],
  live: ["Live", "success"],
  polling: ["Reconnecting, checking every few seconds", "warning"],
  "signed-out": ["Signed out: reload to sign in", "error"],
  stale: ["Out of date: reload the page", "error"],
};
const SLOW_MS = 1000; // a feed further behind than this says so

const list = new FeedList("feed", document.querySelector("[data-filters]"));
const showNew = document.querySelector("[data-show-new]");
const pause = document.querySelector("[data-pause]");
const pill = document.querySelector("[data-connection]");
const words = document.querySelector("[data-connection-words]");
const reasons = new Set(); // why rows wait: the button, the pointer, the keyboard, the scroll

function show(state, lag = 0) {
  const [text, tone] = WORDS[state];
  const late = state === "live" && lag > SLOW_MS;
  const now = late ? `Live, ${(lag / 1000).toFixed(1)} s behind` : text;
  pill.dataset.connection = state;
  pill.className = `feed-link tag tone-${late ? "warning" : tone}`;
  const behind = document.querySelector("[data-lag]");
  if (behind && state === "live") behind.textContent = `${(lag / 1000).toFixed(1)} s`;
  if (words.textContent !== now) words.textContent = now; // a status that repeats itself is noise
}

function tellWaiting() {
  showNew.hidden = list.waiting === 0;
  showNew.textContent = `${list.waiting} new`;
}

function hold(reason, held) {
  if (held) reasons.add(reason);
  else reasons.delete(reason);
  if (reasons.size === 0) list.flush();
  tellWaiting();
}

function arrived(html) {
  if (!list.add(html, reasons.size > 0)) return;
  tellWaiting();
  window.htmx.trigger("#feed-figures", "feed:changed");
}

pause.addEventListener("click", () => {
  const paused = pause.getAttribute("aria-pressed") !== "true";
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Resume" : "Pause";
  hold("button", paused);
});
showNew.addEventListener("click", (event) => {
  list.flush();
  window.scrollTo({ top: 0 });
  // By keyboard, on to the newest row; by mouse, out of the way, or the focus would hold what comes next.
  if (event.detail === 0) list.element.querySelector("a")?.focus({ preventScroll: true });
  else showNew.blur();
  tellWaiting();
});

// Rows must not move under a hand that is about to press one. The button that counts them lies over the rows.
const inFeed = (node) => Boolean(node?.closest?.(".feed"));
document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "mouse") hold("pointer", inFeed(event.target));
});
document.addEventListener("focusin", (event) => hold("focus", inFeed(event.target)));
document.addEventListener("focusout", (event) => hold("focus", inFeed(event.relatedTarget)));
document.addEventListener("scroll", () => hold("scroll", list.element.getBoundingClientRect().top < 0), { passive: true });

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "event-detail") document.getElementById("event-dialog").showModal();
  if (event.detail.target.id === "feed") {
    list.swapped();
    tellWaiting();
  }
});

if (list.element.dataset.fromStart === "1") {
  follow({
    page: list.element.dataset.address,
    after: list.element.dataset.after,
    onRows: arrived,
    onSkipped: (count) => list.skip(count),
    onState: show,
  });
} else {
  pill.hidden = pause.hidden = true;
}
