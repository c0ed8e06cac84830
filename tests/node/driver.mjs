// What every driver shares: arguments in, one JSON object out, a bound on the time.
import { Console } from 'node:console'

// The clients log to the console. Standard output is for the answer alone.
globalThis.console = new Console(process.stderr)

// The machine's own settings must not steer the clients.
for (const name of Object.keys(process.env)) {
  if (/^(OPENAI|CLOUDBASE|TENCENTCLOUD|TCB)_/.test(name)) delete process.env[name]
}
// Without this the CloudBase SDKs ask a host on the network where they run, before each request.
process.env.TENCENTCLOUD = 'true'

const LIMIT_MS = 20_000

/**
 * Runs the case that the command line names, and prints what the client saw.
 * `cases` maps a name to an async function of { origin, key, model }.
 */
export async function run(cases) {
  const [name, origin, key, model = 'hy3-preview'] = process.argv.slice(2)
  if (!Object.hasOwn(cases, name) || !origin || !key) {
    console.error(`usage: CASE ORIGIN KEY [MODEL], CASE one of: ${Object.keys(cases).join(', ')}`)
    process.exit(2)
  }
  setTimeout(() => {
    console.error(`${name}: not done after ${LIMIT_MS} ms`)
    process.exit(3)
  }, LIMIT_MS).unref()

  const seen = await cases[name]({ origin, key, model })
  // An absent value is written as null, so that the reader finds every key.
  const answer = JSON.stringify(seen, (_, value) => (value === undefined ? null : value))
  // The clients' idle connections would keep the process alive.
  process.stdout.write(`${answer}\n`, () => process.exit(0))
}

/** What a client threw, as data. */
export function describeError(error) {
  if (!(error instanceof Error)) return { class: null, thrown: error }
  return {
    class: error.constructor.name,
    name: error.name,
    status: error.status,
    code: error.code,
    message: error.message,
    request_id: error.requestID ?? error.requestId,
    body: error.error,
    cause: error.cause?.code ?? error.cause?.message,
  }
}
