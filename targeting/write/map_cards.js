"use strict";

// What a card says of a route, a tract, a venue or a stop.
function planCards(data, words) {
  const { make, whole, people, plusMinus, carries, english, figure, ofVehicles, languageName, lineSample } = words;
  const CLASSES = { h: "high", m: "medium", l: "low", "-": "" };
  const IDS = 12; // of one name, on its card
  const staff = data.audience === "staff";

  const quiet = (...text) => make("p", { class: "quiet" }, ...text);
  const title = (text) => make("h3", { class: "name", dir: "auto" }, text);

  function table(caption, heads, rows) {
    const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
    const body = rows.map(({ cells, carried }) =>
      make("tr", carried ? { class: "carried" } : {},
        ...cells.map((cell, at) => make(at ? "td" : "th", at ? (cell === "low" ? { class: "low" } : {}) : { scope: "row" }, ...[cell].flat()))));
    return make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, ...body));
  }

  // A bar with its margin under a figure; the figure itself says it to who cannot see it.
  function bar(number, margin, most, color) {
    const share = (value) => `${Math.min(100, (100 * value) / most)}%`;
    const box = make("span", { class: "spark", "aria-hidden": "true" });
    if (number) {
      const fill = make("span", { class: "spark-fill" });
      fill.style.width = share(number);
      fill.style.background = color;
      const range = make("span", { class: "spark-margin" });
      range.style.left = share(Math.max(0, number - margin));
      range.style.width = share(Math.min(most, number + margin) - Math.max(0, number - margin));
      box.append(fill, range);
    }
    return box;
  }

  const mostOf = (rows) => Math.max(1, ...rows.map(([number, margin]) => (number || 0) + (number ? margin : 0)));

  // One line for every language whose figures count more than the language itself.
  function measuredNotes() {
    return data.languages.filter((language) => language.measuredAs !== language.english)
      .map((language) => quiet(`* ${language.english} is counted as: ${language.measuredAs}.`));
  }

  const starred = (language) => language.english + (language.measuredAs === language.english ? "" : " *");

  function posterHead(poster, hung) {
    const language = data.languages[poster.language];
    return make("p", { class: "poster" }, lineSample(language.color, language.dash, 4),
      make("span", {}, ...languageName(language), " · ", make("span", { class: "of" }, hung)));
  }

  function posterLines(poster, where = "along the route") {
    if (!staff) return [];
    const reached = `Served ${plusMinus(poster.served, poster.margin)} · reach ${plusMinus(poster.reach, poster.reachMargin)}`;
    return [
      make("p", { class: "reached" }, `${reached} · rank ${poster.rank}`),
      make("p", { class: "sure" }, `Largest ${where} with ${poster.largest} probability`),
      ...(poster.certainty ? [quiet(`Certainty: ${poster.certainty} of redraws of the census figures place it here again.`)] : []),
      make("p", { class: "reason", dir: "auto" }, poster.reason),
    ];
  }

  // What the buses of a garage may bring to a route: its posters are the garage's, and no route's.
  function garageLines(route) {
    const lines = route.homes.flatMap((unit) => [
      make("p", { class: "poster" }, make("span", {}, words.mayPass([unit]))),
      quiet(`${carriedBy(unit)}. Which of the ${whole(unit.routes.length)} routes of the garage such a ${words.vehicle} runs on a day is not known; no poster is ordered for this route by itself.`),
    ]);
    if (!route.homes.length) {
      lines.push(make("p", { class: "poster" }, "No poster in this plan"));
      if (route.garage) lines.push(quiet("Its garage, ", make("bdi", { class: "name" }, route.garage), ", gets no poster."));
    }
    if (route.guests.length) {
      lines.push(quiet(`By the timetable some ${data.words.vehicles} that mostly run routes of ${words.listed(route.guests.map((unit) => unit.name))} run here too.`));
    }
    return staff ? [...lines, make("p", { class: "reason" }, route.verdict)] : lines;
  }

  // "22 of its 122 buses carry Spanish, 1 Korean and 1 Arabic"
  function carriedBy(unit) {
    const [first, ...others] = unit.posters;
    const number = unit.buses ? `${whole(first.buses)} of its ${words.vehicles(unit.buses)}` : words.vehicles(first.buses);
    return words.listed([`${number} ${first.buses === 1 ? "carries" : "carry"} ${english(first.language)}`, ...others.map((poster) => `${whole(poster.buses)} ${english(poster.language)}`)]);
  }

  function unitCard(unit, routeButton) {
    const garage = data.words.unit === "garage";
    const routes = unit.routes.map((at) => data.routes[at]);
    const besides = unit.visits.length ? ` Its ${data.words.vehicles} run ${unit.visits.length} other ${unit.visits.length === 1 ? "route" : "routes"} at times.` : "";
    return make("div", { class: "unit-popup" },
      title(unit.name),
      quiet(`${words.capital(data.words.unit)}${unit.buses ? ` · ${words.vehicles(unit.buses)} on the road at once` : ""}`),
      ...unit.posters.flatMap((poster) => [
        posterHead(poster, words.ofVehicles(poster)),
        ...posterLines(poster, `where its ${data.words.vehicles} run`),
      ]),
      ...(routes.length > 1 ? [quiet(`On which of its routes a ${words.vehicle} with a poster runs on a day is not known.${besides}`)] : []),
      make("h4", {}, garage ? `Routes that its ${data.words.vehicles} may pass (${routes.length})` : `Its routes (${routes.length})`),
      make("ul", { class: "rows" }, ...routes.map((route) => make("li", {}, routeButton(route, [])))));
  }

  function routePosters(route) {
    if (data.words.unit === "garage") return garageLines(route);
    if (!route.posters.length) {
      return [make("p", { class: "poster" }, "No poster in this plan"), ...(staff ? [make("p", { class: "reason" }, route.verdict)] : [])];
    }
    return route.posters.flatMap((poster) => [
      posterHead(poster, ofVehicles(poster)),
      ...(poster.unit ? [quiet("Ordered for ", make("bdi", { class: "name" }, poster.unit), ", whose ", data.words.vehicles, " run here: on which of its routes one runs on a day is not known.")] : []),
      ...(staff && !poster.unit && poster.buses < poster.of ? [quiet(`The route’s other ${data.words.vehicles} do not carry it.`)] : []),
      ...posterLines(poster, poster.unit ? `where ${data.words.vehicles} of ${poster.unit} run` : undefined),
    ]);
  }

  // One line a comparison: of a pair that is compared with each other, one line in all.
  function runnerUpLines(route) {
    const compared = [];
    return route.posters.filter((poster) => !poster.unit).filter(({ language, runnerUp }) => {
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

  function routeFigures(route) {
    const most = mostOf(route.figures.map(([, served, margin]) => [served, margin]));
    const rows = route.figures.map(([language, served, margin, share, shareMargin, largest, reliability]) => ({
      carried: carries(route, language),
      cells: [
        starred(data.languages[language]),
        [plusMinus(served, margin), bar(served, margin, most, data.languages[language].color)],
        share === null ? "–" : `${share.toFixed(1)}% ± ${shareMargin.toFixed(1)}`,
        largest,
        reliability,
      ],
    }));
    const bounds = route.posters.filter((poster) => !poster.unit).map((poster) => make("p", { class: "quiet bounds" },
      `Bounds for ${english(poster.language)}: ${people(poster.low)}, counting only tracts that lie wholly within walking ` +
      `distance, to ${people(poster.high)}, counting whole every tract that is touched.`));
    return [
      ...(route.elsewhere ? [quiet(`Its ${data.words.vehicles} spend ${route.elsewhere} of their hours on other routes: `, make("bdi", { class: "name" }, route.elsewhereRoutes), ".")] : []),
      table(`${data.words.people} within walking distance`, ["language", "served", "of residents", "largest with", "reliability"], rows),
      ...runnerUpLines(route),
      ...bounds,
      quiet("Largest with: the probability that the route serves more people of this language than of any other of the campaign. Reliability: by the standard error over the estimate. Bars: served, with the margin."),
      ...measuredNotes(),
    ];
  }

  function routeCard(route) {
    return make("div", { class: "route-popup" },
      title(route.name),
      quiet(`${whole(route.trips)} trips a week · ${route.mode}`, ...(route.garage ? [" · garage: ", make("bdi", { class: "name" }, route.garage)] : [])),
      ...routePosters(route),
      ...(staff ? routeFigures(route) : []));
  }

  function tractCard(tract) {
    const most = mostOf(tract.people.map((number, at) => [number, tract.margins[at]]));
    const rows = data.languages.map((language, at) => ({
      carried: false,
      cells: [
        starred(language),
        [plusMinus(tract.people[at], tract.margins[at]), bar(tract.people[at], tract.margins[at], most, language.color)],
        CLASSES[tract.reliability[at]],
      ],
    }));
    let leads = data.words.none;
    if (tract.most >= 0) {
      leads = `Of the ${data.words.among}, ${data.groups[tract.most].name} ` + (!words.close(tract) ? "is the most spoken here."
        : tract.rival < 0 ? "alone has an estimate above zero, within the margins of error: nothing is sure here."
          : `has the highest estimate, within the margin of error of ${data.groups[tract.rival].name}.`);
    }
    return make("div", { class: "tract-popup" },
      title(tract.name),
      quiet(tract.county),
      make("p", {}, `${plusMinus(tract.residents[0], tract.residents[1])} residents of 5 years and over. ${leads}`),
      table(`${data.words.people} in the tract`, ["language", "estimate", "reliability"], rows),
      quiet("An estimate with a margin as large as itself may well be zero."),
      ...measuredNotes());
  }

  function venueCard(venue) {
    return make("div", { class: "venue-popup" },
      title(venue.name),
      quiet(venue.kind),
      ...venue.posters.flatMap((poster) => [
        posterHead(poster, words.cards(poster.cards)),
        ...(staff ? [
          make("p", { class: "reached" }, `Served ${plusMinus(poster.served, poster.margin)} · reach ${plusMinus(poster.reach, poster.reachMargin)} · rank ${poster.rank}`),
          ...(poster.certainty ? [quiet(`Certainty: ${poster.certainty} of redraws of the census figures place it here again.`)] : []),
          make("p", { class: "reason", dir: "auto" }, poster.reason),
        ] : []),
      ]));
  }

  // The routes that call at a stop, each a button that opens it.
  function stopCard(stop, routeButton) {
    const routes = stop.routes.map((at) => data.routes[at]);
    const passed = data.words.unit === "garage";
    const posted = routes.filter((route) => route.posters.length + route.homes.length).length;
    return make("div", { class: "stop-popup" },
      title(stop.name),
      ...(stop.ids.length <= IDS ? [quiet(`Stop ${stop.ids.length === 1 ? "ID" : "IDs"} ${words.listed(stop.ids)}`)] : []),
      quiet(`${routes.length} ${routes.length === 1 ? "route calls" : "routes call"} here, ${passed
        ? `${posted || "none"} of garages with posters` : posted ? `${posted} with posters` : "none with posters"}.`),
      make("ul", { class: "rows" }, ...routes.map((route) => make("li", {}, routeButton(route)))));
  }

  function routeTooltip(route) {
    const names = words.languagesOf(route).map(english).join(", ");
    return make("span", {}, make("strong", { class: "name" }, route.name), make("br"), make("span", { class: "quiet" }, names || (route.homes.length ? words.mayPass(route.homes) : "No poster")));
  }

  return { routeCard, unitCard, tractCard, venueCard, stopCard, routeTooltip };
}
