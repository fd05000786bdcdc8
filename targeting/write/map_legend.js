"use strict";

// The legend of what is shown, which is the choice of layers too.
function planLegend(view) {
  const { data, map, words, routes, tracts, stops, ground } = view;
  const { make, english, key, lineSample } = words;
  const element = (id) => document.getElementById(id);
  const STOPS_FROM_ZOOM = 13;
  const box = element("legend");
  const keys = {}, titles = {}, boxes = {};

  const byGarage = data.words.unit === "garage";
  const layers = [["posted", "Routes with posters"], ["others", "Other routes"]];
  if (data.venues.length) layers.push(["venues", "Venues with posters"]);
  if (data.tracts) layers.push(["tracts", "Census tracts"]);
  layers.push(["stops", "Stops"]);
  if (data.tracts) layers.push(["hotspots", data.words.hotSpots]);
  layers.forEach(([name, title]) => {
    const tick = make("input", { type: "checkbox", "data-layer": name });
    tick.checked = view.visible[name];
    tick.addEventListener("change", () => {
      view.visible[name] = tick.checked;
      if (name === "stops") stops.fillDots();
      markSeen();
      view.stack();
    });
    boxes[name] = tick;
    titles[name] = make("span", {}, title);
    keys[name] = make("div", { class: "keys" });
    element("legend-body").append(make("div", { class: `layer layer-${name}` }, make("label", {}, tick, titles[name]), keys[name]));
  });

  if (!data.tracts) element("legend-body").append(make("div", { class: "layer" }, key(words.patch("", "beyond"), "outside the area of this plan")));

  const base = make("input", { type: "checkbox", "data-layer": "tiles" });
  base.addEventListener("change", () => { ground.baseMap(base.checked); tracts.restyle(); view.stack(); });
  element("legend-body").append(make("div", { class: "layer layer-tiles" },
    make("label", {}, base, make("span", {}, "Base map (asks OpenStreetMap’s servers)"))));

  if (data.water) element("legend-body").append(make("div", { class: "layer" }, key(words.patch("#c9dbe8"), "water")));

  const stopsAreNear = () => map.getZoom() >= STOPS_FROM_ZOOM;

  // On paper the legend tells of what is drawn, and of nothing else.
  function markSeen() {
    Object.entries(boxes).forEach(([name, tick]) => tick.closest(".layer").classList.toggle("unseen", !tick.checked || tick.disabled));
  }

  function zoomed() {
    boxes.stops.disabled = !stopsAreNear();
    markSeen();
    keys.stops.replaceChildren(...(stopsAreNear() ? [] : [make("p", {}, "zoom in further to see them")]));
  }

  // How routes that carry several languages are drawn, by the first that carry two, and more.
  function severalKeys() {
    if (view.shown >= 0) return [];
    const sample = (wanted, text) => {
      const route = data.routes.find((each) => wanted(words.languagesOf(each).length));
      if (!route) return [];
      const [first, ...over] = words.strands(words.languagesOf(route));
      return [key(lineSample(...first, 4, ...over), text)];
    };
    return [
      ...sample((number) => number === 2, "two colours: carries both languages"),
      ...sample((number) => number > 2, "more colours in turn: carries each of them"),
    ];
  }

  function fill() {
    const language = data.languages[view.shown];
    const used = view.shown < 0 ? data.languages.filter((_, at) => routes.routesOf[at]) : [language];
    const any = data.routes.some(routes.isWorn);
    const carried = view.shown < 0 ? "posters" : language.english;
    titles.posted.textContent = byGarage ? `Where ${data.words.vehicles} with ${carried} may pass`
      : view.shown < 0 ? `Routes${data.words.unit === "family" ? " of families" : ""} with posters` : `Routes that carry ${language.english}`;
    keys.posted.replaceChildren(...(any && byGarage ? garageKeys() : any
      ? [...used.map((each) => key(lineSample(each.color, each.dash, 4), each.english)), ...severalKeys()]
      : [make("p", {}, "none in this plan")]));
    keys.others.replaceChildren(key(lineSample(routes.FADED, "", 1.5), byGarage ? "of no such garage" : view.shown < 0 ? "no poster" : "no poster, or another language"));
    if (keys.venues) keys.venues.replaceChildren(...venueKeys());
    if (keys.tracts) keys.tracts.replaceChildren(...tracts.keys());
    zoomed();
    if (!keys.hotspots) return;
    boxes.hotspots.closest(".layer").hidden = view.shown < 0;
    keys.hotspots.replaceChildren(...tracts.hotKeys());
  }

  // A thin line says no more than that such a bus may come.
  function garageKeys() {
    const dash = view.shown < 0 ? "" : data.languages[view.shown].dash;
    const named = data.units.filter((unit) => view.shown < 0 || words.carries(unit, view.shown)).map((unit) => unit.name);
    return [key(lineSample(routes.faint(), dash, 2), `routes of ${named.length > 3 ? `the ${named.length} garages with ${view.shown < 0 ? "posters" : english(view.shown)}` : words.listed(named)}`)];
  }

  function venueKeys() {
    const venue = data.venues.find(stops.hangs);
    return venue ? [key(words.venueSign(venue), view.shown < 0 ? "a venue, in its languages’ colours" : `a venue with ${english(view.shown)}`)]
      : [make("p", {}, "none with this language")];
  }

  box.open = window.matchMedia("(min-width: 1200px)").matches;
  box.addEventListener("toggle", () => view.placeLabels());

  return { box, fill, zoomed, stopsAreNear };
}
