// The second click of an impatient finger. The server would recognise the doubled request anyway;
// this spares the person the wait and shows that something is happening.
function busy(form, button, on) {
  form.toggleAttribute("data-sending", on);
  if (!button) return;
  button.toggleAttribute("data-busy", on);
  button.setAttribute("aria-busy", String(on));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.hasAttribute("data-sending")) {
    event.preventDefault();
    return;
  }
  busy(form, event.submitter, true);
  // A download or a cancelled navigation never leaves the page, so the button comes back.
  setTimeout(() => busy(form, event.submitter, false), 10_000);
});

// Back shows the page as it was left: with its button still asleep.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sending]")) {
    busy(form, null, false);
    for (const button of document.querySelectorAll("[data-busy]")) busy(form, button, false);
  }
});
