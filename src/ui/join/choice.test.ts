import { expect, test } from 'vitest'
import { apply, emptyModel, mayChange } from '../model.ts'
import { MemoryNode } from '../testing/memory-node.ts'
import { foldersOf } from './choice.ts'

/** What a page has of a node's tree. */
async function modelOf(node: MemoryNode) {
  let model = emptyModel
  await node.watch((event) => (model = apply(model, event)))
  return () => model
}

test('a folder that can be given is any but the root, by its path, and none that is in the trash', async () => {
  const node = new MemoryNode()
  node.grow(['photos/may/sea.jpg', 'a/', 'gone/in it/x', 'photos/april/'])
  const model = await modelOf(node)
  const gone = [...node.items.values()].find(({ name }) => name === 'gone')!
  await node.trash('t', gone.id)
  expect(foldersOf(model()).map(({ path }) => path)).toEqual(['a', 'photos', 'photos / april', 'photos / may'])
})

test('a device that was removed changes nothing any more', async () => {
  const node = new MemoryNode()
  node.tree = { ...node.tree, removed: { by: 'Laptop' } }
  expect(mayChange((await modelOf(node))())).toBe(false)
})

test('a guest may change what it shows while its time lasts, unless it only reads or its folder is gone', async () => {
  const node = new MemoryNode()
  const may = async (limited: MemoryNode['tree']['limited'], nowMs: number): Promise<boolean> => {
    node.tree = { ...node.tree, limited }
    return mayChange((await modelOf(node))(), nowMs)
  }
  const limited = { folderName: 'Camera', mayWrite: true, expiresAtMs: 1000, folder: 'there' } as const
  expect(await may(null, 5000)).toBe(true)
  expect(await may(limited, 999)).toBe(true)
  expect(await may(limited, 1000)).toBe(false)
  expect(await may({ ...limited, mayWrite: false }, 999)).toBe(false)
  expect(await may({ ...limited, folder: 'trashed' }, 999)).toBe(true)
  expect(await may({ ...limited, folder: 'gone' }, 999)).toBe(false)
})
