// Draws <figure data-chart="bar|line|doughnut"> from the JSON block inside it:
// {"labels": [...], "series": [{"name": "...", "values": [...]}], "unit": "EUR"}. The table beside it says the same.
const styles = () => getComputedStyle(document.documentElement);
let library;

function load(source) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = () => resolve(window.Chart);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

function formatter(unit) {
  if (!unit) return (value) => value.toLocaleString("en-GB");
  const format = new Intl.NumberFormat("en-GB", { style: "currency", currency: unit, maximumFractionDigits: 0 });
  return (value) => format.format(value);
}

function colours(count) {
  const style = styles();
  return Array.from({ length: count }, (_, i) => style.getPropertyValue(`--chart-${(i % 6) + 1}`).trim());
}

function settings(kind, data) {
  const style = styles();
  const ink = style.getPropertyValue("--muted").trim();
  const line = style.getPropertyValue("--color-base-300").trim();
  const say = formatter(data.unit);
  const round = kind === "doughnut";
  const palette = colours(Math.max(data.series.length, round ? data.labels.length : 0));
  const axis = { ticks: { color: ink, maxTicksLimit: 6 }, border: { display: false }, grid: { color: line } };
  return {
    type: kind,
    data: {
      labels: data.labels,
      datasets: data.series.map((one, i) => ({
        label: one.name,
        data: one.values,
        backgroundColor: round ? palette : palette[i],
        borderColor: round ? style.getPropertyValue("--color-base-100").trim() : palette[i],
        borderWidth: kind === "bar" ? 0 : 2,
        borderRadius: kind === "bar" ? 5 : 0,
        maxBarThickness: 36,
        pointRadius: 0,
        pointHitRadius: 16,
        tension: 0.25,
      })),
    },
    options: {
      maintainAspectRatio: false,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 350 },
      interaction: { mode: round ? "nearest" : "index", intersect: round },
      cutout: round ? "68%" : undefined,
      font: { family: style.fontFamily },
      scales: round ? {} : {
        x: { ...axis, grid: { display: false } },
        y: { ...axis, beginAtZero: kind === "bar", ticks: { ...axis.ticks, callback: say } },
      },
      plugins: {
        legend: { display: round || data.series.length > 1, position: round ? "right" : "bottom", labels: { color: ink, usePointStyle: true, boxHeight: 7 } },
        tooltip: { callbacks: { label: (point) => ` ${point.dataset.label ?? point.label}: ${say(point.parsed.y ?? point.parsed)}` } },
      },
    },
  };
}

async function draw(figure) {
  const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  const Chart = await load(figure.dataset.chartLibrary);
  Chart.defaults.font.family = styles().fontFamily;
  Chart.getChart(figure.querySelector("canvas"))?.destroy();
  new Chart(figure.querySelector("canvas"), settings(figure.dataset.chart, data));
}

const drawAll = (root) => root.querySelectorAll?.("[data-chart]").forEach(draw);
drawAll(document);
document.addEventListener("htmx:load", (event) => event.detail.elt !== document.body && drawAll(event.detail.elt));
document.addEventListener("fintrust:theme", () => drawAll(document));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll(document));
