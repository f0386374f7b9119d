/**
 * Records, keys and revocations that must be refused, each for its own cause: the negative cases that need a tree, under their
 * numbers; those of names and chains stand in `cap/refusals.test.ts`. An operation goes the whole way, from the octets of its
 * batch through both gates. Ciphertexts and keys do not open: `unopened`.
 */
import { gcm } from '@noble/ciphers/aes.js'
import { expect, test } from 'vitest'
import { type Bytes, concat, equal, utf8 } from '../bytes/bytes.ts'
import {
  agree,
  blockKeySchedule,
  ed25519Message,
  hpkeInfo,
  hpkeOpen,
  hpkeSeal,
  kemSecret,
  keySchedule,
  openAes,
  principalOf,
  sealAes,
  sha256,
  signEd25519,
  verifyClaim,
  x25519PublicKey,
} from '../crypto/crypto.ts'
import {
  type Writecap,
  allRights,
  checkedWhere,
  readcapPlace,
  rights,
  unwrapEarlier,
  unwrapUnderParent,
  wrapUnderParent,
} from '../cap/cap.ts'
import {
  type ContentBody,
  type SignedRecord,
  planOpen,
  planSeal,
  sectorTagSizeBytes,
  signedRecord,
  unsignedRecord,
} from '../block/block.ts'
import { set } from '../merkle/merkle.ts'
import { depthMax, rootBlockId } from '../path/path.ts'
import { type Operation, decodeBatch, encodeBatch, examineBatch } from './batch.ts'
import { type Dismissal, type SignedDevice, dismissalBody, dismissalDomain } from './device.ts'
import { foldBatch } from './fold.ts'
import { decodeLink, followLink, homeSite, linkSizeBytesMax, linkTo, nameOfSpot } from './link.ts'
import { type TreeState, accessOf, encodeRow, keys, setOf } from './state.ts'
import {
  type Person,
  access,
  admission,
  alice,
  aliceCap,
  change,
  childPath,
  commit,
  content,
  device,
  dismissedBy,
  dismissedByRoot,
  endMs,
  entry,
  founded,
  found,
  hash,
  id,
  mallory,
  newDirectory,
  newFile,
  newLink,
  nextAccess,
  nextContent,
  nextDevice,
  nextEntry,
  nodeCap,
  ownerCap,
  ownerSet,
  person,
  root,
  takeOver,
  treeId,
  withDevice,
} from './testing/forest.ts'

// --- the tree: root / mail / letter, root / photos; a phone of the owner's, a tablet that may write in mail ------------------

const mail = childPath(root, id(1))
const letter = childPath(mail, id(2))
const [phone, tablet, bob] = [person(3), person(4), person(5)]
const lateMs = 1_000 * endMs
const phoneCap = ownerCap(phone, root, allRights, lateMs)
const tabletCap = ownerCap(tablet, mail, rights.write)
const planted = commit(founded(), [
  change(newDirectory(root, id(1))),
  change(newDirectory(root, id(3))),
  change(newFile(mail, id(2))),
]).state
const grown = withDevice(withDevice(planted, phone, phoneCap), tablet, tabletCap)
const withoutPhone = commit(grown, [dismissedByRoot(phone)], 2000).state

/** What a chain of several grants leaves in the state: a row for each. */
function withChain(state: TreeState, ...chain: readonly Writecap[]): TreeState {
  const map = chain.reduce(
    (rows, cap, at) => set(rows, keys.cap(cap.hash), encodeRow('cap', { cap, next: chain[at + 1]?.hash ?? null })),
    state.map,
  )
  return { ...state, map }
}
const toBob = nodeCap(phone, bob, mail)
const fromAlice = nodeCap(alice, bob, mail)

/** What both gates say of an operation, from its octets. */
function outcome(state: TreeState, operation: Operation, stampMs = 3000): string {
  const batch = decodeBatch(encodeBatch({ stampMs, operations: [operation] }))
  if (!batch.ok) return batch.fault.code
  const claims = examineBatch(treeId, batch.value, (at) => setOf(state, at) ?? (equal(at, treeId) ? ownerSet : null))
  if (!claims.ok) return claims.fault.code
  const checked = checkedWhere(batch.value, claims.value.map(verifyClaim))
  if (!checked.ok) return checked.fault.code
  const [only] = foldBatch(state, checked.value).outcomes
  return only!.ok ? 'ok' : only!.fault.code
}
const records = (state: TreeState, ...signed: readonly SignedRecord[]) => outcome(state, change(signed))
/** The letter goes into the trash: needs a permission, and no key. */
const trash = (author: Person, cap: Writecap) => nextEntry(grown, id(2), { trashed: true }, author, cap)

