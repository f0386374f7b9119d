/**
 * A device that follows sleeps for longer than the others keep their log: it gets the state whole when it is back, and goes on.
 */
import type { Page } from '@playwright/test'
import { expect, test } from './fixture.ts'
import { threeDevices } from './tool/deciding.ts'
import { storedIn } from './tool/stored.ts'
import { addText, createFolder, itemNamed, nodeOf, snapshotOf, stateRootOf, textOf } from './tool/tree.ts'

test.use({ hasRelay: true })

/** Of these a log keeps 1024, and what came since the last checkpoint. */
const changeCount = 1400

/** Entries of the log that lie on the disk; what they say nobody could read here. */
const logLengthAt = async (page: Page): Promise<number> => (await storedIn(page, ['log']))['log']!.count

test(
  'a device that slept past the end of the log has all when it is back',
  { tag: '@wide' },
  async ({ newProfile }) => {
    test.setTimeout(420_000)
    const sleeper = await newProfile()
    const [laptop, , desk] = await threeDevices([await newProfile(), sleeper, await newProfile()])
    const { rootId } = (await snapshotOf(laptop)).tree
    await addText(laptop, rootId, 'before.txt', 'before the sleep')
    await expect.poll(() => itemNamed(desk, 'before.txt')).toMatchObject({ copyCount: 3 })
    await sleeper.close()

    const folder = await createFolder(laptop, rootId, 'named 0')
    const node = await nodeOf(laptop)
    // One after the other: what is asked for at once becomes one entry.
    await node.evaluate(
      async ({ api }, { folder, count }) => {
        for (let at = 1; at <= count; at++) await api.rename(crypto.randomUUID(), folder, `named ${at}`)
      },
      { folder, count: changeCount },
    )
    await addText(laptop, rootId, 'during.txt', 'during the sleep')
    await expect.poll(() => itemNamed(desk, 'during.txt')).toMatchObject({ copyCount: 2 })
    // Who was there had every entry, and keeps those that it must.
    expect(await logLengthAt(desk)).toBeGreaterThanOrEqual(1024)

    await sleeper.reopen()
    const phone = await sleeper.open('./#/devices')
    await expect.poll(() => itemNamed(phone, 'during.txt'), { timeout: 60_000 }).toMatchObject({ copyCount: 3 })
    expect(await itemNamed(phone, `named ${changeCount}`)).toBeDefined()
    // By its log it would have come with as many entries.
    expect(await logLengthAt(phone)).toBeLessThan(512)
    expect(await textOf(phone, (await itemNamed(phone, 'before.txt'))!.id)).toBe('before the sleep')
    const id = await addText(phone, rootId, 'after.txt', 'of the one that slept')
    await expect.poll(() => itemNamed(laptop, 'after.txt')).toMatchObject({ copyCount: 3, isWaiting: false })
    expect(await textOf(desk, id)).toBe('of the one that slept')
    await expect.poll(async () => (await stateRootOf(phone)) === (await stateRootOf(laptop))).toBe(true)
  },
)
