// Defines a section: one row of the table, in one file. A row has the schema of its `spec` and compiles it. The
// envelope, the YAML and the positions of issues are handled by the caller.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { AttestorTable } from '../../attest/table.ts'
import { stopsCompiling } from '../../core/issue.ts'
import type { CompileContext } from '../compile/section-context.ts'
import { validate } from '../compile/validate.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'

export type SectionScope = 'cluster' | 'trust-domain'

/** What the author of a section writes; {@link defineSection} makes a row of it. */
export interface SectionDefinition<Spec extends v.GenericSchema, T> {
  /** Whether each cluster may have a document of this section, or the trust domain, or both. */
  readonly scopes: readonly SectionScope[]
  /** The largest document in bytes. Absent: `DOCUMENT_MAX_BYTES`. */
  readonly maxBytes?: number
  /** A noun phrase for the published JSON Schema. */
  readonly description: string
  /** The schema of `spec`, or a function that makes it for a table of attestors. */
  readonly spec: Spec | ((attestors: AttestorTable) => Spec)
  /**
   * Compiles a valid `spec`. It must not throw: it reports issues, with paths relative to `spec`.
   *
   * Lists with the metadata `SALVAGED` have a hole (`undefined`) for each invalid element. The result is then
   * discarded, but the other elements must still report all of their issues.
   *
   * @returns the compiled value, or `undefined` if it cannot be made
   */
  readonly compile: (spec: v.InferOutput<Spec>, context: CompileContext, report: Report) => T | undefined
}

/** One row of the table of sections. */
export interface SectionRow<T> {
  readonly scopes: readonly SectionScope[]
  /** The largest document in bytes. Absent: `DOCUMENT_MAX_BYTES`. */
  readonly maxBytes?: number
  readonly description: string
  readonly getSpecSchema: (attestors: AttestorTable) => v.GenericSchema
  /** Validates and compiles the node of `spec`. Reports every issue; returns `undefined` if one of them is an error. */
  readonly read: (spec: YamlNode, context: CompileContext, report: Report) => T | undefined
}

/**
 * Makes a row of the table of sections. The schema of each table of attestors is made once and cached.
 *
 * @example
 * export const cluster: SectionRow<ClusterSettings> = defineSection({
 *   scopes: ['cluster'],
 *   description: 'Settings of a cluster other than its policies',
 *   spec: v.strictObject({ name: v.optional(v.string()) }),
 *   compile: ({ name }, _context, report) => {
 *     const message = 'Cannot use an empty name: remove the field'
 *     if (name === '') report({ code: 'value_empty', path: ['name'], message })
 *     return { name }
 *   },
 * })
 */
export function defineSection<Spec extends v.GenericSchema, T>(definition: SectionDefinition<Spec, T>): SectionRow<T> {
  const { scopes, maxBytes, description, spec } = definition
  const schemas = new WeakMap<AttestorTable, Spec>()

  function getSpecSchema(attestors: AttestorTable): Spec {
    if (typeof spec !== 'function') return spec
    const known = schemas.get(attestors)
    if (known !== undefined) return known
    const made = spec(attestors)
    schemas.set(attestors, made)
    return made
  }

  return {
    scopes,
    ...(maxBytes === undefined ? {} : { maxBytes }),
    description,
    getSpecSchema,
    read(node, context, report) {
      let failed = false
      function reportInSpec(issue: Parameters<Report>[0]): void {
        if (stopsCompiling(issue)) failed = true
        report({ ...issue, path: ['spec', ...issue.path] })
      }
      const { value, complete } = validate(getSpecSchema(context.attestors), node, [], reportInSpec)
      if (value === undefined) return undefined
      const compiled = definition.compile(value, context, reportInSpec)
      return complete && !failed ? compiled : undefined
    },
  }
}

/** The schema of a whole document of a section, published for editors. */
export function createDocumentSchema(
  name: string,
  row: SectionRow<unknown>,
  attestors: AttestorTable,
): v.GenericSchema {
  return v.pipe(
    v.strictObject({
      section: v.pipe(v.literal(name), v.description('The section that this document is')),
      schema: v.pipe(v.literal('v1'), v.description('The version of the schema')),
      spec: row.getSpecSchema(attestors),
    }),
    v.title(name),
    v.description(row.description),
  )
}
