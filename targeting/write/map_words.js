"use strict";

// Before the map measures its place: without this mark the page shows its figures alone.
document.documentElement.classList.add("js");

// The small parts of the page: elements, figures in words, samples of lines and colours.
// Text only ever enters the page through text nodes: names in the data are never read as HTML.
function planWords(data) {
  const LAND = "#fbfaf7";
  const TINT = 0.18;
  const SVG = "http://www.w3.org/2000/svg";
  const LONG = 60;

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  }

  function svg(attributes, ...shapes) {
    const node = document.createElementNS(SVG, "svg");
    Object.entries(attributes).forEach((pair) => node.setAttribute(...pair));
    shapes.forEach(([tag, values]) => {
      const shape = document.createElementNS(SVG, tag);
      Object.entries(values).forEach((pair) => shape.setAttribute(...pair));
      node.append(shape);
    });
    return node;
  }

  // made once: a language switch words hundreds of numbers
  const numbers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const whole = (number) => numbers.format(number);
  // People too few to be told come as null; the words for them are Python's.
  const people = (number) => (number === null ? data.words.few : whole(number));
  const plusMinus = (number, margin) => (number === null ? data.words.few : `${whole(number)} ± ${whole(margin)}`);
  const carries = (route, language) => route.posters.some((poster) => poster.language === language);
  // Whether its predominant language leads within the margin of error: of a rival, or of others at zero (-2).
  const close = (tract) => tract.rival !== -1;
  const english = (at) => data.languages[at].english;
  const figure = (route, language) => route.figures.find((row) => row[0] === language);
  const brief = (name) => (name.length > LONG ? `${name.slice(0, LONG - 1)}…` : name);
  const listed = (words) => [words.slice(0, -1).join(", "), ...words.slice(-1)].filter(Boolean).join(" and ");

  const vehicle = data.words.vehicles === "buses" ? "bus" : "vehicle";
  function vehicles(number) {
    return `${whole(number)} ${number === 1 ? vehicle : data.words.vehicles}`;
  }

  // Of what is ordered for several routes it is said whose the vehicles are: they are no single route's.
  function ofVehicles(poster) {
    const number = poster.of ? `${whole(poster.buses)} of ${poster.unit ? "the " : ""}${vehicles(poster.of)}` : vehicles(poster.buses);
    return poster.unit ? `${number} of ${poster.unit}` : number;
  }
  const cards = (number) => `${whole(number)} ${number === 1 ? "card" : "cards"}`;

  function languageName(language) {
    const own = make("bdi", { lang: language.tag }, language.own);
    return language.own === language.english ? [own] : [own, ` · ${language.english}`];
  }

  function lineSample(color, dash, width, ...over) {
    return svg({ width: 40, height: 8, "aria-hidden": "true" }, ...[[color, dash], ...over].map(([stroke, pattern]) =>
      ["line", { x1: 0, y1: 4, x2: 40, y2: 4, stroke, "stroke-width": width, "stroke-dasharray": pattern || "none" }]));
  }

  // The garages with posters whose routes these are, and those whose buses run here besides: no card of
  // theirs belongs to a route, since which one a bus runs on a day is not known.
  data.routes.forEach((route) => Object.assign(route, { homes: [], guests: [] }));
  if (data.words.unit === "garage") {
    data.units.forEach((unit) => {
      unit.routes.forEach((at) => data.routes[at].homes.push(unit));
      unit.visits.forEach((at) => data.routes[at].guests.push(unit));
    });
  }
  const passing = (route, language) => route.homes.filter((unit) => language < 0 || carries(unit, language));
  const capital = (text) => text[0].toUpperCase() + text.slice(1);
  const mayPass = (units) => `${capital(data.words.vehicles)} of ${listed(units.map((unit) => unit.name))} may pass here`;

  // The languages that hang on a route, each once.
  const languagesOf = (route) => [...new Set(route.posters.map((poster) => poster.language))];

  // The second of two patterns over the first's whole line: gaps wide enough for both colours to be seen.
  const overDash = ({ dash }) =>
    dash ? dash.split(" ").map((length, at) => (at % 2 ? Math.max(+length, 8) : +length)).join(" ") : "10 10";

  // How a line is drawn that carries several languages: colours and dashes, each over those before it,
  // so that all of them show in turn.
  function strands(languages) {
    const each = languages.map((at) => data.languages[at]);
    const long = each.length > 3 ? 8 : 10;
    return each.map((language, at) =>
      at === 0 ? [language.color, ""]
        : each.length === 2 ? [language.color, overDash(language)]
          : [language.color, `${long * (each.length - at)} ${long * at}`]);
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
    const number = make("span", { class: "number" }, brief(route.short));
    number.style.setProperty("--ink", color);
    return number;
  }

  // Languages' colours side by side; one colour where there is one.
  function bands(languages) {
    const colors = languages.map((at) => data.languages[at].color);
    if (colors.length < 2) return colors[0];
    const end = (at) => `${Math.round((1000 * at) / colors.length) / 10}%`;
    return `linear-gradient(90deg, ${colors.map((color, at) => `${color} ${end(at)} ${end(at + 1)}`).join(", ")})`;
  }

  // What fills a route's number: the colours of all that it carries.
  const inkOf = (route) => (route.posters.length ? bands(languagesOf(route)) : "#6b7583");

  // The sign of a family or a garage: as wide as a route's number, in the colours of what it carries.
  function unitSign(unit) {
    const sign = make("span", { class: "number unit-sign", "aria-hidden": "true" });
    sign.style.setProperty("--ink", bands(languagesOf(unit)));
    return sign;
  }

  function venueSign(venue) {
    const sign = make("span", { class: "sign" });
    sign.style.setProperty("--ink", bands(venue.posters.map((poster) => poster.language)));
    return sign;
  }

  return {
    LAND, make, svg, whole, people, plusMinus, carries, close, english, figure, brief, listed, vehicle, vehicles, ofVehicles, cards, languageName,
    lineSample, languagesOf, strands, key, patch, tint, routeNumber, bands, inkOf, venueSign, unitSign, passing, mayPass, capital,
  };
}
