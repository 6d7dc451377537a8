// Copies what the pages need out of node_modules into static/, with versions and licences.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const version = (name) => JSON.parse(readFileSync(here(`node_modules/${name}/package.json`))).version;
const text = (path) => readFileSync(here(path), "utf8");

for (const dir of ["css", "fonts", "img", "vendor"]) mkdirSync(here(`../static/${dir}/`), { recursive: true });

cpSync(here("node_modules/htmx.org/dist/htmx.min.js"), here("../static/vendor/htmx.min.js"));
// The hint to a source map we do not ship would stop collectstatic.
const chart = text("node_modules/chart.js/dist/chart.umd.js").replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
writeFileSync(here("../static/vendor/chart.umd.js"), chart);

const font = "@fontsource-variable/hanken-grotesk";
for (const subset of ["latin", "latin-ext"])
  cpSync(here(`node_modules/${font}/files/hanken-grotesk-${subset}-wght-normal.woff2`), here(`../static/fonts/hanken-grotesk-${subset}.woff2`));
cpSync(here(`node_modules/${font}/LICENSE`), here("../static/fonts/LICENSE.txt"));

// One sprite, so that an icon costs no request and no inline drawing: <svg><use href="…icons.svg#name"/></svg>
const symbols = text("icons.txt").split(/\s+/).filter(Boolean).map((name) => {
  const drawing = text(`node_modules/lucide-static/icons/${name}.svg`).replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$|\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${drawing}</symbol>`;
});
writeFileSync(
  here("../static/icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg">\n<!-- Lucide ${version("lucide-static")}, ISC licence, https://lucide.dev; some from Feather, MIT licence -->\n${symbols.join("\n")}\n</svg>\n`,
);

writeFileSync(
  here("../static/vendor/README.md"),
  `# Taken from others, unchanged

Written by \`npm --prefix assets run vendor\`; do not edit by hand.

| file | from | version | licence |
|---|---|---|---|
| \`vendor/htmx.min.js\` | htmx.org | ${version("htmx.org")} | 0BSD |
| \`vendor/chart.umd.js\` | chart.js | ${version("chart.js")} | MIT (without its source map hint) |
| \`icons.svg\` | lucide-static, the icons named in \`assets/icons.txt\` | ${version("lucide-static")} | ISC; some from Feather, MIT |
| \`fonts/hanken-grotesk-*.woff2\` | ${font} (Hanken Grotesk) | ${version(font)} | OFL-1.1, see \`fonts/LICENSE.txt\` |
| \`css/fintrust.css\` | built with tailwindcss ${version("tailwindcss")} and daisyUI ${version("daisyui")} | | MIT |
`,
);
