/**
 * `npm run durability -- [--lifetime DAYS] [--interval DAYS] [--loss PER_YEAR] [--online PROBABILITY] [--years OBJECT_YEARS]`:
 * how many fragments, and when to repair, for the churn that was measured; and the model beside a simulation.
 *
 * Ends with status 1 where the two differ by more than a tenth.
 * @module
 */
import { parseArgs } from 'node:util'
import { checkModel } from './check.ts'
import { type Churn, fewestForReading, fewestFragments, lossPerYear } from './model.ts'

const { values } = parseArgs({
  options: {
    lifetime: { type: 'string', default: '180' },
    interval: { type: 'string', default: '7' },
    loss: { type: 'string', default: '1e-9' },
    online: { type: 'string', default: '0.8' },
    years: { type: 'string', default: '200000' },
  },
})

function positive(name: keyof typeof values): number {
  const value = Number(values[name])
  if (value > 0 && Number.isFinite(value)) return value
  console.error(`--${name} expects a number above zero, got ${values[name]}`)
  process.exit(1)
}
const churn: Churn = { lifetimeDays: positive('lifetime'), intervalDays: positive('interval') }
const [lossMax, online, objectYears] = [positive('loss'), Math.min(1, positive('online')), positive('years')]

const rows = [['m', 'K', 'n', 'n/m', 'repair at', 'loss a year', 'n, always repaired', 'n for 99.99 % now']]
for (const neededCount of [4, 8, 16, 29, 64]) {
  const plan = fewestFragments(neededCount, churn, lossMax, 'threshold')
  const always = fewestFragments(neededCount, churn, lossMax, 'always')
  rows.push([
    `${neededCount}`,
    `${neededCount - 2}`,
    `${plan.fragmentCount}`,
    (plan.fragmentCount / neededCount).toFixed(2),
    `<= ${plan.repairAt}`,
    lossPerYear(plan, churn).toExponential(1),
    `${always.fragmentCount}`,
    `${fewestForReading(neededCount, online, 0.9999)}`,
  ])
}
console.log(
  `Storers stay ${churn.lifetimeDays} days on average and are online ${online} of the time; repaired within ${churn.intervalDays} days.`,
)
print(rows)
console.log('\nThe model beside a simulation, at raised churn:')
const agreements = checkModel(objectYears, 1)
print([
  ['n/m', 'repair at', 'lifetime', 'interval', 'by the model', 'simulated', ''],
  ...agreements.map(({ plan, churn: raised, byModel, bySimulation, isWithin }) => [
    `${plan.fragmentCount}/${plan.neededCount}`,
    `<= ${plan.repairAt}`,
    `${raised.lifetimeDays} d`,
    `${raised.intervalDays} d`,
    byModel.toPrecision(3),
    bySimulation.toPrecision(3),
    isWithin ? 'within 10 %' : 'DIFFERS',
  ]),
])
process.exitCode = agreements.every(({ isWithin }) => isWithin) ? 0 : 1

function print(table: readonly (readonly string[])[]): void {
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  for (const row of table)
    console.log(
      row
        .map((cell, column) => cell.padStart(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
}
