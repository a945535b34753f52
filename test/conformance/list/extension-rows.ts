// Webhooks that decide a login.

import { OPENSSL } from '../../installed.ts'
import { evidence, login, policy, type Row } from './row.ts'

function row(name: string, told: string, path: string, more: object = {}): Row {
  return {
    name: `a webhook ${name}`,
    told,
    sections: ({ issuer, webhooks }) =>
      policy([
        { type: 'k8s_token', config: { issuerURL: issuer.issuer } },
        { type: 'extension', config: { webhookURL: `${webhooks.webhook.origin}${path}`, ...more } },
      ]),
    async send(at) {
      const token = await at.world.issuer.mint()
      return login(at, evidence('k8s_token', token), { type: 'extension', evidence: { proof: { device: 'd-1' } } })
    },
  }
}

export const EXTENSION_ROWS: readonly Row[] = [
  row('that allows', '200', '/allow'),
  row('that denies', '403 login_refused attestor_missing call_out_denied', '/deny'),
  row(
    'that answers to another request',
    '503 call_out_unavailable attestor_missing call_out_answer_mismatch',
    '/mismatch',
  ),
  row(
    'that names an attribute of another',
    '503 call_out_unavailable attestor_missing call_out_answer_invalid',
    '/invalid',
  ),
  row('that answers as text', '503 call_out_unavailable attestor_missing call_out_unanswered', '/text'),
  row('that fails', '503 call_out_unavailable attestor_missing call_out_unanswered', '/fail', { maxRetries: 4 }),
  row(
    'without the bearer that a document asks for',
    '503 call_out_unavailable attestor_missing webhook_bearer_missing',
    '/allow',
    {
      authType: 'BEARER',
    },
  ),
  row('that is not listed', '503 call_out_unavailable attestor_missing webhook_unlisted', '', {
    webhookURL: 'https://webhook.example.com/',
  }),
  {
    ...row(
      'whose authorities are in the document',
      '503 attestor_unsupported_here attestor_missing host_unsupported',
      '/allow',
    ),
    isSkipped: !OPENSSL,
    sections: ({ issuer, webhooks, x509 }) =>
      policy([
        { type: 'k8s_token', config: { issuerURL: issuer.issuer } },
        { type: 'extension', config: { webhookURL: `${webhooks.webhook.origin}/allow`, caCerts: x509.pem('root') } },
      ]),
    except: { hosts: ['node', 'deno', 'package'], why: 'these hosts can: see test/conformance/extension.test.ts' },
  },
]
