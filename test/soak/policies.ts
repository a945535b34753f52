// The documents of a soak, and when each policy of the one that changes ended.
import { randomUUID } from 'node:crypto'

/** Its document is what faults concern. Its policy is named after its version. */
export const CHANGING = 'clusters/c-1/AgentAttestation'
export const OTHER = 'clusters/c-2/AgentAttestation'
export const ONCE = 'clusters/c-3/AgentAttestation'

export interface Policies {
  /** The document as it should be in force. */
  readonly text: () => string
  /** That of a version not yet in force. */
  readonly nextText: () => string
  /** Ends the version in force from now on, and makes the next one the document. */
  advance(): void
  /** When a policy ended, by the clock of the test; absent: it is in force. */
  endOf(policy: string): number | undefined
}

export function createPolicies(issuer: string): Policies {
  const run = randomUUID().slice(0, 8)
  const ends = new Map<string, number>()
  let version = 1
  const name = (number: number): string => `${run}-${number}`
  return {
    text: () => writePolicy(name(version), issuer),
    nextText: () => writePolicy(name(version + 1), issuer),
    advance() {
      ends.set(name(version), Date.now())
      version++
    },
    endOf: (policy) => ends.get(policy),
  }
}

/**
 * The pin of the account is the last line: without it every account of the namespace is admitted.
 * @param more - further members of the policy, each a line
 */
export function writePolicy(name: string, issuer: string, more = ''): string {
  return `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: ${name}
${more}      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: ${issuer}
            serviceAccountNamespace: spirl-system
            serviceAccountName: spirl-agent
`
}

/** Admits nobody. */
export const NO_POLICY = 'section: AgentAttestation\nschema: v1\nspec: { policies: [] }\n'
