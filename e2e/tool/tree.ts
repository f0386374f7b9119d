/**
 * The tree of an open page, asked of the page's own node: what is in it, and contents by their hash.
 * @module
 */
import type { Frame, JSHandle, Page } from '@playwright/test'
import type { NodeConnection } from '../../src/edge/tab/page.ts'
import type { Item, TreeStatus } from '../../src/node/api.ts'

/** A page, or one inside of it. */
export type Document = Page | Frame

export const nodeOf = (page: Document): Promise<JSHandle<NodeConnection>> =>
  page.evaluateHandle(() => (document.querySelector('bt-shell') as unknown as { node: NodeConnection }).node)

export interface Snapshot {
  readonly tree: TreeStatus
  readonly items: readonly Item[]
}
/** Waits until the node answers. */
export async function snapshotOf(page: Document): Promise<Snapshot> {
  const node = await nodeOf(page)
  return node.evaluate(
    (node) =>
      new Promise<Snapshot>((resolve) => {
        const stop = node.watch((event) => {
          if (event.kind !== 'snapshot') return
          queueMicrotask(() => stop())
          resolve({ tree: event.tree, items: event.items })
        })
      }),
  )
}

/** Waits until the service worker answers for the page, as it does from its first installation on. */
export async function isServed(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === 'activated')
}

export const itemNamed = async (page: Document, name: string): Promise<Item | undefined> =>
  (await snapshotOf(page)).items.find((item) => item.name === name)

export async function createFolder(page: Page, parentId: string, name: string): Promise<string> {
  const node = await nodeOf(page)
  return node.evaluate((node, args) => node.api.createFolder(crypto.randomUUID(), ...args), [parentId, name] as const)
}

/** @returns the file's id, when it is saved */
export async function addText(page: Document, parentId: string, name: string, text: string): Promise<string> {
  const node = await nodeOf(page)
  return node.evaluate(
    (node, [parentId, name, text]) => node.api.addFile(crypto.randomUUID(), parentId, name, new Blob([text])),
    [parentId, name, text] as const,
  )
}

export interface Added {
  readonly id: string
  /** SHA-256, hexadecimal. */
  readonly hash: string
}
/** Adds a file of random octets, and says when it is saved. */
export async function addRandomFile(page: Page, parentId: string, name: string, sizeBytes: number): Promise<Added> {
  const node = await nodeOf(page)
  return node.evaluate(
    async (node, { parentId, name, sizeBytes }) => {
      const octets = new Uint8Array(sizeBytes)
      for (let at = 0; at < sizeBytes; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536))
      const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', octets))]
      const id = await node.api.addFile(crypto.randomUUID(), parentId, name, new Blob([octets]))
      return { id, hash: hash.map((octet) => octet.toString(16).padStart(2, '0')).join('') }
    },
    { parentId, name, sizeBytes },
  )
}

/** Reads whole files through the node, one after another. @returns their SHA-256, hexadecimal */
export async function hashesOf(page: Document, ids: readonly string[]): Promise<string[]> {
  const node = await nodeOf(page)
  return node.evaluate(async (node, ids) => {
    const hashes: string[] = []
    for (const id of ids) {
      const { streamId } = await node.api.openContent(id)
      const pieces: Uint8Array<ArrayBuffer>[] = []
      for (let piece; (piece = await node.api.nextChunk(streamId));) pieces.push(piece as Uint8Array<ArrayBuffer>)
      const hash = await crypto.subtle.digest('SHA-256', await new Blob(pieces).arrayBuffer())
      hashes.push([...new Uint8Array(hash)].map((octet) => octet.toString(16).padStart(2, '0')).join(''))
    }
    return hashes
  }, ids)
}

export const hashOf = async (page: Document, id: string): Promise<string> => (await hashesOf(page, [id]))[0]!

/** A new version of a file. */
export async function writeText(page: Document, id: string, text: string): Promise<void> {
  const node = await nodeOf(page)
  await node.evaluate((node, [id, text]) => node.api.writeFile(crypto.randomUUID(), id, new Blob([text])), [
    id,
    text,
  ] as const)
}

/** Reads a whole file through the node as text. */
export async function textOf(page: Document, id: string): Promise<string> {
  const node = await nodeOf(page)
  return node.evaluate(async (node, id) => {
    const { streamId } = await node.api.openContent(id)
    const pieces: Uint8Array<ArrayBuffer>[] = []
    for (let piece; (piece = await node.api.nextChunk(streamId));) pieces.push(piece as Uint8Array<ArrayBuffer>)
    return new Blob(pieces).text()
  }, id)
}

/** Equal on all devices that have the same tree. */
export async function stateRootOf(page: Document): Promise<string> {
  const node = await nodeOf(page)
  return node.evaluate(async ({ api }) => (await api.storage()).stateRoot)
}

/** Into the trash, and out of it. */
export async function deleteForGood(page: Document, id: string): Promise<void> {
  const node = await nodeOf(page)
  await node.evaluate(async ({ api }, id) => {
    await api.trash(crypto.randomUUID(), id)
    await api.purge(crypto.randomUUID(), id)
  }, id)
}
