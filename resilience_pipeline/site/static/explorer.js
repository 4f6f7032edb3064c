// The lineage explorer: from a coefficient to the delivered cells, and from a series to all results that rest on it.
// Data come as scripts, each loaded when it is first asked for, because a page on a disk may not fetch files.
"use strict";

const LINEAGE = (window.LINEAGE = window.LINEAGE || {});
const BASE = document.currentScript.dataset.base;
const ROWS = 100; // cells shown at once
const FIGURES = ["estimate", "std_error", "t", "p_value", "interval", "n_obs", "status", "reason"];

const waiting = {};
function load(name) {
  if (LINEAGE[name]) return Promise.resolve(LINEAGE[name]);
  waiting[name] ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${BASE}explorer/${name.split("/").map(encodeURIComponent).join("/")}.js`;
    script.onload = () => (LINEAGE[name] ? done(LINEAGE[name]) : failed(new Error(name)));
    script.onerror = () => { delete waiting[name]; failed(new Error(name)); };
    document.head.append(script);
  });
  return waiting[name];
}

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== "" && child !== 0));
  return made;
}

const SMALL = 0.0001; // a p value below it is printed so, as in the tables
const told = (text) => WORDS.phrases[text] || text;
const count = (n) => n.toLocaleString("en-US");
const word = (key) => WORDS[key] || WORDS[`of_${key}`] || key.replaceAll("_", " ");
function figure(x) {
  if (x === null || x === undefined) return "";
  if (typeof x !== "number") return String(x);
  if (Number.isInteger(x)) return count(x);
  return Math.abs(x) >= 0.001 && Math.abs(x) < 1e6 ? x.toFixed(3) : x.toPrecision(4);
}
function shares(counts) {
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  return Object.entries(counts).sort((a, b) => b[1] - a[1])
    .map(([status, n]) => `${((100 * n) / total).toFixed(1)} % ${word(status)} (${count(n)})`).join(", ");
}
function bar(counts) {
  const parts = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  return parts.length && el("span", { class: "bar", "aria-hidden": "true" },
    ...parts.map(([status, n]) => el("i", { class: `s-${status}`, style: `flex-grow:${n}` })));
}

// ---- names -------------------------------------------------------------------------------------------------------

const holds = (parts, wanted) => {
  let place = 1;
  if (parts[0] !== wanted[0]) return false;
  for (const part of wanted.slice(1)) {
    const found = parts.indexOf(part, place);
    if (found < 0) return false;
    place = found + 1;
  }
  return true;
};

// As `resilience trace` takes a name: the whole, its beginning, its parts in order; else what its beginning finds.
function resolve(index, asked) {
  const own = index.results[asked.split(".")[0]] || [];
  const names = own.map(([name]) => name);
  const wanted = asked.split(".");
  for (let n = wanted.length; n > 0; n -= 1) {
    const name = wanted.slice(0, n).join(".");
    const same = names.filter((one) => one === name), longer = names.filter((one) => one.startsWith(`${name}.`));
    const hits = same.length ? same : longer.length ? longer : names.filter((one) => holds(one.split("."), wanted.slice(0, n)));
    if (hits.length) return { name: hits[0], group: own[names.indexOf(hits[0])][1], asked, among: hits.length };
  }
  return null;
}

function readHash() {
  const [name, ...rest] = decodeURIComponent(location.hash.slice(1)).split(";");
  return { name, ...Object.fromEntries(rest.map((part) => part.split("="))) };
}
function writeHash(state) {
  const rest = ["node", "series", "city", "year"].filter((key) => state[key]).map((key) => `;${key}=${state[key]}`);
  const hash = `#${encodeURIComponent(state.name)}${rest.map(encodeURIComponent).join("")}`;
  try { history.replaceState(null, "", hash); } catch { /* a browser may forbid it on a disk; the page works without */ }
}

// ---- the page ----------------------------------------------------------------------------------------------------

const root = document.getElementById("explorer");
const everything = document.getElementById("everything");
let index, state, view;

async function begin() {
  try { index = await load("index"); } catch { return; } // the list below says what can be said without
  root.hidden = false;
  everything.open = false;
  addEventListener("hashchange", follow);
  addEventListener("resize", () => view && drawLines());
  await follow();
}

