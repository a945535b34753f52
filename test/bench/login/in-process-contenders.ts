// The contenders that are a `fetch` function, called without a server. The same on Node, Deno and workerd.
import { createBenchGateway } from '../gateway.ts'
import { createFloor } from '../peers/floor.ts'
import { createHonoJwk } from '../peers/hono-jwk.ts'
import { bearerRequest, evidenceRequest, type LoginRequest } from './login-request.ts'
import type { LoginWork } from './work.ts'

export type InProcessName = 'postern' | 'postern-unrecorded' | 'floor' | 'hono-jwk'

export type Logins = Readonly<Record<InProcessName, () => Promise<void>>>

/** A turn of one contender: so many logins, so many of them at a time. */
export interface Turn {
  readonly name: InProcessName
  readonly logins: number
  readonly atOnce: number
}

/** Each contender is made at its first login, so that a first turn is that of a fresh isolate. */
export function createLogins(work: LoginWork, module: WebAssembly.Module): Logins {
  const { environment, documents } = work
  return {
    postern: logInBy(() => createBenchGateway({ environment, documents, module }), evidenceRequest(work)),
    'postern-unrecorded': logInBy(
      () => createBenchGateway({ environment, documents, module, isRecording: false }),
      evidenceRequest(work),
    ),
    floor: logInBy(() => createFloor(work), evidenceRequest(work)),
    'hono-jwk': logInBy(() => createHonoJwk(work), bearerRequest(work)),
  }
}

interface App {
  fetch(request: Request): Response | Promise<Response>
}

function logInBy(create: () => App | Promise<App>, { path, headers, body }: LoginRequest): () => Promise<void> {
  const url = `http://127.0.0.1:8787${path}`
  const init = { method: 'POST', headers: { ...headers, 'Content-Length': String(body.length) }, body }
  let app: App | undefined
  return async () => {
    app ??= await create()
    const response = await app.fetch(new Request(url, init))
    const answer = await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`${response.status}: ${new TextDecoder().decode(answer)}`)
  }
}

export async function takeTurn(logins: Logins, { name, logins: count, atOnce }: Turn): Promise<void> {
  const logIn = logins[name]
  // By itself, since a first one of all makes its contender.
  await logIn()
  let left = count - 1
  const lane = async (): Promise<void> => {
    while (left-- > 0) await logIn()
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

/** A turn as the path of a request, so that every host is asked in the same way. */
export function turnPath({ name, logins, atOnce }: Turn): string {
  return `/${name}/${logins}/${atOnce}`
}

export function readTurn(path: string): Turn {
  const [, name = '', logins, atOnce] = path.split('/')
  if (!isName(name)) throw new Error(`there is no contender "${name}"`)
  return { name, logins: Number(logins), atOnce: Number(atOnce) }
}

function isName(text: string): text is InProcessName {
  return text === 'postern' || text === 'postern-unrecorded' || text === 'floor' || text === 'hono-jwk'
}
