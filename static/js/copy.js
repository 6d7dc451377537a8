// <button data-copy="text"> or <button data-copy-from="id"> puts words on the clipboard and says so.
const SAID_MS = 2500;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const text = source ? (source.value ?? source.innerText) : button.dataset.copy;
  const words = button.querySelector("[data-copy-label]") ?? button;
  const before = words.textContent;
  try {
    await navigator.clipboard.writeText(text.trim());
    words.textContent = "Copied";
  } catch {
    words.textContent = "Select and copy by hand"; // the browser said no, or the page is not on https
  }
  setTimeout(() => (words.textContent = before), SAID_MS);
});
