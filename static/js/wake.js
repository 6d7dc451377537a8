// Something of this person's has changed: whatever on the page is marked data-live looks again. Without this script,
// or while the socket is away, the page looks by itself every few seconds.
const WAIT_MS_MAX = 30000;
const SIGNED_OUT = 4401; // fintrust/live/wakes.py
let failures = 0;

function connect() {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/mine/`);
  socket.addEventListener("open", () => (failures = 0));
  socket.addEventListener("message", () => {
    const watching = document.querySelectorAll("[data-live]");
    for (const element of watching) window.htmx.trigger(element, "live:wake");
    if (watching.length === 0) socket.close();
  });
  socket.addEventListener("close", (event) => {
    if (event.code === SIGNED_OUT || !document.querySelector("[data-live]")) return;
    setTimeout(connect, Math.min(WAIT_MS_MAX, 500 * 2 ** failures++) * (0.75 + Math.random() / 2));
  });
}

connect();
