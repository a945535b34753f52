// `npm run -s keys`: prints new secrets for a gateway to standard output, for example to pipe to `wrangler secret put`.

import { formatEnvFile, makeSealKey } from '../src/cli/keys/dev-environment.ts'
import { makeSessionSigningKeys } from '../src/token/session/make-session-keys.ts'

console.error('Hint: `npm run -s postern -- keys new --out postern.env` writes a file that only its owner can read')
console.log(formatEnvFile({ SESSION_SIGNING_KEYS: await makeSessionSigningKeys(), SEAL_KEYS: makeSealKey() }).trimEnd())
