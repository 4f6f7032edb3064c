// The explorer's cells: those of one series, or of all behind the coefficient, filtered by city and year.
"use strict";

const STATUS = { r: "reported", i: "interpolated", p: "province_mean", m: "missing", c: "corrected", l: "listed" };

function spread(runs, length) {
  if (runs[0] === 0 && runs.length === length + 1) return runs.slice(1);
  const values = [];
  for (let i = 0; i < runs.length; i += 2) for (let n = 0; n < runs[i + 1]; n += 1) values.push(runs[i]);
  return values;
}

function unpack(script) {
  if (script.cells) return script.cells;
  const n = script.s.length;
  const column = Object.fromEntries(["c", "y", "f", "h", "k"].map((key) => [key, spread(script[key], n)]));
  script.cells = Array.from({ length: n }, (_, i) => ({
    city: column.c[i], year: column.y[i], file: column.f[i], column: column.k[i], row: script.r[i],
    sheet: column.h[i] === null ? null : script.sheets[column.h[i]], status: STATUS[script.s[i]] || "", between: script.b?.[i],
    value: script.v?.[i] ?? null, text: !script.v ? null : script.t[i] === null ? String(script.v[i]) : script.t[i] }));
  return script.cells;
}

function cellsSection() {
  const cities = Object.entries(index.cities);
  const seriesPick = el("select", { id: "pick-series", onchange: (e) => { state.series = e.target.value; showCells(); } },
    el("option", { value: "" }, WORDS.all_series),
    ...view.series.map((s) => el("option", { selected: index.series[s].name === state.series }, index.series[s].name)));
  const named = cities.find(([code]) => code === state.city);
  const cityPick = el("input", { id: "pick-city", list: "city-names", autocomplete: "off", placeholder: WORDS.all_choices,
    value: named ? `${named[0]} ${named[1]}` : state.city, onchange: (e) => { state.city = cityOf(e.target.value); showCells(); } });
  const list = el("datalist", { id: "city-names" }, ...cities.map(([code, name]) => el("option", { value: `${code} ${name}` })));
  const yearPick = el("select", { id: "pick-year", onchange: (e) => { state.year = e.target.value; showCells(); } },
    el("option", { value: "" }, WORDS.all_choices));
  queueMicrotask(showCells);
  return el("div", {}, el("h2", { id: "cells-title" }, WORDS.cells_title),
    el("div", { class: "filters" }, el("label", {}, WORDS.series_one, seriesPick), el("label", {}, WORDS.city, cityPick), list,
      el("label", {}, WORDS.year, yearPick)),
    el("p", { id: "cells-said", role: "status", class: "note" }), el("div", { id: "cells" }));
}

function cityOf(text) {
  const wanted = text.trim();
  if (!wanted) return "";
  const hit = Object.entries(index.cities).find(([code, name]) => wanted === `${code} ${name}` || wanted === code || name.includes(wanted));
  return hit ? hit[0] : wanted;
}

let turn = 0;
async function showCells() {
  const mine = (turn += 1);
  writeHash(state);
  if (!view.series.length) { document.getElementById("cells-said").textContent = WORDS.no_cells; return; }
  const pick = document.getElementById("pick-series");
  if (!view.series.some((s) => index.series[s].name === state.series)) {
    state.series = state.city || state.year ? "" : index.series[view.series[0]].name;
  }
  pick.value = state.series;
  const wanted = view.series.filter((s) => !state.series || index.series[s].name === state.series);
  const said = document.getElementById("cells-said");
  said.textContent = WORDS.loading;
  let scripts;
  try {
    scripts = await Promise.all(wanted.map((s) => load(`cells/${index.series[s].study}/${index.series[s].name}`)));
  } catch { said.textContent = WORDS.not_loaded; return; }
  if (mine !== turn) return; // another choice was made meanwhile
  const all = wanted.flatMap((s, i) => unpack(scripts[i]).map((cell) => ({ ...cell, series: index.series[s] })));
  years(all);
  const found = all.filter((cell) => (!state.city || cell.city === state.city) && (!state.year || String(cell.year) === state.year));
  const hidden = scripts.some((script) => !script.shown);
  said.textContent = `${WORDS.cells}: ${count(found.length)}. ${hidden ? WORDS.licensed : ""}`;
  cellsTable(found, ROWS);
}

function years(cells) {
  const pick = document.getElementById("pick-year");
  const known = [...new Set(cells.map((cell) => cell.year).filter(Boolean))].sort();
  if (state.year && !known.includes(Number(state.year))) known.push(Number(state.year));
  pick.replaceChildren(el("option", { value: "" }, WORDS.all_choices), ...known.map((year) => el("option", {}, String(year))));
  pick.value = state.year;
}

function cellsTable(found, limit) {
  const files = Object.assign({}, ...Object.values(view.files).map((source) => source.files));
  const heads = [WORDS.series_one, WORDS.city, WORDS.year, WORDS.value, WORDS.status, WORDS.as_delivered, WORDS.file, WORDS.place];
  const rows = found.slice(0, limit).map((cell) => {
    const file = files[cell.file];
    const at = cell.row === null ? "" : cell.column === null ? `R${cell.row}` : `R${cell.row}C${cell.column}`;
    const status = cell.between ? `${word(cell.status)} ${cell.between.join(" – ")}` : word(cell.status);
    return el("tr", {}, el("th", { scope: "row" }, cell.series.name),
      el("td", { lang: "zh-Hans" }, `${index.cities[cell.city] || ""} ${cell.city || ""}`.trim()), el("td", {}, String(cell.year ?? "")),
      el("td", { class: "n" }, cell.value === null ? "" : String(cell.value)), el("td", {}, status), el("td", {}, cell.text ?? ""),
      el("td", {}, file ? el("span", { title: file[2] }, file[1]) : ""),
      el("td", {}, el("code", {}, [cell.sheet, at].filter(Boolean).join(" ! "))));
  });
  const box = document.getElementById("cells");
  box.replaceChildren(el("div", { class: "wide", role: "region", tabindex: "0", "aria-label": WORDS.cells_title },
    el("table", { class: "cells" }, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows))));
  if (found.length > limit) {
    box.append(el("button", { type: "button", onclick: () => cellsTable(found, limit + 5 * ROWS) }, `${WORDS.more_rows} (${count(found.length - limit)})`));
  }
}
