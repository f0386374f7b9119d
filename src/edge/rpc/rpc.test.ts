import { afterEach, expect, test, vi } from 'vitest'
import { BlocktreeError, NodeMovedError, RefusedError, StoreFullError, refused } from '../../core/bytes/bytes.ts'
import type { ContentHead, NodeApi, NodeEvent } from '../../node/api.ts'
import { callNode, serveNode } from './rpc.ts'

const never = new Promise<never>(() => {})
const ports: MessagePort[] = []
afterEach(() => ports.splice(0).forEach((port) => port.close()))

/** Node's ports lack nothing but the browser's `start` on first listener, which Comlink calls itself. */
function pair(api: Partial<NodeApi>, callerGone: Promise<unknown> = never): ReturnType<typeof callNode> {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  serveNode(api as NodeApi, port1, callerGone)
  return callNode(port2)
}

test('answers, and keeps `this` of the node', async () => {
  const node = {
    prefix: 'id of ',
    async createFolder(_requestId: string, _parentId: string, name: string) {
      return this.prefix + name
    },
  }
  expect(await pair(node).api.createFolder('r', 'p', 'mail')).toBe('id of mail')
})

test.each([
  new StoreFullError(),
  new RefusedError(refused('nameTaken', 'This name is taken.').fault),
  new BlocktreeError('ownCode', 'A sentence.'),
])('restores $name with code and sentence', async (error) => {
  const failure = pair({ storage: () => Promise.reject(error) }).api.storage()
  await expect(failure).rejects.toBeInstanceOf(error.constructor)
  await expect(failure).rejects.toMatchObject({ name: error.name, code: error.code, message: error.message })
})

test('says of a mistake of ours that it is one', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const failure = pair({ storage: () => Promise.reject(new TypeError('x is not a function')) }).api.storage()
  await expect(failure).rejects.toMatchObject({ code: 'unexpected', message: expect.stringContaining('x is not') })
  expect(log).toHaveBeenCalledOnce()
  log.mockRestore()
})

test('calls the observer back', async () => {
  const event: NodeEvent = { kind: 'jobEnded', id: 'job' }
  const seen = new Promise<NodeEvent>((resolve) => {
    const node = pair({
      async watch(observer) {
        observer(event)
        return 'watch'
      },
    })
    void node.api.watch(resolve)
  })
  expect(await seen).toEqual(event)
})

test('settles open and later calls when the node is gone', async () => {
  const node = pair({ storage: () => never })
  const open = node.api.storage()
  node.settle(new NodeMovedError())
  await expect(open).rejects.toBeInstanceOf(NodeMovedError)
  await expect(node.api.storage()).rejects.toBeInstanceOf(NodeMovedError)
})

test('moves the octets of a large piece, and copies a small one', async () => {
  const large = new Uint8Array(100_000).fill(9)
  const small = Uint8Array.of(1, 2)
  const node = pair({ nextChunk: async (streamId) => (streamId === 'large' ? large : small) })
  expect((await node.api.nextChunk('large'))?.length).toBe(100_000)
  expect(large.length).toBe(0)
  expect(await node.api.nextChunk('small')).toEqual(Uint8Array.of(1, 2))
  expect(small.length).toBe(2)
})

test('ends what a caller began when the caller is gone, and what it was still beginning', async () => {
  const ended: string[] = []
  let leave = (): void => {}
  const gone = new Promise<void>((resolve) => (leave = resolve))
  let finish = (): void => {}
  const node = pair(
    {
      watch: async () => 'watch',
      openContent: (id) =>
        new Promise((resolve) => {
          const open = (): void => resolve({ streamId: `stream of ${id}` } as ContentHead)
          if (id === 'slow') finish = open
          else open()
        }),
      unwatch: async (id) => void ended.push(id),
      closeContent: async (id) => void ended.push(id),
      readersOf: async () => [],
    },
    gone,
  )
  await node.api.watch(() => {})
  const { streamId } = await node.api.openContent('read')
  await node.api.openContent('left')
  await node.api.closeContent(streamId)
  void node.api.openContent('slow')
  // Answered in the order of the calls, so the slow one has begun.
  await node.api.readersOf('x')
  expect(ended).toEqual(['stream of read'])
  leave()
  await vi.waitFor(() => expect(ended).toEqual(['stream of read', 'watch', 'stream of left']))
  finish()
  await vi.waitFor(() => expect(ended.at(-1)).toBe('stream of slow'))
})