const written = nextContent(grown, id(2), {})
const afterWritten = commit(grown, [change([written])]).state
const secondWritten = nextContent(afterWritten, id(2), { bodyRoot: hash(8) })
/** A content record of which something was changed after it was signed. */
const bent = ({ fields, signature }: SignedRecord<'content'>, other: Partial<ContentBody>): SignedRecord =>
  signedRecord(unsignedRecord('content', { ...fields, ...other }), signature)

/** Two links in the mail, which is as far as the tablet reads. */
const linked = commit(grown, [change(newLink(mail, id(11))), change(newLink(mail, id(12)))]).state
const tooLarge = { sizeBytes: linkSizeBytesMax + 1 }
/** @param paths that stand in the links, by what their ids are made of */
function follow(start: Bytes, paths: Readonly<Record<number, readonly Bytes[]>>, reach = rootBlockId(treeId)): string {
  const read = Object.entries(paths).map(
    ([octet, ids]) =>
      [nameOfSpot({ site: homeSite, block: id(Number(octet)) }), decodeLink(linkTo({ treeId, ids }))] as const,
  )
  const sites = new Map([[homeSite, { state: linked, reach }]])
  const step = followLink(sites, { site: homeSite, block: start }, new Map(read))
  return step.ok ? step.value.kind : step.fault.code
}

const decoding = (content: Bytes): string => {
  const link = decodeLink(content)
  return link.ok ? 'ok' : link.fault.code
}
/** The deepest path, and one more: `0x98 64` begins a list of 64. */
function tooDeep(): Bytes {
  const deepest = linkTo({ treeId, ids: Array.from({ length: depthMax }, () => id(3)) })
  const longer = concat(deepest, deepest.slice(-17))
  longer[longer.indexOf(0x98) + 1] = depthMax + 1
  return longer
}

const dismissing = (operation: Operation, other: Partial<Dismissal>): Operation => ({
  tag: 'dismiss',
  value: { dismissal: { ...(operation.value as { dismissal: Dismissal }).dismissal, ...other } },
})
const revising = (own: SignedDevice): Operation => ({ tag: 'revise', value: { device: own } })
const moved = nextDevice(grown, phone, { transportId: person(50).transportId })
const afterMoved = commit(grown, [revising(moved)]).state
const otherTree = hash(99)
/** What Alice signed in another tree, where she has the same credential. */
function dismissalElsewhere(): Operation {
  const { fields } = (dismissedBy(phone, alice, aliceCap).value as { dismissal: Dismissal }).dismissal
  const elsewhere = { ...fields, treeId: otherTree }
  const body = dismissalBody(elsewhere)
  const value = signEd25519(alice.secret, ed25519Message(dismissalDomain, body))
  return { tag: 'dismiss', value: { dismissal: { fields: elsewhere, body, signature: { tag: 'node', value } } } }
}

// --- keys and ciphertexts --------------------------------------------------------------------------------------------------

const opening = (octets: Bytes | null): string => (octets === null ? 'unopened' : 'ok')
const [blockKey, earlierKey, parentKey] = [hash(41), hash(42), hash(43)]
const salt = id(44)
const plaintext = utf8('a letter of which nobody else knows')
function sealedSector(block: Bytes, key = blockKey, index = 0): Bytes {
  const [plan] = planSeal(blockKeySchedule(key), treeId, block, index, salt, plaintext)
  return sealAes(plan!.key, plan!.nonce, plan!.plaintext, plan!.associatedData)
}
/** Opens what stands as the sector `index` of a block's body, which vouches for `vouched`. */
function openSector(block: Bytes, ciphertext: Bytes, index = 0, vouched = ciphertext, tree = treeId): string {
  const sector = { index, leaf: { hash: sha256(vouched), keyEpoch: 1, salt }, sizeBytes: plaintext.length }
  const plans = planOpen(() => blockKeySchedule(blockKey), tree, block, [sector], [ciphertext])
  if (!plans.ok) return plans.fault.code
  const [plan] = plans.value
  const isVouchedFor = equal(sha256(plan!.ciphertext), plan!.hash)
  return opening(isVouchedFor ? openAes(plan!.key, plan!.nonce, plan!.ciphertext, plan!.associatedData) : null)
}

const bobs = principalOf(bob.credential)
const ephemeral = hash(45)
const bobsPlace = readcapPlace(treeId, id(2), 1, bobs)
const readcap = (info = hpkeInfo.readcap, place = bobsPlace): Bytes =>
  hpkeSeal(bob.credential.kemKey, info, place, blockKey, ephemeral)!
