// One streamed chat through the openai SDK: node chat.mjs MODEL PROMPT
import OpenAI from 'openai';

const [model, prompt] = process.argv.slice(2);
const client = new OpenAI();
const stream = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: prompt }],
  max_tokens: 16,
  temperature: 0,
  stream: true,
});
process.stdout.write(`${prompt} `);
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta?.content ?? '');
process.stdout.write('\n');
