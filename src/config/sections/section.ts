// What a section is: one row of the table, one file. A row knows the schema of its `spec` and how to compile it; the
// envelope, the YAML and the positions are none of its business.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import type { AttestorTable } from '../../attest/table.ts'
import { stopsCompiling } from '../../core/issue.ts'
import type { CompileContext } from '../compile/section-context.ts'
import { validate } from '../compile/validate.ts'
import type { YamlNode } from '../yaml/yaml-node.ts'

export type SectionScope = 'cluster' | 'trust-domain'

/** A section with its own types; {@link defineSection} makes a row of it. */
export interface SectionDefinition<Spec extends v.GenericSchema, T> {
  readonly scope: SectionScope
  readonly description: string
  /** One schema, or the one for a table of attestors. */
  readonly spec: Spec | ((attestors: AttestorTable) => Spec)
  /**
   * Compiles a valid `spec`; paths of issues are relative to it. Lists may have holes where an element was invalid:
   * then the result is thrown away, and what counts is that the other elements report all their issues.
   */
  readonly compile: (spec: v.InferOutput<Spec>, context: CompileContext, report: Report) => T | undefined
}

/** One row of the table of sections. */
export interface SectionRow<T> {
  readonly scope: SectionScope
  readonly description: string
  readonly getSpecSchema: (attestors: AttestorTable) => v.GenericSchema
  /** Validates and compiles the node of `spec`. Reports every issue, and yields a value unless one is an error. */
  readonly read: (spec: YamlNode, context: CompileContext, report: Report) => T | undefined
}

export function defineSection<Spec extends v.GenericSchema, T>(definition: SectionDefinition<Spec, T>): SectionRow<T> {
  const { scope, description, spec } = definition
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
    scope,
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

/** The JSON shape of a whole document of a section, for editors. */
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
