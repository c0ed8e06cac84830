// What each Node client makes of each fault: the text that arrived, and how it ended. One JSON object a line.
import './driver.mjs'
import { createRequire } from 'node:module'
import { prompts, user } from './weather.mjs'
import Anthropic from '@anthropic-ai/sdk'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { ApiError, GoogleGenAI } from '@google/genai'
import { AISDKError, generateText, streamText } from 'ai'
import OpenAI from 'openai'

for (const name of Object.keys(process.env)) {
  if (/^(ANTHROPIC|GOOGLE|GEMINI)_/.test(name)) delete process.env[name]
}
globalThis.AI_SDK_LOG_WARNINGS = false

const require = createRequire(import.meta.url)
const version = (name) => require('./package.json').dependencies[name]
const model = 'hy3-preview'

/** The options that the clients of OpenAI and Anthropic share. */
const options = ({ key, headers, timeout, once }) => ({
  apiKey: key,
  defaultHeaders: headers,
  timeout,
  ...(once ? { maxRetries: 0 } : {}),
})

/** Each client: a request that yields the pieces of text, of which a whole reply is one. */
const clients = {
  async *[`openai ${version('openai')}, chat`](way) {
    const client = new OpenAI({ baseURL: `${way.origin}/plain/v1`, ...options(way) })
    const asked = { model, messages: [user(prompts.hello)] }
    if (!way.stream) return yield (await client.chat.completions.create(asked)).choices[0].message.content
    for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
      yield chunk.choices[0].delta.content
    }
  },

  async *[`openai ${version('openai')}, responses`](way) {
    const client = new OpenAI({ baseURL: `${way.origin}/plain/v1`, ...options(way) })
    const asked = { model, input: prompts.hello }
    if (!way.stream) return yield (await client.responses.create(asked)).output_text
    for await (const event of await client.responses.create({ ...asked, stream: true })) {
      if (event.type === 'error') way.told = true
      if (event.type === 'response.output_text.delta') yield event.delta
    }
  },

  async *[`@anthropic-ai/sdk ${version('@anthropic-ai/sdk')}`](way) {
    const client = new Anthropic({ baseURL: `${way.origin}/plain`, ...options(way) })
    const asked = { model, max_tokens: 99, messages: [user(prompts.hello)] }
    if (!way.stream) return yield (await client.messages.create(asked)).content[0].text
    for await (const event of await client.messages.create({ ...asked, stream: true })) yield event.delta?.text
  },

  async *[`@google/genai ${version('@google/genai')}`]({ origin, key, headers, timeout, stream }) {
    const httpOptions = { baseUrl: `${origin}/plain`, headers, timeout }
    const client = new GoogleGenAI({ apiKey: key, httpOptions })
    const asked = { model, contents: prompts.hello }
    if (!stream) return yield (await client.models.generateContent(asked)).text
    for await (const chunk of await client.models.generateContentStream(asked)) yield chunk.text
  },

  async *[`ai ${version('ai')}, openai-compatible`]({ origin, key, headers, timeout, once, stream }) {
    const provider = createOpenAICompatible({ name: 'plain', baseURL: `${origin}/plain/v1`, apiKey: key })
    const asked = { model: provider(model), prompt: prompts.hello, headers, timeout, ...(once ? { maxRetries: 0 } : {}) }
    if (!stream) return yield (await generateText(asked)).text
    for await (const part of streamText({ ...asked, onError: () => {} }).fullStream) {
      if (part.type === 'error') throw part.error
      if (part.type === 'abort') throw new Told('abort')
      if (part.type === 'text-delta') yield part.text
    }
  },
}

/** A client told of an end, and threw nothing. */
class Told extends Error {}

/** The class of what was thrown, with the package that it is imported from. */
function short(error) {
  if (!(error instanceof Error)) return 'an object that is no Error'
  if (error instanceof DOMException) return `DOMException ${error.name}`
  const name = error.constructor.name
  if (error instanceof OpenAI.APIError) return `openai.${name}`
  if (error instanceof Anthropic.APIError) return `anthropic.${name}`
  if (error instanceof ApiError) return `genai.${name}`
  return AISDKError.isInstance(error) ? `ai.${error.name.replace('AI_', '')}` : name
}

/** What the user of a client sees; it is watched for so long. */
async function see(client, way, watched) {
  const seen = { text: '', end: null }
  const reading = (async () => {
    try {
      for await (const piece of client(way)) seen.text += piece ?? ''
      return way.told ? 'an event `error`' : 'ends'
    } catch (error) {
      return error instanceof Told ? `an event \`${error.message}\`` : short(error)
    }
  })()
  let alarm
  const waiting = new Promise((resolve) => (alarm = setTimeout(resolve, watched, 'waits on')))
  seen.end = await Promise.race([reading, waiting])
  clearTimeout(alarm)
  return { ...seen }
}

/** Cases of { case, origin, key, timeout, watched, stream, once }, from standard input. */
async function read() {
  let text = ''
  for await (const piece of process.stdin) text += piece
  return JSON.parse(text)
}

setTimeout(() => process.exit(3), 30_000).unref()
const lines = []
// One thing after the other within a client, so that a busy process does not read late; waiting ones side by side.
const cases = await read()
const one = async (name, { watched, ...given }) => {
  const session = `${name} ${given.case}`.replaceAll('@', '') // in a session's name, what follows an @ is a scenario
  const way = { ...given, headers: { 'x-case': given.case, 'x-emulator-session': session } }
  lines.push(JSON.stringify({ client: name, case: given.case, ...(await see(clients[name], way, watched)) }))
}
for (const name of Object.keys(clients)) {
  for (const given of cases.filter(({ waits }) => !waits)) await one(name, given)
}
await Promise.all(Object.keys(clients).flatMap((name) => cases.filter(({ waits }) => waits).map((given) => one(name, given))))
process.stdout.write(`${lines.join('\n')}\n`, () => process.exit(0))
