/**
 * Devices that stop for seconds again and again while they decide, as a throttled tab does: nobody is deposed for that.
 */
import { expect, test } from 'vitest'
import type { Life } from './device.ts'
import { Family, standing } from './testing/family.ts'

test('whoever leads and stutters goes on leading as soon as that is known, and one that is gone is replaced', async () => {
  const family = await Family.of(1, 'laptop', 'phone', 'desk')
  const [laptop] = family.lives as [Life]
  const deciders = (await family.run(laptop, laptop.node.api.devices())).map(({ principal }) => principal)
  await family.run(laptop, laptop.node.api.appoint(family.request(), deciders))
  await family.until('three decide', () => family.lives.every((life) => standing(life).voters.length === 3))
  const leading = (): Life | undefined => family.lives.find((life) => life.process.isAlive && standing(life).isLeader)
  const terms = new Set<number>()
  for (let round = 0; round < 50; round++) {
    leading()?.process.freeze(5500)
    // Never in step with the heartbeats.
    await family.scheduler.run(family.scheduler.sleep(10_000 + 37 * round))
    terms.add(standing(laptop).term)
  }
  // Each of the three finds out once.
  expect(terms.size).toBeLessThanOrEqual(4)
  const gone = leading()!
  gone.process.kill()
  await family.until('another one leads', () => leading() !== undefined && leading() !== gone)
})
