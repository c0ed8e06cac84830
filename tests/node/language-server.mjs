// What an editor shows, by the language server that editors run for YAML: problems, completions and hovers.
// In comes { schema, documents, completions, hovers }; each of the last three maps a name to a text, in which for
// completions and hovers a '¦' is the cursor. Out comes the same with what the server says.
import { readFileSync } from 'node:fs'

import { getLanguageService } from 'yaml-language-server'
import { TextDocument } from 'vscode-languageserver-textdocument'

const LIMIT_MS = 120_000
setTimeout(() => {
  console.error(`not done after ${LIMIT_MS} ms`)
  process.exit(3)
}, LIMIT_MS).unref()

const asked = JSON.parse(readFileSync(0, 'utf8'))
const SCHEMA = 'file:///scenario.schema.json'

const service = getLanguageService({
  schemaRequestService: async (uri) => {
    if (uri === SCHEMA) return JSON.stringify(asked.schema)
    // The draft's own schema, and nothing else, may be looked for; there is no network here.
    throw new Error(`${uri} is not here`)
  },
  workspaceContext: { resolveRelativePath: (path) => path },
})
service.configure({
  validate: true,
  hover: true,
  completion: true,
  hoverSchemaSource: false,
  schemas: [{ uri: SCHEMA, fileMatch: ['*.yaml'] }],
})

let count = 0
const opened = (text) => TextDocument.create(`file:///${++count}.yaml`, 'yaml', 1, text)

/** The document and the place of the cursor in it. */
function marked(text) {
  const at = text.indexOf('¦')
  const document = opened(text.replace('¦', ''))
  return [document, document.positionAt(at)]
}

async function each(texts, read) {
  const seen = {}
  for (const [name, text] of Object.entries(texts ?? {})) seen[name] = await read(text)
  return seen
}

const seen = {
  documents: await each(asked.documents, async (text) => {
    const found = await service.doValidation(opened(text), false)
    return found.map(({ range, message }) => `${range.start.line + 1}:${range.start.character + 1}: ${message}`)
  }),
  completions: await each(asked.completions, async (text) => {
    const { items } = await service.doComplete(...marked(text), false)
    return Object.fromEntries(items.map(({ label, documentation }) => [label, documentation?.value ?? documentation ?? '']))
  }),
  hovers: await each(asked.hovers, async (text) => {
    const hover = await service.doHover(...marked(text))
    return hover === null ? '' : hover.contents.value
  }),
}
process.stdout.write(JSON.stringify(seen))