const openReadcap = (sealed: Bytes, place = bobsPlace): string =>
  opening(hpkeOpen(bob.secret, hpkeInfo.readcap, place, sealed))
/** A readcap by the suite that has keys of 16 octets. */
function readcapOfSmallerSuite(): Bytes {
  const enc = x25519PublicKey(ephemeral)
  const secret = kemSecret(agree(ephemeral, bob.credential.kemKey)!, enc, bob.credential.kemKey)
  const { key, nonce } = keySchedule(0x0020, secret, hpkeInfo.readcap, { id: 0x0001, keySizeBytes: 16 })
  return concat(enc, gcm(key, nonce, bobsPlace).encrypt(blockKey))
}
const wrapped = wrapUnderParent(parentKey, treeId, id(2), 1, blockKey, new Uint8Array(24))

/** A key for the root block after the phone was put out, whose readcaps are `readcaps`. */
const rootBlock = rootBlockId(treeId)
const rekeyed = (state: TreeState, readcaps: object) =>
  nextAccess(state, rootBlock, { keyEpoch: 2, earlierKeys: [new Uint8Array(72)], ...readcaps })

/** Its number, what it is, what the gates say, and what they must say. */
type Case = readonly [number, string, () => string, string]
const cases: readonly Case[] = [
  [
    14,
    'a stamp behind the one before, by which a permission had ended',
    () => records(commit(grown, [], endMs).state, trash(alice, aliceCap)),
    'writecapExpired',
  ],
  [41, 'the writer was put out', () => records(withoutPhone, trash(phone, phoneCap)), 'writecapRevoked'],
  [
    41,
    'whoever let the writer in was',
    () => records(withChain(withoutPhone, toBob, phoneCap), trash(bob, toBob)),
    'writecapRevoked',
  ],
  [
    41,
    'whoever let that one in was',
    () =>
      records(
        withChain(withoutPhone, nodeCap(bob, mallory, mail), toBob, phoneCap),
        trash(mallory, nodeCap(bob, mallory, mail)),
      ),
    'writecapRevoked',
  ],
  [
    42,
    'under the grant of another that stands',
    () =>
      records(
        withChain(withoutPhone, nodeCap(alice, phone, mail), aliceCap),
        trash(phone, nodeCap(alice, phone, mail)),
      ),
    'writecapRevoked',
  ],
  [42, 'let in again', () => outcome(withoutPhone, admission(withoutPhone, phone)), 'deviceDismissed'],
  [42, 'by a take-over', () => outcome(withoutPhone, takeOver(withoutPhone, phone)), 'deviceDismissed'],
  [
    42,
    'by more time',
    () => outcome(withoutPhone, { tag: 'extend', value: { writecap: ownerCap(phone, root, allRights, lateMs + 1) } }),
    'deviceDismissed',
  ],
  [43, 'a take-over of the state before', () => outcome(withoutPhone, takeOver(grown, phone)), 'takeOverStale'],
  [44, 'by a limited device', () => outcome(grown, dismissedBy(phone, tablet, tabletCap)), 'pathOutsideScope'],
  [
    44,
    'by a stranger',
    () => outcome(grown, dismissedBy(phone, mallory, nodeCap(mallory, mallory))),
    'writecapUnknown',
  ],
  [44, 'under another’s permission', () => outcome(grown, dismissedBy(phone, tablet, aliceCap)), 'writecapNotHeld'],
  [
    44,
    'by a device that may not grant',
    () =>
      outcome(
        withChain(grown, nodeCap(alice, bob, root, rights.write), aliceCap),
        dismissedBy(phone, bob, nodeCap(alice, bob, root, rights.write)),
      ),
    'rightMissing',
  ],
  [
    44,
    'with another’s signature',
    () => {
      const own = dismissedBy(phone, alice, aliceCap)
      const { body } = (own.value as { dismissal: Dismissal }).dismissal
      return outcome(grown, dismissing(own, { signature: { tag: 'node', value: signEd25519(mallory.secret, body) } }))
    },
    'signatureInvalid',
  ],
  [44, 'of a device of another tree', () => outcome(grown, dismissalElsewhere()), 'deviceForeign'],
  [
    45,
    'after the clock went far ahead and back',
    () => records(commit(commit(withoutPhone, [], lateMs - 10).state, [], 1000).state, trash(phone, phoneCap)),
    'writecapRevoked',
  ],
  [
    46,
    'signed by the issuer of the first grant',
    () => records(withChain(grown, fromAlice, aliceCap), trash(alice, fromAlice)),
    'writecapNotHeld',
  ],
  [
    47,
    'a block that was signed for another place',
    () => records(grown, bent(written, { path: childPath(root, id(2)) })),
    'signatureInvalid',
  ],
  [
    47,
    'a record where the block does not stand',
    () => records(grown, nextContent(grown, id(2), { path: childPath(root, id(2)) })),
    'placeUnknown',
  ],
  [
    48,
    'the same place in another tree',
    () => records(grown, nextContent(grown, id(2), { path: { treeId: otherTree, ids: letter.ids } })),
    'pathOutsideScope',
  ],
  [49, 'an older version', () => records(commit(afterWritten, [change([secondWritten])]).state, written), 'raceLost'],
  [49, 'the same version again', () => records(afterWritten, written), 'raceLost'],
  [
    49,
    'the same version with another content',
    () => records(afterWritten, nextContent(grown, id(2), { bodyRoot: hash(8) })),
    'raceLost',
  ],
  [49, 'a first version once more', () => records(grown, content(letter)), 'raceLost'],
  [
    50,
    'another permission of the same writer',
    () =>
      records(
        withDevice(grown, bob),
        bent(nextContent(grown, id(2), {}, phone, phoneCap), { writecapHash: ownerCap(phone).hash }),
      ),
    'signatureInvalid',
  ],
  [
    51,
    'an entry for a block that says it is elsewhere',
    () => records(grown, entry(mail, id(8), 'file'), access(childPath(root, id(8)))),
    'placeUnknown',
  ],
  [52, 'a link to a link that leads back', () => follow(id(11), { [12]: [id(11)], [11]: [id(12)] }), 'linkCycle'],
  [52, 'a link to itself', () => follow(id(11), { [11]: [id(11)] }), 'linkCycle'],
  [
    52,
    'a link out of the folder that its reader may read',
    () => follow(id(11), { [11]: [id(3)] }, id(1)),
    'linkOutOfReach',
  ],
  [52, 'to the folder below that', () => follow(id(11), { [11]: [] }, id(1)), 'linkOutOfReach'],
  [
    52,
    'by way of another link within it',
    () => follow(id(11), { [11]: [id(1), id(12)], [12]: [id(3)] }, id(1)),
    'linkOutOfReach',
  ],
  [52, 'a link with a path of 65 folders', () => decoding(tooDeep()), 'linkDamaged'],
  [52, 'a link that is longer than any', () => records(grown, ...newLink(mail, id(11), tooLarge)), 'linkTooLarge'],
  [
    52,
    'a link that came to lead elsewhere',
    () => records(linked, nextContent(linked, id(11), { bodyRoot: hash(8) }, tablet, tabletCap)),
    'linkFixed',
  ],
  [53, 'the sector of another block under the same key', () => openSector(id(2), sealedSector(id(9))), 'unopened'],
  [53, 'of another tree', () => openSector(id(2), sealedSector(id(2)), 0, sealedSector(id(2)), otherTree), 'unopened'],
  [53, 'of another place in the block', () => openSector(id(2), sealedSector(id(2)), 1), 'unopened'],
  [
    53,
    'of another version',
    () => openSector(id(2), sealedSector(id(2)), 0, sealedSector(id(2), earlierKey)),
    'unopened',
  ],
  [54, 'a tag of 15 octets', () => openSector(id(2), sealedSector(id(2)).slice(0, -1)), 'sectorSizeWrong'],
  [
    54,
    'a tag of 4 octets',
    () => openSector(id(2), sealedSector(id(2)).slice(0, 4 - sectorTagSizeBytes)),
    'sectorSizeWrong',
  ],
  [54, 'no octets', () => openSector(id(2), new Uint8Array(0)), 'sectorSizeWrong'],
  [54, 'zeros', () => openSector(id(2), new Uint8Array(plaintext.length + sectorTagSizeBytes)), 'unopened'],
  [54, 'the nonce of another sector', () => openSector(id(2), sealedSector(id(2), blockKey, 1)), 'unopened'],
  [55, 'a readcap of another block', () => openReadcap(readcap(), readcapPlace(treeId, id(9), 1, bobs)), 'unopened'],
  [55, 'of another epoch', () => openReadcap(readcap(), readcapPlace(treeId, id(2), 2, bobs)), 'unopened'],
  [
    55,
    'of another recipient',
    () => openReadcap(readcap(), readcapPlace(treeId, id(2), 1, principalOf(alice.credential))),
    'unopened',
  ],
  [55, 'of another tree', () => openReadcap(readcap(), readcapPlace(otherTree, id(2), 1, bobs)), 'unopened'],
  [56, 'a new key for who was put out', () => records(withoutPhone, rekeyed(withoutPhone, {})), 'keyEpochWrong'],
  [
    56,
    'the old key for others',
    () =>
      records(
        withoutPhone,
        nextAccess(withoutPhone, rootBlock, { readcaps: accessOf(planted, rootBlock)!.fields.readcaps }),
      ),
    'keyEpochWrong',
  ],
  [
    56,
    'something new under the old key',
    () => records(withoutPhone, nextContent(withoutPhone, id(2), { bodyRoot: hash(8) })),
    'keyEpochWrong',
  ],
  [56, 'the old key on something new', () => openSector(id(2), sealedSector(id(2), earlierKey)), 'unopened'],
  ...[0, 1].map((order): Case => [
    57,
    `an encapsulated key of small order (${order})`,
    () => openReadcap(concat(Uint8Array.of(order), new Uint8Array(31), readcap().slice(32))),
    'unopened',
  ]),
  [57, 'for another purpose', () => openReadcap(readcap(hpkeInfo.archive)), 'unopened'],
  ...[0, 31, 47, 79].map((size): Case => [
    57,
    `cut to ${size} octets`,
    () => openReadcap(readcap().slice(0, size)),
    'unopened',
  ]),
  [57, 'without the first octet', () => openReadcap(readcap().slice(1)), 'unopened'],
  [58, 'the key of another folder', () => opening(unwrapUnderParent(hash(46), treeId, id(2), 1, wrapped)), 'unopened'],
  [
    58,
    'the key of a child of another folder',
    () => opening(unwrapUnderParent(parentKey, treeId, id(9), 1, wrapped)),
    'unopened',
  ],
  [58, 'of another epoch', () => opening(unwrapUnderParent(parentKey, treeId, id(2), 2, wrapped)), 'unopened'],
  [58, 'as a key of before', () => opening(unwrapEarlier(parentKey, treeId, id(2), 1, wrapped)), 'unopened'],
  [59, 'a readcap of suite 2', () => openReadcap(readcap(utf8('blocktree/2/readcap'))), 'unopened'],
  [59, 'by a weaker cipher', () => openReadcap(readcapOfSmallerSuite()), 'unopened'],
  [
    61,
    'a device of another tree',
    () => outcome(grown, revising(nextDevice(grown, phone, { treeId: otherTree }))),
    'deviceForeign',
  ],
  [
    61,
    'a founding of another tree',
    () =>
      outcome(grown, { ...found, value: { ...found.value, set: { ...ownerSet, rootKemKey: hash(1) } } } as Operation),
    'foundForeign',
  ],
  [62, 'an address of before', () => outcome(afterMoved, revising(device(phone))), 'raceLost'],
  [
    62,
    'an address that leaves one out',
    () => outcome(grown, revising(nextDevice(grown, phone, { version: 3 }))),
    'raceLost',
  ],
  [
    62,
    'signed by another',
    () => outcome(grown, revising({ ...moved, signature: device(tablet).signature })),
    'signatureInvalid',
  ],
]

