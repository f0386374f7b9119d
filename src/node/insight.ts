/**
 * What a person can ask about the tree itself: who can read a thing, and what it takes up.
 * @module
 */
import { BlocktreeError, type Bytes, assertNever, equal, toHex } from '../core/bytes/bytes.ts'
import { groupsOfFour, principalOf } from '../core/crypto/crypto.ts'
import { readersOf as keyReadersOf } from '../core/cap/cap.ts'
import { root } from '../core/merkle/merkle.ts'
import { type BlockId, blockIdOf, rootBlockId } from '../core/path/path.ts'
import { accessOf, deviceOf, devicesOf, entryOf, limitOf, parentOf } from '../core/tree/tree.ts'
import type {
  Audit,
  AuditEvent,
  DeviceLine,
  GrantLine,
  NamedDevice,
  Quarantined,
  ReaderLine,
  RemovalPreview,
  ResealingPreview,
  StorageReport,
} from './api.ts'
import { type Grant, type Happening, grantsIn, happeningsIn } from './audit.ts'
import type { Attested } from './attesting.ts'
import { peerOf } from './cluster/membership.ts'
import { bodyOfDeed } from './outbox/deed.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import type { Home } from './home.ts'
import { expiryOf, limitsOf } from './status.ts'
import { idOfQuarantined } from './outbox/quarantine.ts'
import { previewOf } from './preview.ts'
import type { Report } from './reports.ts'
import type { RunningNode } from './running-node.ts'
import { idFromText, idText } from './read/view.ts'

/** Every readcap on the block and on the folders below it, since whoever reads a folder reads all in it. */
export function readersOf(node: RunningNode, id: string): readonly ReaderLine[] {
  const { tree, view } = node.home
  const { state } = tree
  const start = idFromText(id)
  if (start === null || view.get(id) === null) throw new BlocktreeError('itemGone', 'This item is not there any more.')
  const { deviceName, ownerName, isPlanted } = node.status()
  const lines: ReaderLine[] = []
  for (let block: BlockId | null = start; block !== null; block = parentOf(state, block)) {
    const isRoot = equal(block, rootBlockId(tree.treeId))
    for (const reader of keyReadersOf(accessOf(state, block)?.fields.readcaps ?? [])) {
      const isOwner = equal(reader, tree.treeId)
      if (isOwner && !isPlanted) continue
      const isThisNode = equal(reader, principalOf(node.keys.credential))
      lines.push({
        who: isOwner ? ownerName : isThisNode ? deviceName : (tree.deviceName(reader) ?? ''),
        principal: isOwner ? '' : groupsOfFour(reader),
        through: isRoot ? '' : (view.get(idText(block))?.name ?? ''),
        sinceMs: entryOf(state, block)?.createdAtMs ?? 0,
      })
    }
  }
  // Its owner reads a guest's folder as he reads all; the guest has no row that says so.
  if (tree.visit !== null) lines.push({ who: ownerName, principal: '', through: '', sinceMs: 0 })
  return lines
}

/** The devices of the tree, the first that was let in first. */
export function deviceLines(node: RunningNode): readonly DeviceLine[] {
  const { tree, replication } = node.home
  const own = principalOf(node.keys.credential)
  const voters = new Set(tree.cluster.members.configuration.voters.map(peerOf))
  const statuses = new Map((replication?.statuses ?? []).map((status) => [status.id, status]))
  // Of the others a guest has no names, and nothing to say about them.
  const rows = [...devicesOf(tree.state)].filter(
    ({ device, dismissed }) =>
      dismissed === null && (tree.visit === null || equal(principalOf(device.fields.credential), own)),
  )
  return rows
    .toSorted((one, other) => one.admittedAtMs - other.admittedAtMs)
    .map((row) => {
      const { device, admittedAtMs } = row
      const principal = principalOf(device.fields.credential)
      const id = toHex(principal)
      const isThis = equal(principal, own)
      const status = statuses.get(id)
      return {
        principal: groupsOfFour(principal),
        name: tree.deviceName(principal) ?? '',
        isThis,
        role: voters.has(id) ? 'voter' : 'learner',
        path: isThis ? 'this' : (status?.path ?? 'away'),
        lastSeenAtMs: isThis ? node.platform.clock.nowMs() : (status?.lastSeenAtMs ?? null),
        admittedAtMs,
        expiresAtMs: expiryOf(tree.state, row),
        limited: limitsOf(tree.state, principal, folderNameOf(node.home, principal)),
        heldBytes: isThis ? tree.holdings.heldBytes(tree.state) : (replication?.heldBytes(id) ?? null),
        report: reportOf(node.reports.of(id)),
      }
    })
}

const reportOf = (report: Report | null): DeviceLine['report'] =>
  report && { code: report.fault.code, message: report.fault.local, atMs: report.atMs }

/** What this device calls the folder that another is limited to; empty for one that has the whole tree. */
function folderNameOf({ tree, view }: Home, device: Bytes): string {
  if (tree.visit !== null) return tree.visit.folderName
  const limit = limitOf(tree.state, device)
  return limit === null ? '' : (view.get(idText(blockIdOf(limit)))?.name ?? '')
}

