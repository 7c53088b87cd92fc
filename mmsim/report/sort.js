"use strict";

// A click on the head of a column sorts its table by it: upwards, downwards, and as it was. Rows that are sums stay last.

const ORDERS = ["none", "ascending", "descending"];

function key(row, column) {
  const cell = row.cells[column];
  const number = cell.querySelector("data");
  return { text: cell.textContent.trim(), value: number ? Number(number.value) : NaN };
}

// Numbers by their exact values, then texts; those that have no number come last either way.
function compare(one, other, sign) {
  if (isNaN(one.value) !== isNaN(other.value)) return isNaN(one.value) ? 1 : -1;
  if (!isNaN(one.value)) return sign * (one.value - other.value);
  return sign * one.text.localeCompare(other.text, "en", { numeric: true });
}

function sort(table, head, rows) {
  const order = ORDERS[(ORDERS.indexOf(head.ariaSort || "none") + 1) % 3];
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  const sorted = rows.map((row) => ({ row, ...key(row, head.cellIndex) }));
  if (order !== "none") {
    head.ariaSort = order;
    sorted.sort((one, other) => compare(one, other, order === "ascending" ? 1 : -1));
  }
  table.tBodies[0].prepend(...sorted.map(({ row }) => row));
}

for (const table of document.querySelectorAll("table")) {
  const rows = [...table.tBodies[0].rows].filter((row) => !row.classList.contains("sum"));
  if (rows.length < 2) continue;
  for (const head of table.tHead.rows[0].cells) {
    if (!head.textContent) continue;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(table, head, rows));
    head.append(button);
  }
}
