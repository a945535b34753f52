// TPMs that open what the gateway makes, by every template, and requests that no host may answer with a fault.

import { type MadeTpm, NONE, type TpmKind, writePublic } from '../../attest/tpm-ek/made-tpm.ts'
import { concat, sized } from '../../attest/tpm-ek/tpm-bytes.ts'
import { type At, login, policy, post, type Row, type Sections, type Sent } from './row.ts'

interface Options {
  readonly kind?: TpmKind
  readonly config?: object
  readonly message?: (text: string) => string
  readonly change?: (evidence: { readonly answer: string }) => object
}

const ask = (at: At, request: object): Sent => post(`/v1/clusters/${at.id}/challenge`, { type: 'tpm_ek', request })
const allowing = ({ hash }: MadeTpm, config: object = {}): Sections =>
  policy([{ type: 'tpm_ek', config: { allowedHashes: [hash], ...config } }])

function tpm(name: string, told: string, options: Options = {}): Row {
  const { kind = 'P-256', config, message = (text) => text, change = (evidence) => evidence } = options
  return {
    name: `a TPM: ${name}`,
    told,
    sections: ({ tpms }) => allowing(tpms[kind], config),
    async send(at) {
      const by = at.world.tpms[kind]
      const { challenge = '', credential = '' } = await at.ask(ask(at, by.request))
      const lines = ['postern-login/1', at.url, 'agent', at.id, challenge].join('\n')
      const evidence = change({ answer: by.answer(credential, message(lines)) })
      return login(at, { type: 'tpm_ek', evidence, challenge })
    },
  }
}

/** An EK that is none, of which hosts have errors of their own. */
function refused(name: string, told: string, change: (by: MadeTpm) => object): Row {
  return {
    name: `a challenge for a TPM: ${name}`,
    told,
    sections: ({ tpms }) => allowing(tpms['P-256']),
    send: async (at) => ask(at, { ...at.world.tpms['P-256'].request, ...change(at.world.tpms['P-256']) }),
  }
}
const point = (length: number, x: number, y: number): Buffer =>
  concat(sized(Buffer.alloc(length, x)), sized(Buffer.alloc(length, y)))

export const TPM_ROWS: readonly Row[] = [
  tpm('with an EK of RSA-2048', '200', { kind: 'RSA-2048' }),
  tpm('with an EK of P-256', '200'),
  tpm('with an EK of P-384', '200', { kind: 'P-384' }),
  tpm('with another hash', '403 login_refused ek_hash_not_allowed', { config: { allowedHashes: ['0'.repeat(64)] } }),
  tpm('that answers something else', '401 login_refused tpm_ek_unproved', { message: (text) => `${text}x` }),
  tpm('with half an answer', '401 login_refused proof_malformed', {
    change: ({ answer }) => ({ answer: Buffer.from(answer, 'base64').subarray(16).toString('base64') }),
  }),

  refused('as it has them', '200', () => ({})),
  refused('with a point of one byte', '403 login_refused tpm_key_unusable', ({ ek }) => ({
    ek: writePublic({ ...ek, unique: point(32, 1, 1) }),
  })),
  refused('with a point at zero', '403 login_refused tpm_key_unusable', ({ ek }) => ({
    ek: writePublic({ ...ek, unique: point(32, 0, 0) }),
  })),
  refused('with a point beyond the field', '403 login_refused tpm_key_unusable', ({ ek }) => ({
    ek: writePublic({ ...ek, unique: point(32, 255, 255) }),
  })),
  refused('with an AK without a scheme', '403 login_refused tpm_key_unusable', ({ ak }) => ({
    ak: writePublic({ ...ak, scheme: NONE }),
  })),
  refused('with an AK that is none', '400 request_malformed', () => ({ ak: 'AAAA' })),
]
