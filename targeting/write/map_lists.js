"use strict";

// The panel beside the map: the search, the choice of language, routes and venues as lists, and the
// table of placements, which sorts. Whatever is open on the map is marked here.
function planLists(view) {
  const { data, words, routes } = view;
  const { make, carries, english, figure, plusMinus } = words;
  const element = (id) => document.getElementById(id);
  const staff = data.audience === "staff";
  const LISTED = 10;
  const byUnit = data.words.unit !== "route";
  const find = element("find");
  const rowsOf = new Map(); // what is open → its rows in the lists

  function remember(thing, row) {
    rowsOf.set(thing, [...(rowsOf.get(thing) || []).filter((each) => each.isConnected), row]);
  }

  function routeButton(route, lines = placementLines(route)) {
    const rest = route.name.startsWith(`${route.short} `) ? route.name.slice(route.short.length + 1) : route.name;
    const row = make("button", { type: "button", class: "route-row" }, words.routeNumber(route, words.inkOf(route)),
      make("bdi", { class: "name" }, rest), ...lines.map((line) => make("span", { class: "carries" }, line)));
    row.addEventListener("click", () => view.openRoute(route));
    return row;
  }

  function routeItem(route) {
    const row = routeButton(route);
    remember(route, row);
    return make("li", {}, row);
  }

  function unitItem(unit) {
    const row = make("button", { type: "button", class: "route-row" }, words.unitSign(unit), make("bdi", { class: "name" }, unit.name),
      ...placementLines(unit).map((line) => make("span", { class: "carries" }, line)));
    row.addEventListener("click", () => view.openUnit(unit));
    remember(unit, row);
    return make("li", {}, row);
  }

  function placementLines(route) {
    if (route.homes && route.homes.length) return [words.mayPass(route.homes)];
    if (!route.posters.length) return ["No poster"];
    return route.posters.map((poster) => staff
      ? `${english(poster.language)} · ${words.ofVehicles(poster)} · ${plusMinus(poster.served, poster.margin)} served · rank ${poster.rank}`
      : `${english(poster.language)} · ${words.ofVehicles(poster)}`);
  }

  // Families or garages, where cards are ordered for these: no row of a route says what is theirs.
  function listUnits() {
    const listed = data.units.filter((unit) => view.shown < 0 || carries(unit, view.shown));
    const { unit: one, units: many, ranked, people } = data.words;
    element("units-title").textContent = view.shown < 0 ? `${words.capital(many)} with posters`
      : listed.length === 1 ? `1 ${one} carries ${english(view.shown)}` : `${listed.length} ${many} carry ${english(view.shown)}`;
    element("units").replaceChildren(...listed.map(unitItem));
    element("units-note").textContent = !listed.length ? `No ${one} carries this language.` : !staff ? ""
      : `${ranked} Served: ${people} of the poster’s language within walking distance of where its ${data.words.vehicles} run.`;
  }

  function listRoutes() {
    element("units-section").hidden = !byUnit;
    element("routes-title").closest("section").hidden = byUnit;
    if (byUnit) {
      listUnits();
      return;
    }
    const listed = data.routes.filter((route) => routes.worn(route) >= 0);
    element("routes-title").textContent = view.shown < 0 ? "Routes with posters" : `${listed.length} ${listed.length === 1 ? "route carries" : "routes carry"} ${english(view.shown)}`;
    element("routes").replaceChildren(...listed.map(routeItem));
    element("routes-note").textContent = !listed.length ? "No route carries this language." : !staff ? ""
      : `${data.words.ranked} Served: ${data.words.people} of the poster’s language within walking distance.`;
  }

  function listVenues() {
    const listed = data.venues.filter(view.stops.hangs);
    element("venues-section").hidden = !listed.length;
    element("venues").replaceChildren(...listed.map((venue) => {
      const carried = venue.posters.map((poster) => `${english(poster.language)} · ${words.cards(poster.cards)}`);
      const row = make("button", { type: "button", class: "route-row" }, words.venueSign(venue), make("bdi", { class: "name" }, venue.name),
        ...carried.map((line) => make("span", { class: "carries" }, line)));
      row.addEventListener("click", () => view.openVenue(venue));
      remember(venue, row);
      return make("li", {}, row);
    }));
  }

  function searchRoutes() {
    const hits = find.value.trim() ? view.search(find.value) : { lines: [], stops: [], note: "" };
    element("found").replaceChildren(...hits.lines.map((each) => (data.units.includes(each) ? unitItem(each) : routeItem(each))), ...hits.stops.map((stop) => {
      const calls = stop.routes.map((at) => data.routes[at].short).map(words.brief);
      const row = make("button", { type: "button", class: "route-row stop-row" }, make("span", { class: "stop-mark", "aria-hidden": "true" }),
        make("bdi", { class: "name" }, stop.name), make("span", { class: "carries" }, `Stop${stop.ids.length === 1 ? ` ${stop.ids[0]}` : ""} · ${calls.length === 1 ? "route" : "routes"} ${words.listed(calls) || "none"}`));
      row.addEventListener("click", () => view.openStop(stop));
      return make("li", {}, row);
    }));
    element("found-note").textContent = hits.note;
    element("found-note").classList.toggle("missed", Boolean(hits.plainly));
  }

  // The routes that serve most people of the language, whatever they carry, under its card.
  function listTop() {
    const served = (route) => (figure(route, view.shown)[1] === null ? 0.5 : figure(route, view.shown)[1]); // too few to be told: last
    view.top = view.shown < 0 || !staff ? [] : data.routes.filter((route) => figure(route, view.shown) && served(route) > 0)
      .sort((a, b) => served(b) - served(a)).slice(0, LISTED);
    const box = element("top");
    box.hidden = !view.top.length;
    if (!view.top.length) return;
    element("top-title").textContent = `The ${view.top.length} routes that serve most ${data.words.people} of ${english(view.shown)}`;
    element("top-list").replaceChildren(...view.top.map((route) => {
      const [, number, margin] = figure(route, view.shown);
      const carried = words.listed(words.languagesOf(route).map(english));
      const passing = words.passing(route, view.shown);
      const row = make("button", { type: "button", class: "top-row" }, words.routeNumber(route, words.inkOf(route)),
        make("span", {}, plusMinus(number, margin)), make("span", { class: "carries" }, carried ? `carries ${carried}`
          : passing.length ? `of ${words.listed(passing.map((unit) => unit.name))}` : route.homes.length ? `no ${english(view.shown)}` : "no poster"));
      row.title = words.brief(route.name);
      row.addEventListener("click", () => view.openRoute(route));
      remember(route, row);
      return make("li", {}, row);
    }));
    document.querySelector(`input[name=shown][value="${CSS.escape(data.languages[view.shown].tag)}"]`).closest(".choice").after(box);
  }

  // --- the table of placements ----------------------------------------------------------------------

  const table = element("placements");
  const order = new Intl.Collator("en", { numeric: true }).compare;
  const lines = [...table.tBodies[0].rows].map((row, at) => ({ row, place: data.placements[at], at }));
  const value = (row, column) => row.cells[column].dataset.value || row.cells[column].textContent.trim();

  function open({ place }) {
    if (place.venue !== undefined) view.openVenue(data.venues[place.venue]);
    else if (place.unit !== undefined) view.openUnit(data.units[place.unit]);
    else if (place.routes.length) view.openRoute(data.routes[place.routes[0]]);
  }

  lines.forEach((line) => {
    const cell = line.row.querySelector("th");
    const button = make("button", { type: "button", class: "open name" }, ...cell.childNodes);
    cell.append(button);
    line.row.addEventListener("click", () => open(line));
    const { place } = line;
    const things = place.venue !== undefined ? [data.venues[place.venue]] : place.unit !== undefined ? [data.units[place.unit]] : place.routes.map((route) => data.routes[route]);
    line.marks = (thing) => things.includes(thing);
  });

  function sortBy(head, column) {
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const turn = down ? -1 : 1;
    lines.slice().sort((a, b) => turn * order(value(a.row, column), value(b.row, column)) || a.at - b.at)
      .forEach(({ row }) => table.tBodies[0].append(row));
  }

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = make("button", { type: "button", class: "sort" }, ...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sortBy(head, column));
  });
  heads[0].setAttribute("aria-sort", "ascending");

  function filterTable() {
    lines.forEach(({ row, place }) => { row.hidden = view.shown >= 0 && place.language !== view.shown; });
  }

  function asTable(wanted) {
    document.documentElement.classList.toggle("tabled", wanted);
    element("as-list").setAttribute("aria-pressed", String(!wanted));
    element("as-table").setAttribute("aria-pressed", String(wanted));
    view.map.invalidateSize({ animate: false }); // the table takes some room from the map
    view.placeLabels();
  }
  element("as-list").addEventListener("click", () => asTable(false));
  element("as-table").addEventListener("click", () => asTable(true));

  // --- what is open, marked ------------------------------------------------------------------------

  function mark() {
    const thing = view.selected || view.venue || view.unit;
    document.querySelectorAll(".panel .marked").forEach((row) => { row.classList.remove("marked"); row.removeAttribute("aria-current"); });
    if (!thing) return;
    const rows = [...(rowsOf.get(thing) || []), ...lines.filter((line) => line.marks(thing)).map(({ row }) => row)];
    rows.forEach((row) => { row.classList.add("marked"); row.setAttribute("aria-current", "true"); });
    reveal(rows.filter((row) => row.offsetParent));
  }

  // Moves the panel, never the page, and only as far as the row is out of sight.
  function reveal(rows) {
    const panel = document.querySelector(".panel").getBoundingClientRect();
    const boxes = rows.map((row) => row.getBoundingClientRect());
    if (!boxes.length || boxes.some((box) => box.bottom > panel.top && box.top < panel.bottom)) return;
    document.querySelector(".panel").scrollTop += boxes[boxes.length - 1].top - panel.top - panel.height / 3;
  }

  find.addEventListener("input", searchRoutes);
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !find.value.trim()) return;
    const { first } = view.search(find.value);
    if (first === null) view.closeCard(); // what was open before is no answer
    else if (data.routes.includes(first)) view.openRoute(first);
    else if (data.units.includes(first)) view.openUnit(first);
    else view.openStop(first);
  });

  function renew() {
    rowsOf.clear();
    searchRoutes();
    listTop();
    listRoutes();
    listVenues();
    filterTable();
  }

  return { renew, mark, routeButton };
}
