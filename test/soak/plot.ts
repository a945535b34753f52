// Good logins over time, by host, with the faults marked: an SVG without scripts.
import type { SoakReport } from './soak.ts'

const WIDTH = 1_000
const ROW = 130
const LEFT = 70

export function drawReports(reports: readonly SoakReport[]): string {
  const rows = reports.map((report, index) => drawRow(report, index * ROW + 20))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + LEFT + 20} ${reports.length * ROW + 20}" font-family="system-ui, sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${rows.join('\n')}
</svg>\n`
}

function drawRow({ host, steps, perSecond, seconds }: SoakReport, top: number): string {
  const x = (second: number): number => LEFT + (WIDTH * second) / seconds
  const height = ROW - 40
  const faults = steps.map(
    ({ fault, from, until }) =>
      `<rect x="${x(from).toFixed(1)}" y="${top}" width="${(x(until) - x(from)).toFixed(1)}" height="${height}" fill="#e8543f" opacity="0.18"><title>${fault}</title></rect>`,
  )
  const points = perSecond
    .map(
      ({ admitted, sent }, second) =>
        `${x(second).toFixed(1)},${(top + height - (height * admitted) / Math.max(1, sent)).toFixed(1)}`,
    )
    .join(' ')
  return `<text x="8" y="${top + height / 2}">${host}</text>
<text x="${LEFT - 6}" y="${top + 8}" text-anchor="end">100 %</text><text x="${LEFT - 6}" y="${top + height}" text-anchor="end">0</text>
${faults.join('')}
<rect x="${LEFT}" y="${top}" width="${WIDTH}" height="${height}" fill="none" stroke="#bbb"/>
<polyline points="${points}" fill="none" stroke="#1f6feb" stroke-width="1.2"/>
<text x="${LEFT + WIDTH}" y="${top + height + 14}" text-anchor="end">${seconds} s</text>`
}
