// The cases of the two CloudBase SDKs, which carry the same AI module.
import { describeError } from './driver.mjs'
import { prompts, user, weatherFunction, weatherResult } from './weather.mjs'

// Every name that the SDK maps to a path of its own, and two of those it does not know.
const PROVIDERS = [
  'cloudbase',
  'custom-team',
  'hunyuan-v3',
  'hunyuan-exp',
  'deepseek',
  'hunyuan-open',
  'hunyuan-beta',
  'hunyuan',
  'ark',
  'dashscope',
  '01-ai',
  'moonshot',
  'zhipu',
]

function stepSeen({ finishReason, text, toolCall, toolResult, stepUsage }) {
  return {
    finish_reason: finishReason,
    text,
    tool_call: toolCall && { id: toolCall.id, name: toolCall.function.name, arguments: toolCall.function.arguments },
    tool_result: toolResult,
    usage: stepUsage,
  }
}

/** The SDK's input. Only a tool loop watches its steps: with a watcher the SDK fails on replies it otherwise takes. */
function ask(model, prompt, tool) {
  const steps = []
  const input = { model, messages: [user(prompt)] }
  if (tool) Object.assign(input, { tools: [tool], onStepFinish: (step) => steps.push(stepSeen(step)) })
  return { steps, input }
}

async function generate(ai, provider, { model }, prompt, tool) {
  const { steps, input } = ask(model, prompt, tool)
  const { text, messages, usage, rawResponses, error } = await ai.createModel(provider).generateText(input)
  const choice = rawResponses.at(-1)?.choices?.[0]
  return {
    text,
    reasoning: choice?.message.reasoning_content,
    finish_reason: choice?.finish_reason,
    usage,
    steps,
    messages,
    responses: rawResponses,
    error: null,
    stored_error: error && describeError(error),
  }
}

/** Reads the text and the data of one stream to their ends; `seen` keeps what came before a failure. */
async function readInto(seen, { textStream, dataStream, messages, usage, error }) {
  const readers = [
    (async () => {
      for await (const piece of textStream) seen.pieces.push(piece)
    })(),
    (async () => {
      for await (const chunk of dataStream) {
        seen.chunks.push(chunk.rawResponse)
        const choice = chunk.choices[0]
        seen.reasoning += choice?.delta?.reasoning_content ?? ''
        seen.finish_reason = choice?.finish_reason ?? seen.finish_reason
      }
    })(),
  ]
  const failed = (await Promise.allSettled(readers)).find(({ status }) => status === 'rejected')
  seen.text = seen.pieces.join('')
  if (failed) throw failed.reason
  // Both settle at the end of the stream, and only there.
  seen.messages = await messages
  seen.usage = await usage
  seen.stored_error = error && describeError(error)
}

async function streamInto(seen, ai, provider, { model }, prompt, tool) {
  const { steps, input } = ask(model, prompt, tool)
  seen.steps = steps
  await readInto(seen, await ai.createModel(provider).streamText(input))
  return seen
}

const unread = () => ({
  text: '',
  reasoning: '',
  finish_reason: null,
  usage: null,
  steps: [],
  messages: null,
  pieces: [],
  chunks: [],
  error: null,
  stored_error: null,
})

/** A case whose error, if any, is data. `seen` is what had been seen by then. */
async function forgiving(seen, act) {
  try {
    return { ...seen, ...(await act()) }
  } catch (caught) {
    return { ...seen, error: describeError(caught) }
  }
}

/** The SDK's own tool loop: `act` starts it with the tool, and the runs of the tool are counted. */
async function withTool(ai, act) {
  const toolRuns = []
  const tool = {
    ...weatherFunction,
    fn: (args) => {
      toolRuns.push({ name: weatherFunction.name, arguments: args })
      return weatherResult
    },
  }
  ai.registerFunctionTool(tool)
  return { ...(await act(tool)), tool_runs: toolRuns }
}

async function everyProvider(ai, target) {
  const answers = {}
  for (const provider of PROVIDERS) {
    const whole = await forgiving({}, () => generate(ai, provider, target, prompts.hello))
    const streamed = unread()
    const stream = await forgiving(streamed, () => streamInto(streamed, ai, provider, target, prompts.hello))
    answers[provider] = {
      whole: { text: whole.text, error: whole.error },
      stream: { text: stream.text, error: stream.error },
    }
  }
  return answers
}

/** `connect` takes the target and returns the SDK's `ai`. */
export function cloudbaseCases(connect) {
  const whole = (prompt) => (target) => generate(connect(target), 'cloudbase', target, prompt)
  const stream = (prompt) => (target) => streamInto(unread(), connect(target), 'cloudbase', target, prompt)
  const toolLoop = (prompt) => (target) => {
    const ai = connect(target)
    return withTool(ai, (tool) => generate(ai, 'cloudbase', target, prompt, tool))
  }
  const toolLoopStream = (prompt) => (target) => {
    const ai = connect(target)
    return withTool(ai, (tool) => streamInto(unread(), ai, 'cloudbase', target, prompt, tool))
  }
  return {
    whole: whole(prompts.hello),
    stream: stream(prompts.hello),
    reasoning: whole(prompts.reasoning),
    reasoning_stream: stream(prompts.reasoning),
    tools: toolLoop(prompts.weather),
    tools_stream: toolLoopStream(prompts.weather),
    // Of several calls the SDK runs only the first.
    parallel_tools: toolLoop(prompts.parallel),
    parallel_tools_stream: toolLoopStream(prompts.parallel),
    error: (target) => forgiving({}, () => whole(prompts.hello)(target)),
    error_stream: (target) => {
      const seen = unread()
      return forgiving(seen, () => streamInto(seen, connect(target), 'cloudbase', target, prompts.hello))
    },
    providers: (target) => everyProvider(connect(target), target),
  }
}
