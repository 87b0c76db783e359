// The OpenAI surface as the official SDK sees it. Run by grid_online.test.mjs, which starts a grid:
// Node learns the grid's authority only at its own start. Prints one line for each check; exits 1
// at the first that fails.
import assert from 'node:assert/strict';
import OpenAI, { toFile } from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const model = 'demo-arith';
const ask = (content, more = {}) =>
  ({ model, messages: [{ role: 'user', content }], temperature: 0, max_tokens: 16, ...more });

async function refused(promise, status, code) {
  const error = await promise.then(() => assert.fail('was not refused'), (problem) => problem);
  assert.ok(error instanceof OpenAI.APIError, `${error}`);
  assert.equal(error.status, status, error.message);
  if (code) assert.equal(error.code, code);
  assert.ok(error.message.length > 10, 'the error says what to do');
}

// A receipt is there when the answer has been metered: a moment after it was read.
async function receiptOf(id) {
  for (;;) {
    const receipt = await client.get(`/receipts/${id}`).catch((problem) => {
      if (problem.status !== 404) throw problem;
    });
    if (receipt) return receipt;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const checks = {
  async 'models are listed and found'() {
    const models = await client.models.list();
    assert.deepEqual(models.data.map((m) => m.id), [model]);
    assert.equal((await client.models.retrieve(model)).object, 'model');
    await refused(client.models.retrieve('no-such-model'), 404);
  },

  async 'a chat is answered with usage'() {
    const reply = await client.chat.completions.create(ask('123+456='));
    assert.equal(reply.object, 'chat.completion');
    assert.equal(reply.model, model);
    assert.match(reply.id, /^chatcmpl-/);
    assert.equal(reply.choices[0].message.content, '579');
    assert.equal(reply.choices[0].finish_reason, 'stop');
    assert.equal(reply.usage.total_tokens, reply.usage.prompt_tokens + reply.usage.completion_tokens);
    assert.ok(reply.usage.prompt_tokens_details.cached_tokens <= reply.usage.prompt_tokens);
  },

  async 'a chat is streamed token by token with usage at the end'() {
    const stream = await client.chat.completions.create(
      ask('123+456=', { stream: true, stream_options: { include_usage: true } }));
    let text = '';
    let usage = null;
    const ids = new Set();
    let roles = 0;
    for await (const chunk of stream) {
      ids.add(chunk.id);
      assert.equal(chunk.object, 'chat.completion.chunk');
      text += chunk.choices[0]?.delta?.content ?? '';
      if (chunk.choices[0]?.delta?.role) roles += 1;
      if (chunk.usage) usage = chunk.usage;
    }
    assert.equal(text, '579');
    assert.equal(ids.size, 1);
    assert.equal(roles, 1);
    assert.ok(usage.completion_tokens >= 3);
    assert.ok(usage.prompt_tokens_details.cached_tokens <= usage.prompt_tokens);
  },

  async 'stop, logprobs and seed reach the engine'() {
    const stopped = await client.chat.completions.create(ask('123+456=', { stop: ['7'] }));
    assert.equal(stopped.choices[0].message.content, '5');
    const logged = await client.chat.completions.create(
      ask('123+456=', { logprobs: true, top_logprobs: 2, seed: 7 }));
    const first = logged.choices[0].logprobs.content[0];
    assert.equal(first.token, '5');
    assert.equal(first.top_logprobs.length, 2);
    assert.equal((await receiptOf(logged.id)).seed, 7);
    const short = await client.chat.completions.create(ask('123+456=', { max_tokens: 1 }));
    assert.equal(short.choices[0].finish_reason, 'length');
  },

  async 'an answer follows a JSON schema'() {
    // The model would answer 2.
    const reply = await client.chat.completions.create(ask('1+1=', { response_format: {
      type: 'json_schema', json_schema: { name: 'sum', schema: { enum: [7, 9] } } } }));
    assert.ok([7, 9].includes(JSON.parse(reply.choices[0].message.content)));
  },

  async 'text completions work, streamed and not'() {
    const reply = await client.completions.create({ model, prompt: '1', max_tokens: 4, temperature: 0 });
    assert.equal(reply.object, 'text_completion');
    const stream = await client.completions.create(
      { model, prompt: '1', max_tokens: 4, temperature: 0, stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]?.text ?? '';
    assert.equal(text, reply.choices[0].text);
  },

  async 'every answer has a receipt'() {
    const { data, response } = await client.chat.completions.create(ask('20+22=')).withResponse();
    assert.equal(data.choices[0].message.content, '42');
    const receipt = await receiptOf(response.headers.get('x-request-id'));
    assert.match(receipt.model_sha256, /^[0-9a-f]{64}$/);
    assert.equal(receipt.quantisation, 'F32');
    assert.equal(receipt.parts.length, 1);
    assert.ok(receipt.parts[0].device_class.length > 0);
    assert.equal(receipt.attempts, 1);
    assert.equal(typeof receipt.verified, 'boolean');
    assert.equal(receipt.prompt_tokens, data.usage.prompt_tokens);
    assert.equal(receipt.generated_tokens, data.usage.completion_tokens);
    assert.ok(Number.isInteger(receipt.seed));
    assert.ok(receipt.price_micros > 0);
  },

  async 'errors have OpenAI\'s form and status'() {
    await refused(client.chat.completions.create(ask('1+1=', { model: 'no-such-model' })), 404, 'model_not_found');
    await refused(client.chat.completions.create({ model }), 400);
    await refused(client.chat.completions.create(ask('x'.repeat(100_000))), 400);
    await refused(client.chat.completions.create(ask('1+1=', { temperature: 'hot' })), 400);
    await refused(client.files.retrieve('file-doesnotexist'), 404);
    await refused(client.batches.retrieve('batch_doesnotexist'), 404);
    const stranger = new OpenAI({ apiKey: 'sk-wrong', maxRetries: 0 });
    await refused(stranger.models.list(), 401, 'invalid_api_key');
  },

  async 'files go up, are listed, read and deleted'() {
    const file = await client.files.create({
      file: await toFile(Buffer.from('{"a":1}\n'), 'one.jsonl'), purpose: 'batch' });
    assert.equal(file.bytes, 8);
    assert.equal((await client.files.retrieve(file.id)).filename, 'one.jsonl');
    assert.ok((await client.files.list()).data.some((f) => f.id === file.id));
    assert.equal(await (await client.files.content(file.id)).text(), '{"a":1}\n');
    assert.equal((await client.files.del(file.id)).deleted, true);
    await refused(client.files.retrieve(file.id), 404);
  },

  async 'a batch runs, and its bad lines are told apart'() {
    const line = (id, body) => JSON.stringify(
      { custom_id: id, method: 'POST', url: '/v1/chat/completions', body });
    const input = [line('good', ask('7+8=')), line('long', ask('y'.repeat(50_000)))].join('\n');
    const file = await client.files.create({
      file: await toFile(Buffer.from(input), 'in.jsonl'), purpose: 'batch' });
    let batch = await client.batches.create({
      input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h',
      metadata: { made: 'here' } });
    while (!['completed', 'failed'].includes(batch.status)) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      batch = await client.batches.retrieve(batch.id);
    }
    assert.equal(batch.status, 'completed', JSON.stringify(batch.errors));
    assert.deepEqual(batch.request_counts, { total: 2, completed: 1, failed: 1 });
    assert.equal(batch.metadata.made, 'here');
    const out = JSON.parse(await (await client.files.content(batch.output_file_id)).text());
    assert.equal(out.custom_id, 'good');
    assert.equal(out.response.body.choices[0].message.content, '15');
    const { usage } = out.response.body;
    const { created, seed, verified, price_micros: price, parts, model_sha256: sha256, ...rest } =
      await receiptOf(out.response.request_id);
    assert.deepEqual(rest, { request_id: out.response.request_id, batch_id: batch.id,
      endpoint: '/v1/chat/completions', model, quantisation: 'F32', privacy: 'any', attempts: 1,
      prompt_tokens: usage.prompt_tokens, generated_tokens: usage.completion_tokens,
      cached_tokens: usage.prompt_tokens_details.cached_tokens, currency: 'CNY', price_book: null,
      time_band: null, reservation: null });
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.ok(created >= batch.created_at && created <= batch.completed_at);
    assert.ok(Number.isInteger(seed));
    assert.equal(typeof verified, 'boolean');
    assert.ok(price > 0);
    assert.equal(parts.length, 1);
    assert.ok(parts[0].device_class.length > 0);
    assert.equal(parts[0].price_micros, price);
    const bad = JSON.parse(await (await client.files.content(batch.error_file_id)).text());
    assert.equal(bad.custom_id, 'long');
    assert.equal(bad.response.status_code, 400);
    assert.ok((await client.batches.list()).data.some((b) => b.id === batch.id));
  },

  async 'a batch that is no JSON fails with the line'() {
    const file = await client.files.create({
      file: await toFile(Buffer.from('not json\n'), 'bad.jsonl'), purpose: 'batch' });
    let batch = await client.batches.create(
      { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' });
    while (batch.status === 'validating') batch = await client.batches.retrieve(batch.id);
    assert.equal(batch.status, 'failed');
    assert.equal(batch.errors.data[0].line, 1);
  },

  async 'a batch can be cancelled'() {
    const lines = Array.from({ length: 3000 }, (_, i) => JSON.stringify(
      { custom_id: `r${i}`, method: 'POST', url: '/v1/chat/completions', body: ask('count 50', { max_tokens: 250 }) }));
    const file = await client.files.create({
      file: await toFile(Buffer.from(lines.join('\n')), 'many.jsonl'), purpose: 'batch' });
    const batch = await client.batches.create(
      { input_file_id: file.id, endpoint: '/v1/chat/completions', completion_window: '24h' });
    const cancelling = await client.batches.cancel(batch.id);
    assert.ok(['cancelling', 'cancelled'].includes(cancelling.status));
    for (;;) {
      const now = await client.batches.retrieve(batch.id);
      if (now.status === 'cancelled') break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  },
};

let failures = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok ${name}`);
  } catch (problem) {
    failures += 1;
    console.log(`not ok ${name}: ${problem.stack}`);
  }
}
process.exit(failures === 0 ? 0 : 1);
