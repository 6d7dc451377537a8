// The list of rows: knows each row by its id, so that nothing is ever shown twice, and forgets the oldest.
const ROWS_MAX = 200;

const parse = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.querySelectorAll("li")].reverse(); // oldest first
};

const newer = (a, b) => {
  const [tx, id] = a.split("-").map(BigInt);
  const [otherTx, otherId] = b.split("-").map(BigInt);
  return tx > otherTx || (tx === otherTx && id > otherId);
};

export class FeedList {
  #kept = []; // arrived, not shown yet
  #recent = []; // arrived lately: a list that was rendered meanwhile may lack them
  #limit = ROWS_MAX;

  constructor(id, filters) {
    this.id = id;
    this.filters = filters;
  }

  get element() {
    return document.getElementById(this.id); // htmx may have replaced it
  }

  get waiting() {
    return this.#kept.length;
  }

  /** True when there was a row in it. */
  add(html, held) {
    const rows = parse(html);
    for (const row of rows) this.#take(row, held);
    this.#recent = [...this.#recent, ...rows.map((row) => row.cloneNode(true))].slice(-ROWS_MAX);
    return rows.length > 0;
  }

  #take(row, held) {
    const shown = document.getElementById(row.id);
    const kept = this.#kept.findIndex((one) => one.id === row.id);
    if (kept >= 0) this.#kept[kept] = row;
    else if (shown) this.#replace(shown, row);
    else if (row.dataset.update === "1" || !this.#wanted(row)) return;
    else if (held) this.#kept = [...this.#kept, row].slice(-ROWS_MAX);
    else this.#show(row);
  }

  #replace(shown, row) {
    if (!this.#wanted(row)) shown.remove();
    else if (!shown.isEqualNode(row)) {
      shown.replaceWith(row);
      window.htmx.process(row);
    }
  }

  #show(row) {
    row.classList.add("is-new");
    this.element.prepend(row);
    window.htmx.process(row);
    this.#forget();
  }

  flush() {
    for (const row of this.#kept.splice(0)) this.#show(row);
  }

  #wanted(row) {
    const chosen = new FormData(this.filters);
    return (
      (!chosen.get("kind") || chosen.get("kind") === row.dataset.family) &&
      (!chosen.get("severity") || chosen.get("severity") === row.dataset.severity) &&
      (!chosen.get("waiting") || row.dataset.waiting === "1") &&
      row.dataset.search.includes(chosen.get("q").trim().toLowerCase())
    );
  }

  #forget() {
    const extra = [...this.element.children].slice(this.#limit);
    if (extra.length === 0) return;
    for (const row of extra) row.remove();
    const older = new URL(location.href);
    older.searchParams.set("before", this.element.lastElementChild.dataset.cursor);
    const link = Object.assign(document.createElement("a"), { href: older, className: "text-link", textContent: "Show older" });
    const foot = Object.assign(document.createElement("div"), { className: "panel-foot feed-foot" });
    foot.append(link);
    document.getElementById("feed-older").replaceChildren(foot);
  }

  /** htmx has put other rows here: older ones below, or those of another filter. */
  swapped() {
    this.#limit = Math.max(ROWS_MAX, this.element.children.length);
    this.#kept = [];
    const missed = this.#recent.filter((row) => newer(row.dataset.cursor, this.element.dataset.after));
    for (const row of missed) this.#take(row.cloneNode(true), false);
  }

  /** This screen slept too long: the rows in between are in the console, and a line says so. */
  skip(count) {
    const note = document.createElement("li");
    note.className = "feed-gap";
    note.textContent = `${count.toLocaleString("en-GB")} events passed while this screen was away. Reload to see the latest.`;
    this.element.prepend(note);
  }
}
