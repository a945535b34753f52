// `npm run -s keys`: new secrets for a gateway, ready for an env file or `wrangler secret put`.
import { makeSessionSigningKeys } from '../token/make-session-keys.ts'
import { envFileText, makeSealKey } from './dev-environment.ts'

console.log(envFileText({ SESSION_SIGNING_KEYS: await makeSessionSigningKeys(), SEAL_KEYS: makeSealKey() }).trimEnd())
