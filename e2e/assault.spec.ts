/**
 * What attacks at full speed cost a device and those that it talks to.
 */
import type { Page } from '@playwright/test'
import { expect, isProving } from './fixture.ts'
import type { Attack } from './net/hostile.ts'
import { dialFrom, happened, open, test } from './net/host.ts'
import type { NetBench } from './net/page.ts'
import { MemoryWatch, memoryOf, sumOf } from './tool/memory.ts'
import { quantile } from './tool/quantile.ts'

declare const bench: NetBench

const askCountMin = 4000
const attackCountMin = 4
const lookPeriodMs = 250
const kinds: readonly Attack[] = ['gigabyte', 'megabyte', 'forgery', 'garbage', 'noise', 'flood', 'streams']
/** Above what the device takes when nobody attacks it. */
const allowedBytes = 128 << 20

interface Device {
  readonly page: Page
  readonly id: string
  readonly processId: number
}

if (isProving)
  test('attacked at full speed: what an honest device sees of it, and the memory @prove', async ({
    newProfile,
    host,
  }, info) => {
    test.skip(process.platform !== 'linux', 'only Linux tells the memory that processes share')
    test.setTimeout(600_000)
    const begin = async (): Promise<Device> => {
      const profile = await newProfile()
      const page = await profile.open(host.url)
      return { page, id: await open(page, host), processId: profile.processId }
    }
    const [victim, bystander, friend] = [await begin(), await begin(), await begin()]
    const hostile = await (await newProfile()).open(`${host.url}#hostile`)
    await hostile.waitForFunction(() => 'bench' in globalThis)
    expect(await dialFrom(friend.page, victim.id, host)).toMatchObject({ code: 'met' })

    const ask = async (isEnough: () => Promise<boolean> = async () => true): Promise<readonly number[]> => {
      const tookMs: number[] = []
      while (tookMs.length < askCountMin || !(await isEnough()))
        tookMs.push(...(await friend.page.evaluate(() => bench.partner.askAgain('control', 100, 250))))
      return tookMs
    }
    /** While somebody is attacked and watched, so that all that takes as much of this computer either way. */
    const askDuring = async (kind: Attack, attacked: Device) => {
      const watch = new MemoryWatch(attacked.processId, lookPeriodMs)
      await hostile.evaluate((args) => bench.assail(...args), [attacked.id, host.relays[0]!, kind] as const)
      const struckCount = (): Promise<number> => hostile.evaluate(() => bench.attackCount)
      const tookMs = await ask(async () => (await struckCount()) >= attackCountMin)
      await hostile.evaluate(() => bench.desist())
      const peakBytes = sumOf(await watch.stop())
      return { p99Ms: quantile(tookMs, 0.99), count: await struckCount(), peakBytes }
    }
    // The paths find their speed.
    await ask()
    const quietP99Ms = quantile(await ask(), 0.99)
    const idleBytes = sumOf(await memoryOf(victim.processId))
    const lines: string[] = []
    const ratios: number[] = []
    let peakBytes = 0
    for (const kind of kinds)
      await test.step(kind, async () => {
        const usual = await askDuring(kind, bystander)
        const attacked = await askDuring(kind, victim)
        peakBytes = Math.max(peakBytes, attacked.peakBytes)
        ratios.push(attacked.p99Ms / usual.p99Ms)
        lines.push(
          `${kind} ${attacked.p99Ms.toFixed(1)} beside ${usual.p99Ms.toFixed(1)} ms (${attacked.count} attacks)`,
        )
      })
    const dropped = await happened(victim.page, 'dropped')
    for (const code of ['frameInvalid', 'unreadable', 'windowIgnored', 'tooManyStreams'])
      expect(dropped).toContain(code)
    expect(await happened(victim.page, 'refused')).toContain('helloForged')
    expect(await happened(victim.page, 'closed')).toEqual([])
    info.annotations.push(
      { type: 'required', description: 'p99 under twice the usual, memory bounded' },
      {
        type: 'measured',
        description: `${lines.join(', ')}; with no attack ${quietP99Ms.toFixed(1)} ms; memory +${((peakBytes - idleBytes) / 2 ** 20).toFixed(0)} MiB`,
      },
    )
    expect(Math.max(...ratios)).toBeLessThan(2)
    expect(peakBytes - idleBytes).toBeLessThan(allowedBytes)
  })
