// Figures to look at more closely, drawn by uPlot from the numbers in plots/<result>.js. The table beneath holds the same.
"use strict";

const OURS = "#0072B2", OTHER = "#D55E00", SOFT = "#5F5F5F", PALE = "#B8C9D6";

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function shown(value) {
  return value == null ? "" : value.toLocaleString("en", { maximumSignificantDigits: 4 });
}

// A year has no separator.
function plain(value) {
  return value == null || !Number.isInteger(value) ? "" : String(value);
}

function draw(host, options, data) {
  const plot = new uPlot(
    {
      width: host.clientWidth || 700,
      height: 360,
      cursor: { drag: { x: true, y: true, uni: 20 } },
      ...options,
      axes: [
        { label: options.xlabel, grid: { show: false }, values: (u, ticks) => ticks.map(options.xshown || shown) },
        { label: options.ylabel, size: 60, values: (u, ticks) => ticks.map(shown) },
      ],
    },
    data,
    host,
  );
  addEventListener("resize", () => plot.setSize({ width: host.clientWidth, height: 360 }));
  const save = element("button", { type: "button", textContent: WORDS.save_view });
  save.addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    canvas.width = plot.ctx.canvas.width;
    canvas.height = plot.ctx.canvas.height;
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(plot.ctx.canvas, 0, 0);
    const mark = document.querySelector("p.synthetic");
    if (mark) {
      context.fillStyle = "#7a2e00";
      context.font = `bold ${Math.round(canvas.width / 50)}px sans-serif`;
      context.fillText("SYNTHETIC", canvas.width / 12, canvas.width / 40);
    }
    canvas.toBlob((blob) => {
      element("a", { href: URL.createObjectURL(blob), download: `${host.closest("[data-plot]").dataset.plot}_view.png` }).click();
    });
  });
  host.append(save);
  return plot;
}

function vertical(u, x, colour, dash) {
  const place = Math.round(u.valToPos(x, "x", true));
  u.ctx.save();
  u.ctx.strokeStyle = colour;
  u.ctx.setLineDash(dash);
  u.ctx.beginPath();
  u.ctx.moveTo(place, u.bbox.top);
  u.ctx.lineTo(place, u.bbox.top + u.bbox.height);
  u.ctx.stroke();
  u.ctx.restore();
}

function zero(u) {
  const place = Math.round(u.valToPos(0, "y", true));
  u.ctx.save();
  u.ctx.strokeStyle = SOFT;
  u.ctx.beginPath();
  u.ctx.moveTo(u.bbox.left, place);
  u.ctx.lineTo(u.bbox.left + u.bbox.width, place);
  u.ctx.stroke();
  u.ctx.restore();
}

function bars(u, lows, highs, colour, width) {
  u.ctx.save();
  u.ctx.strokeStyle = colour;
  u.ctx.lineWidth = width * devicePixelRatio;
  u.data[0].forEach((x, i) => {
    if (lows[i] == null) return;
    const place = u.valToPos(x, "x", true);
    u.ctx.beginPath();
    u.ctx.moveTo(place, u.valToPos(lows[i], "y", true));
    u.ctx.lineTo(place, u.valToPos(highs[i], "y", true));
    u.ctx.stroke();
  });
  u.ctx.restore();
}

