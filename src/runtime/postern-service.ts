// The gateway for another Worker of the same account, by a service binding: typed calls in place of HTTP. The binding grants
// nothing. Each method takes the session that its route takes, runs the same code and writes the same record.
import { WorkerEntrypoint } from 'cloudflare:workers'
import { type ClaimsRequest, type Client, type ClientAttestation, createClient } from '../client/client.ts'
import type { Reply } from '../client/transport.ts'
import type { ClaimsAnswer } from '../gateway/answers/claims-answer.ts'
import type { IntrospectionAnswer } from '../gateway/answers/introspection-answer.ts'
import type { LoginAnswer } from '../gateway/answers/login-answer.ts'
import type { ServerlessAnswer } from '../gateway/answers/serverless-answer.ts'
import { app, issuerUrl, tellStarted } from './own-gateway.ts'

/**
 * A class, because the platform makes it: `entrypoint = "PosternService"` of a `[[services]]` binding.
 * @example
 * const login = await env.POSTERN.login('c-1', [{ type: 'k8s_token', evidence: { token } }])
 * if (!login.ok) return new Response(describeFailure(login.failure), { status: 403 })
 */
export class PosternService extends WorkerEntrypoint {
  /** Logs in an agent to its cluster, or an issuer (`clusterId` absent) to the trust domain. */
  login(clusterId: string | undefined, attestations: readonly ClientAttestation[]): Promise<Reply<LoginAnswer>> {
    return this.#client().login(clusterId, attestations).then(makePlain)
  }

  /** Maps workloads. @param session an issuer's */
  claims(clusterId: string, request: ClaimsRequest, session: string): Promise<Reply<ClaimsAnswer>> {
    return this.#client().claims(clusterId, request, session).then(makePlain)
  }

  /** Gives a workload without an agent its identity (`clusterId` absent: of the trust domain). @param session an issuer's */
  serverless(
    clusterId: string | undefined,
    attestations: readonly ClientAttestation[],
    session: string,
  ): Promise<Reply<ServerlessAnswer>> {
    return this.#client().serverless(clusterId, attestations, session).then(makePlain)
  }

  /** Whether the session of an agent may be used now (RFC 7662). @param session an issuer's, with the scope `introspect` */
  introspect(token: string, session: string): Promise<Reply<IntrospectionAnswer>> {
    return this.#client().introspect(token, session).then(makePlain)
  }

  /** The app has its routes at the root, also where `ISSUER_URL` names a path that it is mounted under elsewhere. */
  #client(): Client {
    tellStarted()
    return createClient({
      url: new URL(issuerUrl).origin,
      fetch: async (url, init) => app.fetch(new Request(url, init), this.env, this.ctx),
    })
  }
}

/** What is read from JSON has no prototype, and the platform passes only objects that have one. */
function makePlain<T>(reply: Reply<T>): Reply<T> {
  return JSON.parse(JSON.stringify(reply)) as Reply<T>
}
