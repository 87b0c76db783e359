// A whole grid of real programs for one test file: coordinator, nodes, gleanerctl, on free ports and
// in a folder of its own. Waits are for conditions with a deadline; on failure both logs are printed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, openSync, existsSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const required = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests by tests/run`);
  return value;
};

export const root = required('GLEANER_SOURCE_DIR');
const bin = required('GLEANER_BINARY_DIR');
export const programs = {
  coordinator: join(bin, 'coordinator/gleaner-coordinator'),
  node: join(bin, 'client-core/gleaner-node'),
  gleanerctl: join(bin, 'client-core/cli/gleanerctl'),
};

// All nodes of a grid are on one machine: to a guest the others would be somebody at work.
process.env.GLEANER_POLICY ??= 'dedicated';

export async function until(what, condition, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// The SDK speaks through Node's own TLS, which has to know the grid's authority from its start.
export const withAuthority = (path) => ({ NODE_EXTRA_CA_CERTS: path });

export class Grid {
  folder = mkdtempSync(join(tmpdir(), 'gleaner-test-'));
  children = new Set();
  nodes = new Map();

  path(name) {
    return join(this.folder, name);
  }

  ctl(key, ...args) {
    const result = this.tryCtl(key, ...args);
    if (result.status !== 0)
      throw new Error(`gleanerctl ${args.join(' ')}: ${result.stderr || result.stdout}`);
    return result.stdout.trim() === '' ? null : JSON.parse(result.stdout);
  }

  tryCtl(key, ...args) {
    const env = { ...process.env, GLEANER_URL: this.url, GLEANER_CA: this.authority };
    if (key) env.GLEANER_KEY = key;
    return spawnSync(programs.gleanerctl, [...args, '--json'], { env, encoding: 'utf8' });
  }

  launch(name, program, args, env = {}) {
    const log = openSync(this.path(`${name}.log`), 'a');
    const child = spawn(program, args,
      { stdio: ['ignore', log, log], env: { ...process.env, ...env } });
    this.children.add(child);
    child.on('exit', () => this.children.delete(child));
    return child;
  }

  log(name) {
    const file = this.path(`${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  async start(options = {}) {
    this.ctl(null, 'key', 'new', '--out', this.path('release.key'));
    const release = this.ctl(null, 'key', 'show', this.path('release.key')).public_key;
    const init = spawnSync(
      programs.coordinator,
      ['init', '--config', this.path('coordinator.toml'), '--data-folder', this.path('coordinator'),
        '--gateway-port', '0', '--api-port', '0', '--release-public-key', release],
      { encoding: 'utf8' });
    if (init.status !== 0) throw new Error(init.stderr);
    this.operator = /^Operator key +(\S+)/m.exec(init.stdout)[1];
    this.apiKey = /^API key +(\S+)/m.exec(init.stdout)[1];
    this.authority = this.path('coordinator/ca.pem');
    this.coordinatorFlags = options.coordinatorFlags ?? [];
    await this.startCoordinator();

    const engine = this.path('engine.tar.zst');
    const source = options.importEngine
      ? ['import', ...this.upstreamRelease()] : ['pack', '--dir', required('GLEANER_TEST_ENGINE_DIR')];
    this.ctl(null, 'engine', ...source, '--version', '0.5.0', '--backend', 'cpu', '--key',
      this.path('release.key'), '--out', engine);
    this.ctl(this.operator, 'engine', 'add', engine);
    // Simulated nodes know no answers: their grid asks nothing that has a known one.
    const canaries = options.withoutCanaries
      ? [] : ['--canaries', join(root, 'installer/model/canaries.jsonl')];
    this.ctl(this.operator, 'model', 'add', required('GLEANER_TEST_MODEL'), '--name', 'demo-arith',
      ...canaries, '--price-prompt', '2', '--price-generated', '8');
    this.customer = this.ctl(this.operator, 'customer', 'list').data[0].id;
    this.ctl(this.operator, 'customer', 'topup', this.customer, '100');
    const owner = this.ctl(this.operator, 'owner', 'add', 'Test owner');
    this.owner = owner.id;
    this.ownerKey = owner.key;
    this.consentDate = this.ctl(this.ownerKey, 'site', 'consent-text').date;
  }

  // The engine as upstream's releases come: an archive with everything in build/bin.
  upstreamRelease() {
    const archive = this.path('llama-bin-ubuntu-x64.tar.gz');
    const packed = spawnSync('tar', ['--create', '--gzip', '--file', archive, '--transform',
      's,^\\.,build/bin,', '--directory', required('GLEANER_TEST_ENGINE_DIR'), '.'],
    { encoding: 'utf8' });
    if (packed.status !== 0) throw new Error(packed.stderr);
    const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
    const wrong = this.tryCtl(null, 'engine', 'import', archive, '--sha256', '0'.repeat(64),
      '--version', '0.5.0', '--key', this.path('release.key'), '--out', this.path('wrong.tar.zst'));
    if (wrong.status === 0 || !/nothing was signed/.test(wrong.stderr))
      throw new Error(`an archive with another hash was imported: ${wrong.stderr}`);
    return [archive, '--sha256', sha256];
  }

  async startCoordinator() {
    const started = this.log('coordinator').length;
    const ports = this.gatewayPort
      ? ['--gateway-port', this.gatewayPort, '--api-port', this.apiPort] : [];
    this.coordinator = this.serve(
      ['serve', '--config', this.path('coordinator.toml'), ...ports, ...this.coordinatorFlags]);
    const ready = await until('the coordinator is ready', () =>
      /ready: nodes on port (\d+), API on port (\d+)/.exec(this.log('coordinator').slice(started)));
    [, this.gatewayPort, this.apiPort] = ready;
    this.url = `https://localhost:${this.apiPort}`;
  }

  // Overridden where the coordinator runs in surroundings of its own.
  serve(args) {
    return this.launch('coordinator', programs.coordinator, args);
  }

  // A further customer with one key; `more`: further flags of `customer add`.
  addCustomer(name, amount = '10', ...more) {
    const { id } = this.ctl(this.operator, 'customer', 'add', name, ...more);
    this.ctl(this.operator, 'customer', 'topup', id, amount);
    return { id, key: this.ctl(this.operator, 'apikey', 'new', '--customer', id).key };
  }

  // What a customer has and was charged for, and how much was metered in all.
  account(customer = this.customer) {
    const { credit_micros: credit } = this.ctl(this.operator, 'customer', 'list').data
      .find((one) => one.id === customer);
    const { data, closing_micros: closing } =
      this.ctl(this.operator, 'statement', '--customer', customer);
    return { credit, data, closing };
  }

  // The ledger's report; throws unless it balances.
  ledger() {
    return this.ctl(this.operator, 'ledger', 'check');
  }

  // One request as a program without an SDK sends it, on a connection of its own
  // (unless it brings an agent).
  request(key, method, path, { body = '', headers = {}, tls = {}, agent: shared } = {}) {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const agent = shared ?? new Agent({ ca: readFileSync(this.authority), ...tls });
    return new Promise((resolve, reject) => {
      const sent = httpsRequest(new URL(path, this.url), { method, agent, headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        'content-length': Buffer.byteLength(text), ...headers } }, (reply) => {
        const pieces = [];
        reply.on('data', (piece) => pieces.push(piece));
        reply.on('error', reject);
        reply.on('end', () => {
          const whole = Buffer.concat(pieces).toString();
          const isJson = reply.headers['content-type']?.startsWith('application/json');
          resolve({ status: reply.statusCode, headers: reply.headers, text: whole,
            json: isJson ? JSON.parse(whole) : undefined });
        });
      });
      sent.on('error', reject);
      sent.end(text);
    }).finally(() => shared ?? agent.destroy());
  }

  chat(key, question, more = {}, headers = {}) {
    return this.request(key, 'POST', '/v1/chat/completions', { headers, body: {
      model: 'demo-arith', messages: [{ role: 'user', content: question }], max_tokens: 8,
      temperature: 0, ...more } });
  }

  async upload(key, lines, name = 'in.jsonl') {
    const boundary = 'gleaner-test-boundary';
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
    return this.request(key, 'POST', '/v1/files', {
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
        `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n` +
        `\r\n${text.join('\n')}\r\n--${boundary}--\r\n` });
  }

  // Uploads the lines and makes a batch of them; returns the reply of the latter.
  async batch(key, lines, more = {}, headers = {}) {
    const file = await this.upload(key, lines);
    if (file.status !== 200) throw new Error(file.text);
    return this.request(key, 'POST', '/v1/batches', { headers, body: {
      input_file_id: file.json.id, endpoint: '/v1/chat/completions', completion_window: '24h',
      ...more } });
  }

  async ended(key, batch, seconds = 60) {
    const over = ['completed', 'failed', 'expired', 'cancelled'];
    return until(`batch ${batch} ends`, async () => {
      const { json } = await this.request(key, 'GET', `/v1/batches/${batch}`);
      return over.includes(json.status) && json;
    }, seconds);
  }

  // Throws unless this customer is served, and rightly; resolves when it has been charged.
  async serves(key) {
    const reply = await this.chat(key, '123+456=');
    if (reply.status !== 200) throw new Error(`not served: ${reply.status} ${reply.text}`);
    const answer = reply.json.choices[0].message.content;
    if (answer !== '579') throw new Error(`answered ${answer}`);
    const receipt = await this.request(key, 'GET', `/v1/receipts/${reply.json.id}`);
    if (receipt.status !== 200) throw new Error(`no receipt: ${receipt.text}`);
  }

  addSite(name) {
    return this.ctl(this.ownerKey, 'site', 'add', name, '--accept-consent', this.consentDate).id;
  }

  newToken(site, ...flags) {
    return this.ctl(this.ownerKey, 'token', 'new', '--site', site, ...flags).token;
  }

  // Starts a node at a site of its own; resolves when it is connected.
  async addNode(name, instance, site = this.addSite(`site of ${name}`), ...flags) {
    return this.joined(name, site, instance, (args) => this.launch(name, programs.node, args),
      ...flags);
  }

  async joined(name, site, instance, launch, ...flags) {
    const token = this.newToken(site);
    const child = launch(
      ['run', '--coordinator', `localhost:${this.gatewayPort}`, '--token', token,
        '--data-dir', this.path(name), '--instance', String(instance), ...flags]);
    this.nodes.set(name, { child, site, token, instance });
    const id = await until(`${name} is connected`, () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${this.log(name)}`);
      return this.ctl(this.operator, 'node', 'list', '--site', site).data
        .find((node) => node.state === 'online')?.id;
    });
    Object.assign(this.nodes.get(name), { id });
    return id;
  }

  submit(file, ...flags) {
    return this.ctl(this.apiKey, 'job', 'submit', file, ...flags).id;
  }

  job(id) {
    return this.ctl(this.apiKey, 'job', 'show', id);
  }

  // Asks on one connection: a process for each question would take the nodes' processor time.
  async finished(id, seconds = 180) {
    const ended = ['completed', 'failed', 'expired', 'cancelled'];
    const agent = new Agent({ ca: readFileSync(this.authority), keepAlive: true });
    return until(`job ${id} ends`, async () => {
      const reply = await this.request(this.apiKey, 'GET', `/v1/batches/${id}`, { agent });
      if (reply.status !== 200) throw new Error(reply.text);
      return ended.includes(reply.json.status) && reply.json;
    }, seconds).finally(() => agent.destroy());
  }

  requests(count, name = 'requests.jsonl', ...flags) {
    const made = spawnSync('python3', [join(root, 'installer/model/arithmetic_requests.py'),
      '--count', String(count), '--out', this.path(name), ...flags], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
    return this.path(name);
  }

  // Throws unless every request was answered once, in order, and nearly all answers are right.
  check(requests, job) {
    const out = this.path(`${job}.jsonl`);
    const got = spawnSync(programs.gleanerctl, ['job', 'output', job, '--out', out], {
      env: { ...process.env, GLEANER_URL: this.url, GLEANER_CA: this.authority,
        GLEANER_KEY: this.apiKey }, encoding: 'utf8' });
    if (got.status !== 0) throw new Error(got.stderr);
    const checked = spawnSync('python3', [join(root, 'installer/model/check_answers.py'),
      '--requests', requests, '--output', out], { encoding: 'utf8' });
    if (checked.status !== 0) throw new Error(checked.stdout + checked.stderr);
  }

  // Runs a script beside this file under the openai SDK's environment; returns its exit code and output.
  sdk(script, ...args) {
    return spawn(process.execPath, [join(root, 'tests', script), ...args], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: this.authority,
        OPENAI_BASE_URL: `${this.url}/v1`, OPENAI_API_KEY: this.apiKey } });
  }

  async stop(failed) {
    for (const child of this.children) child.kill('SIGTERM');
    await until('all programs end', () => this.children.size === 0, 15).catch(() => {
      for (const child of this.children) child.kill('SIGKILL');
    });
    if (failed)
      for (const name of ['coordinator', ...this.nodes.keys()])
        console.error(`---- ${name}\n${this.log(name).slice(-4000)}`);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
