/**
 * Where devices stand on the drawing: the one that leads above, those that vote below it, those that listen below them.
 * @module
 */
import type { StageDevice } from '../../port/stage.ts'

/** Per cent of the drawing's width and height. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** Which device leads, of several that think so the one of the newest term: the others have not heard of it. */
export function leaderOf(devices: readonly StageDevice[]): number | null {
  const leading = devices.flatMap(({ role }, at) => (role === 'leader' ? [at] : []))
  return leading.toSorted((one, other) => devices[other]!.term - devices[one]!.term)[0] ?? null
}

/** In the order of the devices. */
export function placesOf(devices: readonly StageDevice[]): readonly Point[] {
  const leader = leaderOf(devices)
  const hasLearners = devices.some(({ role }) => role === 'learner')
  const rowOf = (at: number): number => (at === leader ? 0 : devices[at]!.role === 'learner' ? 2 : 1)
  const heights = hasLearners ? [11, 46, 78] : [16, 66]
  return devices.map((_, at) => {
    const row = rowOf(at)
    const inRow = devices.flatMap((_device, other) => (rowOf(other) === row ? [other] : []))
    const x = (100 * (inRow.indexOf(at) + 0.5)) / inRow.length
    return { x, y: heights[row]! - bow * ((x - 50) / 50) ** 2 }
  })
}

/** By so much the ends of a row stand higher than its middle: no connection runs along another. */
const bow = 14

/** On the way from one point to another. */
export const between = (from: Point, to: Point, share: number): Point => ({
  x: from.x + (to.x - from.x) * share,
  y: from.y + (to.y - from.y) * share,
})