const FORMS = {
  intervals(host, plot) {
    const ends = [...plot.band_low, ...plot.band_high, ...plot.ci_low, ...plot.ci_high].filter((end) => end != null);
    const low = Math.min(0, ...ends), high = Math.max(0, ...ends), room = (high - low) / 20;
    const inner = (label) => ({ label, show: true, stroke: "transparent", points: { show: false }, value: (u, v) => shown(v) });
    draw(
      host,
      {
        xshown: plain,
        xlabel: WORDS.year,
        ylabel: WORDS.effect,
        scales: { x: { time: false, range: (u, a, b) => (a === b ? [a - 1, b + 1] : [a - 0.5, b + 0.5]) },
                  y: { range: (u, a, b) => (u.select.width > 0 ? [a, b] : [low - room, high + room]) } },
        series: [
          { label: WORDS.year, value: (u, v) => plain(v) },
          { label: WORDS.estimate, stroke: OURS, width: 0, points: { show: true, size: 8, fill: OURS }, value: (u, v) => shown(v) },
          inner(`${WORDS.interval_short} −`), inner("+"), inner(`${WORDS.band} −`), inner("+"),
        ],
        hooks: {
          drawAxes: [(u) => {
            zero(u);
            if (plot.mark != null) vertical(u, plot.mark, OTHER, [6, 4]);
            bars(u, plot.band_low, plot.band_high, PALE, 7);
            bars(u, plot.ci_low, plot.ci_high, OURS, 1.5);
          }],
        },
      },
      [plot.x, plot.estimate, plot.ci_low, plot.ci_high, plot.band_low, plot.band_high],
    );
  },

  histograms(host, plot) {
    for (const panel of plot.panels) {
      const own = element("div", {});
      host.append(element("h3", panel.title in WORDS.phrases ? { textContent: WORDS.phrases[panel.title] } : { textContent: panel.title, lang: "en" }), own);
      const middles = panel.counts.map((count, i) => (panel.edges[i] + panel.edges[i + 1]) / 2);
      const least = Math.min(panel.edges[0], panel.mark), most = Math.max(panel.edges.at(-1), panel.mark);
      draw(
        own,
        {
          xlabel: WORDS.estimate,
          ylabel: WORDS.draws,
          scales: { x: { time: false, range: (u, a, b) => (a === middles[0] && b === middles.at(-1) ? [least - (most - least) / 30, most + (most - least) / 30] : [a, b]) } },
          series: [
            { label: WORDS.estimate, value: (u, v) => shown(v) },
            { label: WORDS.draws, stroke: OURS, fill: `${OURS}66`, paths: uPlot.paths.bars({ size: [1, Infinity] }), points: { show: false }, value: (u, v) => shown(v) },
          ],
          hooks: { draw: [(u) => vertical(u, panel.mark, OTHER, [6, 4])] },
        },
        [middles, panel.counts],
      );
      own.append(element("p", { className: "note", textContent: `${WORDS.our_estimate}: ${shown(panel.mark)}` }));
    }
  },

  curve(host, plot) {
    const said = element("output", {}), about = element("output", {});
    const filters = element("fieldset", { className: "filters" }, element("legend", { textContent: WORDS.filter }));
    const selects = plot.dimensions.map((dimension) => {
      const select = element("select", {}, element("option", { value: "", textContent: WORDS.all_choices }));
      dimension.choices.forEach((choice, i) => select.append(element("option", { value: i.toString(36), textContent: choice })));
      filters.append(element("label", {}, dimension.name.replaceAll("_", " "), select));
      return select;
    });
    host.append(filters, about);
    const order = plot.t.map((t, i) => i).sort((a, b) => plot.t[a] - plot.t[b] || a - b);
    let kept = [], at = null;
    function data() {
      const asked = selects.map((select) => select.value);
      kept = order.filter((i) => asked.every((choice, d) => choice === "" || plot.chosen[d][i] === choice));
      const positive = kept.filter((i) => plot.t[i] > 0).length;
      const strong = kept.filter((i) => plot.t[i] > 0 && plot.significant[i] === "1").length;
      const middle = kept.length ? (plot.t[kept[(kept.length - 1) >> 1]] + plot.t[kept[kept.length >> 1]]) / 2 : null;
      const share = (n) => (kept.length ? `${((100 * n) / kept.length).toFixed(1)} %` : "");
      about.textContent = `${kept.length.toLocaleString("en")} ${WORDS.specifications}: ${share(positive)} ${WORDS.positive}, ` +
        `${share(strong)} ${WORDS.significant}; ${WORDS.median_t} ${shown(middle)}`;
      at = kept.indexOf(plot.marked);
      const of = (mark) => kept.map((i) => (plot.significant[i] === mark ? plot.t[i] : null));
      return [kept.map((i, place) => place + 1), of("1"), of("0")];
    }
    const dots = (label, colour) => ({ label, stroke: colour, width: 0, paths: () => null, points: { show: true, size: 3, fill: colour, width: 0 }, value: (u, v) => shown(v) });
    const drawn = draw(
      host,
      {
        xlabel: WORDS.rank,
        ylabel: "t",
        scales: { x: { time: false } },
        series: [{ label: WORDS.rank, value: (u, v) => shown(v) }, dots(WORDS.significant_point, OURS), dots(WORDS.other_point, "#9a9a9a")],
        hooks: {
          drawAxes: [zero],
          draw: [(u) => { if (at >= 0) vertical(u, at + 1, OTHER, [6, 4]); }],
          setCursor: [(u) => {
            const i = u.cursor.idx == null ? undefined : kept[u.cursor.idx];
            said.textContent = i === undefined ? "" :
              plot.dimensions.map((d, k) => `${d.name.replaceAll("_", " ")}: ${d.choices[parseInt(plot.chosen[k][i], 36)]}`).join("; ");
          }],
        },
      },
      data(),
    );
    host.append(said);
    for (const select of selects) select.addEventListener("change", () => drawn.setData(data()));
  },
};

for (const host of document.querySelectorAll("[data-plot]")) {
  const plot = (window.PLOTS || {})[host.dataset.plot];
  if (!plot) continue;
  host.closest("section").hidden = false;
  FORMS[plot.form](host, plot);
}
