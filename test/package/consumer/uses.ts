// Compiled by a test in a folder where the tarball is installed, under each way of resolving modules.
import { createGateway, type GatewayOptions } from 'postern'
import { createClient, describeFailure } from 'postern/client'
import { createDenoGateway } from 'postern/deno'
import { explainDocument, validateDocument } from 'postern/explain'
import { createNodeGateway } from 'postern/node'
import { requireSession } from 'postern/verify'

export async function uses(options: GatewayOptions): Promise<readonly unknown[]> {
  const client = createClient({ url: 'https://login.example.org' })
  const login = await client.login('c-1', [{ type: 'k8s_token', evidence: { token: 't' } }])
  const told: string = login.ok ? login.value.session.expiresAt : describeFailure(login.failure)
  const status: number | undefined = login.ok ? undefined : login.failure.status
  const validated = await validateDocument('', { trustDomain: 'example.org' })
  const line: number | undefined = validated.issues[0]?.line
  // @ts-expect-error a session has no such member
  const wrong = login.ok && login.value.session.lifetime
  // @ts-expect-error a directory is required
  const unstored = createNodeGateway({})
  return [
    createGateway(options),
    createDenoGateway,
    explainDocument,
    requireSession,
    told,
    status,
    line,
    wrong,
    unstored,
  ]
}
