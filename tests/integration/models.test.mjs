// Models and an engine from outside: models of embeddings, with tools in their template, quantised
// and large; an engine as upstream releases it. The weights are random (installer/model/random_model.py):
// what is tested is the way there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Grid, root, until } from '../support/grid.mjs';
import { testsOf } from '../support/grid_tests.mjs';

const width = 64;
const tools = [{ type: 'function', function: { name: 'look_up_the_weather',
  description: 'Tells the weather at a place', parameters: { type: 'object',
    properties: { place: { type: 'string' } }, required: ['place'] } } }];
const template = `{%- if tools %}<|im_start|>system
<tools>{%- for tool in tools %}
{{ tool | tojson }}{%- endfor %}
</tools>
Answer with <tool_call>{"name": ..., "arguments": ...}</tool_call><|im_end|>
{% endif %}{%- for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

const grid = new Grid();

// Debian's Python, which has NumPy.
function made(command, ...args) {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(result.stderr);
  return result.stdout.trim();
}

function addModel(name, ...shape) {
  const file = grid.path(`${name}.gguf`);
  made('/usr/bin/python3', join(root, 'installer/model/random_model.py'), '--gguf-py',
    join(grid.engineSource, 'gguf-py'), '--out', file, '--width', String(width), '--ff', '64',
    '--heads', '2', ...shape);
  grid.ctl(grid.operator, 'model', 'add', file, '--name', name, '--price-prompt', '2');
  return file;
}

const checked = testsOf(grid, async () => {
  grid.engineSource = made(join(root, 'installer/engine/build'), '--print-source');
  await grid.start({ importEngine: true });
  await grid.addNode('one', 1);
});

// A node loads a model when it is first asked for.
const answered = (path, body) => until(`${body.model} is loaded`, async () => {
  const reply = await grid.request(grid.apiKey, 'POST', path, { body });
  if (reply.status !== 429) assert.equal(reply.status, 200, reply.text);
  return reply.status === 200 && reply;
});

checked('a model of embeddings embeds, online and in a batch, and nothing is generated', async () => {
  addModel('embedder', '--layers', '2', '--pooling', 'mean');
  const reply = await answered('/v1/embeddings', { model: 'embedder', input: ['one', 'two'] });
  const vectors = reply.json.data.map(({ embedding }) => embedding);
  assert.deepEqual(vectors.map((vector) => vector.length), [width, width]);
  assert.notDeepEqual(vectors[0], vectors[1]);
  assert.ok(reply.json.usage.prompt_tokens > 0);

  const lines = ['one', 'two'].map((input) => ({ custom_id: input, method: 'POST',
    url: '/v1/embeddings', body: { model: 'embedder', input } }));
  const batch = await grid.batch(grid.apiKey, lines, { endpoint: '/v1/embeddings' });
  const done = await grid.ended(grid.apiKey, batch.json.id);
  assert.deepEqual(done.request_counts, { total: 2, completed: 2, failed: 0 });
  const out = await grid.request(grid.apiKey, 'GET', `/v1/files/${done.output_file_id}/content`);
  const embedded = out.text.trim().split('\n')
    .map((line) => JSON.parse(line).response.body.data[0].embedding);
  const distance = Math.hypot(...embedded[0].map((value, i) => value - vectors[0][i]));
  assert.ok(distance < 1e-3, `the same text has the same vector: ${distance}`);

  const chat = await grid.chat(grid.apiKey, 'hello', { model: 'embedder' });
  assert.equal(chat.status, 400, chat.text);
  assert.match(chat.text, /embedd/);
});

checked('tools reach the model through its template', async () => {
  writeFileSync(grid.path('tools.jinja'), template);
  addModel('caller', '--layers', '1', '--chat-template', grid.path('tools.jinja'));
  const body = { model: 'caller', max_tokens: 4, messages: [{ role: 'user', content: 'hello' }] };
  const without = await answered('/v1/chat/completions', body);
  const { status, text, json } = await grid.request(grid.apiKey, 'POST', '/v1/chat/completions',
    { body: { ...body, tools, tool_choice: 'auto' } });
  assert.equal(status, 200, text);
  // A token is a character: the whole definition is in the prompt.
  const more = json.usage.prompt_tokens - without.json.usage.prompt_tokens;
  assert.ok(more >= JSON.stringify(tools[0].function).length, `${more} more tokens`);
});

checked('a quantised model of many megabytes comes in chunks and is told by its metadata', async () => {
  const file = addModel('large', '--layers', '4', '--width', '1024', '--ff', '2048', '--heads', '8',
    '--type', 'q8_0');
  assert.ok(statSync(file).size > 30e6);
  const model = await grid.request(grid.apiKey, 'GET', '/v1/models/large');
  assert.match(model.text, /Q8_0/i);
  const reply = await answered('/v1/chat/completions', { model: 'large', max_tokens: 4,
    messages: [{ role: 'user', content: 'hello' }] });
  const receipt = await grid.request(grid.apiKey, 'GET', `/v1/receipts/${reply.json.id}`);
  assert.equal(receipt.status, 200, receipt.text);
  assert.match(receipt.json.quantisation, /Q8_0/i);
});
