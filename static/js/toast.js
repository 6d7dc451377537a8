// Lets messages float above the page. Good news leaves by itself; bad news waits to be read.
const STAY_MS = 7000;
const list = document.querySelector("[data-toasts]");

function leaveLater(card) {
  if (!card.matches(".tone-success, .tone-info")) return;
  let timer;
  const start = () => (timer = setTimeout(() => card.remove(), STAY_MS));
  const hold = () => clearTimeout(timer);
  card.addEventListener("pointerenter", hold);
  card.addEventListener("pointerleave", start);
  card.addEventListener("focusin", hold);
  card.addEventListener("focusout", start);
  start();
}

function say(text, tone = "error") {
  const card = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  card.className = `toast-card tone-${tone}`;
  card.querySelector("p").textContent = text;
  list.append(card);
  leaveLater(card);
}

if (list) {
  list.classList.add("floating");
  for (const card of list.children) leaveLater(card);

  list.addEventListener("click", (event) => {
    event.target.closest("[data-dismiss]")?.closest("li").remove();
  });

  // What any other module wants to tell: new CustomEvent("fintrust:say", {detail: {text, tone}}).
  document.addEventListener("fintrust:say", (event) => say(event.detail.text, event.detail.tone));
  document.addEventListener("htmx:sendError", () =>
    say("We could not reach the bank. Check your connection and try again; nothing was changed."),
  );
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401 || status === 403) say("Please sign in again, then repeat what you did.");
    else if (status === 429) say("That was too quick. Wait a moment and try again.");
    else say("That did not work. Reload the page and try again.");
  });
  // A passkey that was cancelled or refused by the browser.
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    say("Your passkey was not used. Try again, or choose another way.");
  });
}
