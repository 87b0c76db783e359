// A machine's first run: gleaner-setup joins, takes settings and measures, by a token or by the
// owner's own key; the tray app's window finds the node, and neither needs the other.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';

import { Desktop } from '../support/desktop.mjs';
import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const bin = process.env.GLEANER_BINARY_DIR;
const gui = join(bin, 'client-gui/gleaner');
let desktop;

const socketOf = (name) => join(grid.path(name), 'control.sock');
const file = (name, text) => {
  writeFileSync(grid.path(name), text);
  return grid.path(name);
};
const setup = (name, ...args) => spawnSync(join(bin, 'client-core/cli/gleaner-setup'),
  ['--socket', socketOf(name), '--coordinator', `localhost:${grid.gatewayPort}`, ...args],
  { encoding: 'utf8' });
const local = (name, ...args) => JSON.parse(spawnSync(programs.gleanerctl,
  ['node', ...args, '--socket', socketOf(name), '--json'], { encoding: 'utf8' }).stdout);
const byOwner = (...args) => ['--owner-api', grid.url, '--authority', grid.authority,
  '--owner-key-file', file('owner.key', `${grid.ownerKey}\n`), ...args];
const sites = () => grid.ctl(grid.ownerKey, 'site', 'list').data;

function waitingNode(name, instance) {
  const child = grid.launch(name, programs.node, ['run', '--data-dir', grid.path(name),
    '--instance', String(instance), '--policy', 'guest', '--wait-to-join'], desktop.environment);
  grid.nodes.set(name, { child, instance });
  return child;
}

const checked = testsOf(grid, async () => {
  desktop = await Desktop.start(grid.folder);
  await grid.start();
  waitingNode('home', 1);
  waitingNode('cafe', 2);
});

after(() => desktop?.stop());

checked('an owner reads the text first, and nothing is made before they agree to it', () => {
  const before = sites().length;
  const asked = setup('home', ...byOwner('--site', 'My home'));
  assert.equal(asked.status, 1);
  assert.match(asked.stderr, /GLEANER[\s\S]*--accept-consent \d{4}-\d\d-\d\d/);
  const other = setup('home', ...byOwner('--site', 'My home', '--accept-consent', '1999-12-31'));
  assert.match(other.stderr, /not that of 1999-12-31/);
  assert.equal(sites().length, before);
});

checked('a wrong key, an untrusted server and a wrong address are each said', () => {
  const wrong = setup('home', '--owner-api', grid.url, '--authority', grid.authority,
    '--owner-key-file', file('wrong.key', 'glo_wrong\n'), '--site', 'x');
  assert.match(wrong.stderr, /key/);
  const untrusted = setup('home', '--owner-api', grid.url, '--owner-key-file',
    grid.path('owner.key'), '--site', 'x');
  assert.match(untrusted.stderr, /certificate/);
  const nobody = setup('home', '--owner-api', 'https://localhost:1', '--owner-key-file',
    grid.path('owner.key'), '--site', 'x');
  assert.match(nobody.stderr, /cannot reach/);
  assert.match(setup('home').stderr, /--token-file/);
  for (const done of [wrong, untrusted, nobody]) assert.equal(done.status, 1);
});

checked('by the owner\'s key a site is made, the machine joins it, and the key is kept nowhere', async () => {
  const done = setup('home', ...byOwner('--site', 'My home', '--accept-consent', grid.consentDate,
    '--settings', 'home'));
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /joined: this machine is node/);
  assert.match(done.stdout, /settings: /);
  const made = sites().filter((site) => site.name === 'My home');
  assert.equal(made.length, 1);
  assert.equal(made[0].consent.date, grid.consentDate);
  await until('it is connected', () =>
    ['waiting', 'paused'].includes(local('home', 'status').state));
  const kept = spawnSync('grep', ['-rlF', grid.ownerKey, grid.path('home'), grid.path('home.log')]);
  assert.equal(kept.status, 1, kept.stdout.toString());
});

checked('run again it changes nothing, and a second machine comes to the same site', () => {
  const again = setup('home', '--settings', 'home');
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /already/);
  const second = setup('cafe', ...byOwner('--site', 'My home', '--accept-consent', grid.consentDate));
  assert.equal(second.status, 0, second.stderr);
  assert.equal(sites().filter((site) => site.name === 'My home').length, 1);
  assert.equal(local('cafe', 'status').site, local('home', 'status').site);
  assert.equal(local('cafe', 'leave').done, 'left');
});

checked('a token of another site is found out, and the machine leaves again', async () => {
  assert.equal(local('cafe', 'status').state, 'not joined');
  const cafe = grid.addSite('a café');
  const other = grid.addSite('another café');
  const wrong = setup('cafe', '--token-file', file('token', grid.newToken(other)), '--site', cafe);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /has left it again/);
  assert.equal(local('cafe', 'status').state, 'not joined');
  const right = setup('cafe', '--token-file', file('token', grid.newToken(cafe)), '--site', cafe,
    '--settings', 'cafe');
  assert.equal(right.status, 0, right.stderr);
  assert.match(right.stdout, /settings: .*5 minutes/);
});

checked('it measures every device, and the coordinator has its say', async () => {
  const measured = setup('home', '--benchmark');
  assert.equal(measured.status, 0, measured.stderr);
  assert.match(measured.stdout, /measured: cpu/);
  await until('a verdict came', () => local('home', 'status').devices[0].verdict !== '');
});

checked('what was sent is told field by field, and names no program of the person', async () => {
  const sent = await until('it has said hello', () => {
    const fields = local('home', 'sent').data;
    return fields.some((one) => one.what === 'Version of the client') && fields;
  });
  assert.ok(sent.some((one) => one.what === 'Device' && one.value.startsWith('cpu')));
  assert.ok(sent.some((one) => one.what === 'Name of this machine'));
  assert.ok(sent.some((one) => one.what === 'Fingerprint of the hardware' && one.value.length === 64));
  await until('its capacity was sent', () =>
    local('home', 'sent').data.some((one) => one.what === 'Disk space for models'));
  assert.doesNotMatch(JSON.stringify(local('home', 'sent')), /Xvfb|is running|fills the screen/);
});

checked('the tray app opens its window beside the node; a second start shows the first', async () => {
  if (!existsSync(gui)) return;
  const environment = { ...desktop.environment, GLEANER_CONTROL_SOCKET: socketOf('home'),
    XDG_RUNTIME_DIR: grid.folder, XDG_CONFIG_HOME: grid.folder, LC_ALL: 'C.UTF-8' };
  const child = grid.launch('gui', gui, [], environment);
  const windows = () => spawnSync('xdotool', ['search', '--onlyvisible', '--name', '^Gleaner$'],
    { env: { ...process.env, ...environment }, encoding: 'utf8' }).stdout.trim();
  await until('its window is there', () => windows() !== '', 30);
  const second = spawnSync(gui, [], { env: { ...process.env, ...environment }, timeout: 20_000 });
  assert.equal(second.status, 0);
  child.kill('SIGKILL');
  await until('its window is gone', () => windows() === '', 30);
  assert.notEqual(local('home', 'status').state, 'not joined');
  assert.doesNotMatch(readFileSync(grid.path('gui.log'), 'utf8'), /QObject|segfault|assert/i);
});
