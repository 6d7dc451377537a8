// What a row says about itself: its place in the feed, and whether a filter wants it. No page here.

/** The rows of an answer, oldest first. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.querySelectorAll("li")].reverse();
}

/** Whether one cursor (`transaction-row`) is behind another. */
export function newer(a, b) {
  const [tx, id] = a.split("-").map(BigInt);
  const [otherTx, otherId] = b.split("-").map(BigInt);
  return tx > otherTx || (tx === otherTx && id > otherId);
}

/** The rules of fintrust/live/feed.py, for rows that arrive. `chosen` is the filter form's data. */
export function wanted(row, chosen) {
  const { family, severity, waiting, search } = row.dataset;
  return (
    (!chosen.get("kind") || chosen.get("kind") === family) &&
    (!chosen.get("severity") || chosen.get("severity") === severity) &&
    (!chosen.get("waiting") || waiting === "1") &&
    search.includes(chosen.get("q").trim().toLowerCase())
  );
}
