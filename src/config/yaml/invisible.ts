// Names invisible characters near a fault: the line of an issue, or the one before it, may contain a character that looks
// like a space or is not displayed, and is the cause. An author cannot find it by looking.
import { findUnseen } from '../../core/printable.ts'
import { findSuspect, nameCharacter, type SuspectCharacter } from '../../core/suspect-character.ts'
import type { LocatedIssue } from './located-issue.ts'
import { readLines } from './position.ts'

const TAB = 0x09

/** Adds to the message of each issue the invisible character beside it, if there is one. At most a hundred issues. */
export function nameInvisible(issues: readonly LocatedIssue[], text: string): readonly LocatedIssue[] {
  if (issues.length === 0 || (findUnseen(text) === undefined && !text.includes('\t'))) return issues
  const wanted = new Set(issues.flatMap(({ line }) => [line - 1, line]))
  const lines = readLines(text, wanted)
  return issues.map((issue) => {
    const { line, code, message } = issue
    for (const at of [line, line - 1]) {
      const found = findInLine(lines.get(at) ?? '', code === 'yaml_syntax')
      // The message may name the character already.
      if (found === undefined || message.includes(found.name)) continue
      const place = `line ${at}, column ${found.offset + 1}`
      return { ...issue, message: `${message}; ${place} contains the invisible character ${found.name}` }
    }
    return issue
  })
}

/** A tab is what it looks like, but for where YAML counts spaces. */
function findInLine(line: string, isSyntax: boolean): SuspectCharacter | undefined {
  const tab = isSyntax ? /^[ \t]*\t/.test(line) : false
  return tab ? { offset: line.indexOf('\t'), name: nameCharacter(TAB) } : findSuspect(line)
}
