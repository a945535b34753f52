// Good logins over time, by host and store, with the faults marked: an SVG without scripts.
import { type Family, findFault, LANES, type Lane } from './faults.ts'
import type { SoakReport } from './soak-report.ts'

const WIDTH = 1_000
const LEFT = 110
const LANE_HEIGHT = 30
const GAP = 34
/** Points of a line are of so many seconds, or a long soak would be a smear. */
const BINS = 250

const FAMILY_COLORS: Readonly<Record<Family, string>> = {
  issuer: '#e8543f',
  document: '#d9a400',
  store: '#8a5cd1',
  replay: '#2a9d8f',
  records: '#c2185b',
  clients: '#5c7cfa',
  process: '#444444',
  clock: '#00a3d7',
}

export function drawReports(reports: readonly SoakReport[]): string {
  const height = LANES.length * (LANE_HEIGHT + 4) + GAP
  const rows = reports.map((report, index) => drawReport(report, index * height + 40))
  const legend = (Object.keys(FAMILY_COLORS) as Family[]).map(
    (family, index) =>
      `<rect x="${LEFT + index * 95}" y="12" width="12" height="12" fill="${FAMILY_COLORS[family]}" opacity="0.45"/><text x="${LEFT + index * 95 + 17}" y="22">${family}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + LEFT + 20} ${reports.length * height + 50}" role="img" aria-label="Share of good logins that were admitted over time, by host and store, with the faults marked" font-family="system-ui, sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${legend.join('')}
${rows.join('\n')}
</svg>\n`
}

function drawReport({ host, profile, happened, perSecond }: SoakReport, top: number): string {
  const seconds = Math.max(1, perSecond.good.length)
  const x = (second: number): number => LEFT + (WIDTH * Math.min(second, seconds)) / seconds
  const height = LANES.length * (LANE_HEIGHT + 4) - 4
  const faults = happened.map(({ fault, from, until = seconds }) => {
    const width = Math.max(1, x(until) - x(from)).toFixed(1)
    return `<rect x="${x(from).toFixed(1)}" y="${top}" width="${width}" height="${height}" fill="${FAMILY_COLORS[findFault(fault).family]}" opacity="0.3"><title>${fault}</title></rect>`
  })
  const lanes = LANES.map((lane, index) => drawLane(perSecond[lane], lane, top + index * (LANE_HEIGHT + 4), x))
  return `<text x="6" y="${top + 10}" font-weight="bold">${host}</text><text x="6" y="${top + 24}">${profile}</text>
${faults.join('')}
${lanes.join('\n')}
<text x="${LEFT + WIDTH}" y="${top + height + 14}" text-anchor="end">${seconds} s</text>`
}

function drawLane(
  counts: SoakReport['perSecond'][Lane],
  lane: Lane,
  top: number,
  x: (second: number) => number,
): string {
  const size = Math.max(1, Math.ceil(counts.length / BINS))
  const points = Array.from({ length: Math.ceil(counts.length / size) }, (_, bin) => {
    const slots = counts.slice(bin * size, (bin + 1) * size)
    const sent = slots.reduce((sum, slot) => sum + slot.sent, 0)
    const share = sent === 0 ? undefined : slots.reduce((sum, slot) => sum + slot.admitted, 0) / sent
    return share === undefined
      ? []
      : [`${x((bin + 0.5) * size).toFixed(1)},${(top + LANE_HEIGHT * (1 - share)).toFixed(1)}`]
  })
  return `<rect x="${LEFT}" y="${top}" width="${WIDTH}" height="${LANE_HEIGHT}" fill="none" stroke="#ccc"/><text x="${LEFT - 6}" y="${top + LANE_HEIGHT / 2 + 4}" text-anchor="end">${lane}</text><polyline points="${points.flat().join(' ')}" fill="none" stroke="#1f3a5f" stroke-width="1.2"/>`
}
