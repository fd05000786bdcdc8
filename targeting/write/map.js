"use strict";

// Puts the rooms of the page together, and keeps them in step: what is shown, what is open, where one is.
function showPlan(map, data) {
  const element = (id) => document.getElementById(id);
  const narrow = window.matchMedia("(max-width: 820px)");
  const card = element("card");
  const view = {
    data, map,
    words: planWords(data),
    shapes: planShapes(data.topology),
    canvas: L.canvas({ tolerance: 5, padding: 0.1 }),
    visible: { posted: true, others: true, tracts: true, venues: true, stops: false, hotspots: false },
    shown: -1, // position of the language shown, -1 for the plan
    selected: null, picked: null, unit: null, venue: null, stop: null, // the route, tract, unit, venue or stop whose card is open
    top: [], // routes that serve most people of the language shown
    tiles: false,
    seen, fit, stack, placeLabels, choose, openRoute, openUnit, openTract, openVenue, openStop, closeCard,
  };
  let left = null; // the view before a card moved the map, and the one it was moved to
  const NOTHING = { selected: null, picked: null, unit: null, venue: null, stop: null }; // whose card is open
  let opener = null; // what had the focus before the card

  const { words } = view;
  const ground = view.ground = planGround(view);
  const tracts = view.tracts = planTracts(view);
  const routes = view.routes = planRoutes(view);
  const stops = view.stops = planStops(view);
  view.search = planSearch(data, stops);
  view.cards = planCards(data, words);
  const legend = view.legend = planLegend(view);
  const lists = view.lists = planLists(view);
  const address = planAddress(view);
  planPaper(view);

  // One canvas draws everything, in the order in which things were last brought to front.
  function stack() {
    routes.sort();
    const layers = { posted: routes.posted, others: routes.others, tracts: tracts.layer, stops: stops.dots, venues: stops.venues, hotspots: tracts.hot };
    Object.entries(layers).filter(([, layer]) => layer).forEach(([name, layer]) => {
      const wanted = view.visible[name] && (name !== "stops" || legend.stopsAreNear()) && (name !== "hotspots" || view.shown >= 0);
      if (wanted) layer.addTo(map);
      else layer.remove();
    });
    ground.stack(view.visible.tracts && tracts.layer);
    if (map.hasLayer(tracts.hot)) tracts.hot.bringToFront();
    if (view.visible.others) routes.others.bringToFront();
    if (view.visible.posted) routes.posted.bringToFront();
    if (map.hasLayer(stops.dots)) stops.dots.eachLayer((dot) => dot.bringToFront());
    routes.selectedToFront();
    if (view.stop) stops.marks.bringToFront();
    placeLabels();
  }

  function placeLabels() {
    ground.placeNamesClear(routes.placeBadges(), [legend.box, card].map((box) => box.getBoundingClientRect()));
  }

  // --- the view: whatever lies over the map's edges is kept clear ---------------------------------

  // Pixels of the map that cards cover on each side.
  function covered() {
    const frame = map.getContainer().getBoundingClientRect();
    const sides = { left: 16, right: 16, above: 16, below: 16 };
    if (legend.box.open && !narrow.matches) sides.right = legend.box.offsetWidth + 24;
    if (!card.hidden) {
      const box = card.getBoundingClientRect();
      if (box.width < 0.7 * frame.width && box.height < frame.height / 3) sides.above = box.bottom - frame.top + 12;
      else if (box.width < 0.7 * frame.width) sides.left = box.right - frame.left + 12;
      else sides.below = Math.max(16, frame.bottom - box.top + 12);
    }
    return sides;
  }

  function fit(bounds) {
    const { left: start, right, above, below } = covered();
    map.fitBounds(bounds, { animate: false, maxZoom: 14, paddingTopLeft: [start, above], paddingBottomRight: [right, below] });
  }

  // Where a click is the wish, the map moves only as far as the card would hide the place.
  function keepClear(latlng) {
    const { left: start, right, above, below } = covered();
    map.panInside(latlng, { paddingTopLeft: [start + 20, above + 14], paddingBottomRight: [right + 20, below + 30], animate: false });
  }

  function seen() {
    return { center: map.getCenter(), zoom: map.getZoom() };
  }
  const sameView = (a, b) => a.zoom === b.zoom && map.project(a.center, a.zoom).distanceTo(map.project(b.center, a.zoom)) < 3;

  // --- the card of a route, a tract, a venue or a stop ----------------------------------------------

  function openCard(content, name, open, move) {
    const before = card.hidden ? seen() : left && left.before;
    if (card.hidden) opener = document.activeElement;
    Object.assign(view, { ...NOTHING, ...open });
    const close = words.make("button", { type: "button", class: "close", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => closeCard());
    card.replaceChildren(close, content);
    card.setAttribute("aria-label", words.brief(name));
    card.hidden = false;
    card.scrollTop = 0;
    card.parentNode.classList.add("reading");
    if (narrow.matches) legend.box.open = false;
    move();
    left = { before, after: seen() };
    repaint();
    card.focus({ preventScroll: true });
  }

  function closeCard() {
    if (card.hidden) return;
    const inside = card.contains(document.activeElement) || document.activeElement === document.body;
    card.hidden = true;
    card.replaceChildren();
    card.parentNode.classList.remove("reading");
    Object.assign(view, NOTHING);
    if (left && sameView(seen(), left.after)) map.setView(left.before.center, left.before.zoom, { animate: false });
    left = null;
    repaint();
    if (inside && opener && opener.isConnected) opener.focus({ preventScroll: true });
  }

  function repaint() {
    tracts.restyle();
    routes.restyle();
    stops.markStop(view.stop);
    stops.restyleVenues();
    stack();
    lists.mark();
    address.write();
  }

  function openRoute(route, latlng) {
    openCard(view.cards.routeCard(route), route.name, { selected: route }, () => (latlng ? keepClear(latlng) : fit(route.line.getBounds())));
  }

  function openUnit(unit) {
    const bounds = unit.routes.map((at) => data.routes[at].line.getBounds()).reduce((all, each) => all.extend(each), L.latLngBounds([]));
    openCard(view.cards.unitCard(unit, lists.routeButton), unit.name, { unit }, () => { if (bounds.isValid()) fit(bounds); });
  }

  function openTract(tract, layer, latlng) {
    openCard(view.cards.tractCard(tract), tract.name, { picked: tract }, () => keepClear(latlng));
    layer.bringToFront();
    stack();
  }

  function openVenue(venue, latlng) {
    openCard(view.cards.venueCard(venue), venue.name, { venue }, () => (latlng ? keepClear(latlng) : fit([venue.at, venue.at])));
  }

  function openStop(stop, latlng) {
    openCard(view.cards.stopCard(stop, lists.routeButton), stop.name, { stop }, () => (latlng ? keepClear(latlng) : fit(stop.at)));
  }

  document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeCard(); });

  // --- the language shown ---------------------------------------------------------------------------

  const choices = [...document.querySelectorAll("input[name=shown]")];

  function choose(value) {
    choices.forEach((input) => { input.checked = input.value === value; });
    show(value);
  }

  function show(value) {
    closeCard();
    view.shown = data.languages.findIndex((language) => language.tag === value);
    choices.forEach((input) => input.closest(".choice").classList.toggle("chosen", input.checked));
    lists.renew();
    if (tracts.layer) tracts.fillHotSpots();
    legend.fill();
    const carrying = view.shown < 0 ? [] : data.routes.filter(routes.isWorn).map((route) => route.line.getBounds());
    if (carrying.length && !carrying.some((bounds) => map.getBounds().intersects(bounds))) {
      fit(carrying.reduce((all, bounds) => all.extend(bounds), L.latLngBounds([])));
    }
    repaint();
  }

  choices.forEach((input) => input.addEventListener("change", () => show(input.value)));
  element("show").addEventListener("submit", (event) => event.preventDefault());

  // By keyboard, the tract in the middle of the map opens.
  const area = map.getContainer();
  area.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== area) return;
    const middle = map.getCenter();
    const found = tracts.layer && tracts.at(middle);
    if (found) openTract(found.feature.properties, found, middle);
  });
  area.setAttribute("role", "region");
  area.setAttribute("aria-label", `Map: arrow keys move it, plus and minus zoom${tracts.layer ? ", Enter opens the tract in its middle" : ""}; the lists hold the same routes`);
  routes.badges.addTo(map);
  map.setMaxZoom(17);
  fit(data.bounds);
  map.setMinZoom(Math.max(4, Math.min(map.getZoom(), map.getBoundsZoom(data.network)) - 1));
  map.setMaxBounds(L.latLngBounds(data.network).pad(1));
  map.on("zoomend", () => { routes.restyle(); stack(); legend.zoomed(); });
  map.on("moveend", placeLabels);
  address.read();
}
