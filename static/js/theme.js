// Light, dark, or as the device says. The server reads the cookie, so the next page comes right at once.
const YEAR_SECONDS = 31_536_000;

function choose(theme) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const age = theme ? YEAR_SECONDS : 0;
  document.cookie = `theme=${theme}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
  const root = document.documentElement;
  if (theme) root.dataset.theme = theme === "dark" ? "fintrust-dark" : "fintrust";
  else delete root.dataset.theme;
  for (const button of document.querySelectorAll("[data-theme-choice] button"))
    button.setAttribute("aria-pressed", String(button.value === theme));
  document.dispatchEvent(new CustomEvent("fintrust:theme"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-theme-choice] button");
  if (button) choose(button.value);
});
