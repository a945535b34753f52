// Compiles `requiredAttestors` to requirements, and enforces the bounds of a policy and of a document.

import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { Words } from '../../attest/attestor.ts'
import { HOST_FEATURES } from '../../attest/host-features.ts'
import type { HostNeed, Requirement } from '../../attest/shapes.ts'
import type { AttestorTable } from '../../attest/table.ts'
import type { Issue } from '../../core/issue.ts'
import { ANCHORS_PER_NAME_MAX, FETCHED_ANCHORS_PER_SELECTOR_MAX } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { CompileContext } from '../compile/section-context.ts'
import type { SchemaMetadata } from '../compile/validate.ts'
import { SALVAGED } from './salvaged.ts'

function createAttestorSchemas({ rows, unsupported }: AttestorTable) {
  return [
    ...[...rows.values()].map((row) =>
      v.strictObject({
        type: v.literal(row.type),
        config: row.configOptional ? v.optional(row.configSchema) : row.configSchema,
      }),
    ),
    ...[...unsupported].map((type) =>
      v.strictObject({
        type: v.pipe(v.literal(type), v.description('Not supported by this version: the policy admits no login')),
        config: v.optional(v.unknown()),
      }),
    ),
  ]
}

/** The schema of `requiredAttestors`, for a table of attestors. */
export function createRequiredAttestorsSchema(attestors: AttestorTable) {
  const metadata = {
    unknownCode: 'attestor_unknown',
    noun: 'attestor',
    known: [...attestors.rows.keys()],
  } satisfies SchemaMetadata
  return v.pipe(
    v.array(v.pipe(v.variant('type', createAttestorSchemas(attestors)), v.metadata(metadata))),
    v.nonEmpty('Cannot use an empty list of attestors: require at least one'),
    v.metadata(SALVAGED),
    v.description('Attestors that must all pass'),
  )
}

export type RequiredAttestors = v.InferOutput<ReturnType<typeof createRequiredAttestorsSchema>>

/**
 * Compiles the attestors of one policy; paths of issues are relative to the list. Holes in the list are invalid
 * attestors.
 *
 * @param anchors the count of the whole document
 */
export function compileRequirements(
  attestors: RequiredAttestors,
  anchors: AnchorCount,
  context: CompileContext,
  report: Report,
): readonly Requirement[] {
  const { rows, unsupported } = context.attestors
  const types = new Set<string>()
  const requirements: Requirement[] = []
  for (const [index, attestor] of attestors.entries()) {
    if (attestor === undefined) continue
    const { type } = attestor
    if (types.has(type)) {
      const message = `Cannot require "${type}" twice in one policy: an agent sends one piece of evidence of each type`
      report({ code: 'attestor_duplicate', path: [index, 'type'], message })
    }
    types.add(type)
    if (unsupported.has(type)) {
      const message = `Attestor ${quoteText(type)} is not supported by this version: this policy admits no login, other policies are unaffected. Remove the policy, or require ${[...rows.keys()].join(' or ')}`
      report({ code: 'attestor_unsupported', path: [index, 'type'], message })
      requirements.push(createUnsupportedRequirement(type))
      continue
    }
    const row = rows.get(type)
    if (row?.challenge !== undefined && !context.canSeal) {
      const message = `Attestor ${quoteText(type)} needs challenges, and the gateway cannot seal them without SEAL_KEYS: this policy admits no login. Set SEAL_KEYS`
      report({ code: 'challenge_unavailable', path: [index, 'type'], message })
    }
    const entry = row?.compile(attestor.config ?? Object.create(null), context, (issue) =>
      report({ ...issue, path: [index, 'config', ...issue.path] }),
    )
    if (entry === undefined) continue
    const lacks = entry.needs !== undefined && !context.hostFeatures.has(entry.needs.feature)
    if (lacks) report(describeLack(type, index, entry.needs))
    const requirement: Requirement = { type, ...entry, ...(lacks ? { lacks: entry.needs.feature } : {}) }
    requirements.push(requirement)
    const excess = anchors.add(requirement)
    if (excess !== undefined) report({ code: 'anchors_too_many', path: [index, 'config'], message: excess })
  }
  return requirements
}

