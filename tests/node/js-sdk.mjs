import { run } from './driver.mjs'
import { cloudbaseCases } from './cloudbase.mjs'
import { createRequire } from 'node:module'

// Under Node the SDK's ES module build fails on every stream ("TextDecoder is not a constructor").
// Its CommonJS build does not.
const cloudbase = createRequire(import.meta.url)('@cloudbase/js-sdk')

await run(
  cloudbaseCases(({ origin, key }) => {
    // With an access key no sign-in comes first.
    const app = cloudbase.init({ env: 'emulator-test', accessKey: key })
    const [, protocol, address] = /^(https?):(.*)$/.exec(origin)
    app.registerEndPointWithKey({ key: 'GATEWAY', url: `${address}/v1`, protocol })
    return app.ai()
  }),
)
