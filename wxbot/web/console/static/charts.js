// Draws the figures whose numbers stand in the page, and draws them again when these are renewed.
"use strict";

const drawn = new Map(); // by the name of the figure
const LOOKS = ["--accent", "--ink", "--warn", "--bad", "--quiet", "--quiet"];
const DASHED = 5; // the number of the line that has the look of the one before it

function look(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function told() {
  return JSON.parse(document.getElementById("figures").dataset.figures);
}

function options(figure, { zone, hour }, place) {
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const at = (seconds) => (seconds == null ? "" : clock.format(new Date(seconds * 1000)));
  const axis = { stroke: look("--quiet"), grid: { stroke: look("--line"), width: 1 }, ticks: { show: false } };
  const names = Object.keys(figure.lines);
  return {
    width: place.clientWidth,
    height: 220,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    cursor: { drag: { x: false, y: false } },
    scales: { x: { range: (plot, least, most) => [least - 1800, most + 1800] }, y: { range: (plot, least, most) => [0, Math.max(most, 4)] } },
    axes: [
      { ...axis, values: (plot, splits) => splits.map(at), incrs: [3600, 7200, 10800, 21600, 43200] },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000] },
    ],
    series: [
      { label: hour, value: (plot, seconds) => at(seconds) },
      ...names.map((label, number) => ({
        label,
        stroke: look(LOOKS[number]),
        width: 2,
        dash: number === DASHED ? [4, 4] : undefined,
        points: { show: false },
        ...(number === 0 ? { fill: `${look(LOOKS[0])}55`, paths: uPlot.paths.bars({ size: [0.7] }), width: 0 } : {}),
      })),
    ],
  };
}

function draw(isAnew) {
  const { figures, ...words } = told();
  for (const figure of figures) {
    const place = document.getElementById(`chart-${figure.name}`);
    const data = [figure.hours, ...Object.values(figure.lines)];
    if (isAnew) drawn.get(figure.name)?.destroy();
    if (isAnew || !drawn.has(figure.name)) drawn.set(figure.name, new uPlot(options(figure, words, place), data, place));
    else drawn.get(figure.name).setData(data);
  }
}

function fit() {
  for (const plot of drawn.values()) {
    const width = plot.root.parentElement.clientWidth;
    if (width && width !== plot.width) plot.setSize({ width, height: plot.height });
  }
}

const choice = document.getElementById("numbers");
choice.hidden = false;
choice.addEventListener("click", () => {
  const isDrawn = document.documentElement.classList.toggle("drawn");
  choice.setAttribute("aria-pressed", String(!isDrawn));
  fit();
});
document.documentElement.classList.add("drawn");
draw(true);
document.addEventListener("htmx:after:swap", () => draw(false));
window.addEventListener("resize", fit);
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(true));
