/**
 * The terms on which a newcomer is let in: what its owner has chosen, as the root signs it (design §10).
 *
 * A new folder has its id from the device that it is for, since the root signs the place, and is made when the root has signed.
 * @module
 */
import { BlocktreeError, type Bytes, RefusedError, refused } from '../core/bytes/bytes.ts'
import { type PublicCredential, digest, principalOf } from '../core/crypto/crypto.ts'
import { allRights, rights, writecapBody } from '../core/cap/cap.ts'
import type { JoinRequest } from '../core/message/message.ts'
import {
  type BlockId,
  type IdPath,
  blockIdOf,
  blockIdSizeBytes,
  childPath,
  nameFromPerson,
  parentPath,
  rootPath,
  samePath,
  systemBlockId,
} from '../core/path/path.ts'
import { type TreeState, entryOf, pathOf, probationLifeMs } from '../core/tree/tree.ts'
import type { Platform } from '../port/platform.ts'
import type { DeviceChoice, Extent, Limits } from './api.ts'
import { ownWritecapLifeMs } from './founding.ts'
import type { Home } from './home.ts'
import { idFromText, idText } from './read/view.ts'

export interface TermsSite {
  readonly home: Home
  readonly platform: Pick<Platform, 'clock' | 'random'>
}

export interface Terms {
  readonly scope: IdPath
  /** Bits of the writecap. */
  readonly rights: number
  readonly expiresAtMs: number
  /** null: the device is the owner's own. */
  readonly limited: (Limits & { readonly isNewFolder: boolean }) | null
}

/** Rejects with a sentence where that can not be given. */
export function termsOf(
  choice: DeviceChoice,
  { home, platform }: TermsSite,
  { deviceName, credential }: JoinRequest,
): Terms {
  const { treeId } = home.tree
  const nowMs = platform.clock.nowMs()
  if (choice.kind === 'own')
    return {
      scope: rootPath(treeId),
      rights: allRights,
      expiresAtMs: nowMs + ownWritecapLifeMs,
      limited: null,
    }
  const { folderId, mayWrite, expiresAtMs } = choice
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= nowMs || expiresAtMs > nowMs + probationLifeMs)
    throw new RefusedError(termWrong.fault)
  const scope = folderId === null ? ownPlace({ home, platform }, credential) : placeOfFolder(home, folderId)
  const known = home.view.get(idText(blockIdOf(scope)))
  const isNewFolder = known === null
  const folderName = known?.name ?? newName(home, parentPath(scope)!, deviceName)
  return {
    scope,
    rights: mayWrite ? rights.write : 0,
    expiresAtMs,
    limited: { folderName, isNewFolder, mayWrite, expiresAtMs },
  }
}

/** What the device could read at once: all that lies in its place, in the trash too. */
export function readableBy({ scope }: Terms, { view }: Home): Extent {
  const [, ...items] = view.subtreeOf(scope.ids.length === 0 ? view.rootId : idText(blockIdOf(scope)))
  const folderCount = items.filter(({ kind }) => kind === 'folder').length
  const sizeBytes = items.reduce((sum, item) => sum + item.sizeBytes, 0)
  return { folderCount, fileCount: items.length - folderCount, sizeBytes }
}

/** What the root signs. */
export const bodyOfTerms = (
  { scope, rights: granted, expiresAtMs }: Terms,
  credential: PublicCredential,
  setHash: Bytes,
): Bytes =>
  writecapBody({
    scope,
    holder: principalOf(credential),
    rights: granted,
    expiresAtMs,
    issuer: { tag: 'root', value: { setHash } },
  })

/** Makes the folder that the terms name, where it is new. Resolves when the tree has it. */
export async function makePlace({ scope, limited }: Terms, { tree, files }: Home): Promise<void> {
  if (limited?.isNewFolder !== true) return
  const above = parentPath(scope)!
  const folders: [IdPath, string][] = [[scope, limited.folderName]]
  if (above.ids.length > 0 && pathOf(tree.committed, above.ids[0]!) === null) folders.unshift([above, devicesName])
  for (const [path, name] of folders) {
    const block = path.ids.at(-1)!
    if (entryOf(tree.committed, block) !== null) continue
    const answer = await files.putFolder(`place ${idText(block)}`, block, parentPath(path)!, name)
    if (answer === 'kept')
      throw new BlocktreeError(
        'leaderAway',
        'The device that keeps this tree in order cannot be reached now, so the folder could not be made.',
      )
  }
}

/** The folder of devices; the root where that one was moved or deleted. */
function devicesPlace(state: TreeState): IdPath {
  const root = rootPath(state.treeId)
  const own = childPath(root, systemBlockId('devices'))
  const row = entryOf(state, own.ids[0]!)
  const isThere = row !== null && row.trashedAtMs === null && pathOf(state, own.ids[0]!)?.ids.length === 1
  return row === null || isThere ? own : root
}

/** The place of a device's own new folder; the same when it asks again, since it may have been let in and not have heard of it. */
function ownPlace({ home, platform }: TermsSite, credential: PublicCredential): IdPath {
  const { committed } = home.tree
  const above = devicesPlace(committed)
  const id = digest('blocktree/1/folderOfDevice', committed.treeId, principalOf(credential)).slice(0, blockIdSizeBytes)
  const own = childPath(above, id)
  const now = pathOf(committed, id)
  const isFree = now === null || (samePath(now, own) && !home.view.isTrashed(idText(id)))
  return isFree ? own : childPath(above, platform.random.bytes(blockIdSizeBytes))
}

function placeOfFolder({ tree, view }: Home, folderId: string): IdPath {
  const block: BlockId | null = idFromText(folderId)
  const isFolder = view.get(folderId)?.kind === 'folder' && folderId !== view.rootId && !view.isTrashed(folderId)
  const path = block === null || !isFolder ? null : pathOf(tree.committed, block)
  if (path === null) throw new BlocktreeError('placeUnknown', 'That folder is not there any more; choose another.')
  return path
}

function newName({ view }: Home, above: IdPath, deviceName: string): string {
  const named = nameFromPerson(deviceName)
  const parent = above.ids.at(-1)
  return view.freeName(parent === undefined ? view.rootId : idText(parent), named.ok ? named.value : devicesName)
}

const devicesName = 'devices'
const termWrong = refused('termWrong', 'A limited device is let in for seven days at most. It can be given more later.')
