// The little chart beside the figures, drawn from the table next to it: one source, two ways to read it.
const figures = document.getElementById("feed-figures");
let chart;

const cells = (column) => [...figures.querySelectorAll(`[data-rate] tbody tr > :nth-child(${column})`)].map((cell) => cell.textContent.trim());
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function series() {
  const bar = (label, column, name) => ({ label, data: cells(column).map(Number), backgroundColor: colour(name), barPercentage: 1, categoryPercentage: 0.8 });
  return [bar("Passed", 2, "--color-success"), bar("Held", 3, "--color-warning"), bar("Refused", 4, "--color-error")];
}

function draw() {
  const canvas = figures.querySelector("canvas");
  if (!canvas || !window.Chart) return;
  if (chart?.canvas !== canvas) {
    chart?.destroy();
    chart = new window.Chart(canvas, {
      type: "bar",
      data: { labels: [], datasets: [] },
      options: {
        animation: false,
        maintainAspectRatio: false,
        events: [], // a picture; the numbers are in the table
        plugins: { legend: { display: false }, tooltip: { enabled: false } },
        scales: { x: { display: false, stacked: true }, y: { display: false, stacked: true, beginAtZero: true, suggestedMax: 4 } },
      },
    });
  }
  chart.data.labels = cells(1);
  chart.data.datasets = series();
  chart.update();
}

draw();
figures.addEventListener("htmx:afterSwap", draw);
figures.addEventListener("htmx:afterSettle", draw);
document.addEventListener("fintrust:theme", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
