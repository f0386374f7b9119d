/**
 * A file that is edited at places, made longer and cut, while the browser is killed: it is what was said to be saved, here and on
 * another device.
 */
import { createHash } from 'node:crypto'
import type { Page } from '@playwright/test'
import { expect, test, virtualAuthenticator } from './fixture.ts'
import { joinByLink } from './tool/joining.ts'
import { plant } from './tool/planting.ts'
import { hashOf, itemNamed, nodeOf, snapshotOf } from './tool/tree.ts'

test.use({ hasRelay: true })

const mib = 1024 * 1024

/** Octets that follow from a number. */
interface Part {
  readonly startByte: number | null
  readonly sizeBytes: number
  readonly seed: number
}

const octetsOf = ({ sizeBytes, seed }: Part): Buffer =>
  Buffer.from(Uint8Array.from({ length: sizeBytes }, (_, at) => (seed + at * 7) % 251))

function edited(before: Buffer, { startByte, ...part }: Part, toBytes?: number): Buffer {
  const start = startByte ?? before.length
  const after = Buffer.alloc(toBytes ?? Math.max(before.length, start + part.sizeBytes))
  before.copy(after)
  octetsOf({ startByte, ...part }).copy(after, start)
  return after
}

const hashed = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')

/** @param isAwaited false: does not wait until it is saved */
async function edit(page: Page, id: string, part: Part, toBytes?: number, isAwaited = true): Promise<void> {
  const node = await nodeOf(page)
  await node.evaluate(
    async ({ api }, { id, part, toBytes, isAwaited }) => {
      const octets = Uint8Array.from({ length: part.sizeBytes }, (_, at) => (part.seed + at * 7) % 251)
      const edits = [{ startByte: part.startByte, content: new Blob([octets]) }]
      const saved = api.editFile(crypto.randomUUID(), id, edits, toBytes)
      if (isAwaited) await saved
      else saved.catch(() => {})
    },
    { id, part, toBytes, isAwaited },
  )
}

test('edits outlive every kill, and come to the other device', { tag: '@wide' }, async ({ newProfile }) => {
  test.setTimeout(120_000)
  const [desk, pocket] = [await newProfile(), await newProfile()]
  let laptop = await desk.open()
  const phone = await pocket.open('./#/join')
  await virtualAuthenticator(laptop)
  await plant(laptop, { owner: 'Ada', device: 'Laptop' })
  await joinByLink(laptop, phone, 'Phone')
  const { rootId } = (await snapshotOf(laptop)).tree
  const node = await nodeOf(laptop)
  const id = await node.evaluate(
    ({ api }, rootId) => api.addFile(crypto.randomUUID(), rootId, 'disk.img', new Blob()),
    rootId,
  )
  let content: Buffer = Buffer.alloc(0)
  const steps: readonly (readonly [Part, toBytes?: number])[] = [
    [{ startByte: 0, sizeBytes: 3 * mib, seed: 1 }],
    [{ startByte: 700_001, sizeBytes: 4096, seed: 2 }],
    [{ startByte: null, sizeBytes: 100_000, seed: 3 }],
    [{ startByte: 5, sizeBytes: 1, seed: 4 }, 2 * mib + 9],
    [{ startByte: 20 * mib, sizeBytes: 10, seed: 5 }, 24 * mib],
  ]
  for (const [at, [part, toBytes]] of steps.entries()) {
    await edit(laptop, id, part, toBytes)
    content = edited(content, part, toBytes)
    if (at % 2 === 0) continue
    await desk.kill()
    laptop = await desk.open()
    expect(await hashOf(laptop, id)).toBe(hashed(content))
  }
  await test.step('killed in the midst of one, it is what it was or what it becomes', async () => {
    const part = { startByte: 3 * mib - 1000, sizeBytes: 4 * mib, seed: 6 }
    await edit(laptop, id, part, undefined, false)
    await desk.kill()
    laptop = await desk.open()
    const [before, after] = [content, edited(content, part)]
    const found = await hashOf(laptop, id)
    expect([hashed(before), hashed(after)]).toContain(found)
    content = found === hashed(before) ? before : after
  })
  await expect.poll(() => itemNamed(phone, 'disk.img')).toMatchObject({ sizeBytes: content.length, copyCount: 2 })
  expect(await hashOf(phone, id)).toBe(hashed(content))
})
