// Who speaks to the two ports in the wrong way, or hardly at all: plain HTTP, old TLS, frames beyond
// the limit, and clients that are as slow as they can be. Each is told or cut off, and meanwhile the
// grid goes on serving.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { after } from 'node:test';

import { Grid, programs, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const grid = new Grid();
const messageBytesMax = 8 << 20;
let authority;
let identity;
let other;
let stalled;
const slow = [];

// A connection that keeps what it is sent, and when and how it ended.
class Peer {
  received = Buffer.alloc(0);
  opened = Date.now();

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (bytes) => { this.received = Buffer.concat([this.received, bytes]); });
    socket.on('error', (problem) => { this.problem = problem; });
    socket.on('close', () => { this.lasted = Date.now() - this.opened; });
    this.ready = new Promise((resolve) => {
      socket.on('secureConnect', () => resolve(true));
      socket.on('close', () => resolve(false));
    });
  }

  static plain(port) {
    return new Peer(connectPlain(Number(port), 'localhost'));
  }

  static tls(port, options = {}) {
    return new Peer(connectTls({ port: Number(port), host: 'localhost', servername: 'localhost',
      ca: authority, ...options }));
  }

  ended(seconds = 15) {
    return until('the connection has ended', () => this.lasted !== undefined, seconds);
  }
}

const asNode = (options = {}) => Peer.tls(grid.gatewayPort, { ...identity,
  ALPNProtocols: ['gleaner/1'], minVersion: 'TLSv1.3', ...options });

// `body` tells how many answers others got meanwhile; nothing else was metered.
const costsNothing = async (body) => {
  const had = grid.account();
  const { meter_records: metered } = grid.ledger();
  const answers = (await body()) ?? 0;
  assert.deepEqual(grid.account(), had);
  assert.equal(grid.ledger().meter_records, metered + answers);
  await grid.serves(other.key);
};

const checked = testsOf(grid, async () => {
  await grid.start();
  authority = readFileSync(grid.authority);
  other = grid.addCustomer('other');
  await grid.addNode('one', 1);
  await until('the node has the model', () => grid.serves(other.key).then(() => true, () => false));
  // The identity of a node that does nothing by itself.
  const enrolled = spawnSync(programs.node, ['enrol', '--coordinator',
    `localhost:${grid.gatewayPort}`, '--token', grid.newToken(grid.addSite('silent')),
    '--data-dir', grid.path('silent'), '--instance', '2'], { encoding: 'utf8' });
  assert.equal(enrolled.status, 0, enrolled.stderr);
  identity = { key: readFileSync(grid.path('silent/node.key')),
    cert: readFileSync(grid.path('silent/node.crt')) };
  // Looked at again at the end: how long are those who say nothing let stay?
  for (let i = 0; i < 20; ++i) slow.push(Peer.plain(grid.apiPort), Peer.plain(grid.gatewayPort));
  stalled = Peer.tls(grid.apiPort);
  stalled.socket.write('POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n' +
    `Authorization: Bearer ${grid.apiKey}\r\nContent-Length: 1000\r\n\r\n{`);
});
after(() => {
  for (const peer of [stalled, ...slow]) peer?.socket.destroy();
});

