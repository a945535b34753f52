// Which attributes a rendered path determines. A template is injective if its path determines the value (or absence) of
// every attribute that it refers to: then two workloads that differ in one of them never have the same SPIFFE ID.
//
// This is decided per segment, because no value but the last contains a slash. In a segment, the literals between
// references cut the path from the left as long as each contains a character that the reference before it cannot contain
// (the first such character ends it), and likewise from the right. A reference that is cut out determines its value if
// none of its filters maps two values to one string. The answer is conservative: a template that is called injective is
// injective.
import { ALPHABETS, type AlphabetPart, fitsAlphabet, SEGMENT_CHARACTERS } from '../attribute/alphabet.ts'
import type { Filter } from './filter.ts'
import { isReference, type Reference } from './syntax.ts'
import { type PathTemplate, type SegmentTemplate, spansSegments } from './template.ts'

/** What a reference renders to: runs of characters and literals. A run without characters may hold any. */
interface Rendering {
  readonly pieces: readonly AlphabetPart[]
  /** The rendered string determines the value. */
  readonly isLossless: boolean
}

/** Why a path does not determine an attribute: its filters lose it, or it runs into its neighbour. */
export interface Undetermined {
  readonly reference: Reference
  readonly reason: 'filter' | 'neighbour'
}

/** The references of attributes that the path does not determine; none means that the template is injective. */
export function findUndetermined(template: PathTemplate): readonly Undetermined[] {
  const determined = new Set<string>()
  const undetermined: Undetermined[] = []
  for (const segment of template.segments) {
    const cut = cutReferences(segment)
    for (const reference of segment.filter(isReference)) {
      const isCut = cut.has(reference)
      if (isCut && computeRendering(reference).isLossless) determined.add(reference.attribute.name)
      else undetermined.push({ reference, reason: isCut ? 'filter' : 'neighbour' })
    }
  }
  return undetermined.filter(({ reference }) => !determined.has(reference.attribute.name))
}

interface Run {
  readonly reference: Reference
  readonly characters: string | undefined
  /** The fixed text between this run and the next one. */
  after: string
}

/** The references whose text the text of their segment determines. */
function cutReferences(segment: SegmentTemplate): ReadonlySet<Reference> {
  const runs: Run[] = []
  for (const part of segment) {
    const pieces = isReference(part) ? computeRendering(part).pieces : [{ literal: part.text }]
    for (const piece of pieces) {
      const last = runs.at(-1)
      if (!('literal' in piece)) {
        if (isReference(part)) runs.push({ reference: part, characters: piece.characters, after: '' })
      } else if (last !== undefined) {
        last.after += piece.literal
      }
    }
  }
  let left = 0
  while (left < runs.length - 1 && separates(runs[left]?.after, runs[left])) left++
  let right = runs.length - 1
  while (right > 0 && separates(runs[right - 1]?.after, runs[right])) right--
  // Cut from the left are the runs before `left`, from the right those after `right`; the one between is what is left.
  const isWhole = left >= right
  const open = runs.filter((_, index) => !isWhole && index >= left && index <= right)
  const isOpen = new Set(open.map((run) => run.reference))
  return new Set(segment.filter(isReference).filter((reference) => !isOpen.has(reference)))
}

/** Whether a fixed text holds a character that a run cannot. */
function separates(text: string | undefined, run: Run | undefined): boolean {
  const characters = run?.characters
  return characters !== undefined && [...(text ?? '')].some((character) => !characters.includes(character))
}

function computeRendering(reference: Reference): Rendering {
  const { alphabet } = reference.attribute.row
  let rendering: Rendering = { pieces: ALPHABETS[alphabet].parts, isLossless: true }
  for (const [index, filter] of reference.filters.entries()) {
    const isFresh = index === 0 && !fitsAlphabet(filter.args[0] ?? '', alphabet)
    rendering = filterRendering(rendering, filter, isFresh)
  }
  // What a path segment forbids is refused, so no rendered text holds it.
  const allowed = spansSegments(reference) ? `${SEGMENT_CHARACTERS}/` : SEGMENT_CHARACTERS
  const pieces = rendering.pieces.map((piece) =>
    'literal' in piece ? piece : { characters: intersect(piece.characters, allowed) },
  )
  return { ...rendering, pieces }
}

/** `isFresh`: the filter's first argument is a string that the attribute cannot have. */
function filterRendering(rendering: Rendering, { name, args }: Filter, isFresh: boolean): Rendering {
  const [first = '', second = ''] = args
  switch (name) {
    case 'segments':
      return rendering
    case 'lower': {
      const isLossless = rendering.isLossless && !/[A-Z]/.test(listCharacters(rendering.pieces) ?? 'A')
      return isLossless ? rendering : { pieces: rendering.pieces.map(lowerPiece), isLossless }
    }
    case 'default': {
      const all = listCharacters(rendering.pieces)
      const isLossless = isFresh || holdsOther(first, all)
      return {
        pieces: [uniteCharacters(all, first)],
        isLossless: rendering.isLossless && splits(rendering.pieces) && isLossless,
      }
    }
    case 'replace': {
      const all = listCharacters(rendering.pieces)
      if (holdsOther(first, all)) return rendering
      if (first.length > 1) {
        const isLossless = splits(rendering.pieces) && holdsOther(second, all)
        return { pieces: [uniteCharacters(all, second)], isLossless: rendering.isLossless && isLossless }
      }
      const isLossless = rendering.pieces.every(
        (piece) => 'literal' in piece || holdsOther(first, piece.characters) || holdsOther(second, piece.characters),
      )
      const pieces = rendering.pieces.map((piece) => replaceIn(piece, first, second))
      return { pieces, isLossless: rendering.isLossless && isLossless }
    }
  }
}

/** Tells whether the joined runs of one value can be separated again, before they are treated as one run. */
function splits(pieces: readonly AlphabetPart[]): boolean {
  return pieces.every((piece, index) => {
    const next = pieces[index + 1]
    if (next === undefined || 'literal' in piece) return true
    return 'literal' in next && holdsOther(next.literal, piece.characters)
  })
}

function replaceIn(piece: AlphabetPart, first: string, second: string): AlphabetPart {
  if ('literal' in piece) return { literal: piece.literal.replaceAll(first, () => second) }
  if (piece.characters === undefined || !piece.characters.includes(first)) return piece
  return uniteCharacters(piece.characters.replaceAll(first, ''), second)
}

function lowerPiece(piece: AlphabetPart): AlphabetPart {
  if ('literal' in piece) return { literal: piece.literal.toLowerCase() }
  return piece.characters === undefined ? piece : { characters: piece.characters.toLowerCase() }
}

/** All characters that may occur, or `undefined` for any. */
function listCharacters(pieces: readonly AlphabetPart[]): string | undefined {
  let all = ''
  for (const piece of pieces) {
    const characters = 'literal' in piece ? piece.literal : piece.characters
    if (characters === undefined) return undefined
    all += characters
  }
  return all
}

function uniteCharacters(characters: string | undefined, text: string): AlphabetPart {
  return characters === undefined ? {} : { characters: characters + text }
}

function intersect(characters: string | undefined, allowed: string): string {
  return [...allowed].filter((character) => characters?.includes(character) ?? true).join('')
}

function holdsOther(text: string, characters: string | undefined): boolean {
  return characters !== undefined && [...text].some((character) => !characters.includes(character))
}
