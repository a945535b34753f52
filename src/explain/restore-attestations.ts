// Makes evidence from the attributes of a recorded login, so that the gateway's own evaluator can decide on them. This
// evidence passes verification, since the attributes were recorded after it. Only offline explanations may make it.
import type { Attestor } from '../attest/attestor.ts'
import type { Restored } from '../attest/shapes.ts'
import type { AttestorTable } from '../attest/table.ts'
import type { Attribute } from '../attribute/attribute.ts'
import { pass } from '../core/result.ts'
import type { Attestation } from '../policy/login/evidence.ts'

export type RestoredAttestations =
  | { readonly attestations: readonly Attestation[] }
  /** A sentence: the attributes of an attestor are incomplete. */
  | { readonly fault: string }

/** Makes one attestation for each attestor that has attributes. */
export function restoreAttestations(attributes: readonly Attribute[], attestors: AttestorTable): RestoredAttestations {
  const byName = new Map(attributes.map(({ name, value }) => [name, value]))
  const attestations: Attestation[] = []
  for (const type of new Set(attributes.map(({ origin }) => origin))) {
    const row = attestors.rows.get(type)
    const restored = row?.restore?.(byName, undefined)
    if (row === undefined || restored === undefined) {
      const isKept = row === undefined || row.restore !== undefined
      const next = isKept
        ? 'give all attributes that the login recorded'
        : 'its logins record nothing of it; explain the evidence instead'
      return { fault: `Cannot restore evidence from the given attributes of ${type}: ${next}` }
    }
    attestations.push({ type, attestor: createRecordedAttestor(row, restored), evidence: undefined })
  }
  return { attestations }
}

function createRecordedAttestor(row: Attestor, { selector, facts }: Restored): Attestor {
  const named = selector === undefined ? {} : { selector }
  return {
    type: row.type,
    words: row.words,
    evidenceSchema: row.evidenceSchema,
    configSchema: row.configSchema,
    configOptional: row.configOptional,
    compile: (config, context, report) => row.compile(config, context, report),
    open: () => pass({ ...named, digestible: 'recorded', value: facts }),
    readClaimed: () => ({}),
    verify: () => Promise.resolve(pass({ expiresAtSeconds: Number.POSITIVE_INFINITY, facts })),
    // Checks that are not on record are shown as unknown and leave the policy undecided.
    explainVerification: (_opened, _anchor, pins, context) =>
      Promise.resolve({ checks: [...row.checks(facts, pins, context)], facts }),
    *checks(_facts, pins, context) {
      for (const check of row.checks(facts, pins, context)) if (check.unknown === undefined) yield check
    },
    attributes: (_facts, pins) => row.attributes(facts, pins),
  }
}