async function follow() {
  const asked = readHash();
  const inList = asked.name && document.getElementById(asked.name);
  if (inList && !index.results[asked.name]) { everything.open = true; inList.scrollIntoView(); return; }
  const first = Object.keys(index.results)[0];
  const start = root.dataset.first || first;
  const found = resolve(index, asked.name || start) || resolve(index, start) || resolve(index, first);
  const missing = asked.name && found.name.split(".")[0] !== asked.name.split(".")[0];
  const several = !missing && asked.name && found.among > 1;
  state = { ...found, node: asked.node || "", series: asked.series || "", city: asked.city || "", year: asked.year || "" };
  await show(missing ? `${WORDS.no_such} ${asked.name}` : several ? `${asked.name}: ${count(found.among)} ${WORDS.several}` : "");
}

async function show(remark = "") {
  const result = state.name.split(".")[0];
  let group;
  try { group = (await load(`of/${result}`)).groups[state.group]; } catch { return say(WORDS.not_loaded); }
  const series = group.series || [];
  const sources = [...new Set(series.flatMap((s) => Object.keys(index.series[s].sources)))].sort();
  const files = {};
  await Promise.all(sources.map((s) => load(`files/${s}`).then((f) => { files[s] = f; }, () => {})));
  view = { group, series, sources, files, result, row: group.rows ? group.rows[group.names.indexOf(state.name)] : null };
  view.nodes = nodesOf(view);
  render(remark);
}

function say(text) { root.querySelector("#asked-here").textContent = text; }

function nodesOf({ group, series, sources, files }) {
  const nodes = { variables: [], series: [], sources: [], files: [] };
  for (const [v, values] of group.variables || []) {
    nodes.variables.push({ id: `v${v}`, about: index.variables[v], values,
      to: index.variables[v].series.filter((s) => series.includes(s)).map((s) => `s${s}`) });
  }
  const treatment = group.specification?.treatment;
  const rest = (group.treatment || []).map((s) => `s${s}`);
  if (treatment && rest.length && !nodes.variables.some((v) => v.about.name === treatment)) {
    // No variable of the study's own: made from the list of pilots.
    nodes.variables.unshift({ id: "vt", values: {}, to: rest,
      about: { name: treatment, formula: "", description: WORDS.treatment, option: null, table: "", through: [] } });
  }
  for (const s of series) {
    nodes.series.push({ id: `s${s}`, about: index.series[s],
      to: Object.keys(index.series[s].sources).map((name) => `o${name}`) });
  }
  for (const name of sources) {
    const given = {};
    for (const s of series) for (const [f, n] of files[name]?.series[s] || []) (given[f] ??= []).push([s, n]);
    const own = Object.entries(given).map(([f, of]) => ({
      id: `f${f}`, about: files[name].files[f], of, source: name, cells: of.reduce((sum, [, n]) => sum + n, 0), to: [] }));
    own.sort((a, b) => b.cells - a.cells || (a.about[1] < b.about[1] ? -1 : 1));
    nodes.sources.push({ id: `o${name}`, name, to: own.map((f) => f.id), files: own,
      cells: own.reduce((sum, f) => sum + f.cells, 0) });
    nodes.files.push(...own);
  }
  return nodes;
}

// Everything that a node rests on or that rests on it, within this coefficient.
function related(id) {
  const found = new Set([id]);
  const { variables, series, sources, files } = view.nodes;
  const kind = id[0];
  const file = files.find((f) => f.id === id);
  const ofSeries = kind === "v" ? variables.find((v) => v.id === id).to
    : kind === "s" ? [id]
    : kind === "o" ? series.filter((s) => s.to.includes(id)).map((s) => s.id)
    : file.of.map(([s]) => `s${s}`);
  for (const s of ofSeries) {
    found.add(s);
    for (const v of variables) if (v.to.includes(s) && (kind !== "v" || v.id === id)) found.add(v.id);
    const own = series.find((one) => one.id === s);
    for (const o of own ? own.to : []) if ((kind !== "o" || o === id) && (kind !== "f" || o === `o${file.source}`)) found.add(o);
  }
  for (const f of files) {
    if (kind === "f" ? f.id === id : found.has(`o${f.source}`) && f.of.some(([s]) => found.has(`s${s}`))) found.add(f.id);
  }
  return found;
}