function describeLack(type: string, index: number, { feature, path }: HostNeed): Issue {
  const { does, hosts } = HOST_FEATURES[feature]
  const what = path === undefined ? `Attestor ${quoteText(type)}` : `This field of attestor ${quoteText(type)}`
  const message = `${what} needs a gateway that can ${does} (${hosts.join(', ')}), and this host cannot: this policy admits no login here, other policies are unaffected. Run the gateway on one of those hosts, or remove ${path === undefined ? 'the policy' : 'the field'}`
  const place = path === undefined ? [index, 'type'] : [index, 'config', ...path]
  return { code: 'attestor_unsupported_here', path: place, message }
}

/** A requirement that no evidence can satisfy: the evaluator refuses it because of its `unsupported` flag. */
export function createUnsupportedRequirement(type: string): Requirement {
  return { type, selector: '', scoped: true, unsupported: true, anchor: { id: '', value: undefined }, pins: null }
}

/** Counts the anchors of one document, which bounds how many a login tries for one piece of evidence. */
export interface AnchorCount {
  /** Returns why the requirement exceeds a bound, or `undefined` if it does not. */
  add(requirement: Requirement): string | undefined
}

export function createAnchorCount(): AnchorCount {
  const fetched = new Map<string, Set<string>>()
  const named = new Map<string, Set<string>>()

  /** Whether the set of `key` now has more than `max` ids. */
  function isExceeded(sets: Map<string, Set<string>>, key: string, id: string, max: number): boolean {
    const set = sets.get(key) ?? new Set()
    sets.set(key, set.add(id))
    return set.size > max
  }

  return {
    add({ type, selector = '', anchor: { id, fetchedFrom, names = [''] } }) {
      const of = `${type}\n${selector}`
      const whose = selector === '' ? type : `${type} of ${quoteText(selector)}`
      if (fetchedFrom !== undefined) {
        return isExceeded(fetched, of, id, FETCHED_ANCHORS_PER_SELECTOR_MAX)
          ? `Cannot fetch keys for ${whose} from more than ${FETCHED_ANCHORS_PER_SELECTOR_MAX} sources: one login would fetch from all of them. Put the keys into the document (jwks), or give each issuer a name of its own`
          : undefined
      }
      // An anchor without names is tried for all evidence.
      const crowded = names.find((name) => isExceeded(named, `${of}\n${name}`, id, ANCHORS_PER_NAME_MAX))
      return crowded === undefined
        ? undefined
        : `Cannot try more than ${ANCHORS_PER_NAME_MAX} anchors for ${whose}${crowded === '' ? '' : ` by the name ${quoteText(crowded)}`}: give their keys distinct key ids (kid)`
    },
  }
}

/**
 * Warns about a policy of one attestor that leaves identifying attributes open: an attacker who may create a service
 * account, a namespace or a pod on a node can choose their values and log in.
 *
 * @param fixed attributes that the conditions fix to values
 */
export function lintScope(
  name: string,
  requirements: readonly Requirement[],
  fixed: ReadonlySet<string>,
  { attestors }: CompileContext,
  report: Report,
): void {
  const [only, second] = requirements
  if (only === undefined || second !== undefined || only.scoped) return
  const open = only.unfixed?.filter((attribute) => !fixed.has(attribute))
  if (open?.length === 0) return
  const { admits, next, code = 'trust_unscoped' } = attestors.rows.get(only.type)?.words.unscoped ?? UNSCOPED
  const what = `Policy ${quoteText(name)} does not fix ${open?.join(' and ') ?? `which ${only.type} evidence it accepts`}, so ${admits}`
  report({ code, path: ['requiredAttestors', 0], message: `${what}: ${next}` })
}

const UNSCOPED: NonNullable<Words['unscoped']> = {
  admits: 'any holder of such evidence can log in',
  next: 'narrow its config, or require a second attestor',
}
