// What a page of an attestor still lacks that only its author can write.
import * as v from 'valibot'
import { type DescribedAttestor, listHeadings, readPart } from './attestor-page.ts'

type GapRow = Pick<DescribedAttestor, 'type' | 'evidenceSchema' | 'challenge'>

/** Sentences that say what to write and where; none for a page that is whole. */
export function listGaps(page: string, row: GapRow): readonly string[] {
  const headings = Array.from(page.matchAll(/^## (.+)$/gm), ([, heading]) => heading)
  if (headings.join('\n') !== listHeadings().join('\n'))
    return [`has the headings ${headings.join(', ')}: it needs ${listHeadings().join(', ')}, in this order`]
  return [
    ...(isWritten(readPart(page, 'Policy'), 'yaml', `type: ${row.type}`)
      ? []
      : [`"Policy" needs a block \`yaml\` with the policy to start from, which requires ${row.type}`]),
    ...(isWritten(readPart(page, 'Evidence'), 'sh', '')
      ? []
      : ['"Evidence" needs a block `sh` with the command that gets the evidence']),
    ...findBodyGaps(readPart(page, 'Evidence'), row),
    ...(readPart(page, 'Upstream').trim() === ''
      ? [
          '"Upstream" needs a sentence: which fields, attributes and formats are documented upstream, and which are of Postern',
        ]
      : []),
  ]
}

function listBlocks(part: string, language: string): readonly string[] {
  return Array.from(part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)).flatMap(([, named, text = '']) =>
    named === language ? [text] : [],
  )
}

function isWritten(part: string, language: string, holds: string): boolean {
  return listBlocks(part, language).some((text) => text.includes(holds))
}

const bodySchema = v.strictObject({
  attestations: v.array(v.strictObject({ type: v.string(), evidence: v.unknown(), challenge: v.optional(v.string()) })),
})

function findBodyGaps(part: string, { type, evidenceSchema, challenge }: GapRow): readonly string[] {
  const bodies = listBlocks(part, 'json').flatMap((text) => {
    const body = v.safeParse(bodySchema, JSON.parse(text))
    return body.success ? body.output.attestations.filter((sent) => sent.type === type) : []
  })
  if (bodies.length === 0) return [`"Evidence" needs a block \`json\` with the body of a login that sends ${type}`]
  return bodies.flatMap((sent) => [
    ...(v.is(evidenceSchema, sent.evidence) ? [] : [`"Evidence" shows evidence that ${type} does not take`]),
    ...((sent.challenge !== undefined) === (challenge !== undefined)
      ? []
      : [`"Evidence" must show a challenge if, and only if, ${type} has one`]),
  ])
}