/** What was allowed, and who can read and write now, in the names that this device knows. */
export function auditReport({ home }: RunningNode): Audit {
  const { committed, visit } = home.tree
  if (visit !== null) throw limitedOnly()
  return {
    grants: grantsIn(committed).map((grant) => grantLine(home, grant)),
    events: happeningsIn(committed).map((happening) => auditEvent(home, happening)),
  }
}

export async function resealingPreview({ home }: RunningNode): Promise<ResealingPreview> {
  const { tree, resealing } = home
  if (tree.visit !== null) throw limitedOnly()
  return { ...(await resealing.cost()), isWanted: resealing.isWanted }
}

/** What a removal would do. A guest that would leave knows what it can read itself, and nothing of others. */
export async function removalPreview({ home, abroad }: RunningNode, device: Bytes): Promise<RemovalPreview> {
  const { tree, replication } = home
  if (tree.visit !== null) throw limitedOnly()
  if (deviceOf(tree.committed, device)?.dismissed !== null)
    throw new BlocktreeError('deviceUnknown', 'This device does not belong to the tree any more.')
  const status = (replication?.statuses ?? []).find(({ id }) => id === toHex(device))
  const staying = grantsIn(tree.committed).filter(
    ({ reader, isDismissed }) => !isDismissed && (reader === null || !equal(reader, device)),
  )
  return {
    ...previewOf(tree.committed, device),
    lastSeenAtMs: status?.path === null ? status.lastSeenAtMs : null,
    readers: staying.map((grant) => grantLine(home, grant)),
    farLinkNames: limitOf(tree.committed, device) === null ? await abroad.farLinkNames() : [],
  }
}

function grantLine(home: Home, { reader, folder, isDismissed, ...terms }: Grant): GrantLine {
  const device = reader && namedDevice(home, reader)
  return { ...terms, device, folderName: grantedFolderName(home, folder), isRemoved: isDismissed }
}

function auditEvent(home: Home, happening: Happening): AuditEvent {
  if (happening.kind === 'signersChanged') return happening
  const { atMs } = happening
  const device = namedDevice(home, happening.device)
  switch (happening.kind) {
    case 'planted':
    case 'tookOver':
      return { kind: happening.kind, atMs, device }
    case 'admitted': {
      const { mayWrite, untilMs } = happening
      const folderName = grantedFolderName(home, happening.folder)
      const by = happening.by && namedDevice(home, happening.by)
      return { kind: 'admitted', atMs, device, by, folderName, mayWrite, untilMs }
    }
    case 'appointed': {
      const deciders = happening.deciders.map((decider) => namedDevice(home, decider))
      return { kind: 'appointed', atMs, device, deciders, endedAtMs: happening.endedAtMs }
    }
    case 'extended':
      return { kind: 'extended', atMs, device, untilMs: happening.untilMs, beforeMs: happening.beforeMs }
    case 'dismissed':
      return { kind: 'removed', atMs, device, by: happening.by && namedDevice(home, happening.by) }
    default:
      return assertNever(happening)
  }
}

const namedDevice = ({ tree }: Home, principal: Bytes): NamedDevice => ({
  name: tree.deviceName(principal) ?? '',
  principal: groupsOfFour(principal),
})

const grantedFolderName = ({ view }: Home, folder: BlockId | null): string | null =>
  folder && (view.get(idText(folder))?.name ?? '')

export async function storageReport(node: RunningNode): Promise<StorageReport> {
  // The rest is counted at one instant, after all that has to be waited for.
  const usage = await node.platform.store.usage()
  const { tree, view, hold } = node.home
  let treeBytes = 0
  let trashBytes = 0
  let fileCount = 0
  for (const item of view.items.values()) {
    if (item.kind !== 'file') continue
    if (view.isTrashed(item.id)) trashBytes += item.sizeBytes
    else {
      treeBytes += item.sizeBytes
      fileCount++
    }
  }
  return {
    ...usage,
    treeBytes,
    trashBytes,
    fileCount,
    heldBytes: tree.holdings.heldBytes(tree.committed),
    holdQuotaBytes: node.holdQuotaBytes,
    isVoter: hold.isVoter,
    stateRoot: toHex(root(tree.committed.map)),
    attested: attestedOf(node.home.replication?.newestAttested ?? null),
  }
}

const attestedOf = (attested: Attested | null): StorageReport['attested'] =>
  attested && {
    atMs: attested.attestation.statement.stampMs,
    deviceCount: attested.attestation.votes.length,
    agrees: attested.agrees,
  }

export function quarantineOf(node: RunningNode): readonly Quarantined[] {
  const { tree, view } = node.home
  return tree.outbox.quarantine.list.flatMap((kept) => {
    const { tag, value } = kept.deed
    // Steps of a move are no loss, and never come here.
    if (tag === 'rekey' || tag === 'renew' || tag === 'arrive') return []
    const named = 'name' in value ? value.name : 'block' in value ? (view.get(idText(value.block))?.name ?? '') : ''
    return [
      {
        id: idOfQuarantined(kept),
        deed: tag,
        name: named,
        sizeBytes: bodyOfDeed(kept.deed)?.body.sizeBytes ?? 0,
        madeAtMs: kept.madeAtMs,
        reason: kept.fault?.local ?? '',
      },
    ]
  })
}
