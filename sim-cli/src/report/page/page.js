'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const LABELS = 230, LANE = 22, AXIS = 26;
  const KINDS = ['polled', 'said', 'ended', 'packet', 'fault', 'other'];
  const ARROWS = ['wake', 'spawn', 'packet', 'lost packet', 'send'];
  const byId = (id) => document.getElementById(id);
  const colours = {};
  let letterWidth = 0;

  // What is seen: the same steps in every run, since they are compared.
  const view = { from: 0, scale: 1, byTime: false, wakes: true, packets: true, query: '', chosen: null };

  // ---------------------------------------------------------------- runs

  function prepare(run) {
    const steps = run.times.length;
    const times = new Float64Array(steps);
    let latest = 0;
    run.times.forEach((time, step) => { latest = Math.max(latest, time); times[step] = latest; });
    const count = run.marks.length;
    const [markStep, markLane, markKind, markText] = [0, 1, 2, 3].map((field) => Int32Array.from(run.marks, (mark) => mark[field]));
    const ofLane = run.lanes.map(() => []);
    for (let mark = 0; mark < count; mark++) ofLane[markLane[mark]].push(mark);
    const waitsOf = run.lanes.map(() => []);
    for (const [lane, from, to] of run.waits) waitsOf[lane].push([from, to]);
    const marksAt = new Map();
    for (let mark = count - 1; mark >= 0; mark--) marksAt.set(markStep[mark] * 65536 + markLane[mark], mark);
    return { ...run, steps, exact: run.times, times, count, markStep, markLane, markKind, markText,
      ofLane: ofLane.map((marks) => Int32Array.from(marks)), waitsOf, marksAt, matches: new Set(), order: [], top: 0 };
  }

  const runs = data.runs.map(prepare);

  /** The first step at which two runs differ in what happens. */
  function firstDifference() {
    if (runs.length < 2) return null;
    const [one, other] = runs;
    const said = (run, mark) => run.lanes[run.markLane[mark]][1] + ' ' + run.texts[run.markText[mark]];
    for (let mark = 0; mark < Math.max(one.count, other.count); mark++) {
      if (mark >= one.count || mark >= other.count || said(one, mark) !== said(other, mark)) {
        return [one, other].map((run) => run.markStep[Math.min(mark, run.count - 1)]);
      }
    }
    return null;
  }
  const differs = firstDifference();

  // ---------------------------------------------------------------- places

  const stepsMax = Math.max(...runs.map((run) => run.steps), 1);
  const timeMax = Math.max(...runs.map((run) => (run.steps ? run.times[run.steps - 1] : 0)), 1);
  const extent = () => (view.byTime ? timeMax : stepsMax);
  const place = (run, step) => (view.byTime ? run.times[Math.min(step, run.steps - 1)] : step + 0.5);
  const toX = (value) => LABELS + (value - view.from) * view.scale;
  const xOf = (run, step) => toX(place(run, step));

  /** The first index from `low` on whose step is at or behind that place. */
  function firstFrom(run, marks, value) {
    let low = 0, high = marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (place(run, run.markStep[marks[middle]]) < value) low = middle + 1; else high = middle;
    }
    return low;
  }

  function width() { return Math.max(canvases[0].clientWidth - LABELS, 50); }

  function fit() {
    view.from = 0;
    view.scale = width() / extent();
    runs.forEach((run) => { run.top = 0; });
    draw();
  }

  function zoom(factor, x = LABELS + width() / 2) {
    const value = view.from + (x - LABELS) / view.scale;
    const nearest = view.byTime ? width() : width() / 4;
    view.scale = Math.min(Math.max(view.scale * factor, width() / extent() / 2), nearest);
    view.from = value - (x - LABELS) / view.scale;
    bound();
    draw();
  }

  function move(dx, dy, run) {
    view.from += dx / view.scale;
    if (run) run.top = Math.max(0, Math.min(run.top + dy, run.lanes.length * LANE - 60));
    bound();
    draw();
  }

  function bound() {
    const seen = width() / view.scale;
    view.from = Math.max(-seen * 0.5, Math.min(view.from, extent() - seen * 0.5));
  }

  /** Brings a step of a run into view. */
  function show(run, step, lane) {
    const x = xOf(run, step);
    if (x < LABELS + 20 || x > LABELS + width() - 20) view.from = place(run, step) - width() / view.scale / 2;
    const canvas = canvases[runs.indexOf(run)];
    const y = AXIS + lane * LANE - run.top;
    if (y < AXIS || y > canvas.clientHeight - LANE) run.top = Math.max(0, lane * LANE - canvas.clientHeight / 2);
    bound();
  }

  // ---------------------------------------------------------------- drawing

  const canvases = runs.map((run, number) => {
    const box = document.createElement('div');
    box.className = 'run';
    const canvas = document.createElement('canvas');
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', run.name + ': ' + run.lanes.length + ' lanes, ' + run.steps + ' steps');
    const name = document.createElement('div');
    name.className = 'name';
    name.textContent = run.name;
    box.append(canvas, name);
    byId('runs').append(box);
    listen(canvas, run, number);
    return canvas;
  });

  let isDue = false;
  function draw() {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => { isDue = false; paint(); });
  }

  function paint() {
    runs.forEach((run, number) => paintRun(run, canvases[number], number));
  }

  function readColours() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ['back', 'panel', 'line', 'text', 'weak', 'lane', 'node', 'waiting', 'band', 'match', 'chosen', 'differs', ...KINDS]) {
      colours[name] = style.getPropertyValue('--' + name).trim();
    }
  }

  function paintRun(run, canvas, number) {
    const ratio = window.devicePixelRatio || 1;
    const w = canvas.clientWidth, h = canvas.clientHeight;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
    }
    const pen = canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = colours.back;
    pen.fillRect(0, 0, w, h);
    pen.font = '12px ui-monospace, monospace';
    pen.textBaseline = 'middle';
    const seenFrom = view.from, seenTo = view.from + (w - LABELS) / view.scale;
    const first = Math.max(0, Math.floor(run.top / LANE)), last = Math.min(run.lanes.length - 1, Math.ceil((run.top + h) / LANE));
    const y = (lane) => AXIS + lane * LANE - run.top;

    pen.save();
    pen.beginPath();
    pen.rect(0, AXIS, w, h - AXIS);
    pen.clip();
    for (let lane = first; lane <= last; lane++) {
      if (lane % 2) continue;
      pen.fillStyle = colours.lane;
      pen.fillRect(0, y(lane), w, LANE);
    }
    pen.beginPath();
    pen.rect(LABELS, AXIS, w - LABELS, h - AXIS);
    pen.save();
    pen.clip();
    paintBands(run, pen, y, first, last);
    for (let lane = first; lane <= last; lane++) paintLane(run, pen, lane, y(lane), seenFrom, seenTo);
    paintArrows(run, pen, y, seenFrom, seenTo, first, last);
    paintChosen(run, pen, y, number, h);
    pen.restore();
    paintLabels(run, pen, y, first, last, number);
    pen.restore();
    paintAxis(run, pen, w);
  }

  function paintBands(run, pen, y, first, last) {
    for (const [text, nodes, from, to] of run.bands) {
      const x = xOf(run, from), end = to < 0 ? toX(extent()) : xOf(run, to);
      for (let lane = first; lane <= last; lane++) {
        if (!nodes.includes(run.lanes[lane][0])) continue;
        pen.fillStyle = colours.band;
        pen.fillRect(x, y(lane), Math.max(end - x, 2), LANE);
        if (lane === 0 || run.lanes[lane - 1][0] !== run.lanes[lane][0]) {
          pen.fillStyle = colours.fault;
          if (end - x > 60) pen.fillText(text, Math.max(x, LABELS) + 4, y(lane) + LANE / 2, end - Math.max(x, LABELS) - 8);
        }
      }
    }
  }

  function paintLane(run, pen, lane, top, seenFrom, seenTo) {
    pen.fillStyle = colours.waiting;
    let painted = -1;
    for (const [from, to] of run.waitsOf[lane]) {
      const x = xOf(run, from), end = xOf(run, to);
      if (end < LABELS || end - painted < 0.5) continue;
      if (place(run, from) > seenTo) break;
      pen.fillRect(x, top + 8, Math.max(end - x, 0.6), LANE - 16);
      painted = end;
    }
    const marks = run.ofLane[lane];
    const size = Math.max(2, Math.min(8, view.byTime ? 4 : view.scale - 1));
    const lastAt = new Float64Array(KINDS.length).fill(-10);
    const letter = letterWidth || (letterWidth = pen.measureText('m').width);
    for (let index = firstFrom(run, marks, seenFrom - 8 / view.scale); index < marks.length; index++) {
      const mark = marks[index], step = run.markStep[mark], value = place(run, step);
      if (value > seenTo) break;
      const x = toX(value), kind = run.markKind[mark];
      const isMatch = run.matches.has(mark);
      if (x - lastAt[kind] < 1 && !isMatch) continue;
      lastAt[kind] = x;
      pen.fillStyle = isMatch ? colours.match : colours[KINDS[kind]];
      const height = kind === 0 ? LANE - 10 : kind === 1 || kind === 4 ? LANE - 6 : LANE - 12;
      pen.fillRect(x - size / 2, top + (LANE - height) / 2, size, height);
      if (kind !== 1) continue;
      const after = index + 1 < marks.length ? toX(place(run, run.markStep[marks[index + 1]])) - size / 2 : LABELS + width();
      const letters = Math.floor((after - x - size - 2) / letter);
      if (letters < 3) continue;
      const text = run.texts[run.markText[mark]];
      pen.fillStyle = colours.text;
      pen.fillText(text.length <= letters ? text : text.slice(0, letters - 1) + '…', x + size, top + LANE / 2);
    }
  }

  /** So many arrows are drawn at once; more are a grey mass that takes long to draw. */
  const ARROWS_SHOWN = 3000;

  function paintArrows(run, pen, y, seenFrom, seenTo, first, last) {
    const drawn = new Set();
    pen.lineWidth = 1;
    for (const arrow of run.arrows) {
      const [kind, fromLane, fromStep, toLane, toStep] = arrow;
      if (kind === 2 || kind === 3 ? !view.packets : !view.wakes) continue;
      if (place(run, toStep) < seenFrom || place(run, fromStep) > seenTo) continue;
      if (Math.max(fromLane, toLane) < first || Math.min(fromLane, toLane) > last) continue;
      const x = xOf(run, fromStep), end = xOf(run, toStep);
      const key = ((Math.round(end / 2) + 100000) * 1024 + (fromLane % 1024)) * 1024 + (toLane % 1024);
      if (drawn.has(key)) continue;
      if (drawn.size === ARROWS_SHOWN) break;
      drawn.add(key);
      pen.strokeStyle = kind === 3 ? colours.fault : kind === 2 ? colours.packet : kind === 1 ? colours.said : colours.other;
      pen.globalAlpha = kind === 2 || kind === 3 ? 0.8 : 0.55;
      pen.setLineDash(kind === 3 ? [4, 3] : []);
      const startY = y(fromLane) + LANE / 2, endY = y(toLane) + LANE / 2;
      pen.beginPath();
      pen.moveTo(x, startY);
      pen.lineTo(end, endY);
      const angle = Math.atan2(endY - startY, end - x || 0.001);
      pen.lineTo(end - 6 * Math.cos(angle - 0.4), endY - 6 * Math.sin(angle - 0.4));
      pen.moveTo(end, endY);
      pen.lineTo(end - 6 * Math.cos(angle + 0.4), endY - 6 * Math.sin(angle + 0.4));
      pen.stroke();
    }
    pen.globalAlpha = 1;
    pen.setLineDash([]);
  }

  function paintChosen(run, pen, y, number, h) {
    if (differs) {
      pen.strokeStyle = colours.differs;
      pen.setLineDash([2, 3]);
      line(pen, xOf(run, differs[number]) - 6, AXIS, h);
      pen.setLineDash([]);
    }
    if (!view.chosen || view.chosen.run !== run) return;
    const { step, lane } = view.chosen;
    pen.strokeStyle = colours.chosen;
    pen.lineWidth = 1;
    line(pen, xOf(run, step), AXIS, h);
    pen.lineWidth = 2;
    pen.strokeRect(xOf(run, step) - 6, y(lane) + 1, 12, LANE - 2);
  }

  function line(pen, x, from, to) {
    pen.beginPath();
    pen.moveTo(x, from);
    pen.lineTo(x, to);
    pen.stroke();
  }

  function paintLabels(run, pen, y, first, last) {
    pen.fillStyle = colours.panel;
    pen.fillRect(0, AXIS, LABELS, pen.canvas.height);
    for (let lane = first; lane <= last; lane++) {
      const [node, name, kind] = run.lanes[lane];
      const isFirst = lane === 0 || run.lanes[lane - 1][0] !== node;
      if (isFirst) {
        pen.fillStyle = colours.line;
        pen.fillRect(0, y(lane), LABELS + width(), 1);
      }
      pen.fillStyle = kind === 1 ? colours.weak : colours.text;
      const shown = kind === 1 ? name + ' (host)' : name;
      pen.fillText(shorten(pen, shown, LABELS - 16), 8, y(lane) + LANE / 2);
    }
    pen.fillStyle = colours.line;
    pen.fillRect(LABELS - 1, AXIS, 1, pen.canvas.height);
  }

  /** The end of a path tells more than its beginning. */
  function shorten(pen, text, room) {
    if (pen.measureText(text).width <= room) return text;
    let kept = text;
    while (kept.length > 1 && pen.measureText('…' + kept).width > room) kept = kept.slice(Math.ceil(kept.length / 12));
    return '…' + kept;
  }

  function paintAxis(run, pen, w) {
    pen.fillStyle = colours.panel;
    pen.fillRect(0, 0, w, AXIS);
    pen.fillStyle = colours.weak;
    pen.fillText(view.byTime ? 'virtual time' : 'steps, with their time', 8, AXIS / 2);
    const gap = niceGap(110 / view.scale);
    for (let value = Math.max(0, Math.ceil(view.from / gap) * gap); value <= view.from + width() / view.scale && value < extent(); value += gap) {
      const x = toX(view.byTime ? value : value + 0.5);
      if (x < LABELS) continue;
      pen.fillStyle = colours.line;
      pen.fillRect(x, AXIS - 6, 1, 6);
      pen.fillStyle = colours.weak;
      const time = view.byTime ? value : run.times[Math.min(Math.round(value), run.steps - 1)] || 0;
      pen.fillText((view.byTime ? '' : '#' + Math.round(value) + ' · ') + seconds(time), x + 3, AXIS / 2, gap * view.scale - 6);
    }
  }

  function niceGap(least) {
    const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
    return Math.max([1, 2, 5, 10].find((factor) => factor * power >= least) * power, 1);
  }

  function seconds(nanos) { return (nanos / 1e9).toFixed(9).replace(/0+$/, '').replace(/\.$/, '.0') + ' s'; }

  // ---------------------------------------------------------------- choosing

  function choose(run, mark) {
    const step = run.markStep[mark], lane = run.markLane[mark];
    view.chosen = { run, step, lane, mark };
    show(run, step, lane);
    const box = byId('chosen');
    box.innerHTML = '<h2>chosen</h2>';
    const say = (text) => { const p = document.createElement('p'); p.textContent = text; box.append(p); };
    say(seconds(run.exact[step]) + ', step ' + step + ' of ' + run.name);
    say(run.lanes[lane][1] + ' on ' + run.lanes[lane][0]);
    say(run.texts[run.markText[mark]]);
    const wait = run.waitsOf[lane].find(([, to]) => to === step);
    if (wait && run.markKind[mark] === 0) say('was ready since step ' + wait[0] + ', ' + seconds(run.times[step] - run.times[wait[0]]) + ' before');
    for (const [kind, fromLane, fromStep, toLane, toStep, text] of run.arrows) {
      if (fromStep === step && fromLane === lane) say(ARROWS[kind] + ' to ' + run.lanes[toLane][1] + ' at step ' + toStep + ' ' + run.texts[text]);
      if (toStep === step && toLane === lane) say(ARROWS[kind] + ' from ' + run.lanes[fromLane][1] + ' at step ' + fromStep + ' ' + run.texts[text]);
    }
    const pending = run.pending.find((task) => task.task === run.lanes[lane][1]);
    if (pending) say('in the end: ' + pending.is + pending.awaits.map((site) => '; awaits ' + site.text).join(''));
    draw();
  }

  function nearest(run, x, y) {
    const lane = Math.floor((y - AXIS + run.top) / LANE);
    if (lane < 0 || lane >= run.lanes.length) return null;
    const marks = run.ofLane[lane];
    const index = firstFrom(run, marks, view.from + (x - LABELS) / view.scale);
    const near = [index - 1, index].filter((at) => at >= 0 && at < marks.length);
    near.sort((a, b) => Math.abs(xOf(run, run.markStep[marks[a]]) - x) - Math.abs(xOf(run, run.markStep[marks[b]]) - x));
    return near.length ? marks[near[0]] : null;
  }

  function next(direction) {
    const run = view.chosen ? view.chosen.run : runs[0];
    if (!run.count) return;
    if (!view.chosen) return choose(run, 0);
    const marks = run.ofLane[view.chosen.lane];
    const at = marks.indexOf(view.chosen.mark) + direction;
    if (at >= 0 && at < marks.length) choose(run, marks[at]);
  }

  // ---------------------------------------------------------------- search

  function search(query) {
    view.query = query.toLowerCase();
    let count = 0;
    for (const run of runs) {
      run.matches = new Set();
      run.order = [];
      if (!view.query) continue;
      const isText = run.texts.map((text) => text.toLowerCase().includes(view.query));
      const isLane = run.lanes.map((lane) => lane[1].toLowerCase().includes(view.query));
      for (let mark = 0; mark < run.count; mark++) {
        if (!isText[run.markText[mark]] && !isLane[run.markLane[mark]]) continue;
        run.matches.add(mark);
        run.order.push(mark);
        count++;
      }
    }
    byId('matches').textContent = view.query ? count + ' found' : '';
    draw();
  }

  function nextMatch(direction) {
    const run = view.chosen ? view.chosen.run : runs[0];
    if (!run.order.length) return;
    const from = view.chosen ? view.chosen.mark : -1;
    const later = run.order.find((mark) => mark > from);
    const earlier = run.order.findLast((mark) => mark < from);
    choose(run, direction > 0 ? later ?? run.order[0] : earlier ?? run.order[run.order.length - 1]);
  }

  // ---------------------------------------------------------------- hands

  function listen(canvas, run) {
    let grabbed = null, hasMoved = false;
    canvas.addEventListener('wheel', (event) => {
      event.preventDefault();
      const isPan = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.offsetX < LABELS;
      if (!isPan) return zoom(Math.exp(-event.deltaY / 400), event.offsetX);
      if (event.offsetX < LABELS) return move(0, event.deltaY, run);
      move(event.deltaX || event.deltaY, 0);
    }, { passive: false });
    canvas.addEventListener('pointerdown', (event) => { grabbed = [event.offsetX, event.offsetY]; hasMoved = false; canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener('pointermove', (event) => {
      if (!grabbed) return;
      const [dx, dy] = [grabbed[0] - event.offsetX, grabbed[1] - event.offsetY];
      if (!hasMoved && Math.abs(dx) + Math.abs(dy) < 4) return;
      hasMoved = true;
      grabbed = [event.offsetX, event.offsetY];
      move(dx, dy, run);
    });
    canvas.addEventListener('pointerup', (event) => {
      if (grabbed && !hasMoved) {
        const mark = nearest(run, event.offsetX, event.offsetY);
        if (mark !== null) choose(run, mark);
      }
      grabbed = null;
    });
  }

  function toggle(id) { const box = byId(id); box.checked = !box.checked; box.dispatchEvent(new Event('change')); }

  function setTheme(isDark) {
    document.documentElement.classList.toggle('dark', isDark);
    readColours();
    fillLegend();
    draw();
  }

  const isDark = () => document.documentElement.classList.contains('dark');

  const KEYS = {
    '+': () => zoom(1.4), '=': () => zoom(1.4), '-': () => zoom(1 / 1.4), f: fit,
    ArrowLeft: () => move(-80, 0), ArrowRight: () => move(80, 0),
    ArrowUp: () => runs.forEach((run) => move(0, -LANE * 2, run)), ArrowDown: () => runs.forEach((run) => move(0, LANE * 2, run)),
    j: () => next(1), k: () => next(-1), n: () => nextMatch(1), N: () => nextMatch(-1),
    t: () => toggle('bytime'), w: () => toggle('wakes'), p: () => toggle('packets'),
    d: () => setTheme(!isDark()), '?': () => byId('keys').showModal(),
    '/': () => byId('search').focus(),
  };

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.id === 'search') {
      if (event.key === 'Enter') { nextMatch(event.shiftKey ? -1 : 1); event.preventDefault(); }
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    const act = KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  byId('search').addEventListener('input', (event) => search(event.target.value));
  byId('fit').addEventListener('click', fit);
  byId('in').addEventListener('click', () => zoom(1.4));
  byId('out').addEventListener('click', () => zoom(1 / 1.4));
  byId('theme').addEventListener('click', KEYS.d);
  byId('help').addEventListener('click', KEYS['?']);
  byId('bytime').addEventListener('change', (event) => { view.byTime = event.target.checked; fit(); });
  byId('wakes').addEventListener('change', (event) => { view.wakes = event.target.checked; draw(); });
  byId('packets').addEventListener('change', (event) => { view.packets = event.target.checked; draw(); });
  byId('exceptions').addEventListener('change', fillDecisions);
  window.addEventListener('resize', draw);

  // ---------------------------------------------------------------- sides

  function fillLegend() {
    const entries = [['polled', 'polled'], ['said', 'what the program reports'], ['waiting', 'ready, and waiting for its poll'], ['packet', 'packet'],
      ['fault', 'fault'], ['ended', 'ended'], ['other', 'anything else, and wakes'], ['match', 'found']];
    const list = byId('legend').querySelector('ul');
    list.replaceChildren(...entries.map(([colour, text]) => {
      const item = document.createElement('li');
      const box = document.createElement('i');
      box.style.background = colours[colour];
      item.append(box, text);
      return item;
    }));
  }

  const WAITERS_SHOWN = 8;

  /** Who waited longest for a poll, in steps: what others did meanwhile. */
  function fillWaits() {
    const run = runs[0];
    const rows = run.waitsOf.map((waits, lane) => {
      const lengths = waits.map(([from, to]) => to - from - 1).sort((a, b) => a - b);
      const part = (percent) => lengths[Math.max(0, Math.ceil(lengths.length * percent / 100) - 1)];
      const worst = waits.reduce((worst, wait) => (!worst || wait[1] - wait[0] > worst[1] - worst[0] ? wait : worst), null);
      return { lane, worst, count: lengths.length, cells: [part(50), part(99), part(100)] };
    }).filter((row) => row.count > 0).sort((a, b) => b.cells[2] - a.cells[2]).slice(0, WAITERS_SHOWN);
    byId('waits').querySelector('tbody').replaceChildren(...rows.map(({ lane, worst, count, cells }) => {
      const row = document.createElement('tr');
      for (const text of [run.lanes[lane][1], count, ...cells]) {
        const cell = document.createElement('td');
        cell.textContent = text;
        row.append(cell);
      }
      row.title = 'in steps; a click leads to the longest';
      row.addEventListener('click', () => {
        const mark = run.marksAt.get(worst[1] * 65536 + lane);
        if (mark !== undefined) choose(run, mark);
      });
      return row;
    }));
  }

  const PENDING_SHOWN = 200;

  /** Who had not ended, what it waited for, and at which lines of the program. */
  function fillPending() {
    const run = runs[0];
    byId('pending').hidden = !run.pending.length;
    byId('pending').querySelector('tbody').replaceChildren(...run.pending.slice(0, PENDING_SHOWN).map((task) => {
      const row = document.createElement('tr');
      for (const text of [task.task, task.is, task.awaits.map((site) => site.text).join('; ')]) {
        const cell = document.createElement('td');
        cell.textContent = text;
        row.append(cell);
      }
      row.title = 'spawned at ' + task.spawned_at + '; a click leads to its last event';
      row.addEventListener('click', () => {
        const marks = run.ofLane[run.lanes.findIndex((lane) => lane[1] === task.task && lane[2] === 0)];
        if (marks && marks.length) choose(run, marks[marks.length - 1]);
      });
      return row;
    }));
  }

  const DECISIONS_SHOWN = 2000;

  function fillDecisions() {
    const isShort = byId('exceptions').checked;
    const run = runs[0];
    const shown = run.decisions.filter(([, , isDefault]) => !isShort || !isDefault);
    const items = shown.slice(0, DECISIONS_SHOWN).map(([step, text, isDefault]) => {
      const item = document.createElement('li');
      item.tabIndex = 0;
      item.textContent = text;
      item.className = isDefault ? '' : 'exception';
      const go = () => {
        const marks = [...run.ofLane.keys()].map((lane) => run.marksAt.get(step * 65536 + lane)).filter((mark) => mark !== undefined);
        if (marks.length) choose(run, marks[0]);
      };
      item.addEventListener('click', go);
      item.addEventListener('keydown', (event) => { if (event.key === 'Enter') go(); });
      return item;
    });
    if (shown.length > DECISIONS_SHOWN) {
      const item = document.createElement('li');
      item.textContent = '… and ' + (shown.length - DECISIONS_SHOWN) + ' more';
      items.push(item);
    }
    if (!shown.length) {
      const item = document.createElement('li');
      item.textContent = 'none';
      items.push(item);
    }
    byId('decisions').querySelector('ol').replaceChildren(...items);
  }

  byId('title').textContent = data.title;
  byId('outcome').textContent = data.outcome;
  setTheme(window.matchMedia && window.matchMedia('(prefers-color-scheme: dark)').matches);
  fillDecisions();
  fillPending();
  fillWaits();
  fit();
  paint();
  window.seedbed = { view, runs, zoom, fit, paint, search, choose, setTheme, paintedAt: performance.now() };
})();
