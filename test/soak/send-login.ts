// One login over HTTP, and what its answer says.
import type { Login } from './agents.ts'

export interface LoginAnswer {
  /** 0: none. */
  readonly status: number
  readonly text: string
  readonly requestId?: string
  readonly policy?: string
  readonly code?: string
  /** Of the session, a secret. */
  readonly signature?: string
}

const GIVEN_UP_MILLIS = 30_000

export async function sendLogin(url: string, { clusterId, token }: Login): Promise<LoginAnswer> {
  try {
    const response = await fetch(`${url}/v1/clusters/${clusterId}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
      signal: AbortSignal.timeout(GIVEN_UP_MILLIS),
    })
    const text = await response.text()
    return { status: response.status, text, ...readAnswer(response.status, text), ...readId(response) }
  } catch {
    return { status: 0, text: '' }
  }
}

function readId({ headers }: Response): { readonly requestId?: string } {
  const requestId = headers.get('X-Request-Id')
  return requestId === null ? {} : { requestId }
}

function readAnswer(status: number, text: string): Partial<LoginAnswer> {
  try {
    const { policy, code, refusals, session } = JSON.parse(text) as {
      readonly policy?: string
      readonly code?: string
      readonly refusals?: readonly { readonly code: string }[]
      readonly session?: { readonly token: string }
    }
    const named = status >= 500 ? code : (refusals?.[0]?.code ?? code)
    const signature = session?.token.split('.')[2]
    return {
      ...(policy === undefined ? {} : { policy }),
      ...(named === undefined ? {} : { code: named }),
      ...(signature === undefined ? {} : { signature }),
    }
  } catch {
    return {}
  }
}