test.each(cases)('%i, %s', (_number, _name, verdict, fault) => expect(verdict()).toBe(fault))

/** Of the list, 60 is of locks, which no tree has. */
test('each number has its cases that a tree can have', () => {
  const numbers = [...new Set(cases.map(([number]) => number))]
  expect(numbers).toEqual([14, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 62])
})

// --- what must be taken ----------------------------------------------------------------------------------------------------

const underBoth = withChain(withChain(withoutPhone, toBob, phoneCap), fromAlice, aliceCap)
test.each<readonly [string, () => string]>([
  ['the same act before the writer was put out', () => records(grown, trash(phone, phoneCap))],
  ['by two grants of which one was taken back: the other', () => records(underBoth, trash(bob, fromAlice))],
  [
    'signed by the holder of the first grant',
    () => records(withChain(grown, fromAlice, aliceCap), trash(bob, fromAlice)),
  ],
  ['the next version', () => records(afterWritten, secondWritten)],
  ['an address after the one before', () => outcome(grown, revising(moved))],
  ['a take-over of this very state', () => outcome(withoutPhone, takeOver(withoutPhone, alice))],
  ['a sector in its place', () => openSector(id(2), sealedSector(id(2)))],
  ['a readcap of this block, epoch and recipient', () => openReadcap(readcap())],
  ['the key under its folder’s', () => opening(unwrapUnderParent(parentKey, treeId, id(2), 1, wrapped))],
])('taken: %s', (_name, verdict) => expect(verdict()).toBe('ok'))

test('by two grants of which one was taken back: not that one', () =>
  expect(records(underBoth, trash(bob, toBob))).toBe('writecapRevoked'))
