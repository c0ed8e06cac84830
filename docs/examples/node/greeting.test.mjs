import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import OpenAI from 'openai'
import { session } from './emulator.mjs'

let emulator
beforeEach(async () => {
  emulator = await session('greeting')
})
afterEach(() => emulator.end())

// Your own program; in a test it is told where to go, and by which key.
async function ask(client, content) {
  const stream = await client.chat.completions.create({
    model: 'hy3-preview',
    messages: [{ role: 'user', content }],
    stream: true,
  })
  let said = ''
  for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? ''
  return said
}

test('the model greets', async () => {
  const client = new OpenAI(emulator.openai)
  assert.equal(await ask(client, 'Hello there'), 'Hello! How can I help you today?')
})

test('a busy service is asked again', async () => {
  const client = new OpenAI(emulator.openai)
  assert.equal(await ask(client, 'Are you busy?'), 'Not any more.')
})
