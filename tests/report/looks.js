"use strict";

// What a reader sees of a page, for the tests: what runs out of it, and the colours of texts and shapes.

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const colors = new Map();

// Red, green, blue and opacity of a colour as CSS writes it.
function rgba(color) {
  if (!colors.has(color)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    colors.set(color, [red, green, blue, alpha / 255]);
  }
  return colors.get(color);
}

function over([red, green, blue, alpha], behind) {
  return [red, green, blue].map((channel, n) => alpha * channel + (1 - alpha) * behind[n]);
}

function opacity(element) {
  let product = 1;
  for (let e = element; e; e = e.parentElement) product *= Number(getComputedStyle(e).opacity);
  return product;
}

function paper(element) {
  for (let e = element; e; e = e.parentElement) {
    const color = rgba(getComputedStyle(e).backgroundColor);
    if (color[3] > 0) return over(color, [255, 255, 255]);
  }
  return [255, 255, 255];
}

function painted(element, property) {
  const style = getComputedStyle(element);
  if (style[property] === "none" || !style[property]) return null;
  const [red, green, blue, alpha] = rgba(style[property]);
  return [red, green, blue, alpha * Number(style[`${property}Opacity`]) * opacity(element)];
}

// What is behind a text of a figure: the filled shape under its middle, or the page.
function behind(text) {
  const box = text.getBoundingClientRect();
  for (const element of document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)) {
    if (!(element instanceof SVGGeometryElement) && !(element instanceof SVGUseElement)) continue;
    const color = painted(element, "fill");
    if (color && color[3] > 0) return over(color, paper(text));
  }
  return paper(text);
}

function distinct(found) {
  return [...new Map(found.map((row) => [JSON.stringify(row.slice(1)), row])).values()];
}

// [text, its colour, what is behind it, whether it is large (WCAG: 24 px, or 18.66 px and bold)] of every text.
function texts() {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const said = walker.currentNode.textContent.trim();
    if (!said || element.matches("script, style") || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const drawn = element.closest("svg") !== null;
    const back = drawn ? behind(element) : paper(element);
    const [red, green, blue, alpha] = drawn ? painted(element, "fill") : rgba(style.color);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    found.push([said.slice(0, 60), over([red, green, blue, drawn ? alpha : alpha * opacity(element)], back), back, large]);
  }
  return distinct(found);
}

// The same of every filled or stroked shape, but for those of the grid's colour, which help but say nothing, and for
// shades, and hollow marks' paper: how deep a cell of a heat map is, is what it says (WCAG 1.4.11 excepts it), and bands stand behind a line.
function shapes() {
  const found = [];
  const root = getComputedStyle(document.documentElement);
  const steps = [1, 2, 3, 4].flatMap((n) => [`--gain${n}`, `--loss${n}`]);
  const shades = new Set(["--rule", ...steps].map((name) => rgba(root.getPropertyValue(name)).slice(0, 3).join()));
  for (const shape of document.querySelectorAll("svg path, svg use, svg rect, svg circle, svg line")) {
    if (shape.closest("defs, clipPath") || Number(getComputedStyle(shape).fillOpacity) < 0.75) continue;
    const back = paper(shape);
    const all = ["fill", "stroke"].map((property) => painted(shape, property)).filter((color) => color && color[3] > 0);
    const marked = all.filter((color) => color.slice(0, 3).join() !== back.join());
    const colors = marked.length ? marked : all;
    const figure = shape.closest("figure")?.id || "legend";
    const rows = colors.filter((color) => !shades.has(color.slice(0, 3).join()));
    if (rows.length === colors.length) found.push(...rows.map((color) => [figure, over(color, back), back, true]));
  }
  return distinct(found);
}

// What stands beyond the left or right edge of the page, and is not in a part that scrolls.
function overflowing() {
  const wide = document.documentElement.clientWidth;
  const scrolls = (element) => {
    for (let e = element.parentElement; e; e = e.parentElement) {
      if (["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX)) return true;
    }
    return false;
  };
  const sticksOut = ({ left, right }) => right > wide + 0.5 || left < -0.5;
  return [...document.querySelectorAll("body *")]
    .filter((e) => sticksOut(e.getBoundingClientRect()) && !scrolls(e))
    .map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 40)}`);
}

function openAll() {
  for (const details of document.querySelectorAll("details")) details.open = true;
  return true;
}

function tableWith(caption) {
  const starts = (table) => table.caption?.textContent.startsWith(caption);
  return [...document.querySelectorAll("table")].find(starts);
}

// The rows of a table's body as [text of each cell].
function body(table) {
  return [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
}

// The exact numbers of a column, null where there is none.
function numbers(table, column) {
  const exact = (row) => row.cells[column].querySelector("data")?.value;
  return [...table.tBodies[0].rows].map((row) => (exact(row) === undefined ? null : Number(exact(row))));
}
