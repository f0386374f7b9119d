/**
 * The stage that the simulator page shows.
 */
import { describe, expect, test } from 'vitest'
import type { StageDevice, StagePicture } from '../port/stage.ts'
import { Stage } from './stage.ts'
import { drain } from './testing/drain.ts'

const open = (seed: number, deviceCount: number, isTroubled = false): Promise<Stage> =>
  Stage.open({ seed, deviceCount, isTroubled }, drain, () => {})

/** Lets time go on until something is seen, for a minute of simulated time at most. */
async function until(stage: Stage, what: string, isSeen: (picture: StagePicture) => boolean): Promise<StagePicture> {
  for (let count = 0; count < 600; count++) {
    if (isSeen(stage.picture)) return stage.picture
    await stage.advance(100)
  }
  throw new Error(`never seen: ${what}`)
}
const leaderOf = ({ devices }: StagePicture): number =>
  devices.findIndex(({ role, health }) => role === 'leader' && health === 'awake')
const rolesOf = ({ devices }: StagePicture, role: StageDevice['role']): number =>
  devices.filter((device) => device.role === role).length

describe('a stage', () => {
  test.each([
    [3, 3],
    [4, 3],
    [5, 5],
    [7, 5],
  ])('of %i devices has %i that vote, one of which leads, and connects them all', async (deviceCount, voterCount) => {
    const stage = await open(1, deviceCount)
    const picture = await until(
      stage,
      'all connected',
      ({ paths }) => paths.length === (deviceCount * (deviceCount - 1)) / 2,
    )
    expect(rolesOf(picture, 'leader')).toBe(1)
    expect(rolesOf(picture, 'voter')).toBe(voterCount - 1)
    expect(rolesOf(picture, 'learner')).toBe(deviceCount - voterCount)
    expect(picture.violations).toEqual([])
  })

  test('shows what people write in every log, and messages on their way', async () => {
    const stage = await open(2, 3)
    const kinds = new Set<string>()
    const picture = await until(stage, 'three files everywhere', (now) => {
      for (const { kind } of now.parcels) kinds.add(kind)
      return now.devices.every(({ fileCount }) => fileCount >= 3)
    })
    expect(picture.acknowledgedCount).toBeGreaterThanOrEqual(3)
    expect([...kinds].toSorted()).toEqual(expect.arrayContaining(['answer', 'entries', 'heartbeat']))
    for (const { entries, appliedIndex } of picture.devices)
      expect(entries.map(({ index }) => index)).toContain(appliedIndex)
    expect(picture.story.some(({ kind }) => kind === 'taken')).toBe(true)
  })

  test('elects another leader when that one is closed, which comes back with what it missed', async () => {
    const stage = await open(3, 5)
    const first = leaderOf(stage.picture)
    stage.act({ kind: 'kill', device: first })
    expect(stage.picture.devices[first]!.health).toBe('off')
    const led = await until(stage, 'another one leads', (picture) => leaderOf(picture) >= 0)
    expect(leaderOf(led)).not.toBe(first)
    const { fileCount } = stage.picture.devices[first]!
    await until(stage, 'writes go on', ({ devices }) => devices[leaderOf(led)]!.fileCount > fileCount + 2)
    stage.act({ kind: 'people', areWriting: false })
    stage.act({ kind: 'start', device: first })
    const whole = await until(stage, 'all have the same', ({ devices }) => {
      const [one, ...others] = devices
      return others.every((other) => other.appliedIndex === one!.appliedIndex && other.fileCount === one!.fileCount)
    })
    expect(whole.devices[first]).toMatchObject({ health: 'awake', role: 'voter' })
    expect(whole.violations).toEqual([])
  })

  test('keeps what is done on the smaller side of a network, until the sides are joined', async () => {
    const stage = await open(4, 3)
    stage.act({ kind: 'people', areWriting: false })
    const apart = (leaderOf(stage.picture) + 1) % 3
    stage.act({ kind: 'part', device: apart })
    await until(stage, 'it is alone', ({ paths }) => paths.every((pair) => !pair.includes(apart)))
    stage.act({ kind: 'write', device: apart })
    const kept = await until(stage, 'it is kept', ({ devices }) => devices[apart]!.waitingCount === 1)
    expect(kept.devices[(apart + 1) % 3]!.fileCount).toBe(0)
    stage.act({ kind: 'heal' })
    await until(stage, 'all have it', ({ devices }) =>
      devices.every(({ fileCount, waitingCount }) => fileCount === 1 && waitingCount === 0),
    )
  })

  test('freezes a device for a while, and slows a disk', async () => {
    const stage = await open(5, 3)
    const leader = leaderOf(stage.picture)
    stage.act({ kind: 'freeze', device: leader })
    stage.act({ kind: 'slow', device: (leader + 1) % 3 })
    const [frozen, slow] = [stage.picture.devices[leader]!, stage.picture.devices[(leader + 1) % 3]!]
    expect(frozen.health).toBe('frozen')
    expect(frozen.wakesAtMs).toBeGreaterThan(stage.picture.nowMs)
    expect(slow.isSlow).toBe(true)
    await until(stage, 'it is awake', ({ devices }) => devices[leader]!.health === 'awake')
    await until(stage, 'one leads', ({ devices }) => devices.filter(({ role }) => role === 'leader').length === 1)
  })

  test('plays the same again by the same seed, trouble and all, and breaks no rule', async () => {
    const hashes = []
    for (let count = 0; count < 2; count++) {
      const stage = await open(6, 5, true)
      await stage.advance(120_000)
      hashes.push(stage.hash)
      expect(stage.picture.violations).toEqual([])
      expect(stage.picture.electionCount).toBeGreaterThan(1)
    }
    expect(hashes[0]).toBe(hashes[1])
  })
})
