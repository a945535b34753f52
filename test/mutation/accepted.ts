// Survivors that stay, each with the reason why no test notices it. They do not count against the score.
import type { AcceptedSurvivor } from './report.ts'

export const ACCEPTED: readonly AcceptedSurvivor[] = []
