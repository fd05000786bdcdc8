"use strict";

// The routes: their lines in the colours and patterns of what they carry, and their numbers.
function planRoutes(view) {
  const { data, map, words, shapes, canvas } = view;
  const { carries, languagesOf } = words;
  const FADED = "#7d8794";
  const PASSED = "#33415c"; // where buses of a garage with posters may pass, whatever they carry

  // The language whose colour a route wears in this view; -1 where it is drawn as background.
  function worn(route) {
    if (!route.posters.length) return -1;
    if (view.shown < 0) return languagesOf(route)[0];
    return carries(route, view.shown) ? view.shown : -1;
  }

  // Routes of the languages on the fewest routes come first: a rare one must not be covered.
  const routesOf = data.languages.map((_, at) => data.routes.filter((route) => carries(route, at)).length);
  const rarestFirst = (routes) => routes.slice().sort((a, b) => (routesOf[worn(a)] || 0) - (routesOf[worn(b)] || 0));
  const isPassed = (route) => words.passing(route, view.shown).length > 0;
  const isWorn = (route) => worn(route) >= 0 || isPassed(route);

  const posted = L.featureGroup();
  const others = L.featureGroup();
  const badges = L.layerGroup();

  data.routes.forEach((route, position) => {
    const points = route.lines.map(shapes.line);
    route.position = position;
    route.casing = L.polyline(points, { renderer: canvas, interactive: false, color: "#ffffff", lineCap: "round" });
    route.line = L.polyline(points, { renderer: canvas, lineCap: "butt" });
    const [, ...strands] = words.strands(languagesOf(route));
    route.strands = strands.map(([color, dashArray]) =>
      L.polyline(points, { renderer: canvas, interactive: false, lineCap: "butt", color, dashArray }));
    route.line.on("click", (event) => { L.DomEvent.stopPropagation(event); view.openRoute(route, event.latlng); });
    route.line.bindTooltip(() => view.cards.routeTooltip(route), { sticky: true, direction: "top", offset: [0, -4] });
    route.number = words.routeNumber(route, FADED);
    // out of the order of keys: the lists beside the map open the same cards
    route.marker = L.marker(route.badge, {
      icon: L.divIcon({ className: "badge", html: route.number, iconSize: [0, 0] }), title: words.brief(route.name), riseOnHover: true, keyboard: false,
    });
    route.marker.on("click", () => view.openRoute(route, L.latLng(route.badge)));
  });

  const faint = () => (view.shown < 0 ? PASSED : data.languages[view.shown].color);

  // Every language of a route is drawn where the map shows the plan; else the one that is shown.
  const strandsShown = (route) => (view.shown < 0 ? route.strands : []);

  function restyle() {
    const scale = Math.min(Math.max(0.65 + 0.2 * (map.getZoom() - 9), 0.65), 1.15);
    data.routes.forEach((route, position) => {
      const language = worn(route);
      const chosen = route === view.selected;
      const here = view.stop ? view.stop.routes.includes(route.position) : view.unit ? view.unit.routes.includes(position) : chosen;
      const dimmed = (view.selected || view.stop || view.unit) && !here ? 0.16 : 1;
      const passed = isPassed(route);
      const ink = language >= 0 ? data.languages[language].color : passed ? faint() : "#5b6572";
      const strands = strandsShown(route);
      if (language >= 0) {
        const weight = scale * ((view.shown < 0 ? 3.5 : 4.5) + (chosen ? 3 : 0));
        const dashArray = strands.length ? null : data.languages[language].dash || null;
        route.line.setStyle({ color: ink, dashArray, weight, opacity: dimmed });
        strands.forEach((strand) => strand.setStyle({ weight, opacity: dimmed }));
        route.casing.setStyle({ weight: weight + 4 * scale, opacity: 0.95 * dimmed });
      } else if (passed) {
        const dashArray = view.shown < 0 ? null : data.languages[view.shown].dash || null;
        const weight = scale * (chosen ? 5 : 2.2);
        route.line.setStyle({ color: ink, dashArray, weight, opacity: (chosen ? 1 : 0.8) * dimmed });
        route.casing.setStyle({ weight: weight + 3 * scale, opacity: 0.6 * dimmed });
      } else {
        route.line.setStyle({ color: chosen ? "#1c2430" : FADED, dashArray: null, weight: chosen ? 6 : here ? 2.5 : 1.2, opacity: 0.9 * dimmed });
        route.casing.setStyle({ weight: chosen ? 11 : 3, opacity: chosen ? 0.95 : 0.5 * dimmed });
      }
      route.number.style.setProperty("--ink", strands.length ? words.inkOf(route) : ink);
      route.number.classList.toggle("picked", chosen);
      route.number.classList.toggle("passed", language < 0 && passed);
      route.number.classList.toggle("dimmed", dimmed < 1);
    });
  }

  // Which line belongs to which group in this view, the rarest language on top.
  function sort() {
    posted.clearLayers();
    others.clearLayers();
    rarestFirst(data.routes.filter(isWorn)).reverse().forEach((route) =>
      [route.casing, route.line, ...strandsShown(route)].forEach((line) => posted.addLayer(line)));
    data.routes.filter((route) => !isWorn(route)).forEach((route) => others.addLayer(route.casing).addLayer(route.line));
  }

  function selectedToFront() {
    const route = view.selected;
    if (!route || !map.hasLayer(route.line)) return;
    [route.casing, route.line, ...strandsShown(route)].forEach((line) => line.bringToFront());
  }

  // Numbers that would cover an earlier one are left out until the reader zooms in.
  function placeBadges() {
    badges.clearLayers();
    const taken = [];
    const drawn = (route) => view.visible[isWorn(route) ? "posted" : "others"];
    const atStop = view.stop ? view.stop.routes.map((at) => data.routes[at]) : [];
    const numbered = [view.selected, ...atStop, ...view.top, ...rarestFirst(data.routes.filter(isWorn))];
    new Set(numbered.filter((route) => route && drawn(route))).forEach((route) => {
      const point = map.latLngToLayerPoint(route.badge);
      if (taken.some((other) => Math.abs(other.x - point.x) < 34 && Math.abs(other.y - point.y) < 20)) return;
      taken.push(point);
      badges.addLayer(route.marker);
    });
    return taken;
  }

  return { FADED, PASSED, faint, isWorn, posted, others, badges, routesOf, worn, restyle, sort, selectedToFront, placeBadges };
}
