// Completes names in a textarea with data-complete="ID of a list", from rows with data-feature.
// Arrows choose, Enter or Tab takes, Escape closes; without it the list beside says the same.

const SHOWN_MAX = 8;

for (const field of document.querySelectorAll("textarea[data-complete]")) complete(field);

function complete(field) {
  const list = document.getElementById(field.dataset.complete);
  const features = [...document.querySelectorAll("[data-feature]")].map((row) => row.dataset);
  let chosen = 0;
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  close();

  field.addEventListener("input", open);
  field.addEventListener("blur", () => setTimeout(close, 150)); // a tap on the list comes first
  field.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) choose((chosen + move + list.children.length) % list.children.length);
    else if (event.key === "Enter" || event.key === "Tab") take(list.children[chosen].dataset.name);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const option = event.target.closest("[role=option]");
    if (option) take(option.dataset.name);
  });

  function word() {
    return field.value.slice(0, field.selectionStart).match(/[a-z][a-z0-9_]*$/)?.[0] ?? "";
  }

  function open() {
    const written = word();
    const fits = ({ feature }) => feature.includes(written) && feature !== written;
    const found = written.length < 2 ? [] : features.filter(fits).slice(0, SHOWN_MAX);
    list.replaceChildren(...found.map(option));
    if (!found.length) return close();
    list.hidden = false;
    choose(0);
  }

  function option({ feature, label }, place) {
    const item = document.createElement("li");
    const name = document.createElement("code");
    item.id = `${list.id}-${place}`;
    item.setAttribute("role", "option");
    item.dataset.name = name.textContent = feature;
    item.append(name, ` ${label}`);
    return item;
  }

  function choose(place) {
    chosen = place;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
    field.setAttribute("aria-activedescendant", list.children[place].id);
  }

  function take(name) {
    const end = field.selectionStart;
    field.setRangeText(name, end - word().length, end, "end");
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function close() {
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  }
}