function render(remark) {
  writeHash(state);
  const { group, row } = view;
  const kept = document.activeElement?.id;
  root.replaceChildren(
    chooser(),
    el("p", { id: "asked-here", role: "status", class: remark ? "note" : "quiet" }, remark || state.name),
    el("h2", { id: "coefficient" }, el("code", {}, state.name)),
    el("p", { class: "note" }, titleOf(view.result) || group.title || "", " ",
      el("a", { href: `${view.result}.html` }, WORDS.open_result), group.synthetic ? ` (${WORDS.mark})` : ""),
    figures(row),
    ...(group.notes || []).map((note) => el("p", { class: "warning" }, note)),
    specification(group),
    sample(group),
    el("h2", { id: "graph-title" }, WORDS.road),
    el("p", { class: "note" }, WORDS.road_hint), legend(group),
    graph(),
    el("div", { id: "chosen", "aria-live": "polite" }),
    cellsSection(),
    tables(group),
  );
  choose(state.node && find(state.node) ? state.node : "");
  if (kept) document.getElementById(kept)?.focus({ preventScroll: true });
}

// In the page's own language, as the list of results has it.
const titleOf = (result) => document.querySelector(`.contents a[href="${CSS.escape(result)}.html"]`)?.textContent;
const find = (id) => Object.values(view.nodes).flat().find((node) => node.id === id);

function chooser() {
  const results = el("select", { id: "pick-result", onchange: (e) => go(index.results[e.target.value][0][0]) },
    ...Object.keys(index.results).map((name) => el("option", { value: name, selected: name === view.result }, [name, titleOf(name)].filter(Boolean).join(": "))));
  const own = index.results[view.result];
  const terms = el("select", { id: "pick-term", onchange: (e) => go(e.target.value) },
    ...own.map(([name]) => el("option", { value: name, selected: name === state.name },
      name === view.result ? name : name.slice(view.result.length + 1))));
  const list = el("datalist", { id: "names" });
  const typed = el("input", { id: "pick-name", list: "names", autocomplete: "off", placeholder: "table_4.3.did",
    oninput: (e) => {
      const text = e.target.value.trim();
      const all = Object.values(index.results).flat();
      list.replaceChildren(...(text.length < 2 ? [] : all.filter(([name]) => name.includes(text)).slice(0, 60))
        .map(([name]) => el("option", { value: name })));
    } });
  return el("form", { class: "filters", onsubmit: (e) => { e.preventDefault(); if (typed.value.trim()) go(typed.value.trim()); } },
    el("label", {}, WORDS.result, results), el("label", {}, WORDS.coefficient, terms),
    el("label", {}, WORDS.or_name, typed), list, el("button", { type: "submit" }, WORDS.go));
}

function go(name) {
  state = { ...state, name, node: "", series: "" };
  const kept = ["city", "year"].filter((key) => state[key]).map((key) => `;${key}=${state[key]}`).join("");
  const hash = `#${name}${kept}`;
  if (decodeURIComponent(location.hash) === hash) follow(); else location.hash = encodeURIComponent(name) + encodeURIComponent(kept);
}

function figures(row) {
  if (!row || !Object.keys(row).length) return "";
  const said = { ...row, interval: typeof row.ci_low === "number" ? `${figure(row.ci_low)} – ${figure(row.ci_high)}` : null };
  const shown = FIGURES.filter((name) => said[name] !== null && said[name] !== undefined && said[name] !== "");
  return el("dl", { class: "numbers" }, ...shown.map((name) =>
    el("div", {}, el("dt", {}, word(name)), el("dd", {}, name === "status" ? word(said[name])
      : name === "p_value" && said[name] < SMALL ? `<${SMALL}` : figure(said[name])))));
}

function specification({ specification: spec }) {
  if (!spec) return el("p", {}, WORDS.no_model);
  const skip = new Set(["label", "outcome", "treatment", "controls", "name", "unit", "time"]);
  const right = [spec.treatment, ...(spec.controls || [])].filter(Boolean).join(" + ");
  return el("details", { open: true }, el("summary", {}, WORDS.specification, `: ${told(spec.label || spec.name)}`),
    el("p", {}, el("code", {}, `${spec.outcome} ~ ${right || "1"}`)),
    el("dl", { class: "facts" }, ...Object.entries(spec).filter(([name]) => !skip.has(name)).flatMap(([name, value]) => [
      el("dt", {}, word(name)), el("dd", {}, Array.isArray(value) ? value.join(", ")
        : typeof value === "object" ? JSON.stringify(value) : String(value))])));
}

