// Follows the feed from a cursor. The socket when it works, plain requests while it does not; never a gap, since
// every answer continues after the last row that was drawn.
const POLICY_CODES = { 4401: "signed-out", 4400: "stale" }; // fintrust/live/consumers.py
const WAIT_MS_MAX = 15000;
const SILENCE_MS_MAX = 25000; // two heartbeats and a half

export function follow({ page, after, onRows, onSkipped, onState }) {
  let cursor = after;
  let failures = 0;
  let silence;
  let retry;
  let socket;

  const say = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(() => socket.close(), SILENCE_MS_MAX);
  }

  const answers = {
    rows(message) {
      onRows(message.html);
      cursor = message.cursor;
      say({ type: "seen" });
    },
    skipped: (message) => onSkipped(message.count),
    beat: (message) => onState("live", message.lag_ms),
  };

  function connect() {
    clearTimeout(retry);
    socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/live/`);
    socket.addEventListener("open", () => {
      failures = 0;
      heard();
      onState("live");
      say({ type: "follow", after: cursor });
    });
    socket.addEventListener("message", (event) => {
      heard();
      const message = JSON.parse(event.data);
      answers[message.type](message);
    });
    socket.addEventListener("close", closed);
  }

  async function closed(event) {
    clearTimeout(silence);
    const final = POLICY_CODES[event.code] ?? (await failed());
    if (final) {
      onState(final);
      return;
    }
    const wait = Math.min(WAIT_MS_MAX, 500 * 2 ** failures++);
    retry = setTimeout(connect, wait * (0.75 + Math.random() / 2)); // not all screens at once
  }

  async function failed() {
    onState("polling");
    return failures > 0 ? poll() : undefined; // the first time a new socket is quicker
  }

  async function poll() {
    try {
      const answer = await fetch(`${page}?after=${cursor}`, { credentials: "same-origin" });
      if (answer.redirected || answer.status === 403) return "signed-out";
      if (answer.status === 400) return "stale";
      if (!answer.ok) return undefined;
      const skipped = Number(answer.headers.get("X-Feed-Skipped"));
      if (skipped) onSkipped(skipped);
      onRows(await answer.text());
      cursor = answer.headers.get("X-Feed-Cursor");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch's word for "no network": the next try will tell
    }
    return undefined;
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && socket.readyState === WebSocket.CLOSED && failures > 0 && retry) connect();
  });
  onState("connecting");
  connect();
}
