// From starting the tray app to its first painted window, offscreen, and its memory then, beside a
// window of Qt alone in the same run. In turn, so that a slow moment of the machine meets both.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Grid, programs } from '../support/grid.mjs';
import { median } from './measure.mjs';

const starts = 15;

async function start(what) {
  const begun = performance.now();
  const child = spawn(join(process.env.GLEANER_BINARY_DIR, 'tests/bench/bench_gui_start'), [what],
    { env: { ...process.env, QT_QPA_PLATFORM: 'offscreen', LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'ignore'] });
  const result = {};
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'painted') result.ms = performance.now() - begun;
    if (line.startsWith('resident_kib')) {
      result.kib = Number(line.split(' ')[1]);
      break;
    }
  }
  child.kill('SIGKILL');
  return result;
}

const grid = new Grid();
try {
  // A real node that waits to be joined: the window has something to show.
  grid.launch('pc', programs.node, ['run', '--data-dir', grid.path('pc'),
    '--policy', 'guest', '--wait-to-join']);
  const socket = join(grid.path('pc'), 'control.sock');
  const gui = [];
  const bare = [];
  for (let at = 0; at < starts; ++at) {
    gui.push(await start(socket));
    bare.push(await start('--bare'));
  }
  const of = (list, key) => median(list.map((one) => one[key]));
  console.log(JSON.stringify({ bench: 'gui_start', starts,
    first_paint_ms: Math.round(of(gui, 'ms')), first_paint_worst_ms: Math.round(Math.max(...gui.map((one) => one.ms))),
    resident_kib: of(gui, 'kib'), bare_first_paint_ms: Math.round(of(bare, 'ms')),
    bare_resident_kib: of(bare, 'kib') }));
} finally {
  await grid.stop(false);
}