function sample({ sample: flow }) {
  if (!flow) return "";
  return el("details", {}, el("summary", {}, `${WORDS.sample}: ${count(flow.used)} / ${count(flow.city_years)} ${WORDS.city_years}`),
    el("ul", {}, ...Object.entries(flow.lost).map(([reason, n]) => el("li", {}, `−${count(n)}: ${reason}`))));
}

function tables(group) {
  return el("details", {}, el("summary", {}, `${WORDS.tables_behind}: ${(group.tables || []).length}`),
    el("div", { class: "wide", role: "region", tabindex: "0", "aria-label": WORDS.tables_behind },
      el("table", { class: "prose" },
        el("thead", {}, el("tr", {}, ...[WORDS.table, WORDS.description, WORDS.data_version, WORDS.run].map((text) =>
          el("th", { scope: "col" }, text)))),
        el("tbody", {}, ...(group.tables || []).map((t) => {
          const [name, description, version, code, run, written, rows, options, sql] = index.tables[t];
          const set = Object.entries(options).map(([key, value]) => `${key} = ${value}`).join(", ");
          return el("tr", {}, el("th", { scope: "row" }, el("code", {}, name), sql ? el("br") : "", sql ? el("code", {}, sql) : ""),
            el("td", {}, description, set ? el("br") : "", set ? el("small", {}, set) : ""),
            el("td", {}, el("code", {}, version.slice(0, 12)), el("br"), el("small", {}, `${WORDS.code_version} ${code.slice(0, 8)}`)),
            el("td", {}, el("code", {}, run.slice(0, 8)), el("br"), el("small", {}, `${written.slice(0, 16).replace("T", " ")}, ${count(rows)} ${WORDS.rows}`)));
        })))));
}

// ---- the graph ---------------------------------------------------------------------------------------------------

const FILES_SHOWN = 16;

function graph() {
  const { variables, series, sources, files } = view.nodes;
  const column = (key, title, nodes) => el("section", { "aria-label": title, class: `column ${key}` },
    el("h3", {}, `${title}: ${count(nodes.length)}`), el("ul", { id: `column-${key}` }, ...nodes.map((n) => el("li", {}, button(n)))));
  const made = el("div", { class: "graph" },
    document.createElementNS("http://www.w3.org/2000/svg", "svg"),
    column("variables", WORDS.variables_column, variables), column("series", WORDS.series_column, series),
    column("sources", WORDS.sources, sources), column("files", WORDS.files_column, []));
  made.querySelector("svg").setAttribute("aria-hidden", "true");
  made.querySelector(".files h3").textContent = `${WORDS.files_column}: ${count(files.length)}`;
  return made;
}

// What the colours of the bars stand for, as far as they occur here.
function legend(group) {
  const met = new Set([...(group.variables || []).map(([, values]) => values), ...view.series.map((s) => index.series[s].cells)]
    .flatMap((counts) => Object.keys(counts)));
  return el("ul", { class: "key" }, ...[...met].sort().map((status) =>
    el("li", {}, el("i", { class: `swatch s-${status}`, "aria-hidden": "true" }), " ", word(status))));
}

function button(node) {
  const kind = node.id[0];
  const text = kind === "v" ? [el("b", {}, node.about.name), el("small", {}, node.about.formula), bar(node.values)]
    : kind === "s" ? [el("b", {}, node.about.name), bar(node.about.cells)]
    : kind === "o" ? [el("b", {}, node.name), el("small", {}, `${WORDS.files}: ${count(node.files.length)}, ${WORDS.cells}: ${count(node.cells)}`)]
    : [el("b", {}, node.about[1].split("/").slice(-2).join("/")),
      el("small", {}, `${node.about[2].slice(0, 8)}, ${WORDS.cells}: ${count(node.cells)}`)];
  return el("button", { type: "button", class: "node", id: `node-${node.id}`, "aria-pressed": "false",
    onclick: () => { state.node = state.node === node.id ? "" : node.id;
      if (kind === "s" && state.node) state.series = node.about.name;
      writeHash(state); choose(state.node); if (kind === "s") showCells(); } }, ...text);
}

