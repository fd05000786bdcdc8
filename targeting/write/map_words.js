"use strict";

// Before the map measures its place: without this mark the page shows its figures alone.
document.documentElement.classList.add("js");

// The words of the page: figures, samples, the cards of a route and of a tract, and the search.
// Text only ever enters the page through text nodes: names in the data are never read as HTML.
function planWords(data) {
  const LAND = "#fbfaf7";
  const TINT = 0.18;
  const CLASSES = { h: "high", m: "medium", l: "low" };

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  }

  const whole = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 0 });
  // People too few to be told come as null; the words for them are Python's.
  const people = (number) => (number === null ? data.words.few : whole(number));
  const plusMinus = (number, margin) => (number === null ? data.words.few : `${whole(number)} ± ${whole(margin)}`);
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

  function lineSample(color, dash, width, ...over) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    Object.entries({ width: 40, height: 8, "aria-hidden": "true" }).forEach((pair) => svg.setAttribute(...pair));
    [[color, dash], ...over].forEach(([stroke, pattern]) => {
      const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
      Object.entries({ x1: 0, y1: 4, x2: 40, y2: 4, stroke, "stroke-width": width, "stroke-dasharray": pattern || "none" })
        .forEach((pair) => line.setAttribute(...pair));
      svg.append(line);
    });
    return svg;
  }

  // The other language of a route that carries two; undefined where it carries one.
  function otherLanguage(route) {
    const [first, ...rest] = route.posters.map((poster) => data.languages[poster.language]);
    return rest.find((language) => language.group !== first.group) || rest[0];
  }

  // Its pattern over the first language's whole line: gaps wide enough for both colours to be seen.
  const overDash = ({ dash }) =>
    dash ? dash.split(" ").map((length, at) => (at % 2 ? Math.max(+length, 8) : +length)).join(" ") : "10 10";

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

  // What fills a route's number: its language's colour, or two halves.
  function inkOf(route) {
    if (!route.posters.length) return "#6b7583";
    const { color } = data.languages[route.posters[0].language];
    const other = otherLanguage(route);
    return other ? `linear-gradient(90deg, ${color} 50%, ${other.color} 50%)` : color;
  }

  // --- cards ----------------------------------------------------------------------------------

  function table(caption, heads, rows) {
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    const body = rows.map(({ cells, carried }) =>
      make("tr", carried ? { class: "carried" } : {},
        ...cells.map((cell, at) => make(at ? "td" : "th", at ? (cell === "low" ? { class: "low" } : {}) : { scope: "row" }, cell))));
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
      parts.push(make("p", { class: "sure" }, `Largest along the route with ${poster.largest} probability`));
      parts.push(make("p", { class: "reason" }, poster.reason));
    });
    return parts;
  }

  // One line a comparison: of a pair that is compared with each other, one line in all.
  function runnerUpLines(route) {
    const compared = [];
    return route.posters.filter(({ language, runnerUp }) => {
      const pair = runnerUp < 0 ? "" : [language, runnerUp].map((at) => data.languages[at].group).sort().join();
      return pair && !compared.includes(pair) && compared.push(pair);
    }).map(({ language, runnerUp, differs }) => {
      const [, served, margin] = figure(route, runnerUp);
      const larger = (served === null ? 1 : served) > (figure(route, language)[1] === null ? 1 : figure(route, language)[1]);
      const what = `${larger ? "Larger along the route" : "Runner-up"}${compared.length > 1 ? ` (${english(language)})` : ""}`;
      return make("p", { class: "runner-up" },
        `${what}: ${data.groups[data.languages[runnerUp].group].name}, ${plusMinus(served, margin)}; ` +
        `the difference ${differs ? "passes" : "does not pass"} the 90% test`);
    });
  }

  function routeCard(route) {
    const rows = route.figures.map(([language, served, margin, share, shareMargin, largest, reliability]) => ({
      carried: carries(route, language),
      cells: [
        starred(data.languages[language]),
        plusMinus(served, margin),
        share === null ? "–" : `${share.toFixed(1)}% ± ${shareMargin.toFixed(1)}`,
        largest,
        reliability,
      ],
    }));
    const bounds = route.posters.map((poster) => make("p", { class: "quiet bounds" },
      `Bounds for ${english(poster.language)}: ${people(poster.low)}, counting only tracts that lie wholly within walking ` +
      `distance, to ${people(poster.high)}, counting whole every tract that is touched.`));
    return make("div", { class: "route-popup" },
      make("h3", {}, route.name),
      make("p", { class: "quiet" }, `${whole(route.trips)} trips a week · ${route.mode}`),
      ...posterLines(route),
      table(`${data.words.people} within walking distance`, ["", "served", "of residents", "largest with", "reliability"], rows),
      ...runnerUpLines(route),
      ...bounds,
      make("p", { class: "quiet" }, "Largest with: the probability that the route serves more people of this language than of any other of the campaign. Reliability: by the standard error over the estimate."),
      ...measuredNotes());
  }

  function tractCard(tract) {
    const rows = data.languages.map((language, at) => ({
      carried: false,
      cells: [starred(language), plusMinus(tract.people[at], tract.margins[at]), CLASSES[tract.reliability[at]]],
    }));
    let most = data.words.none;
    if (tract.most >= 0) {
      most = `Of the ${data.words.among}, ${data.groups[tract.most].name} ` + (tract.rival < 0 ? "is the most spoken here."
        : `has the highest estimate, within the margin of error of ${data.groups[tract.rival].name}.`);
    }
    return make("div", { class: "tract-popup" },
      make("h3", {}, tract.name),
      make("p", { class: "quiet" }, tract.county),
      make("p", {}, `${plusMinus(tract.residents[0], tract.residents[1])} residents of 5 years and over. ${most}`),
      table(`${data.words.people} in the tract`, ["", "estimate", "reliability"], rows),
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
    routeNumber, inkOf, otherLanguage, overDash, routeCard, tractCard, routeTooltip, search,
  };
}
