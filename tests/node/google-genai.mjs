import { describeError, run } from './driver.mjs'
import { prompts, weatherFunction, weatherResult } from './weather.mjs'
import { GoogleGenAI, Type } from '@google/genai'

// As driver.mjs does for the others: the machine's own settings must not steer the client.
for (const name of Object.keys(process.env)) {
  if (/^(GOOGLE|GEMINI)_/.test(name)) delete process.env[name]
}

const tools = [{ functionDeclarations: [{ ...weatherFunction, parameters: spelled(weatherFunction.parameters) }] }]

/** A schema with its types as the client's own enumeration has them. */
function spelled(schema) {
  const type = Type[schema.type.toUpperCase()]
  if (!schema.properties) return { ...schema, type }
  const properties = Object.entries(schema.properties).map(([name, property]) => [name, spelled(property)])
  return { ...schema, type, properties: Object.fromEntries(properties) }
}

/** A client, and the list of the HTTP requests it makes. */
function connect({ origin, key }, options = {}) {
  const attempts = []
  const client = new GoogleGenAI({
    apiKey: key,
    httpOptions: {
      baseUrl: `${origin}/plain`,
      ...options,
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        attempts.push({ path: new URL(url).pathname, status: response.status })
        return response
      },
    },
  })
  return { client, attempts }
}

/** What a user reads of a whole answer, or of the chunks of a stream. */
function seenIn(responses) {
  const parts = responses.flatMap((response) => response.candidates?.[0].content?.parts ?? [])
  const texts = (wanted) => parts.filter((part) => Boolean(part.thought) === wanted).map((part) => part.text ?? '')
  return {
    text: texts(false).join(''),
    reasoning: texts(true).join(''),
    tool_calls: parts.flatMap((part) => part.functionCall ?? []),
    signatures: parts.map((part) => part.thoughtSignature).filter(Boolean),
    finish_reasons: responses.map((response) => response.candidates?.[0].finishReason).filter(Boolean),
    usage: responses.at(-1).usageMetadata,
    ids: [...new Set(responses.map((response) => response.responseId))],
    count: responses.length,
    candidates: responses.at(-1).candidates?.length,
  }
}

const ask = async ({ client }, request) => [await client.models.generateContent(request)]

async function askStream({ client }, request) {
  const responses = []
  for await (const chunk of await client.models.generateContentStream(request)) responses.push(chunk)
  return responses
}

/** A case with a prompt, whole and streamed. */
function both(name, request, options) {
  const asking = (way) => async (target) => {
    const connected = connect(target, options)
    const responses = await way(connected, { model: target.model, ...request })
    return { ...seenIn(responses), attempts: connected.attempts }
  }
  return { [name]: asking(ask), [`${name}_stream`]: asking(askStream) }
}

/** The two-request tool loop, written out. */
const toolLoop = (way) => async (target) => {
  const connected = connect(target)
  const request = (contents) => ({ model: target.model, contents, config: { tools } })
  const contents = [{ role: 'user', parts: [{ text: prompts.weather }] }]
  const first = await way(connected, request(contents))
  contents.push(...first.map((response) => response.candidates[0].content))
  const parts = seenIn(first).tool_calls.map(({ id, name }) => ({
    functionResponse: { id, name, response: { output: weatherResult } },
  }))
  const second = await way(connected, request([...contents, { role: 'user', parts }]))
  return { steps: [seenIn(first), seenIn(second)] }
}

/** The tool loop that the client itself runs. */
const runTools = (way) => async (target) => {
  const connected = connect(target)
  const toolRuns = []
  const callable = {
    tool: async () => tools[0],
    callTool: async (calls) => {
      toolRuns.push(...calls.map(({ name, args }) => ({ name, arguments: args })))
      return calls.map(({ id, name }) => ({ functionResponse: { id, name, response: weatherResult } }))
    },
  }
  const responses = await way(connected, {
    model: target.model,
    contents: prompts.weather,
    config: { tools: [callable] },
  })
  return { ...seenIn(responses), tool_runs: toolRuns, attempts: connected.attempts }
}

/** Two turns of a chat, the first one streamed. */
async function chat(target) {
  const chatting = connect(target).client.chats.create({ model: target.model })
  const chunks = []
  for await (const chunk of await chatting.sendMessageStream({ message: prompts.hello })) chunks.push(chunk)
  const second = await chatting.sendMessage({ message: prompts.reasoning })
  return { first: seenIn(chunks), second: seenIn([second]), roles: chatting.getHistory(true).map(({ role }) => role) }
}

/** A call that may fail: the error is what the case is about. */
const attempt = (way, options) => async (target) => {
  const connected = connect(target, options)
  try {
    const responses = await way(connected, { model: target.model, contents: prompts.hello })
    return { error: null, ...seenIn(responses), attempts: connected.attempts }
  } catch (error) {
    return { error: describeError(error), attempts: connected.attempts }
  }
}

const retries = { retryOptions: { attempts: 3, initialDelay: 0.001, maxDelay: 0.001, jitter: 0 } }
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

await run({
  ...both('whole', { contents: prompts.hello }),
  ...both('v1', { contents: prompts.hello }, { apiVersion: 'v1' }),
  ...both('reasoning', { contents: prompts.reasoning, config: { thinkingConfig: { includeThoughts: true } } }),
  ...both('parallel_tools', { contents: prompts.parallel, config: { tools } }),
  ...both('structured', {
    contents: 'Who?',
    config: {
      responseMimeType: 'application/json',
      responseSchema: { type: Type.OBJECT, properties: { name: { type: Type.STRING } } },
    },
  }),
  ...both('vision', { contents: ['See', { inlineData: { mimeType: 'image/png', data: pixel } }] }),
  ...both('candidates', { contents: prompts.hello, config: { candidateCount: 2 } }),
  tools: toolLoop(ask),
  tools_stream: toolLoop(askStream),
  run_tools: runTools(ask),
  run_tools_stream: runTools(askStream),
  chat,
  count_tokens: (target) => connect(target).client.models.countTokens({ model: target.model, contents: '12345678' }),
  error: attempt(ask),
  error_stream: attempt(askStream),
  retries: attempt(ask, retries),
  retries_stream: attempt(askStream, retries),
})