function choose(id) {
  const near = id ? related(id) : null;
  const files = view.nodes.files.filter((f) => !near || near.has(f.id)).sort((a, b) => b.cells - a.cells);
  const list = document.getElementById("column-files");
  const focused = document.activeElement?.id;
  list.replaceChildren(...files.slice(0, FILES_SHOWN).map((f) => el("li", {}, button(f))));
  if (files.length > FILES_SHOWN) list.append(el("li", { class: "note" }, `+ ${count(files.length - FILES_SHOWN)} ${WORDS.more_files}`));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  for (const one of root.querySelectorAll(".node")) {
    const own = one.id.slice(5);
    one.classList.toggle("on", Boolean(near?.has(own)));
    one.classList.toggle("off", Boolean(near && !near.has(own)));
    one.setAttribute("aria-pressed", String(own === id));
  }
  document.getElementById("chosen").replaceChildren(...(id ? details(find(id)) : []));
  drawLines(near);
}

function drawLines(near = state.node && find(state.node) ? related(state.node) : null) {
  const svg = root.querySelector(".graph svg");
  const box = svg.parentElement.getBoundingClientRect();
  svg.replaceChildren();
  if (getComputedStyle(svg).display === "none") return;
  svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  for (const node of Object.values(view.nodes).flat()) {
    const from = document.getElementById(`node-${node.id}`)?.getBoundingClientRect();
    if (!from || (near && !near.has(node.id))) continue;
    for (const to of node.to) {
      const end = document.getElementById(`node-${to}`)?.getBoundingClientRect();
      if (!end || (near && !near.has(to))) continue;
      const [x1, y1] = [from.right - box.left, from.top + from.height / 2 - box.top];
      const [x2, y2] = [end.left - box.left, end.top + end.height / 2 - box.top];
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`);
      if (near) path.setAttribute("class", "on");
      svg.append(path);
    }
  }
}

function details(node) {
  const facts = (pairs) => el("dl", { class: "facts" }, ...pairs.filter(([, value]) => value && value.length !== 0).flatMap(([name, value]) =>
    [el("dt", {}, name), el("dd", {}, ...[value].flat())]));
  const kind = node.id[0];
  if (kind === "v") {
    const a = node.about;
    return [el("h3", {}, a.name), facts([[WORDS.description, told(a.description)], [WORDS.formula, el("code", {}, a.formula)],
      [WORDS.options, a.option ? `${a.option} = ${a.reading}` : ""], [WORDS.panel_table, el("code", {}, a.table)],
      [WORDS.through, a.through.join(", ")], [WORDS.values, shares(node.values)]])];
  }
  if (kind === "s") {
    const a = node.about;
    return [el("h3", {}, a.name), facts([[WORDS.grid_table, el("code", {}, a.status === "list" ? "" : `grid/${a.study}/cells`)],
      [WORDS.cells, shares(a.cells)], [WORDS.sources, Object.entries(a.sources).map(([s, n]) => `${s} ${count(n)}`).join(", ")],
      [WORDS.rests_on_it, a.results.flatMap((r, i) => [i ? ", " : "", el("a", { href: `#${r}` }, r)])]])];
  }
  if (kind === "o") {
    return [el("h3", {}, node.name), facts([[WORDS.publisher, node.files[0]?.about[3]],
      [WORDS.files_column, count(node.files.length)], [WORDS.cells, count(node.cells)]])];
  }
  const [source, file, sha, publisher, editions, size] = node.about;
  return [el("h3", {}, file.split("/").pop()), facts([[WORDS.file, el("code", {}, file)], [WORDS.hash, el("code", {}, sha)],
    [WORDS.source, source], [WORDS.publisher, publisher], [WORDS.edition, editions.join(", ")],
    [WORDS.size, size ? `${count(size)} B` : ""],
    [WORDS.cells, node.of.map(([s, n]) => `${index.series[s].name} ${count(n)}`).join(", ")]])];
}

begin();
