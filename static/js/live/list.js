// The list of rows: knows each row by its id, so that nothing is ever shown twice, and forgets the oldest.
import { newer, parse, wanted } from "./rows.js";

const ROWS_MAX = 200;

export class FeedList {
  #kept = []; // arrived, not shown yet
  #recent = []; // arrived lately: a list that was rendered meanwhile may lack them
  #limit = ROWS_MAX;

  constructor(id, filters) {
    this.id = id;
    this.filters = filters;
  }

  /** htmx may have replaced it since. */
  get element() {
    return document.getElementById(this.id);
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
    return wanted(row, new FormData(this.filters));
  }

  #forget() {
    const extra = [...this.element.children].slice(this.#limit);
    if (extra.length === 0) return;
    for (const row of extra) row.remove();
    const older = new URL(location.href);
    older.searchParams.set("before", this.element.lastElementChild.dataset.cursor);
    const link = Object.assign(document.createElement("a"), { href: older, className: "text-link", textContent: "Show older" });
    document.getElementById("feed-older").replaceChildren(link);
  }

  /** htmx has put other rows here: older ones below, or those of another filter. */
  swapped() {
    this.#limit = Math.max(ROWS_MAX, this.element.children.length);
    this.#kept = [];
    const missed = this.#recent.filter((row) => newer(row.dataset.cursor, this.element.dataset.after));
    for (const row of missed) this.#take(row.cloneNode(true), false);
  }

  /** This screen slept too long: what came in between is further back, and a line says so. */
  skip(count) {
    const textContent = `${count.toLocaleString("en-GB")} events passed while this screen was away. Reload to page through them.`;
    this.element.prepend(Object.assign(document.createElement("li"), { className: "feed-gap", textContent }));
  }
}
