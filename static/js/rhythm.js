// How a form was typed: when keys went down, how long they stayed, which zone of the keyboard.
// Never which key: zones are the most that leaves this page. Only forms that hold [data-rhythm].
const KEYS_MAX = 512;
const HOLD_MS_MAX = 10_000;
const POINTERS_MAX = 10_000;
const OTHER = 0;
const ZONES = [
  [/^Key[QWERTASDFGZXCVB]$/, 1],
  [/^Key[A-Z]$/, 2],
  [/^(Digit|Numpad)\d$/, 3],
  [/^Space$/, 4],
  [/^(Backspace|Delete)$/, 5],
  [/^(Numpad)?Enter$/, 6],
  [/^Tab$/, 7],
  [/^(Shift|Control|Alt|Meta|OS|CapsLock)/, 8],
  [/^(Arrow|Home|End|Page)/, 9],
  [/^(Comma|Period|Slash|Semicolon|Quote|Backquote|Minus|Equal|Bracket|Backslash|Intl|Numpad)/, 10],
];
const captures = new WeakMap(); // by the element that holds the form's token, so a swapped form starts anew
const sent = new WeakSet();

function zoneOf(code) {
  return ZONES.find(([pattern]) => pattern.test(code))?.[1] ?? OTHER;
}

function captureOf(target) {
  const form = target?.closest?.("form");
  const mark = form?.querySelector("[data-rhythm]");
  if (!mark) return null;
  if (!captures.has(mark)) captures.set(mark, { strokes: [], held: new Map(), pointers: 0 });
  return captures.get(mark);
}

function tenths(milliseconds) {
  return Math.round(milliseconds * 10) / 10;
}

function down(event) {
  // Secrets have no rhythm here, and a key held down is one key.
  if (event.repeat || event.target.type === "password") return;
  const capture = captureOf(event.target);
  if (!capture || capture.strokes.length >= KEYS_MAX) return;
  const stroke = { zone: zoneOf(event.code), down: event.timeStamp, hold: null };
  capture.strokes.push(stroke);
  capture.held.set(event.code, stroke);
}

function up(event) {
  const capture = captureOf(event.target);
  const stroke = capture?.held.get(event.code);
  if (!stroke) return;
  stroke.hold = Math.min(event.timeStamp - stroke.down, HOLD_MS_MAX);
  capture.held.delete(event.code);
}

function pointer(event) {
  const capture = captureOf(event.target);
  if (capture) capture.pointers = Math.min(capture.pointers + 1, POINTERS_MAX);
}

function send(event) {
  const mark = event.target.querySelector("[data-rhythm]");
  const capture = mark && captures.get(mark);
  const strokes = capture?.strokes.filter((stroke) => stroke.hold !== null) ?? [];
  if (!strokes.length || sent.has(mark)) return;
  sent.add(mark); // the token is good for one
  const body = {
    token: mark.dataset.rhythm,
    zones: strokes.map((stroke) => stroke.zone),
    downs: strokes.map((stroke) => tenths(stroke.down - strokes[0].down)),
    holds: strokes.map((stroke) => tenths(stroke.hold)),
    pointers: capture.pointers,
    touch: matchMedia("(pointer: coarse)").matches ? 1 : 0,
  };
  fetch(mark.dataset.rhythmUrl, {
    method: "POST",
    keepalive: true, // outlives this page
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      "X-CSRFToken": event.target.elements.csrfmiddlewaretoken.value,
    },
    body: JSON.stringify(body),
  }).catch(() => {}); // the payment does not depend on it, so neither may its form
}

const quietly = { passive: true, capture: true };
document.addEventListener("keydown", down, quietly);
document.addEventListener("keyup", up, quietly);
document.addEventListener("pointerdown", pointer, quietly);
document.addEventListener("submit", send, quietly);
