import { expect, test } from 'vitest'
import { type Bytes, fromHex, utf8 } from '../core/bytes/bytes.ts'
import { emptyTree } from '../core/tree/tree.ts'
import { placeOf } from '../node/own-tree.ts'
import { newestState, readHeldState } from '../node/read/held-state.ts'
import type { Table } from '../port/store.ts'
import { weighDisk } from './ballast.ts'
import type { Life } from './device.ts'
import { Disk } from './disk.ts'
import { Family, content } from './testing/family.ts'

const treeId = new Uint8Array(32).fill(1)

function diskWith(table: Table, ...keys: readonly Bytes[]): Disk {
  const disk = new Disk()
  disk.apply(
    keys.map((key) => ({ kind: 'put', table, key, value: utf8('x') })),
    'strict',
  )
  return disk
}

test.each([
  { what: 'nothing', table: 'raft', key: treeId, findings: [] },
  { what: 'an object that no file refers to', table: 'object', key: treeId, findings: ['1 objects lie on the disk'] },
  { what: 'a lease', table: 'staging', key: treeId, findings: ['1 leases'] },
  {
    what: 'rows of another tree',
    table: 'state',
    key: new Uint8Array(32),
    findings: ['1 rows of a tree that is gone'],
  },
] as const)('finds $what', async ({ table, key, findings }) => {
  const found = await weighDisk(diskWith(table, key), emptyTree(treeId))
  expect(found).toHaveLength(findings.length)
  findings.forEach((finding, at) => expect(found[at]).toContain(finding))
})

test('finds that a page of a file is missing, below which nothing is found', async () => {
  const family = await Family.of(1, 'laptop')
  const [laptop] = family.lives as [Life]
  await family.add(laptop, 'file', content(100_000))
  laptop.process.kill()
  const { disk } = family.devices[0]!
  const state = newestState((await family.scheduler.run(readHeldState(family.storeOf(0), placeOf(treeIdOf(laptop)))))!)
  expect(await weighDisk(disk, state)).toEqual([])
  const page = [...disk.rows('object', new Uint8Array())].find(({ value }) => value.length < 1000)!
  disk.apply([{ kind: 'delete', table: 'object', key: page.key }], 'strict')
  expect(await weighDisk(disk, state)).toContain('1 objects that files refer to are not on the disk')
})

const treeIdOf = ({ page }: Life): Bytes => fromHex(page.tree.treeId)!