checked('plain HTTP is answered in plain words on both ports', () => costsNothing(async () => {
  for (const [port, words] of [[grid.apiPort, /https:\/\//], [grid.gatewayPort, /TLS 1\.3/]]) {
    const peer = Peer.plain(port);
    peer.socket.write('GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await peer.ended();
    const text = peer.received.toString();
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, words);
  }
}));

checked('neither port speaks TLS 1.1, the gateway none below 1.3', () => costsNothing(async () => {
  const old = { ciphers: 'DEFAULT@SECLEVEL=0', minVersion: 'TLSv1', ALPNProtocols: ['gleaner/1'] };
  for (const [port, maxVersion] of [[grid.apiPort, 'TLSv1.1'], [grid.gatewayPort, 'TLSv1.1'],
    [grid.gatewayPort, 'TLSv1.2']]) {
    const peer = Peer.tls(port, { ...old, maxVersion });
    await peer.ended();
    assert.match(peer.problem?.message ?? 'no error', /alert protocol version/);
  }
  const reply = await grid.request(other.key, 'GET', '/v1/models',
    { tls: { maxVersion: 'TLSv1.2' } });
  assert.equal(reply.status, 200);
}));

checked('a customer at the gateway and a node at the API are sent to the other port', () =>
  costsNothing(async () => {
    const lost = Peer.tls(grid.gatewayPort);
    lost.socket.write('GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await lost.ended();
    assert.match(lost.received.toString(), /^HTTP\/1\.1 426 [^]*customers use the API's port/);
    const node = Peer.tls(grid.apiPort, { ALPNProtocols: ['gleaner/1'] });
    await node.ended();
    assert.match(node.problem?.message ?? 'no error', /no application protocol/);
  }));

checked('a certificate made anew is for who comes next; open connections go on', async () => {
  const serial = async (open) => {
    const peer = open();
    assert.ok(await peer.ready, `${peer.problem}`);
    const { serialNumber } = peer.socket.getPeerCertificate();
    peer.socket.destroy();
    return serialNumber;
  };
  const open = Peer.tls(grid.apiPort);
  assert.ok(await open.ready, `${open.problem}`);
  for (const make of [() => Peer.tls(grid.apiPort), asNode]) {
    const earlier = await serial(make);
    assert.match(earlier, /^[0-9A-F]+$/);
    grid.coordinator.kill('SIGHUP');
    await until('the certificate is a new one', async () => await serial(make) !== earlier);
  }
  open.socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until('the old connection is served', () => /^HTTP\/1\.1 200 /.test(open.received));
  open.socket.destroy();
});

// The head of a WebSocket frame whose payload has this size; its mask is four zeros.
const frameHead = (size, opcode, final) => {
  const short = size < 126;
  const head = Buffer.alloc(short ? 6 : 14);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (short ? size : 127);
  if (!short) head.writeBigUInt64BE(BigInt(size), 2);
  return head;
};
const binary = 2;
const continuation = 0;

const session = async () => {
  const peer = asNode();
  assert.ok(await peer.ready, `${peer.problem}`);
  peer.socket.write('GET /node/v1/session HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n' +
    `Connection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: gleaner.v1\r\n\r\n');
  await until('the session is open', () => /^HTTP\/1\.1 101 [^]*\r\n\r\n$/.test(peer.received));
  peer.received = Buffer.alloc(0);
  return peer;
};
const closeCode = (bytes) => {
  const at = bytes.indexOf(0x88);
  return at < 0 ? 0 : bytes.readUInt16BE(at + 2);
};

checked('a frame over the limit ends its session by its head alone', () =>
  costsNothing(async () => {
    const peer = await session();
    peer.socket.write(frameHead(messageBytesMax + 1, binary, true));
    await peer.ended();
    assert.equal(closeCode(peer.received), 1009);
    assert.ok(peer.lasted < 8_000, 'not by a time-out');
  }));

checked('a message that grows over the limit frame by frame ends its session, and nothing else', () =>
  costsNothing(async () => {
    const piece = Buffer.alloc(1 << 20);
    // Before the last head it is full; or far from it; and the head is the last one, or not.
    for (const [pieces, size, final] of [[8, 1, true], [8, 1, false], [5, 4 << 20, true],
      [5, 4 << 20, false]]) {
      const peer = await session();
      for (let i = 0; i < pieces; ++i) {
        peer.socket.write(frameHead(piece.length, i === 0 ? binary : continuation, false));
        peer.socket.write(piece);
      }
      peer.socket.write(frameHead(size, continuation, final));
      await peer.ended();
      assert.equal(closeCode(peer.received), 1009);
    }
    assert.equal(grid.coordinator.exitCode ?? grid.coordinator.signalCode, null);
  }));

checked('frames that break the protocol end their session, and nothing else', () =>
  costsNothing(async () => {
    const masked = (first, ...payload) =>
      Buffer.from([first, 0x80 | payload.length, 0, 0, 0, 0, ...payload]);
    const started = Buffer.from([0x02, 0x81, 0, 0, 0, 0, 1]);  // a message that goes on
    const broken = {
      unmasked: Buffer.from([0x82, 0x01, 0]),
      'reserved bit': masked(0xc2, 0),
      'unknown opcode': masked(0x83, 0),
      'continuation of nothing': masked(0x80, 0),
      'new message in a message': Buffer.concat([started, masked(0x82, 0)]),
      'ping in pieces': Buffer.concat([started, masked(0x09, 0)]),
      'ping that is too long': Buffer.concat([started, Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0])]),
      'close with half a code': Buffer.concat([started, masked(0x88, 3)]),
      'close with a code that is none': masked(0x88, 3, 0xed),
      'text': masked(0x81, 0x7b, 0x7d),
      'text that is not UTF-8': masked(0x81, 0xff, 0xfe),
      'end within a message': null,
    };
    for (const [name, bytes] of Object.entries(broken)) {
      const peer = await session();
      if (bytes === null) peer.socket.end(started);
      else peer.socket.write(bytes);
      await peer.ended();
      assert.ok(peer.lasted < 8_000, `${name}: not by a time-out`);
      assert.equal(grid.coordinator.exitCode ?? grid.coordinator.signalCode, null, name);
    }
  }));

checked('a message that is none is answered in words', () => costsNothing(async () => {
  const peer = await session();
  peer.socket.write(Buffer.concat([frameHead(64, binary, true), Buffer.alloc(64, 0xff)]));
  await peer.ended();
  assert.match(peer.received.toString('latin1'), /not the protocol buffer it should be/);
  assert.equal(closeCode(peer.received.subarray(peer.received.lastIndexOf(0x88))), 1008);
}));

checked('headers that are too large are refused on both ports', () => costsNothing(async () => {
  const padding = { 'x-padding': 'x'.repeat(17 << 10) };
  const reply = await grid.request(other.key, 'GET', '/v1/models', { headers: padding });
  assert.equal(reply.status, 431, reply.text);
  assert.match(reply.json.error.message, /16 KiB/);
  const peer = asNode();
  peer.socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Padding: ${'x'.repeat(9 << 10)}\r\n\r\n`);
  await peer.ended();
  assert.match(peer.received.toString(), /^HTTP\/1\.1 413 [^]*longer than 8192 bytes/);
}));

// One byte of a head that never ends, every so often.
const drip = (peer) => {
  const text = 'GET /v1/models HTTP/1.1\r\nX-Slow: ';
  let at = 0;
  const timer = setInterval(() => {
    if (peer.lasted !== undefined) clearInterval(timer);
    else peer.socket.write(at < text.length ? text[at++] : 'x');
  }, 250);
  peer.socket.on('close', () => clearInterval(timer));
  return peer;
};

checked('slow clients are cut off while others are served at once, and nodes still come in', () =>
  costsNothing(async () => {
    const dripping = [];
    for (let i = 0; i < 100; ++i)
      dripping.push(drip(Peer.tls(grid.apiPort)), drip(asNode()));
    slow.push(...dripping);
    for (const peer of dripping) assert.ok(await peer.ready, `${peer.problem}`);
    // More silent ones than the gateway lets shake hands at a time.
    for (let i = 0; i < 1_500; ++i) slow.push(Peer.plain(grid.gatewayPort));
    for (let i = 0; i < 500; ++i) slow.push(Peer.plain(grid.apiPort));
    const times = [];
    let joined = false;
    const joining = grid.addNode('late', 3).then(() => { joined = true; });
    await until('every slow head was cut off', async () => {
      const begun = Date.now();
      await grid.serves(other.key);
      times.push(Date.now() - begun);
      return joined && dripping.every((peer) => peer.lasted !== undefined);
    }, 30);
    await joining;
    for (const { lasted } of dripping) assert.ok(lasted > 8_000 && lasted < 20_000, `${lasted} ms`);
    times.sort((a, b) => a - b);
    assert.ok(times.length > 20, `only ${times.length} answers`);
    assert.ok(times[times.length >> 1] < 1_000, `an answer took ${times[times.length >> 1]} ms`);
    return times.length;
  }));

checked('a body that does not come is given up in words', async () => {
  await stalled.ended(45);
  assert.ok(stalled.lasted > 25_000, `after ${stalled.lasted} ms`);
  const [head, body] = stalled.received.toString().split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 408 [^]*Connection: close/);
  assert.equal(JSON.parse(body).error.code, 'request_timeout');
});

checked('who says nothing at all is not kept', async () => {
  for (const peer of slow) await peer.ended(40);
  await grid.serves(other.key);
  const metrics = await grid.request(null, 'GET', '/metrics');
  const sessions = /^gleaner_api_sessions (\d+)/m.exec(metrics.text);
  assert.ok(Number(sessions[1]) < 10, `${sessions[1]} sessions are left`);
});
