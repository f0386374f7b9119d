/**
 * The page's contract over a running node: each method checks what it is given and hands on.
 * @module
 */
import { BlocktreeError, type Bytes, fromHex } from '../core/bytes/bytes.ts'
import { isFar } from './abroad/abroad.ts'
import type { Extension, NodeApi } from './api.ts'
import { appoint } from './appointing.ts'
import { beginExport } from './archive-export.ts'
import { inspectArchive, recover } from './archive-import.ts'
import { type Term, beginExtension, finishExtension } from './extension.ts'
import { type HandOverSite, handOver } from './hand-over.ts'
import {
  auditReport,
  deviceLines,
  quarantineOf,
  readersOf,
  removalPreview,
  resealingPreview,
  storageReport,
} from './insight.ts'
import { sequenceOf } from './outbox/quarantine.ts'
import { idText } from './read/view.ts'
import { removePasskey, vetoPasskey } from './passkeys.ts'
import type { RunningNode } from './running-node.ts'
import { type TakeOverSite, beginTakeOver, finishTakeOver } from './take-over.ts'

/** A file of one piece. */
const momentaryBytesMax = 1024 * 1024

export function createApi(node: RunningNode): NodeApi {
  const { jobs, plantings, streams, precedence } = node
  /** What a person waits for; a file only where it is over in a moment. */
  const momentary = <T>(work: () => Promise<T>): Promise<T> => precedence.momentary(work)
  const adding = <T>({ size }: Pick<Blob, 'size'>, work: () => Promise<T>): Promise<T> =>
    size <= momentaryBytesMax ? momentary(work) : work()
  return {
    watch: async (observer) => node.watch(observer),
    unwatch: async (watchId) => node.unwatch(watchId),

    createFolder: async (requestId, parentId, name) =>
      momentary(() => node.home.files.createFolder(requestId, parentId, name)),
    addFile: async (requestId, parentId, name, content) =>
      adding(content, () =>
        jobs.run(requestId, 'add', name, content.size, (job) =>
          node.home.files.addFile(requestId, parentId, name, content, job),
        ),
      ),
    interruptedUploads: async () =>
      node.home.tree.uploads.interrupted.map(({ folder, ...upload }) => ({ ...upload, folderId: idText(folder) })),
    forgetUpload: async (id) => node.home.tree.uploads.forget(id),
    addLink: async (requestId, parentId, name, targetId) =>
      momentary(() =>
        jobs.run(requestId, 'add', name, 0, async (job) => {
          const { files } = node.home
          const content = (await node.abroad.contentFor(targetId)) ?? files.linkTo(targetId)
          return files.addLink(requestId, parentId, name, content, job)
        }),
      ),
    followLink: async (id) => node.abroad.follow(id),
    lookFar: async (id) => node.abroad.look(id),
    writeFile: async (requestId, id, content) =>
      adding(content, () =>
        jobs.run(requestId, 'add', nameOf(node, id), content.size, (job) =>
          node.home.files.writeFile(requestId, id, content, job),
        ),
      ),
    editFile: async (requestId, id, edits, sizeBytes) => {
      const size = edits.reduce((sum, { content }) => sum + content.size, 0)
      // One that waits for a large one of the same file does not go before it.
      return jobs.run(requestId, 'add', nameOf(node, id), size, (job) =>
        node.home.files.editFile(requestId, id, edits, sizeBytes ?? null, job, (work) => adding({ size }, work)),
      )
    },
    rename: async (requestId, id, name) => momentary(() => node.home.files.rename(requestId, id, name)),
    move: async (requestId, id, targetFolderId) =>
      jobs.run(requestId, 'move', nameOf(node, id), 0, (job) =>
        node.home.files.move(requestId, id, targetFolderId, job),
      ),
    trash: async (requestId, id) => momentary(() => node.home.files.trash(requestId, id)),
    restore: async (requestId, id) =>
      jobs.run(requestId, 'move', nameOf(node, id), 0, (job) => node.home.files.restore(requestId, id, job)),
    purge: async (requestId, id) =>
      jobs.run(requestId, 'purge', id === null ? '' : (node.home.view.get(id)?.name ?? ''), 0, (job) =>
        node.home.files.purge(requestId, id, job),
      ),
    cancel: async (requestId) => jobs.cancel(requestId),

    quarantine: async () => quarantineOf(node),
    retryQuarantined: async (id) => node.home.tree.outbox.retry(sequenceOf(id)),
    discardQuarantined: async (id) => node.home.tree.outbox.discard(sequenceOf(id)),

    openContent: async (id, startByte, endByte) =>
      isFar(id)
        ? streams.openAt(await node.abroad.readable(id), startByte, endByte)
        : streams.open(node.home, id, startByte, endByte),
    nextChunk: async (streamId) => streams.next(streamId),
    closeContent: async (streamId) => streams.close(streamId),

    readersOf: async (id) => readersOf(node, id),
    audit: async () => auditReport(node),
    storage: async () => storageReport(node),
    setHoldQuota: (quotaBytes) => node.setHoldQuota(quotaBytes),
    useHybrid: () => node.useHybrid(),
    previewResealing: async () => resealingPreview(node),
    // Asked again it goes on, so the request needs no remembering.
    reseal: async (_requestId) => node.reseal(),

    plantingSalt: async () => plantings.prfSalt,
    beginPlanting: async (ownerName, deviceName, passkey) => {
      node.demandNoArrival()
      return plantings.begin(ownerName, deviceName, passkey)
    },
    confirmCard: async (plantingId, words) => plantings.confirmCard(plantingId, words),
    finishPlanting: async (requestId, plantingId, assertion) => node.plant(requestId, plantingId, assertion),
    abandonPlanting: async (plantingId) => plantings.abandon(plantingId),

    beginExport: async (requestId) => beginExport(node, requestId),
    inspectArchive: inspectArchive,
    recover: async (requestId, archive, words, deviceName, takesUnattested = false) =>
      jobs.run(requestId, 'import', '', archive.size, (job) =>
        node.replacing(() => recover(node, archive, words, deviceName, takesUnattested, job)),
      ),

    invite: async () => node.invitations.begin(),
    typeDigits: async (digits) => node.invitations.typeDigits(digits),
    approve: async (answer) => node.invitations.approve(answer),
    choose: async (choice) => node.invitations.choose(choice),
    approvalNotGiven: async () => node.invitations.notGiven(),
    endInviting: async () => node.invitations.end(),
    join: async (code, deviceName) => node.joinings.begin(code, deviceName),
    confirmJoining: async () => node.joinings.confirm(),
    endJoining: async () => node.joinings.end(),
    aside: async () => node.aside?.files ?? [],
    bringAside: async (requestId) => node.bringAside(requestId),
    dropAside: async () => node.dropAside(),
    confirmClock: async () => node.home.tree.ownCluster.confirmClock(),
    devices: async () => deviceLines(node),
    previewRemoval: async (principal) => removalPreview(node, principalFrom(principal)),
    // Who is put out already is not put out again, so the request needs no remembering.
    removeDevice: async (_requestId, principal) => node.removeDevice(principal),

    beginExtension: async (terms) => beginExtension(siteOf(node), terms.map(termFrom)),
    // A device that has that time already keeps it, so the request needs no remembering.
    finishExtension: async (_requestId, terms, answer) => finishExtension(siteOf(node), terms.map(termFrom), answer),
    beginPasskey: async (passkey, unlocked) => node.passkeys.begin(passkey, plantings.prfSalt, unlocked),
    // A change that was made is not made again, so the request needs no remembering.
    finishPasskey: async (_requestId, answer) => node.passkeys.finish(answer),
    abandonPasskey: async () => node.passkeys.abandon(),
    vetoPasskey: async () => vetoPasskey(siteOf(node)),
    removePasskey: async (_requestId, id, words) => removePasskey(siteOf(node), id, words),
    drawCard: async () => node.newCard.draw(),
    checkCard: async (words) => node.newCard.check(words),
    finishCard: async (_requestId, words) => node.newCard.finish(words),
    abandonCard: async () => node.newCard.abandon(),
    beginTakeOver: async () => beginTakeOver(siteOf(node)),
    finishTakeOver: async (_requestId, answer) => finishTakeOver(siteOf(node), answer),
    // Who is chosen already is not chosen again, so the request needs no remembering.
    appoint: async (_requestId, principals) => appoint(node.home.tree, node.keys, principals.map(principalFrom)),
    handOver: async (principal) => handOver(handOverSiteOf(node), principal === null ? null : principalFrom(principal)),
  }
}

const handOverSiteOf = ({ platform: { clock }, home }: RunningNode): HandOverSite => ({
  clock,
  cluster: home.tree.ownCluster,
  answers: async (id) => (await home.replication?.answers(id)) ?? false,
  isBeside: async (id) => (await home.replication?.isBeside(id)) ?? false,
})

/** From groups of four, as the page has it. */
function principalFrom(text: string): Bytes {
  const principal = fromHex(text.replaceAll(' ', ''))
  if (principal !== null) return principal
  throw new BlocktreeError('deviceUnknown', 'This device does not belong to the tree.')
}

const termFrom = ({ principal, expiresAtMs }: Extension): Term => ({ device: principalFrom(principal), expiresAtMs })

const siteOf = ({ platform, keys, home: { tree } }: RunningNode): TakeOverSite => ({ platform, keys, tree })

/** The title of a job; also refuses ids that name nothing before any work begins. */
function nameOf(node: RunningNode, id: string): string {
  const item = node.home.view.get(id)
  if (item === null) throw new BlocktreeError('itemGone', 'This item is not there any more.')
  return item.name
}
