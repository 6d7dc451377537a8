// Draws the engraved rosette behind dark panels, the way banknotes do it: one curve, turned many times.
import { writeFileSync } from "node:fs";

const SIZE = 800, STEPS = 480;

function rosette(radius, depth, petals, copies) {
  let d = "";
  for (let i = 0; i < STEPS; i++) {
    const t = (i / STEPS) * 2 * Math.PI;
    const r = radius + depth * Math.sin(petals * t);
    d += `${i ? " " : "M"}${(SIZE / 2 + r * Math.cos(t)).toFixed(1)} ${(SIZE / 2 + r * Math.sin(t)).toFixed(1)}`;
  }
  const id = `r${radius}`;
  const turned = Array.from({ length: copies - 1 }, (_, k) => {
    const angle = ((360 / petals / copies) * (k + 1)).toFixed(2);
    return `<use href="#${id}" transform="rotate(${angle} ${SIZE / 2} ${SIZE / 2})"/>`;
  });
  return `<path id="${id}" d="${d}z"/>${turned.join("")}`;
}

const drawing = rosette(330, 58, 24, 7) + rosette(222, 46, 18, 6) + rosette(128, 42, 12, 5);
writeFileSync(
  new URL("../static/img/guilloche.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" fill="none" stroke="#cfe6e8" stroke-width=".9">${drawing}</svg>\n`,
);
