"use strict";

// The search: the exact number, then numbers that begin so, then words of the name; then stops.
function planSearch(data, stops) {
  const STOPS = 8;
  const plain = (text) => text.trim().toLowerCase();
  const split = (text) => text.split(/[^\p{L}\p{N}]+/u);

  function closeness(text, { name, short }) {
    const [wanted, number, full] = [text, short, name].map(plain);
    if (number === wanted || full === wanted) return 0;
    if (number.startsWith(wanted)) return 1;
    if (inWords(wanted, split(full))) return 2;
    return full.includes(wanted) ? 3 : Infinity;
  }

  // Every word wanted begins one of the words there.
  const inWords = (wanted, there) => split(wanted).filter(Boolean).every((part) => there.some((word) => word.startsWith(part)));

  function nearest(text, routes) {
    return routes.map((route, at) => [closeness(text, route), at, route])
      .filter(([close]) => close < Infinity)
      .sort(([closeA, atA], [closeB, atB]) => closeA - closeB || atA - atB);
  }

  const known = stops.map((stop) => [plain(stop.name), stop]);

  // A number alone means a route: half the stops of a city have one in their street's name.
  function nearStops(text) {
    const wanted = plain(text);
    if (!/\p{L}.*\p{L}/u.test(wanted)) return [];
    return known.map(([full, stop], at) => [
      full === wanted ? 0 : full.startsWith(wanted) ? 1 : full.includes(wanted) ? 2 : inWords(wanted, split(full)) ? 3 : Infinity, at, stop,
    ]).filter(([close]) => close < Infinity).sort(([closeA, atA], [closeB, atB]) => closeA - closeB || atA - atB);
  }

  // Routes that run, best first; stops of that name; and what to say of routes that this plan leaves out.
  return function search(text) {
    const hits = nearest(text, data.routes);
    const called = nearStops(text);
    const best = hits.length ? hits[0][0] : Infinity;
    const out = nearest(text, data.leftOut).filter(([close]) => close <= best);
    const said = out.slice(0, 3).map(([, , route]) => {
      const article = /^[aeiou]/.test(route.mode) ? "an" : "a";
      return `${route.name} is ${article} ${route.mode} route; ` +
        (route.counted ? "it does not run in the design week." : `this plan counts ${data.words.modes} only.`);
    });
    if (out.length > 3) said.push(`${out.length - 3} more routes of that name are left out.`);
    if (!hits.length && !out.length && !called.length) said.push("No route of that name runs in the design week, and no stop has it.");
    if (called.length > STOPS) said.push(`${called.length - STOPS} more stops have such a name; type more of it.`);
    return { routes: hits.map(([, , route]) => route), stops: called.slice(0, STOPS).map(([, , stop]) => stop), note: said.join(" ") };
  };
}
