"use strict";

// Before the map measures its place: without this mark the page shows its figures alone.
document.documentElement.classList.add("js");

// The words of the page: figures, samples, the cards of a route and of a tract, and the search.
// Text only ever enters the page through text nodes: names in the data are never read as HTML.
function planWords(data) {
  const LAND = "#fbfaf7";
  const TINT = 0.18;

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  }

  const whole = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 0 });
  const plusMinus = (number, margin) => `${whole(number)} ± ${whole(margin)}`;
  const carries = (route, language) => route.posters.some((poster) => poster.language === language);
  const english = (at) => data.languages[at].english;
  const figure = (route, language) => route.figures.find((row) => row[0] === language);

  function vehicles(number) {
    const one = data.words.vehicles === "buses" ? "bus" : "vehicle";
    return `${whole(number)} ${number === 1 ? one : data.words.vehicles}`;
  }

  const ofVehicles = (poster) => `${whole(poster.buses)} of ${vehicles(poster.of)}`;

  function languageName(language) {
    const own = make("bdi", { lang: language.tag }, language.own);
    return language.own === language.english ? [own] : [own, ` · ${language.english}`];
  }

  function lineSample(color, dash, width) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    Object.entries({ width: 40, height: 8, "aria-hidden": "true" }).forEach((pair) => svg.setAttribute(...pair));
    Object.entries({ x1: 0, y1: 4, x2: 40, y2: 4, stroke: color, "stroke-width": width, "stroke-dasharray": dash || "none" })
      .forEach((pair) => line.setAttribute(...pair));
    svg.append(line);
    return svg;
  }

  function key(sample, ...text) {
    return make("div", { class: "key" }, sample, make("span", {}, ...text));
  }

  function patch(color, kind) {
    const box = make("span", { class: `patch ${kind || ""}` });
    if (color) box.style.background = color;
    return box;
  }

  // A colour thinned over the land, so that legend and map show the very same one.
  function tint(color) {
    const channel = (text, at) => parseInt(text.slice(at, at + 2), 16);
    const values = [1, 3, 5].map((at) => Math.round(channel(color, at) * TINT + channel(LAND, at) * (1 - TINT)));
    return `rgb(${values.join(", ")})`;
  }

  function routeNumber(route, color) {
    const number = make("span", { class: "number" }, route.short);
    number.style.setProperty("--ink", color);
    return number;
  }

  const inkOf = (route) => (route.posters.length ? data.languages[route.posters[0].language].color : "#6b7583");

  // --- cards ----------------------------------------------------------------------------------

  function table(caption, heads, rows) {
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    const body = rows.map(({ cells, carried }) =>
      make("tr", carried ? { class: "carried" } : {},
        ...cells.map((cell, at) => make(at ? "td" : "th", at ? {} : { scope: "row" }, cell))));
    return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
  }

  // One line for every language whose figures count more than the language itself.
  function measuredNotes() {
    return data.languages.filter((language) => language.measuredAs !== language.english)
      .map((language) => make("p", { class: "quiet" }, `* ${language.english} is counted as: ${language.measuredAs}.`));
  }

  const starred = (language) => language.english + (language.measuredAs === language.english ? "" : " *");

  function posterLines(route) {
    if (!route.posters.length) {
      return [make("p", { class: "poster" }, "No poster in this plan"), make("p", { class: "reason" }, route.verdict)];
    }
    const parts = [];
    route.posters.forEach((poster) => {
      const language = data.languages[poster.language];
      parts.push(make("p", { class: "poster" }, lineSample(language.color, language.dash, 4),
        make("span", {}, ...languageName(language), " · ", make("span", { class: "of" }, ofVehicles(poster)))));
      if (poster.buses < poster.of) parts.push(make("p", { class: "quiet" }, `The route’s other ${data.words.vehicles} do not carry it.`));
      parts.push(make("p", { class: "reason" }, poster.reason));
    });
    return parts;
  }

  function routeCard(route) {
    const rows = route.figures.map(([language, served, margin, share, shareMargin, concentration]) => ({
      carried: carries(route, language),
      cells: [
        starred(data.languages[language]),
        plusMinus(served, margin),
        share === null ? "–" : `${share.toFixed(1)}% ± ${shareMargin.toFixed(1)}`,
        concentration === null ? "–" : `${concentration.toFixed(2)}×`,
      ],
    }));
    const bounds = route.posters.map((poster) => make("p", { class: "quiet bounds" },
      `Bounds for ${english(poster.language)}: ${whole(poster.low)}, counting only tracts that lie wholly within walking ` +
      `distance, to ${whole(poster.high)}, counting whole every tract that is touched.`));
    return make("div", { class: "route-popup" },
      make("h3", {}, route.name),
      make("p", { class: "quiet" }, `${whole(route.trips)} trips a week · ${route.mode}`),
      ...posterLines(route),
      table(`${data.words.people} within walking distance`, ["", "served", "of residents", "vs region"], rows),
      ...bounds,
      make("p", { class: "quiet" }, "Vs region: the share of residents over the whole region’s (concentration)."),
      ...measuredNotes());
  }

  function tractCard(tract) {
    const rows = data.languages.map((language, at) => ({
      carried: false,
      cells: [starred(language), plusMinus(tract.people[at], tract.margins[at])],
    }));
    const most = tract.most >= 0
      ? `Of the campaign's languages, ${data.groups[tract.most].name} is the most spoken here.`
      : `None of the campaign's languages has ${data.words.rule} here.`;
    return make("div", { class: "tract-popup" },
      make("h3", {}, tract.name),
      make("p", { class: "quiet" }, tract.county),
      make("p", {}, `${plusMinus(tract.residents[0], tract.residents[1])} residents of 5 years and over. ${most}`),
      table(`${data.words.people} in the tract`, ["", "estimate"], rows),
      make("p", { class: "quiet" }, "An estimate with a margin as large as itself may well be zero."),
      ...measuredNotes());
  }

  function routeTooltip(route) {
    const names = route.posters.map((poster) => english(poster.language)).join(", ");
    return make("span", {}, make("strong", {}, route.name), make("br"), make("span", { class: "quiet" }, names || "No poster"));
  }

  // --- search: the exact number, then numbers that begin so, then words of the name -------------

  function closeness(text, { name, short }) {
    const [wanted, number, full] = [text, short, name].map((each) => each.trim().toLowerCase());
    if (number === wanted || full === wanted) return 0;
    if (number.startsWith(wanted)) return 1;
    const words = full.split(/[^\p{L}\p{N}]+/u);
    if (wanted.split(/\s+/).every((part) => words.some((word) => word.startsWith(part)))) return 2;
    return full.includes(wanted) ? 3 : Infinity;
  }

  function nearest(text, routes) {
    return routes.map((route, at) => [closeness(text, route), at, route])
      .filter(([close]) => close < Infinity)
      .sort(([closeA, atA], [closeB, atB]) => closeA - closeB || atA - atB);
  }

  // Routes that run, best first, and what to say of routes that this plan leaves out.
  function search(text) {
    const hits = nearest(text, data.routes);
    const best = hits.length ? hits[0][0] : Infinity;
    const out = nearest(text, data.leftOut).filter(([close]) => close <= best);
    const said = out.slice(0, 3).map(([, , route]) => {
      const article = /^[aeiou]/.test(route.mode) ? "an" : "a";
      return `${route.name} is ${article} ${route.mode} route; ` +
        (route.counted ? "it does not run in the design week." : `this plan counts ${data.words.modes} only.`);
    });
    if (out.length > 3) said.push(`${out.length - 3} more routes of that name are left out.`);
    if (!hits.length && !out.length) said.push("No route of that name runs in the design week.");
    return { routes: hits.map(([, , route]) => route), note: said.join(" ") };
  }

  return {
    LAND, make, whole, plusMinus, carries, english, figure, vehicles, ofVehicles, lineSample, key, patch, tint,
    routeNumber, inkOf, routeCard, tractCard, routeTooltip, search,
  };
}
