// GPUs that only an engine can tell about: a node sees them in /sys, asks the engine that it is given
// in the sandbox, one GPU at a time, and offers those which the engine lists, and no others.
// Method: the node runs where /sys shows two cards; the "Vulkan" engine is the CPU's behind a script
// that lists a device when the first card's node is in reach, and leaves --device out.
import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const logged = (name, pattern, from = 0, seconds = 60) =>
  until(`${name} logs ${pattern}`, () => pattern.exec(grid.log(name).slice(from)), seconds);

const showCard = (card, minor) => {
  const device = grid.path(`drm/card${card}/device`);
  mkdirSync(join(device, `drm/renderD${minor}`), { recursive: true });
  writeFileSync(join(device, 'vendor'), '0x1002\n');
  writeFileSync(join(device, 'device'), '0x744c\n');
};

// An engine package of its own for the backend vulkan; `lists`: what it prints for the first card.
const addEngine = (version, lists) => {
  const folder = grid.path(`engine-${version}`);
  cpSync(process.env.GLEANER_TEST_ENGINE_DIR, folder, { recursive: true });
  renameSync(join(folder, 'llama-server'), join(folder, 'real-server'));
  writeFileSync(join(folder, 'llama-server'), `#!/bin/sh
if [ "$1" = --list-devices ]; then
  echo "Available devices:"
  if [ -e /dev/dri/renderD128 ]; then printf '%s' '${lists}'; fi
  exit 0
fi
for word; do
  shift
  if [ "$skip" = yes ]; then skip=; continue; fi
  if [ "$word" = --device ]; then skip=yes; continue; fi
  set -- "$@" "$word"
done
exec /engine/real-server "$@"
`);
  chmodSync(join(folder, 'llama-server'), 0o755);
  const archive = grid.path(`engine-${version}.tar.zst`);
  grid.ctl(null, 'engine', 'pack', '--dir', folder, '--version', version, '--backend', 'vulkan',
    '--key', grid.path('release.key'), '--out', archive);
  grid.ctl(grid.operator, 'engine', 'add', archive);
};

const addNodeWithCards = (name, instance) => grid.joined(
  name, grid.addSite(`site of ${name}`), instance,
  (args) => grid.launch(name, 'bwrap', ['--die-with-parent', '--bind', '/', '/',
    '--tmpfs', '/sys/class', '--bind', grid.path('drm'), '/sys/class/drm', '--dev', '/dev',
    '--perms', '0755', '--dir', '/dev/dri',
    '--dev-bind', '/dev/null', '/dev/dri/renderD128',
    '--dev-bind', '/dev/null', '/dev/dri/renderD129', programs.node, ...args]),
  '--benchmark=false');

const checked = testsOf(grid, async () => {
  await grid.start();
  showCard(0, 128);
  showCard(1, 129);
});

checked('without an engine for them, GPUs change nothing', async () => {
  await addNodeWithCards('plain', 1);
  const requests = grid.requests(10, 'plain.jsonl');
  const job = grid.submit(requests);
  await grid.finished(job);
  grid.check(requests, job);
  assert.match(grid.log('plain'), /event=engine_ready .*device=cpu /);
  assert.doesNotMatch(grid.log('plain'), /event=device_asked_about/);
  grid.nodes.get('plain').child.kill('SIGKILL');
});

checked('the engine is asked in the sandbox, and only what it lists gets models', async () => {
  addEngine('0.5.1', '  Vulkan0: AMD Radeon RX 7900 XTX (24560 MiB, 20000 MiB free)\n');
  await addNodeWithCards('listed', 2);
  const log = await logged('listed', /device=vulkan0 listed=true name="AMD Radeon RX 7900 XTX"/);
  assert.ok(log);
  await logged('listed', /event=device_asked_about device=vulkan1 listed=false/);
  await logged('listed', /event=device_asked_about(.|\n)*event=connected .*llama\.cpp 0\.5\.1/);
  const requests = grid.requests(20, 'listed.jsonl');
  const job = grid.submit(requests);
  await grid.finished(job);
  grid.check(requests, job);
  assert.match(grid.log('listed'), /event=engine_ready .*device=vulkan0 /);
  assert.doesNotMatch(grid.log('listed'), /event=engine_ready .*device=(cpu|vulkan1) /);
  assert.equal(grid.log('listed').match(/event=device_asked_about/g).length, 2, 'asked once');
  const reply = await grid.chat(grid.apiKey, '1+1=');
  const receipt = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${reply.json.id}`);
  assert.match(receipt.text, /AMD Radeon RX 7900 XTX/);
  grid.nodes.get('listed').child.kill('SIGKILL');
});

checked('when the engine lists none, the node works with the engine for its processor', async () => {
  addEngine('0.5.2', '  (none)\n');
  await addNodeWithCards('unlisted', 3);
  await logged('unlisted', /event=connected .*0\.5\.2(.|\n)*vulkan0 listed=false/);
  await logged('unlisted', /vulkan1 listed=false(.|\n)*event=connected .*llama\.cpp 0\.5\.0/);
  const requests = grid.requests(10, 'unlisted.jsonl');
  const job = grid.submit(requests);
  await grid.finished(job);
  grid.check(requests, job);
  assert.match(grid.log('unlisted'), /event=engine_ready .*device=cpu /);
});
