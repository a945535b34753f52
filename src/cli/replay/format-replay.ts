// The report of a replay for people: the worst change first, and what the record cannot tell.
import { printable } from '../../core/printable.ts'
import type { ChangeGroup, ChangeKind, ReplayReport } from '../../policy-tests/replay.ts'
import { formatCount, paint } from '../terminal.ts'

const WORDS: Readonly<Record<ChangeKind, { readonly words: string; readonly style: 'red' | 'yellow' | 'dim' }>> = {
  locked_out: { words: 'locked out', style: 'red' },
  newly_admitted: { words: 'newly admitted', style: 'yellow' },
  undecided: { words: 'undecided', style: 'yellow' },
  other_policy: { words: 'other policy', style: 'dim' },
}

export function formatReplay(report: ReplayReport, io: { readonly colour: boolean }): string {
  const { logins, unchanged, groups, groupsOmitted, notReplayed, otherRecords, damaged } = report
  const notes = [
    ...(groupsOmitted === 0 ? [] : [`${formatCount(groupsOmitted, 'login')} changed in other ways, not listed`]),
    ...(notReplayed === 0
      ? []
      : [
          `${formatCount(notReplayed, 'login')} not replayed: not the policies decided, or the record lacks what was proved`,
        ]),
    ...(damaged.count === 0
      ? []
      : [
          `${formatCount(damaged.count, 'damaged line')}: ${damaged.lines.join(', ')}${damaged.count > damaged.lines.length ? ', ...' : ''}`,
        ]),
    ...(otherRecords === 0 ? [] : [`${formatCount(otherRecords, 'other record')} passed over`]),
  ]
  const lines = [
    `${formatCount(logins, 'login')} replayed, ${unchanged} as before`,
    ...groups.flatMap((group) => formatGroup(group, io)),
    ...notes,
  ]
  return `${lines.join('\n')}\n`
}

function formatGroup(
  { kind, before, after, count, first, last, requestId }: ChangeGroup,
  io: { readonly colour: boolean },
) {
  const { words, style } = WORDS[kind]
  const head = `${String(count).padStart(6)}  ${paint(words.padEnd(14), style, io)}  ${printable(before)} → ${printable(after)}`
  const when = first === last ? printable(first) : `${printable(first)} to ${printable(last)}`
  return [head, paint(`${' '.repeat(24)}${when}, such as ${printable(requestId)}`, 'dim', io)]
}
