"use strict";

// Draws the plan on a Leaflet map and keeps the page around it in step. `data` is map_data.py's.
function showPlan(map, data) {
  const STOPS_FROM_ZOOM = 13;
  const COUNTY_NAMES_FROM_ZOOM = 9.5;
  const FADED = "#7d8794";
  const HOT = "#1c2430";
  const LISTED = 10;
  const words = planWords(data);
  const { LAND, make, carries, english, figure, key, patch, lineSample, tint } = words;
  const element = (id) => document.getElementById(id);
  const narrow = window.matchMedia("(max-width: 820px)");
  const canvas = L.canvas({ tolerance: 5, padding: 0.3 });
  const visible = { posted: true, others: true, tracts: true, stops: false, hotspots: false };
  let shown = -1; // position of the language shown, -1 for the plan
  let selected = null; // the route whose card is open
  let picked = null; // the tract whose card is open
  let left = null; // the view before a card moved the map, and the one it was moved to
  let opener = null; // what had the focus before the card
  let top = []; // routes that serve most people of the language shown

  // The language whose colour a route wears in this view; -1 where it is drawn as background.
  function worn(route) {
    if (!route.posters.length) return -1;
    if (shown < 0) return route.posters[0].language;
    return carries(route, shown) ? shown : -1;
  }

  // Routes of the languages on the fewest routes come first: a rare one must not be covered.
  const routesOf = data.languages.map((_, at) => data.routes.filter((route) => carries(route, at)).length);
  const rarestFirst = (routes) => routes.slice().sort((a, b) => routesOf[worn(a)] - routesOf[worn(b)]);

  // --- layers ---------------------------------------------------------------------------------

  function hatch(color, width) {
    const tile = make("canvas", { width: 8, height: 8 });
    const pen = tile.getContext("2d");
    pen.fillStyle = LAND;
    pen.fillRect(0, 0, 8, 8);
    pen.strokeStyle = color;
    pen.lineWidth = width;
    [-8, 0, 8].forEach((from) => { pen.moveTo(from - 2, 10); pen.lineTo(from + 10, -2); });
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  // Where nobody lives: stripes, which no shade of any class looks like.
  const stripes = hatch("#a9b0b9", 1);
  // Where a language leads within the margin of error: its tint in bands.
  const hatched = data.groups.map((group) => hatch(tint(group.color), 2.8));

  function tractStyle(feature) {
    const tract = feature.properties;
    const style = { color: "#c3cad3", weight: 0.7, opacity: 1, fillColor: LAND, fillOpacity: 1 };
    if (tract.residents[0] === 0) style.fillColor = stripes;
    else if (shown < 0 && tract.most >= 0) style.fillColor = tract.rival < 0 ? tint(data.groups[tract.most].color) : hatched[tract.most];
    else if (shown >= 0 && tract.classes[shown]) {
      style.fillColor = data.languages[shown].ramp[tract.classes[shown] - 1];
      style.color = "#ffffff";
    }
    return tract === picked ? { ...style, color: "#1c2430", weight: 3 } : style;
  }

  const tracts = L.geoJSON(data.tracts, {
    renderer: canvas,
    style: tractStyle,
    onEachFeature: (feature, layer) => layer.on("click", (event) => openTract(feature.properties, layer, event.latlng)),
  });
  const counties = L.layerGroup(
    data.counties.length > 1
      ? data.counties.map((county) => L.polyline(county.lines, { renderer: canvas, interactive: false, color: "#8b95a2", weight: 1.4 }))
      : []
  ).addTo(map);
  const countyNames = data.counties.filter((county) => data.counties.length > 1 && county.label).map((county) =>
    L.marker(county.label, {
      icon: L.divIcon({ className: "county", html: make("span", {}, county.name), iconSize: [0, 0] }),
      interactive: false, keyboard: false, zIndexOffset: -1000,
    }).addTo(map));

  const groups = { posted: L.featureGroup(), others: L.featureGroup(), tracts: tracts, stops: L.layerGroup(), hotspots: L.featureGroup() };
  const badges = L.layerGroup();
  data.routes.forEach((route) => {
    route.casing = L.polyline(route.lines, { renderer: canvas, interactive: false, color: "#ffffff", lineCap: "round" });
    route.line = L.polyline(route.lines, { renderer: canvas, lineCap: "butt" });
    const other = words.otherLanguage(route);
    if (other) {
      route.over = L.polyline(route.lines, {
        renderer: canvas, interactive: false, lineCap: "butt", color: other.color, dashArray: words.overDash(other),
      });
    }
    route.line.on("click", (event) => { L.DomEvent.stopPropagation(event); openRoute(route, event.latlng); });
    route.line.bindTooltip(() => words.routeTooltip(route), { sticky: true, direction: "top", offset: [0, -4] });
    route.number = words.routeNumber(route, FADED);
    // out of the order of keys: the lists beside the map open the same cards
    route.marker = L.marker(route.badge, {
      icon: L.divIcon({ className: "badge", html: route.number, iconSize: [0, 0] }), title: route.name, riseOnHover: true, keyboard: false,
    });
    route.marker.on("click", () => openRoute(route, L.latLng(route.badge)));
  });

  // Both languages of a pair are drawn where the map shows the plan; else the one that is shown.
  const pairShown = (route) => shown < 0 && route.over;

  function styleRoutes() {
    const scale = Math.min(Math.max(0.65 + 0.2 * (map.getZoom() - 9), 0.65), 1.15);
    data.routes.forEach((route) => {
      const language = worn(route);
      const chosen = route === selected;
      const dimmed = selected && !chosen ? 0.16 : 1;
      const ink = language >= 0 ? data.languages[language].color : "#5b6572";
      if (language >= 0) {
        const weight = scale * ((shown < 0 ? 3.5 : 4.5) + (chosen ? 3 : 0));
        const dashArray = pairShown(route) ? null : data.languages[language].dash || null;
        route.line.setStyle({ color: ink, dashArray, weight, opacity: dimmed });
        if (route.over) route.over.setStyle({ weight, opacity: dimmed });
        route.casing.setStyle({ weight: weight + 4 * scale, opacity: 0.95 * dimmed });
      } else {
        route.line.setStyle({ color: chosen ? "#1c2430" : FADED, dashArray: null, weight: chosen ? 6 : 1.2, opacity: 0.9 * dimmed });
        route.casing.setStyle({ weight: chosen ? 11 : 3, opacity: chosen ? 0.95 : 0.5 * dimmed });
      }
      route.number.style.setProperty("--ink", pairShown(route) ? words.inkOf(route) : ink);
      route.number.classList.toggle("picked", chosen);
      route.marker.setOpacity(selected && !chosen ? 0.3 : 1);
    });
  }

  // One canvas draws everything, in the order in which things were last brought to front.
  function stack() {
    map.getContainer().classList.toggle("far", map.getZoom() < COUNTY_NAMES_FROM_ZOOM);
    groups.posted.clearLayers();
    groups.others.clearLayers();
    const posted = rarestFirst(data.routes.filter((route) => worn(route) >= 0)).reverse();
    posted.forEach((route) => {
      groups.posted.addLayer(route.casing).addLayer(route.line);
      if (pairShown(route)) groups.posted.addLayer(route.over);
    });
    data.routes.filter((route) => worn(route) < 0)
      .forEach((route) => groups.others.addLayer(route.casing).addLayer(route.line));
    Object.keys(groups).forEach((name) => {
      const wanted = visible[name] && (name !== "stops" || map.getZoom() >= STOPS_FROM_ZOOM) && (name !== "hotspots" || shown >= 0);
      if (wanted) groups[name].addTo(map);
      else groups[name].remove();
    });
    counties.eachLayer((line) => line.bringToBack());
    if (visible.tracts) tracts.bringToBack();
    if (map.hasLayer(groups.hotspots)) groups.hotspots.bringToFront();
    if (visible.others) groups.others.bringToFront();
    if (visible.posted) groups.posted.bringToFront();
    if (map.hasLayer(groups.stops)) groups.stops.eachLayer((dot) => dot.bringToFront());
    if (selected && map.hasLayer(selected.line)) {
      selected.casing.bringToFront();
      selected.line.bringToFront();
      if (pairShown(selected)) selected.over.bringToFront();
    }
    placeBadges();
  }

  // Numbers that would cover an earlier one are left out until the reader zooms in.
  function placeBadges() {
    badges.clearLayers();
    const taken = [];
    const drawn = (route) => visible[worn(route) >= 0 ? "posted" : "others"];
    const numbered = [selected, ...top, ...rarestFirst(data.routes.filter((route) => worn(route) >= 0))];
    new Set(numbered.filter((route) => route && drawn(route))).forEach((route) => {
      const point = map.latLngToLayerPoint(route.badge);
      if (taken.some((other) => Math.abs(other.x - point.x) < 34 && Math.abs(other.y - point.y) < 20)) return;
      taken.push(point);
      badges.addLayer(route.marker);
    });
    const frame = map.getContainer().getBoundingClientRect();
    const card = legend.getBoundingClientRect();
    countyNames.forEach((name) => {
      const point = map.latLngToLayerPoint(name.getLatLng());
      const { x, y } = map.latLngToContainerPoint(name.getLatLng());
      const half = 6 + 4.6 * name.options.icon.options.html.textContent.length;
      const covered = taken.some((other) => Math.abs(other.x - point.x) < half + 12 && Math.abs(other.y - point.y) < 18);
      const cut = x < half || x > frame.width - half;
      const under = x + half > card.left - frame.left && x - half < card.right - frame.left &&
        y + 10 > card.top - frame.top && y - 10 < card.bottom - frame.top;
      name.setOpacity(covered || cut || under ? 0 : 1);
    });
  }

  function fillStops() {
    if (groups.stops.getLayers().length) return;
    data.stops.forEach(([lat, lon, name]) => {
      const dot = L.circleMarker([lat, lon], { renderer: canvas, radius: 3, weight: 1, color: "#3f4753", fillColor: "#ffffff", fillOpacity: 1 });
      dot.bindTooltip(() => make("span", {}, name), { direction: "top" });
      groups.stops.addLayer(dot);
    });
  }

  // The points of a ring: the first, then the steps to each next one, in 1e-5 degrees.
  function ringOf(steps) {
    let [lat, lon] = [0, 0];
    return Array.from({ length: steps.length / 2 }, (_, at) => [(lat += steps[2 * at]) / 1e5, (lon += steps[2 * at + 1]) / 1e5]);
  }

  // Outlines of the hot spots of the language shown, under the routes.
  function fillHotSpots() {
    groups.hotspots.clearLayers();
    if (shown < 0) return;
    const hot = data.groups[data.languages[shown].group].hot.map(ringOf);
    [["#ffffff", 5], [HOT, 2.2]].forEach(([color, weight]) =>
      groups.hotspots.addLayer(L.polyline(hot, { renderer: canvas, interactive: false, color, weight, hotSpot: color === HOT })));
  }

  // --- the view: whatever lies over the map's edges is kept clear ---------------------------------

  // Pixels of the map that cards cover on the left, the right and below.
  function covered() {
    const frame = map.getContainer().getBoundingClientRect();
    const sides = { left: 16, right: 16, below: 16 };
    if (legend.open && !narrow.matches) sides.right = legend.offsetWidth + 24;
    if (!card.hidden) {
      const box = card.getBoundingClientRect();
      if (box.width < 0.7 * frame.width) sides.left = box.right - frame.left + 12;
      else sides.below = Math.max(16, frame.bottom - box.top + 12);
    }
    return sides;
  }

  function fit(bounds) {
    const { left: start, right, below } = covered();
    map.fitBounds(bounds, { animate: false, maxZoom: 14, paddingTopLeft: [start, 16], paddingBottomRight: [right, below] });
  }

  const viewNow = () => ({ center: map.getCenter(), zoom: map.getZoom() });
  const sameView = (a, b) => a.zoom === b.zoom && map.project(a.center, a.zoom).distanceTo(map.project(b.center, a.zoom)) < 3;

  // --- the card of a route or a tract -----------------------------------------------------------

  const legend = element("legend"), card = element("card");

  function openCard(content, name, move) {
    const before = card.hidden ? viewNow() : left && left.before;
    if (card.hidden) opener = document.activeElement;
    const close = make("button", { type: "button", class: "close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => closeCard());
    card.replaceChildren(close, content);
    card.setAttribute("aria-label", name);
    card.hidden = false;
    card.scrollTop = 0;
    card.parentNode.classList.add("reading");
    if (narrow.matches) legend.open = false;
    move();
    left = { before, after: viewNow() };
    tracts.setStyle(tractStyle);
    styleRoutes();
    stack();
    card.focus({ preventScroll: true });
  }

  function closeCard() {
    if (card.hidden) return;
    const inside = card.contains(document.activeElement) || document.activeElement === document.body;
    card.hidden = true;
    card.replaceChildren();
    card.parentNode.classList.remove("reading");
    selected = picked = null;
    if (left && sameView(viewNow(), left.after)) map.setView(left.before.center, left.before.zoom, { animate: false });
    left = null;
    tracts.setStyle(tractStyle);
    styleRoutes();
    stack();
    if (inside && opener && opener.isConnected) opener.focus({ preventScroll: true });
  }

  // Where a click is the wish, the map moves only as far as the card would hide the place.
  function keepClear(latlng) {
    const { left: start, right, below } = covered();
    map.panInside(latlng, { paddingTopLeft: [start + 20, 30], paddingBottomRight: [right + 20, below + 30], animate: false });
  }

  function openRoute(route, latlng) {
    selected = route;
    picked = null;
    openCard(words.routeCard(route), route.name, () => (latlng ? keepClear(latlng) : fit(route.line.getBounds())));
  }

  function openTract(tract, layer, latlng) {
    selected = null;
    picked = tract;
    openCard(words.tractCard(tract), tract.name, () => keepClear(latlng));
    layer.bringToFront();
    stack();
  }

  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeCard(); });

  // --- legend, which is the layer control too -------------------------------------------------

  const keys = {}, titles = {}, boxes = {};
  [["posted", "Routes with posters"], ["others", "Other routes"], ["tracts", "Census tracts"], ["stops", "Stops"],
    ["hotspots", data.words.hotSpots]].forEach(([name, title]) => {
    const box = make("input", { type: "checkbox", "data-layer": name });
    box.checked = visible[name];
    box.addEventListener("change", () => {
      visible[name] = box.checked;
      if (name === "stops") fillStops();
      stack();
    });
    boxes[name] = box;
    titles[name] = make("span", {}, title);
    keys[name] = make("div", { class: "keys" });
    element("legend-body").append(make("div", { class: "layer" }, make("label", {}, box, titles[name]), keys[name]));
  });
  legend.open = window.matchMedia("(min-width: 1200px)").matches;
  legend.addEventListener("toggle", placeBadges);

  function stopsWhenNear() {
    const near = map.getZoom() >= STOPS_FROM_ZOOM;
    boxes.stops.disabled = !near;
    keys.stops.replaceChildren(...(near ? [] : [make("p", {}, "zoom in further to see them")]));
  }

  function hatchedPatch(color) {
    return patch(`repeating-linear-gradient(135deg, ${tint(color)} 0 3px, ${LAND} 3px 6px)`, "hatched");
  }

  function tractKeys() {
    const empty = data.tracts.features.some((feature) => feature.properties.residents[0] === 0)
      ? [key(patch("", "empty"), "no residents")] : [];
    const beyond = key(patch("", "beyond"), "outside the census data");
    if (shown < 0) {
      const unsure = data.tracts.features.find((feature) => feature.properties.rival >= 0);
      const found = new Set(data.tracts.features.map((feature) => feature.properties.most));
      return [
        make("p", {}, "Tinted where a campaign language predominates"),
        ...data.groups.filter((group, at) => found.has(at)).map((group) => key(patch(tint(group.color)), group.name)),
        ...(unsure ? [key(hatchedPatch(data.groups[unsure.properties.most].color), "hatched: the lead is within the margin of error")] : []),
        key(patch(LAND), "none"), ...empty, beyond,
        make("p", {}, data.words.predominates),
      ];
    }
    const { breaks, ramp, measuredAs } = data.languages[shown];
    const number = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 2 });
    const label = (at) =>
      at === breaks.length ? (at ? `over ${number(breaks[at - 1])}` : "some")
        : at ? `${number(breaks[at - 1])} – ${number(breaks[at])}` : `up to ${number(breaks[0])}`;
    const some = data.tracts.features.some((feature) => feature.properties.classes[shown]);
    return [
      make("p", {}, `${english(shown)}: ${data.words.people} per square mile of tract`),
      ...(measuredAs === english(shown) ? [] : [make("p", {}, `Counted as: ${measuredAs}`)]),
      ...(some ? ramp.map((color, at) => key(patch(color), label(at))).reverse() : []),
      key(patch(LAND), "none found by the survey"), ...empty, beyond,
      make("p", {}, "Shades are relative to this language."),
    ];
  }

  function fillLegend() {
    const language = data.languages[shown];
    const used = shown < 0 ? data.languages.filter((_, at) => routesOf[at]) : [language];
    const any = data.routes.some((route) => worn(route) >= 0);
    titles.posted.textContent = shown < 0 ? "Routes with posters" : `Routes that carry ${language.english}`;
    keys.posted.replaceChildren(...(any
      ? [...used.map((each) => key(lineSample(each.color, each.dash, 4), each.english)), ...pairKey()]
      : [make("p", {}, "none in this plan")]));
    keys.others.replaceChildren(key(lineSample(FADED, "", 1.5), shown < 0 ? "no poster" : "no poster, or another language"));
    keys.tracts.replaceChildren(...tractKeys());
    stopsWhenNear();
    boxes.hotspots.closest(".layer").hidden = shown < 0;
    keys.hotspots.replaceChildren(...(shown < 0 ? [] : data.groups[language.group].hot.length
      ? [key(lineSample(HOT, "", 2.2), `where ${language.english} concentrates`)]
      : [make("p", {}, "none of this language")]));
  }

  // How a route that carries two languages is drawn, by the first that does.
  function pairKey() {
    const pair = shown < 0 && data.routes.find((route) => route.over);
    if (!pair) return [];
    const other = words.otherLanguage(pair);
    return [key(lineSample(data.languages[pair.posters[0].language].color, "", 4, [other.color, words.overDash(other)]), "two colours: carries both languages")];
  }

  // --- choice of language, lists of routes ------------------------------------------------------

  const find = element("find");

  function rowButton(route, ...lines) {
    const rest = route.name.startsWith(`${route.short} `) ? route.name.slice(route.short.length + 1) : route.name;
    const row = make("button", { type: "button", class: "route-row" }, words.routeNumber(route, words.inkOf(route)),
      make("span", { class: "name" }, rest), ...lines.map((line) => make("span", { class: "carries" }, line)));
    row.addEventListener("click", () => openRoute(route));
    return make("li", {}, row);
  }

  function placementLines(route) {
    if (!route.posters.length) return ["No poster"];
    return route.posters.map((poster) => {
      const [, served, margin] = figure(route, poster.language);
      return `${english(poster.language)} · ${words.ofVehicles(poster)} · ${words.plusMinus(served, margin)} served · rank ${poster.rank}`;
    });
  }

  function listRoutes() {
    const listed = data.routes.filter((route) => worn(route) >= 0);
    element("routes-title").textContent = shown < 0 ? "Routes with posters" : `${listed.length} ${listed.length === 1 ? "route carries" : "routes carry"} ${english(shown)}`;
    element("routes").replaceChildren(...listed.map((route) => rowButton(route, ...placementLines(route))));
    element("routes-note").textContent = listed.length
      ? `By rank, people × departures. Served: ${data.words.people} of the poster’s language within walking distance.`
      : "No route carries this language.";
  }

  function searchRoutes() {
    const { routes, note } = find.value.trim() ? words.search(find.value) : { routes: [], note: "" };
    element("found").replaceChildren(...routes.map((route) => rowButton(route, ...placementLines(route))));
    element("found-note").textContent = note;
  }

  // The routes that serve most people of the language, whatever they carry, under its card.
  function listTop() {
    const served = (route) => (figure(route, shown)[1] === null ? 0.5 : figure(route, shown)[1]); // too few to be told: last
    top = shown < 0 ? [] : data.routes.filter((route) => figure(route, shown) && served(route) > 0)
      .sort((a, b) => served(b) - served(a)).slice(0, LISTED);
    const box = element("top");
    box.hidden = !top.length;
    if (!top.length) return;
    element("top-title").textContent = `The ${top.length} routes that serve most ${data.words.people} of ${english(shown)}`;
    element("top-list").replaceChildren(...top.map((route) => {
      const [, number, margin] = figure(route, shown);
      const carried = route.posters.map((poster) => english(poster.language)).join(" and ");
      const row = make("button", { type: "button", class: "top-row" }, words.routeNumber(route, words.inkOf(route)),
        make("span", {}, words.plusMinus(number, margin)), make("span", { class: "carries" }, carried ? `carries ${carried}` : "no poster"));
      row.title = route.name;
      row.addEventListener("click", () => openRoute(route));
      return make("li", {}, row);
    }));
    document.querySelector(`input[name=shown][value="${CSS.escape(data.languages[shown].tag)}"]`).closest(".choice").after(box);
  }

  function show(value) {
    closeCard();
    shown = data.languages.findIndex((language) => language.tag === value);
    document.querySelectorAll(".choice").forEach((choice) =>
      choice.classList.toggle("chosen", choice.querySelector("input").checked));
    listTop();
    listRoutes();
    fillHotSpots();
    fillLegend();
    const carrying = shown < 0 ? [] : data.routes.filter((route) => carries(route, shown)).map((route) => route.line.getBounds());
    if (carrying.length && !carrying.some((bounds) => map.getBounds().intersects(bounds))) {
      fit(carrying.reduce((all, bounds) => all.extend(bounds), L.latLngBounds([])));
    }
    tracts.setStyle(tractStyle);
    styleRoutes();
    stack();
  }

  document.querySelectorAll("input[name=shown]").forEach((input) =>
    input.addEventListener("change", () => show(input.value)));
  element("show").addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", searchRoutes);
  find.addEventListener("keydown", (event) => {
    const first = event.key === "Enter" && find.value.trim() && words.search(find.value).routes[0];
    if (first) openRoute(first);
  });

  const home = L.control({ position: "topleft" });
  home.onAdd = () => {
    const button = make("button", { type: "button", class: "home", title: "Show the whole network" }, "Whole network");
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener("click", () => fit(data.network));
    return button;
  };
  home.addTo(map);

  // --- on paper ---------------------------------------------------------------------------------

  const known = element("know");
  let screen = null; // how things stood before printing

  function toPaper() {
    if (screen) return;
    screen = { view: viewNow(), legend: legend.open, known: known && known.open };
    document.documentElement.classList.add("paper");
    legend.open = true;
    if (known) known.open = true;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(data.bounds, { animate: false, padding: [14, 14] });
    stack();
    canvas._redrawBounds = null;
    canvas._redraw(); // now: no frame is drawn between here and the print
  }

  function toScreen() {
    if (!screen) return;
    document.documentElement.classList.remove("paper");
    legend.open = screen.legend;
    if (known) known.open = screen.known;
    map.invalidateSize({ animate: false, pan: false });
    map.setView(screen.view.center, screen.view.zoom, { animate: false });
    screen = null;
  }

  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", toScreen);

  badges.addTo(map);
  map.setMaxZoom(17);
  fit(data.bounds);
  map.setMinZoom(Math.max(4, Math.min(map.getZoom(), map.getBoundsZoom(data.network)) - 1));
  map.setMaxBounds(L.latLngBounds(data.network).pad(1));
  map.on("zoomend", () => { styleRoutes(); stack(); stopsWhenNear(); });
  map.on("moveend", placeBadges);
  document.querySelector("input[name=shown][value=plan]").checked = true;
  show("plan");
}
