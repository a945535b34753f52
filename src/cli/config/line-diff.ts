// A unified diff of two texts, as `diff -u` writes it. The longest common subsequence of lines, by the textbook table;
// where that would be large, the differing middle is shown as replaced, so time and memory are bounded.
import { DIFF_PAIRS_MAX } from '../../core/limits.ts'

/** One line of an edit script, with its line end: kept, only in the old text, or only in the new one. */
export interface Edit {
  readonly kind: ' ' | '-' | '+'
  readonly line: string
}

const CONTEXT_LINES = 3

/** What turns `before` into `after`. */
export function editsBetween(before: string, after: string): readonly Edit[] {
  const a = linesOf(before)
  const b = linesOf(after)
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return [
    ...a.slice(0, start).map((line): Edit => ({ kind: ' ', line })),
    ...editMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map((line): Edit => ({ kind: ' ', line })),
  ]
}

function editMiddle(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const removed = (line: string): Edit => ({ kind: '-', line })
  const added = (line: string): Edit => ({ kind: '+', line })
  const width = b.length + 1
  if (a.length * b.length > DIFF_PAIRS_MAX) return [...a.map(removed), ...b.map(added)]

  // common[i * width + j]: how many lines a[i..] and b[j..] have in common, in order.
  const common = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const edits: Edit[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const old = a[i]
    const now = b[j]
    if (old !== undefined && old === now) {
      edits.push({ kind: ' ', line: old })
      i++
      j++
    } else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push(removed(old))
      i++
    } else if (now !== undefined) {
      edits.push(added(now))
      j++
    }
  }
  return edits
}

/** The hunks of a unified diff, each a header and its edits; none if the texts are equal. */
export function hunksBetween(before: string, after: string): readonly { header: string; edits: readonly Edit[] }[] {
  const edits = editsBetween(before, after)
  const hunks: { header: string; edits: readonly Edit[] }[] = []
  let old = 1
  let now = 1
  for (let at = 0; at < edits.length; ) {
    const end = hunkEnd(edits, at)
    const hunk = edits.slice(at, end)
    if (hunk.some(({ kind }) => kind !== ' ')) {
      hunks.push({ header: `@@ -${rangeOf(hunk, '-', old)} +${rangeOf(hunk, '+', now)} @@`, edits: hunk })
    }
    old += hunk.filter(({ kind }) => kind !== '+').length
    now += hunk.filter(({ kind }) => kind !== '-').length
    at = end
  }
  return hunks
}

/** Where the stretch that begins at `at` ends: context that belongs to no change is a stretch of its own. */
function hunkEnd(edits: readonly Edit[], at: number): number {
  let next = at
  while (edits[next]?.kind === ' ') next++
  if (next === edits.length) return next
  if (next - at > CONTEXT_LINES) return next - CONTEXT_LINES
  let last = next
  for (let index = next; index < edits.length && index - last <= 2 * CONTEXT_LINES; index++) {
    if (edits[index]?.kind !== ' ') last = index
  }
  return Math.min(edits.length, last + 1 + CONTEXT_LINES)
}

function rangeOf(edits: readonly Edit[], kind: '-' | '+', first: number): string {
  const length = edits.filter((edit) => edit.kind === ' ' || edit.kind === kind).length
  // POSIX: the range of no lines names the line before it.
  return length === 1 ? `${first}` : `${length === 0 ? first - 1 : first},${length}`
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}
