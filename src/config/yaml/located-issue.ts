// An issue with its place in a document.
import type { Issue } from '../../core/issue.ts'
import type { Position } from './position.ts'

export type LocatedIssue = Issue & Position
