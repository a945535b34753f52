// Documents that the kinds of traffic need: valid ones, of unfriendly size.
import { DOCUMENT_MAX_BYTES } from '../../src/core/limits.ts'

export interface PolicyShape {
  readonly issuer: string
  readonly jwksURI?: string
  readonly conditions?: readonly { readonly expression: string; readonly message?: string }[]
}

/** An AgentAttestation with one policy per shape. */
export function makePolicies(shapes: readonly PolicyShape[]): string {
  const spec = {
    policies: shapes.map(({ issuer, jwksURI, conditions }, index) => ({
      name: `policy-${index}`,
      requiredAttestors: [
        { type: 'k8s_token', config: { issuerURL: issuer, ...(jwksURI === undefined ? {} : { jwksURI }) } },
      ],
      ...(conditions === undefined ? {} : { conditions }),
    })),
  }
  return JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec })
}

/** `count` clusters `<prefix>-<n>`, each with one policy for the issuer of its number. */
export function clusters(
  prefix: string,
  count: number,
  issuerOf: (n: number) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    repeat(count, (n) => [`clusters/${prefix}-${n}/AgentAttestation`, makePolicies([{ issuer: issuerOf(n) }])]),
  )
}

/** A document of nearly the largest size: thousands of policies, each of another issuer, some with conditions. */
export function makeLargeDocument(seed: number, bytes = DOCUMENT_MAX_BYTES * 0.75): string {
  const shape = (index: number): PolicyShape => ({
    issuer: `https://oidc-${seed}.example.com/id/${index}`,
    ...(index % 8 === 0
      ? { conditions: [{ expression: `k8s_token.namespace == "ns-${index}"`, message: 'x'.repeat(100) }] }
      : {}),
  })
  // The count that fits: all policies are about as long as the last one.
  const perPolicy = makePolicies(repeat(64, (index) => shape(10_000 + index))).length / 64
  return makePolicies(repeat(Math.min(9_000, Math.floor(bytes / perPolicy)), shape))
}

export function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
