/**
 * Removing a device from a tree of many blocks, and what that takes.
 * @module
 */
import type { Page } from '@playwright/test'
import { nodeOf } from './tree.ts'

/** Folders in folders, fifty in each. @returns when there are so many blocks */
export async function growFolders(page: Page, rootId: string, blockCount: number): Promise<void> {
  const node = await nodeOf(page)
  await node.evaluate(
    async ({ api }, [rootId, blockCount]) => {
      for (let count = 0; count < blockCount; count += 51) {
        const folder = await api.createFolder(crypto.randomUUID(), rootId, `folder ${count}`)
        const names = Array.from({ length: Math.min(50, blockCount - count - 1) }, (_, at) => `folder ${at}`)
        await Promise.all(names.map((name) => api.createFolder(crypto.randomUUID(), folder, name)))
      }
    },
    [rootId, blockCount] as const,
  )
}

export interface Removed {
  /** Until the device was out and the root had a new key. */
  readonly removedAfterMs: number
  /** From then on, until every block had one. */
  readonly renewedAfterMs: number
}

/** Removes the only other device, in a tree so large that the giving of keys is told of. */
export async function removeOther(page: Page): Promise<Removed> {
  const node = await nodeOf(page)
  return node.evaluate(async ({ api, watch }) => {
    const other = (await api.devices()).find(({ isThis }) => !isThis)!
    const renewed = new Promise<number>((resolve) => {
      const stop = watch((event) => {
        if (event.kind !== 'jobEnded' || event.id !== 'renew') return
        queueMicrotask(() => stop())
        resolve(performance.now())
      })
    })
    const startMs = performance.now()
    await api.removeDevice(crypto.randomUUID(), other.principal)
    const removedMs = performance.now()
    return { removedAfterMs: removedMs - startMs, renewedAfterMs: (await renewed) - removedMs }
  })
}

/**
 * How many files and folders are to get another key if a device were removed now: what is owed since an earlier removal, and what
 * that device was given itself.
 * @param principal that device's
 */
export async function owingCount(page: Page, principal: string): Promise<number> {
  const node = await nodeOf(page)
  return node.evaluate(async ({ api }, principal) => {
    const { atOnce, later } = await api.previewRemoval(principal)
    return atOnce.folderCount + atOnce.fileCount + later.folderCount + later.fileCount
  }, principal)
}
