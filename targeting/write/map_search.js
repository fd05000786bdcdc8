"use strict";

// The search: the exact number or name, then numbers that begin so, then whole words (in the order wanted
// first), beginnings of words and pieces of the name; routes in the plan's order, busy stops before others.
function planSearch(data, stops) {
  const STOPS = 8;
  const plain = (text) => text.trim().toLowerCase();
  const split = (text) => plain(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const named = (thing) => ({ thing, full: plain(thing.name), words: split(thing.name), short: plain(thing.short || "") });
  const [routes, leftOut, calledAt] = [data.routes, data.leftOut, stops].map((things) => things.map(named));

  // What is wanted, in words, is there as words, or as beginnings of them.
  const within = (wanted, there, match) => wanted.length > 0 && wanted.every((part) => there.some((word) => match(word, part)));

  function closeness(text, { full, words, short }) {
    const [wanted, parts] = [plain(text), split(text)];
    const [phrase, whole] = [parts, words].map((each) => ` ${each.join(" ")} `);
    if (short === wanted || full === wanted || (parts.length && phrase === whole)) return 0;
    if (short.startsWith(wanted)) return 1;
    if (parts.length && whole.includes(phrase)) return 2;
    if (within(parts, words, (word, part) => word === part)) return 3;
    if (within(parts, words, (word, part) => word.startsWith(part))) return 4;
    return full.includes(wanted) ? 5 : Infinity;
  }

  // [how close, thing], best first: those as close by `weigh`, and then as they stand.
  function nearest(text, things, weigh = () => []) {
    const order = (a, b) => {
      const at = a.findIndex((number, place) => number !== b[place]);
      return at < 0 ? 0 : a[at] - b[at];
    };
    return things.map((each, at) => [[closeness(text, each), ...weigh(each.thing), at], each.thing])
      .filter(([[close]]) => close < Infinity).sort(([a], [b]) => order(a, b)).map(([[close], thing]) => [close, thing]);
  }

  const busiest = (stop) => [-stop.routes.length, -stop.routes.reduce((trips, at) => trips + data.routes[at].trips, 0)];

  // A number alone means a route: half the stops of a city have one in their street's name.
  const nearStops = (text) => (/\p{L}.*\p{L}/u.test(text) ? nearest(text, calledAt, busiest) : []);

  // Routes that run, best first; stops of that name; and what to say of routes that this plan leaves out.
  return function search(text) {
    const hits = nearest(text, routes);
    const called = nearStops(text);
    const best = hits.length ? hits[0][0] : Infinity;
    const out = nearest(text, leftOut).filter(([close]) => close <= best);
    const said = out.slice(0, 3).map(([, route]) => {
      const article = /^[aeiou]/.test(route.mode) ? "an" : "a";
      return `${route.name} is ${article} ${route.mode} route; ` +
        (route.counted ? "it does not run in the design week." : `this plan counts ${data.words.modes} only.`);
    });
    if (out.length > 3) said.push(`${out.length - 3} more routes of that name are left out.`);
    if (!hits.length && !out.length && !called.length) said.push("No route of that name runs in the design week, and no stop has it.");
    if (called.length > STOPS) said.push(`${called.length - STOPS} more stops have such a name; type more of it.`);
    return { routes: hits.map(([, route]) => route), stops: called.slice(0, STOPS).map(([, stop]) => stop), note: said.join(" ") };
  };
}
