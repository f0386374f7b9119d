import { expect, test } from 'vitest'
import { type Bytes, utf8 } from '../core/bytes/bytes.ts'
import { emptyTree } from '../core/tree/tree.ts'
import type { Table } from '../port/store.ts'
import { weighDisk } from './ballast.ts'
import { Disk } from './disk.ts'

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
