"use strict";

// Draws the plan on a Leaflet map and keeps the page around it in step. `data` is map_data.py's.
// Text only ever enters the page through text nodes: names in the data are never read as HTML.
function showPlan(map, data) {
  const STOPS_FROM_ZOOM = 13;
  const COUNTY_NAMES_FROM_ZOOM = 9.5;
  const LAND = "#fbfaf7";
  const FADED = "#9aa3ae";
  const TINT = 0.18;
  const LEGEND_WIDTH = 260;
  const narrow = window.matchMedia("(max-width: 820px)");
  const canvas = L.canvas({ tolerance: 5, padding: 0.3 });
  const visible = { posted: true, others: true, tracts: true, stops: false };
  let shown = -1; // position of the language shown, -1 for the plan
  let selected = null; // the route whose popup is open

  // --- small helpers --------------------------------------------------------------------------

  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    Object.entries(attributes || {}).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  }

  const whole = (number) => number.toLocaleString("en-US", { maximumFractionDigits: 0 });
  const plusMinus = (number, margin) => `${whole(number)} ± ${whole(margin)}`;
  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  function vehicles(number) {
    const one = data.words.vehicles === "buses" ? "bus" : "vehicle";
    return `${whole(number)} ${number === 1 ? one : data.words.vehicles}`;
  }

  function languageName(language) {
    const own = make("bdi", { lang: language.tag }, language.own);
    return language.own === language.english ? [own] : [own, ` · ${language.english}`];
  }

  function lineSample(color, dash, width) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
    Object.entries({ width: 34, height: 8, "aria-hidden": "true" }).forEach((pair) => svg.setAttribute(...pair));
    Object.entries({ x1: 0, y1: 4, x2: 34, y2: 4, stroke: color, "stroke-width": width, "stroke-dasharray": dash || "none" })
      .forEach((pair) => line.setAttribute(...pair));
    svg.append(line);
    return svg;
  }

  function key(sample, ...text) {
    return make("div", { class: "key" }, sample, make("span", {}, ...text));
  }

  function patch(color) {
    const box = make("span", { class: "patch" });
    box.style.background = color;
    return box;
  }

  // A colour thinned over the land, so that legend and map show the very same one.
  function tint(color) {
    const channel = (text, at) => parseInt(text.slice(at, at + 2), 16);
    const values = [1, 3, 5].map((at) => Math.round(channel(color, at) * TINT + channel(LAND, at) * (1 - TINT)));
    return `rgb(${values.join(", ")})`;
  }

  const carries = (route, language) => route.posters.some((poster) => poster.language === language);

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

  function tractStyle(feature) {
    const tract = feature.properties;
    const style = { color: "#c3cad3", weight: 0.7, opacity: 1, fillColor: LAND, fillOpacity: 1 };
    if (shown < 0 && tract.most >= 0) style.fillColor = tint(data.groups[tract.most].color);
    if (shown >= 0 && tract.classes[shown]) {
      style.fillColor = data.languages[shown].ramp[tract.classes[shown] - 1];
      style.color = "#ffffff";
    }
    return style;
  }

  const tracts = L.geoJSON(data.tracts, {
    renderer: canvas,
    style: tractStyle,
    onEachFeature: (feature, layer) => layer.on("click", (event) => openPopup(tractPopup(feature.properties), event.latlng, 310)),
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

  const groups = { posted: L.featureGroup(), others: L.featureGroup(), tracts: tracts, stops: L.layerGroup() };
  const badges = L.layerGroup();
  data.routes.forEach((route) => {
    route.casing = L.polyline(route.lines, { renderer: canvas, interactive: false, color: "#ffffff", lineCap: "round" });
    route.line = L.polyline(route.lines, { renderer: canvas, lineCap: "butt" });
    route.line.on("click", (event) => { L.DomEvent.stopPropagation(event); openRoute(route, event.latlng); });
    route.line.bindTooltip(() => routeTooltip(route), { sticky: true, direction: "top", offset: [0, -4] });
    const number = make("span", { class: "number" }, route.short);
    route.marker = L.marker(route.badge, {
      icon: L.divIcon({ className: "badge", html: number, iconSize: [0, 0] }), title: route.name, riseOnHover: true,
    });
    route.marker.on("click", () => openRoute(route, L.latLng(route.badge)));
    route.number = number;
  });

  function styleRoutes() {
    const scale = Math.min(Math.max(0.65 + 0.2 * (map.getZoom() - 9), 0.65), 1.15);
    data.routes.forEach((route) => {
      const language = worn(route);
      const picked = route === selected;
      if (language >= 0) {
        const { color, dash } = data.languages[language];
        const weight = scale * ((shown < 0 ? 3.5 : 4.5) + (picked ? 2.5 : 0));
        route.line.setStyle({ color, dashArray: dash || null, weight, opacity: 1 });
        route.casing.setStyle({ weight: weight + 2.5 * scale, opacity: 0.95 });
        route.number.style.setProperty("--ink", color);
      } else {
        route.line.setStyle({ color: picked ? "#1c2430" : FADED, dashArray: null, weight: picked ? 4 : 1.2, opacity: picked ? 1 : 0.9 });
        route.casing.setStyle({ weight: 4, opacity: picked ? 0.95 : 0 });
      }
    });
  }

  // One canvas draws everything, in the order in which things were last brought to front.
  function stack() {
    map.getContainer().classList.toggle("far", map.getZoom() < COUNTY_NAMES_FROM_ZOOM);
    groups.posted.clearLayers();
    groups.others.clearLayers();
    const posted = rarestFirst(data.routes.filter((route) => worn(route) >= 0)).reverse();
    posted.forEach((route) => groups.posted.addLayer(route.casing).addLayer(route.line));
    data.routes.filter((route) => worn(route) < 0)
      .forEach((route) => groups.others.addLayer(route.casing).addLayer(route.line));
    Object.keys(groups).forEach((name) => {
      const wanted = visible[name] && (name !== "stops" || map.getZoom() >= STOPS_FROM_ZOOM);
      if (wanted) groups[name].addTo(map);
      else groups[name].remove();
    });
    counties.eachLayer((line) => line.bringToBack());
    if (visible.tracts) tracts.bringToBack();
    if (visible.others) groups.others.bringToFront();
    if (visible.posted) groups.posted.bringToFront();
    if (map.hasLayer(groups.stops)) groups.stops.eachLayer((dot) => dot.bringToFront());
    placeBadges();
  }

  // Numbers that would cover an earlier one are left out until the reader zooms in.
  function placeBadges() {
    badges.clearLayers();
    const taken = [];
    const numbered = visible.posted ? data.routes.filter((route) => worn(route) >= 0) : [];
    rarestFirst(numbered).forEach((route) => {
      const point = map.latLngToLayerPoint(route.badge);
      if (taken.some((other) => Math.abs(other.x - point.x) < 34 && Math.abs(other.y - point.y) < 20)) return;
      taken.push(point);
      badges.addLayer(route.marker);
    });
    countyNames.forEach((name) => {
      const point = map.latLngToLayerPoint(name.getLatLng());
      const covered = taken.some((other) => Math.abs(other.x - point.x) < 80 && Math.abs(other.y - point.y) < 18);
      name.setOpacity(covered ? 0 : 1);
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

  // --- popups ---------------------------------------------------------------------------------

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

  function routeTooltip(route) {
    const names = route.posters.map((poster) => data.languages[poster.language].english).join(", ");
    return make("span", {}, make("strong", {}, route.name), make("br"), make("span", { class: "quiet" }, names || "No poster"));
  }

  function routePopup(route) {
    const parts = [
      make("h3", {}, route.name),
      make("p", { class: "quiet" }, `${whole(route.trips)} trips a week · ${route.mode}`),
    ];
    route.posters.forEach((poster) => {
      const language = data.languages[poster.language];
      parts.push(make("p", { class: "poster" }, lineSample(language.color, language.dash, 4),
        make("span", {}, ...languageName(language), ` · ${vehicles(poster.buses)}`)));
      parts.push(make("p", { class: "reason" }, poster.reason));
    });
    if (!route.posters.length) {
      parts.push(make("p", { class: "poster" }, "No poster in this plan"));
      parts.push(make("p", { class: "reason" }, route.verdict));
    }
    const rows = route.figures.map(([language, served, margin, low, high, share, shareMargin, concentration]) => ({
      carried: carries(route, language),
      cells: [
        starred(data.languages[language]),
        plusMinus(served, margin),
        `${whole(low)}–${whole(high)}`,
        share === null ? "–" : `${percent(share)} ± ${(100 * shareMargin).toFixed(1)}`,
        concentration === null ? "–" : `${concentration.toFixed(1)}×`,
      ],
    }));
    parts.push(table(`${data.words.people} within walking distance`, ["", "served", "bounds", "of residents", "vs region"], rows));
    parts.push(make("p", { class: "quiet" },
      "Bounds: counting only tracts that lie wholly within walking distance, to counting whole every tract that is touched. " +
      "Vs region: the share of residents over the whole region's (concentration)."));
    return make("div", { class: "route-popup", tabindex: "-1", role: "dialog", "aria-label": route.name }, ...parts, ...measuredNotes());
  }

  function tractPopup(tract) {
    const rows = data.languages.map((language, at) => ({
      carried: false,
      cells: [starred(language), plusMinus(tract.people[at], tract.margins[at])],
    }));
    const most = tract.most >= 0
      ? `Of the campaign's languages, ${data.groups[tract.most].name} is the most spoken here.`
      : `None of the campaign's languages has ${data.words.rule} here.`;
    return make("div", { class: "tract-popup", tabindex: "-1", role: "dialog", "aria-label": tract.name },
      make("h3", {}, tract.name),
      make("p", { class: "quiet" }, tract.county),
      make("p", {}, `${plusMinus(tract.residents[0], tract.residents[1])} residents of 5 years and over. ${most}`),
      table(`${data.words.people} in the tract`, ["", "estimate"], rows),
      make("p", { class: "quiet" }, "An estimate with a margin as large as itself may well be zero."),
      ...measuredNotes());
  }

  function openPopup(content, latlng, width) {
    const size = map.getSize();
    const origin = document.activeElement;
    const popup = L.popup({
      maxWidth: Math.min(width, size.x - 60),
      minWidth: Math.min(width, size.x - 60),
      maxHeight: size.y - (narrow.matches ? 50 : 70),
      autoPanPaddingTopLeft: narrow.matches ? [8, 8] : [54, 14],
      autoPanPaddingBottomRight: narrow.matches ? [8, 8] : [LEGEND_WIDTH, 14],
    }).setLatLng(latlng).setContent(content);
    popup.on("remove", () => { if (!document.activeElement || document.activeElement === document.body) origin.focus({ preventScroll: true }); });
    popup.openOn(map);
    if (narrow.matches) legend.open = false;
    legend.parentNode.classList.add("reading");
    content.focus({ preventScroll: true });
  }

  function openRoute(route, latlng) {
    openPopup(routePopup(route), latlng, 440);
    selected = route;
    styleRoutes();
    route.casing.bringToFront();
    route.line.bringToFront();
  }

  map.on("popupclose", () => {
    legend.parentNode.classList.remove("reading");
    selected = null;
    styleRoutes();
    stack();
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") map.closePopup(); });

  // --- legend, which is the layer control too -------------------------------------------------

  const legend = document.getElementById("legend");
  const keys = {}, titles = {};
  [["posted", "Routes with posters"], ["others", "Other routes"], ["tracts", "Census tracts"], ["stops", "Stops"]].forEach(([name, title]) => {
    const box = make("input", { type: "checkbox", "data-layer": name });
    box.checked = visible[name];
    box.addEventListener("change", () => {
      visible[name] = box.checked;
      if (name === "stops") fillStops();
      stack();
    });
    titles[name] = make("span", {}, title);
    keys[name] = make("div", { class: "keys" });
    document.getElementById("legend-body").append(make("div", { class: "layer" }, make("label", {}, box, titles[name]), keys[name]));
  });
  legend.open = !narrow.matches;

  function tractKeys() {
    if (shown < 0) {
      const found = new Set(data.tracts.features.map((feature) => feature.properties.most));
      return [
        make("p", {}, "Tinted where a campaign language predominates"),
        ...data.groups.filter((group, at) => found.has(at)).map((group) => key(patch(tint(group.color)), group.name)),
        key(patch(LAND), "none"),
        make("p", {}, `Predominates: has the most people of these languages, and ${data.words.rule}.`),
      ];
    }
    const { breaks, ramp, english, measuredAs } = data.languages[shown];
    const number = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 2 });
    const label = (at) =>
      at === breaks.length ? (at ? `over ${number(breaks[at - 1])}` : "some")
        : at ? `${number(breaks[at - 1])} – ${number(breaks[at])}` : `up to ${number(breaks[0])}`;
    const some = data.tracts.features.some((feature) => feature.properties.classes[shown]);
    return [
      make("p", {}, `${english}: ${data.words.people} per km² of tract`),
      ...(measuredAs === english ? [] : [make("p", {}, `Counted as: ${measuredAs}`)]),
      ...(some ? ramp.map((color, at) => key(patch(color), label(at))).reverse() : []),
      key(patch(LAND), "none found by the survey"),
    ];
  }

  function fillLegend() {
    const language = data.languages[shown];
    const used = shown < 0 ? data.languages.filter((_, at) => data.routes.some((route) => carries(route, at))) : [language];
    const any = data.routes.some((route) => worn(route) >= 0);
    titles.posted.textContent = shown < 0 ? "Routes with posters" : `Routes that carry ${language.english}`;
    keys.posted.replaceChildren(...(any
      ? used.map((each) => key(lineSample(each.color, each.dash, 4), each.english))
      : [make("p", {}, "none in this plan")]));
    keys.others.replaceChildren(key(lineSample(FADED, "", 1.5), shown < 0 ? "no poster" : "no poster, or another language"));
    keys.tracts.replaceChildren(...tractKeys());
    keys.stops.replaceChildren(make("p", {}, "seen when zoomed in"));
  }

  // --- choice of language, list of routes -----------------------------------------------------

  const find = document.getElementById("find");

  function listRoutes() {
    const text = find.value.trim().toLowerCase();
    const listed = data.routes.filter((route) =>
      text ? route.name.toLowerCase().includes(text) : worn(route) >= 0);
    document.getElementById("routes").replaceChildren(...listed.map((route) => {
      const carried = route.posters.map((poster) => `${data.languages[poster.language].english}, ${vehicles(poster.buses)}`);
      const number = make("span", { class: "number" }, route.short);
      const first = worn(route) >= 0 ? worn(route) : route.posters.length ? route.posters[0].language : -1;
      number.style.setProperty("--ink", first >= 0 ? data.languages[first].color : "#6b7583");
      const rest = route.name.startsWith(`${route.short} `) ? route.name.slice(route.short.length + 1) : route.name;
      const row = make("button", { type: "button", class: "route-row" }, number,
        make("span", {}, rest), make("span", { class: "carries" }, carried.join("; ") || "No poster"));
      row.addEventListener("click", () => {
        fit(route.line.getBounds());
        openRoute(route, L.latLng(route.badge));
      });
      return make("li", {}, row);
    }));
    const note = text ? (listed.length ? "" : "No route of that name runs in the design week.")
      : listed.length ? "Routes with posters, by rank. Type to find any other." : "No route carries this language. Type to find a route.";
    document.getElementById("routes-note").textContent = note;
  }

  function show(value) {
    shown = data.languages.findIndex((language) => language.tag === value);
    map.closePopup();
    document.querySelectorAll(".choice").forEach((choice) =>
      choice.classList.toggle("chosen", choice.querySelector("input").checked));
    tracts.setStyle(tractStyle);
    styleRoutes();
    stack();
    fillLegend();
    listRoutes();
  }

  document.querySelectorAll("input[name=shown]").forEach((input) =>
    input.addEventListener("change", () => show(input.value)));
  document.getElementById("show").addEventListener("submit", (event) => event.preventDefault());
  find.addEventListener("input", listRoutes);

  function fit(bounds) {
    map.fitBounds(bounds, {
      animate: false, maxZoom: 14, paddingTopLeft: [16, 16], paddingBottomRight: [narrow.matches ? 16 : LEGEND_WIDTH, 16],
    });
  }

  badges.addTo(map);
  map.setMinZoom(6).setMaxZoom(17);
  fit(data.bounds);
  map.setMaxBounds(L.latLngBounds(data.bounds).pad(1.5));
  map.on("zoomend", () => { styleRoutes(); stack(); });
  document.querySelector("input[name=shown][value=plan]").checked = true;
  show("plan");
}
