/**
 * `npm run prove [-- WORD…]`: the long bars, and one table of what was required and what was measured.
 *
 * Words choose among: conformance coding durability sim crashes groups clusters planted e2e bench. Ends with status 1 where a bar is missed or could not be measured.
 * @module
 */
import type { Bar, Proof } from './bar.ts'
import { crashes } from './crashes.ts'
import { coding, durability } from './fragments.ts'
import { journeys } from './journeys.ts'
import { bench, conformance } from './peers.ts'
import { clusters, groups, planted, simulation } from './simulation.ts'

/** The quick ones first; what is measured against the clock last, when nothing of ours is warm. */
const proofs: readonly Proof[] = [
  conformance,
  coding,
  durability,
  simulation,
  crashes,
  groups,
  clusters,
  planted,
  journeys,
  bench,
]

function print(bars: readonly Bar[]): void {
  const rows = [
    ['bar', 'required', 'measured', ''],
    ...bars.map(({ name, required, measured, isMet }) => [name, required, measured, isMet ? 'pass' : 'MISS']),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
}

const words = process.argv.slice(2)
const unknown = words.find((word) => !proofs.some((proof) => proof.word === word))
if (unknown !== undefined) {
  console.error(`"${unknown}" is none of: ${proofs.map((proof) => proof.word).join(' ')}`)
  process.exit(1)
}
const bars: Bar[] = []
for (const proof of proofs) {
  if (words.length > 0 && !words.includes(proof.word)) continue
  const startedMs = performance.now()
  console.log(`${proof.title} …`)
  bars.push(...(await proof.run()))
  console.log(`  took ${((performance.now() - startedMs) / 60_000).toFixed(1)} min`)
}
console.log()
print(bars)
process.exitCode = bars.every((bar) => bar.isMet) ? 0 : 1
