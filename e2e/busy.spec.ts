/**
 * While a large file is on its way, small changes are committed nearly as soon as at other times: on the device that decides, and
 * on the one that uploads.
 */
import type { Page } from '@playwright/test'
import { expect, isProving, proved, test, virtualAuthenticator } from './fixture.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'
import { quantile } from './tool/quantile.ts'

test.use({ hasRelay: true })

const sizeMiB = isProving ? 1024 : 32
const writeCount = isProving ? 40 : 4
const factorMax = 3

/** Adds files of 4 KiB, one after another. @returns milliseconds until each was committed */
async function writesTookMs(page: Page, parentId: string, name: string): Promise<number[]> {
  const node = await nodeOf(page)
  return node.evaluate(
    async ({ api }, { parentId, name, writeCount }) => {
      const tookMs: number[] = []
      for (let index = 0; index < writeCount; index++) {
        const content = new Blob([crypto.getRandomValues(new Uint8Array(4096))])
        const sinceMs = performance.now()
        await api.addFile(crypto.randomUUID(), parentId, `${name} ${index}`, content)
        tookMs.push(performance.now() - sinceMs)
      }
      return tookMs
    },
    { parentId, name, writeCount },
  )
}

test(
  proved(`${sizeMiB} MiB on their way: changes are committed as at other times`),
  { tag: '@wide' },
  async ({ newProfile }) => {
    test.setTimeout(1_800_000)
    const [desk, pocket] = [await newProfile(), await newProfile()]
    const [laptop, phone] = [await desk.open(), await pocket.open('./#/join')]
    await virtualAuthenticator(laptop)
    await plant(laptop, { owner: 'Ada', device: 'Laptop' })
    await joinByLink(laptop, phone, 'Phone')
    const { rootId } = (await snapshotOf(laptop)).tree
    const devices = [
      { page: laptop, name: 'on the laptop, which decides' },
      { page: phone, name: 'on the phone, which uploads' },
    ]
    const measured = async (when: string): Promise<number[]> => {
      const lateMs: number[] = []
      for (const { page, name } of devices)
        lateMs.push(quantile(await writesTookMs(page, rootId, `${when} ${name}`), 0.95))
      return lateMs
    }
    const idleMs = await measured('idle')

    const node = await nodeOf(phone)
    await node.evaluate(
      ({ api }, { rootId, sizeMiB }) => {
        const octets = new Uint8Array(1 << 20)
        for (let at = 0; at < octets.length; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536))
        const content = new Blob(Array.from({ length: sizeMiB }, () => octets))
        void api.addFile(crypto.randomUUID(), rootId, 'large.bin', content)
      },
      { rootId, sizeMiB },
    )
    await expect(phone.getByRole('progressbar')).toBeVisible()
    const busyMs = await measured('busy')
    expect(await itemNamed(laptop, 'large.bin'), 'it is still on its way').toBeUndefined()
    const ratios = busyMs.map((lateMs, at) => lateMs / idleMs[at]!)
    const described = devices.map(({ name }, at) => `${name}: ${ratios[at]!.toFixed(1)} (${idleMs[at]!.toFixed(0)} ms)`)
    test
      .info()
      .annotations.push(
        { type: 'required', description: `p95 under ${factorMax} times idle` },
        { type: 'measured', description: described.join(', ') },
      )
    if (isProving) for (const ratio of ratios) expect(ratio).toBeLessThan(factorMax)
    await expect
      .poll(() => itemNamed(laptop, 'large.bin'), { timeout: 1_200_000 })
      .toMatchObject({ sizeBytes: sizeMiB << 20, copyCount: 2 })
  },
)
