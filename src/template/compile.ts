// One door to the templates of all surfaces.
import type { Surface } from '../attribute/row.ts'
import type { Issue, Path } from '../core/issue.ts'
import { compileClaim } from './claim.ts'
import { compileDnsName } from './dns-name.ts'
import { compilePath } from './path.ts'
import { compileSubject } from './subject.ts'
import type { Template } from './template.ts'

/** A template and its lints, or no template and its errors. Offsets of issues are into the text. */
export interface Compilation<T extends Template> {
  readonly template?: T
  readonly issues: readonly Issue[]
}

const COMPILERS: { readonly [S in Surface]: (text: string, path: Path) => Compilation<TemplateOf<S>> } = {
  pathTemplate: compilePath,
  jwtClaim: compileClaim,
  x509Subject: compileSubject,
  dnsName: compileDnsName,
}

export type TemplateOf<S extends Surface> = Extract<Template, { readonly surface: S }>

/** Reads a template for one surface. `path` is its place in the document, for the issues. */
export function compileTemplate<S extends Surface>(text: string, surface: S, path: Path): Compilation<TemplateOf<S>> {
  return COMPILERS[surface](text, path)
}
