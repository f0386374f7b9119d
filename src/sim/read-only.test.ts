/**
 * What a device shows of its tree when no node runs on it.
 */
import { expect, test } from 'vitest'
import { type Bytes, concat, utf8 } from '../core/bytes/bytes.ts'
import { heldContent } from '../node/read/read-only.ts'
import type { StoreReader } from '../port/store.ts'
import { createSimBlob } from './blob.ts'
import { createSimulatedCrypto } from './crypto.ts'
import { type Life, SimDevice, settle } from './device.ts'
import { Disk } from './disk.ts'
import { createSimulatedKeys } from './keys.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import { drain } from './testing/drain.ts'
import { Trace } from './trace.ts'

async function deviceWithFile() {
  const scheduler = new Scheduler(drain)
  const random = Random.fromSeed(1)
  const quiet = { onCrash() {}, onFull() {}, onSuperseded() {}, onBrokenSignature() {} }
  const disk = new Disk()
  const device = new SimDevice({ scheduler, trace: new Trace(), random }, 'laptop', disk, quiet)
  const started = await scheduler.run(device.start())
  if (started.kind !== 'done') throw new Error('the node did not start')
  const life: Life = started.value
  const add = async (name: string, text: string): Promise<string> => {
    const content = createSimBlob(utf8(text), life.process)
    const added = await scheduler.run(
      settle(life.process, life.node.api.addFile(name, life.page.tree.rootId, name, content)),
    )
    if (added.kind !== 'done') throw new Error('the file was not added')
    return added.value
  }
  let rowCount = 0
  const store: StoreReader = {
    read: (table, key) => life.store.read(table, key),
    readMany: (table, keys) => life.store.readMany(table, keys),
    async scan(...range) {
      const rows = await life.store.scan(...range)
      rowCount += rows.length
      return rows
    },
  }
  const keys = createSimulatedKeys(random.fork('laptop').fork('keys').bytes(32))
  const open = heldContent({ store, keys, crypto: createSimulatedCrypto(random.fork('crypto')), discard: () => {} })
  const read = (id: string, ...range: readonly number[]): Promise<string> =>
    scheduler.run(
      open(id, ...range).then(async ({ pieces }) => {
        const parts: Bytes[] = []
        for await (const piece of pieces) parts.push(piece)
        return new TextDecoder().decode(concat(...parts))
      }),
    )
  return { add, read, countRows: () => rowCount }
}

test('many ranges of one file read the state once, and what is added later is found', async () => {
  const { add, read, countRows } = await deviceWithFile()
  const first = await add('a.txt', 'dear Ada')
  expect(await read(first)).toBe('dear Ada')
  const afterFirst = countRows()
  expect(afterFirst).toBeGreaterThan(0)
  for (let at = 0; at < 8; at++) expect(await read(first, at)).toBe('dear Ada'.slice(at))
  expect(countRows()).toBe(afterFirst)
  const second = await add('b.txt', 'dear Bob')
  expect(await read(second)).toBe('dear Bob')
  expect(await read(first, 5)).toBe('Ada')
})
test('what is not there is told by a sentence', async () => {
  const { add, read } = await deviceWithFile()
  const id = await add('a.txt', 'dear Ada')
  await expect(read('nothing')).rejects.toMatchObject({ code: 'itemGone' })
  await expect(read(id, 9)).rejects.toMatchObject({ code: 'rangeWrong' })
})
