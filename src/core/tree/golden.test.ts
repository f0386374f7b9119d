import { expect, test } from 'vitest'
import { type Bytes, encode, toHex } from '../bytes/bytes.ts'
import {
  credentialSetWire,
  ed25519Message,
  principalOf,
  publicCredentialWire,
  sealText,
  signEd25519,
} from '../crypto/crypto.ts'
import { passkey } from '../crypto/testing/authenticator.ts'
import { rights, wrapEarlier, wrapUnderParent, writecapWire } from '../cap/cap.ts'
import { recordGroup, signedRecord, signedRecordWire, toldTo } from '../block/block.ts'
import { root as rootOf } from '../merkle/merkle.ts'
import { rootBlockId } from '../path/path.ts'
import {
  attestationDomain,
  attestationOf,
  encodeAttestation,
  encodeEquivocation,
  equivocationOf,
  statementBody,
  statementOf,
} from './attestation.ts'
import { type Operation, encodeBatch, takeOverBodyWire } from './batch.ts'
import { archiveHeaderBody, archiveMagic, encodeArchiveHead, encodeFrame } from './archive.ts'
import { deviceRecordWire, sealDeviceName } from './device.ts'
import { excerptFor } from './excerpt.ts'
import { nextGeneration } from './generation.ts'
import { linkKeysOf, linkTo, sealLinkSecret } from './link.ts'
import { rendezvousWire } from './rendezvous.ts'
import { linkInto, rendezvous } from './testing/abroad.ts'
import { pendingSetOf } from './set-change.ts'
import {
  accessOf,
  appointmentOf,
  contentOf,
  deviceOf,
  encodeRow,
  entryOf,
  keys,
  readRow,
  requestOf,
  summaryOf,
} from './state.ts'
import { added, byCard, handedOver, otherCard, setIn, vetoed, wrapOf, wrapsFor } from './testing/roots.ts'
import {
  type Person,
  access,
  admission,
  alice,
  aliceCap,
  appointed,
  change,
  childPath,
  commit,
  content,
  device,
  dismissedBy,
  dismissedByRoot,
  entry,
  found,
  founded,
  hash,
  id,
  mallory,
  newDirectory,
  newFile,
  nextDevice,
  nodeCap,
  ownerCap,
  ownerSet,
  readcapOf,
  removal,
  root,
  takeOver,
  treeId,
  withDevice,
} from './testing/forest.ts'

/** Octets of one example of every format, as `spec.md` describes it. A difference here breaks every tree that exists. */
test('formats are pinned', async () => {
  const file = childPath(root, id(2))
  const [made, again] = [change(newFile(root, id(2)), id(9)), change(newFile(root, id(2)), id(7))]
  const mail = childPath(root, id(3))
  const grown = commit(founded(), [made]).state
  const refusedOnce = commit(grown, [again]).state
  const shared = commit(grown, [change(newDirectory(root, id(3)), id(8))]).state
  const guestCap = ownerCap(mallory, mail, rights.write)
  const without = commit(withDevice(shared, mallory, guestCap), [dismissedByRoot(mallory)]).state
  const [first, second] = [passkey(31), passkey(32)]
  const planted = commit(grown, [byCard(grown, 0, first)], 2000).state
  const setHash = summaryOf(planted)!.setHash
  const waiting = commit(planted, [added(planted, first, second)], 3000).state
  const continued = takeOver(grown, mallory)
  const later = commit(grown, [continued], 2000).state
  const voters = [principalOf(alice.credential)]
  const said = statementOf(without, rootBlockId(treeId), { term: 2, index: 7, voters, votersOutgoing: [] })!
  const signedBy = ({ secret }: Person, statement = said) =>
    signEd25519(secret, ed25519Message(attestationDomain, statementBody(statement)))
  const reader = principalOf(mallory.credential)
  const read = access(file, { readcaps: [readcapOf(treeId), readcapOf(reader)] })
  const examples: Record<string, Uint8Array> = {
    'public credential': encode(publicCredentialWire, alice.credential),
    principal: principalOf(alice.credential),
    'credential set': encode(credentialSetWire, ownerSet),
    'tree id': treeId,
    'writecap, signed by the recovery key': encode(writecapWire, aliceCap),
    'writecap, signed by a node': encode(writecapWire, nodeCap(alice, mallory, file)),
    entry: encode(signedRecordWire, entry(root, id(2), 'file')),
    'entry of a link': encode(signedRecordWire, entry(root, id(2), 'link')),
    'content of a link': linkTo(childPath(mail, id(4))),
    'content of a link into another tree': linkInto({ treeId: hash(7), ids: [id(3), id(4)] }),
    'keys of a link': encode(publicCredentialWire, linkKeysOf(hash(6)).credential),
    'secret of a link, sealed': sealLinkSecret(hash(5), treeId, hash(7), hash(6), new Uint8Array(24)),
    'where a tree is met': encode(rendezvousWire, rendezvous()),
    'access record': encode(signedRecordWire, access(file)),
    'access record with two readers': encode(signedRecordWire, read),
    'access record with two readers, told to the second': encode(signedRecordWire, toldTo(read, reader)),
    'content record': encode(signedRecordWire, content(file)),
    'content record, sealed anew': encode(
      signedRecordWire,
      content(file, { version: 2, previousHash: hash(1), resealed: true }),
    ),
    removal: encode(signedRecordWire, removal(grown, id(2))),
    'content record, the second of three that are signed together': encode(signedRecordWire, together()[1]!),
    'batch with a founding': encodeBatch({ stampMs: 1000, operations: [found] }),
    'batch with a change': encodeBatch({ stampMs: 1000, operations: [made] }),
    'take-over body': encode(takeOverBodyWire, {
      treeId,
      generation: nextGeneration(1, hash(1), aliceCap.hash),
      stateRoot: hash(1),
      stampMs: 1000,
      writecapHash: aliceCap.hash,
      setHash: treeId,
    }),
    'state row: summary': encodeRow('summary', summaryOf(grown)!),
    'state row: entry': encodeRow('entry', entryOf(grown, id(2))!),
    'state row: content': encodeRow('content', contentOf(grown, id(2))!),
    'state row: left-behind body': encodeRow('dead', { sizeBytes: 10 }),
    'state root': rootOf(grown.map),
    'archive magic': archiveMagic,
    'archive head': encodeArchiveHead({
      treeId,
      exportedAtMs: 1000,
      sizeBytes: 65536,
      recoveryKemKey: filled(2, 32),
      sealedKey: new Uint8Array(80).fill(3),
    }).octets,
    'archive header body': archiveHeaderBody({
      treeId,
      exportedAtMs: 1000,
      stateRoot: hash(1),
      rowCount: 10,
      objectCount: 2,
      objectsSizeBytes: 99,
      itemCount: 1,
      exporter: alice.credential,
      writecapHash: aliceCap.hash,
      attestation: attestationOf(said, [{ voter: principalOf(alice.credential), signature: signedBy(alice) }]),
    }),
    'device record': encode(deviceRecordWire, device(alice)),
    'admission of a limited device': encodeBatch({ stampMs: 1000, operations: [admission(shared, mallory, guestCap)] }),
    'extension of a limited device': encodeBatch({
      stampMs: 1000,
      operations: [{ tag: 'extend', value: { writecap: ownerCap(mallory, mail, rights.write, 2_000_000) } }],
    }),
    'excerpt for a limited device, its root': rootOf(
      excerptFor(withDevice(shared, mallory, guestCap), principalOf(mallory.credential))!.map,
    ),
    'revision of a device': encodeBatch({
      stampMs: 1000,
      operations: [{ tag: 'revise', value: { device: nextDevice(grown, alice, { nameKeyEpoch: 2 }) } }],
    }),
    'dismissal by a device': encodeBatch({ stampMs: 1000, operations: [dismissedBy(alice, alice, aliceCap)] }),
    'dismissal by the root': encodeBatch({ stampMs: 1000, operations: [dismissedByRoot(mallory)] }),
    'state row: device': encodeRow('device', deviceOf(without, principalOf(mallory.credential))!),
    'state row: summary after a dismissal': encodeRow('summary', summaryOf(without)!),
    'change of the credential set by the card': encodeBatch({ stampMs: 1000, operations: [byCard(grown, 0, first)] }),
    'change of the credential set by a passkey': encodeBatch({
      stampMs: 1000,
      operations: [added(planted, first, second)],
    }),
    'change of the credential set by a card that gives its place to another': encodeBatch({
      stampMs: 1000,
      operations: [handedOver(grown, 1, otherCard(8), wrapsFor(grown, 8))],
    }),
    'state row: credential set': encodeRow('set', setIn(planted)),
    'state row: change of the set': encodeRow('setChange', readRow(planted, 'setChange', keys.setChange(setHash))!),
    'state row: set that waits': encodeRow('pendingSet', pendingSetOf(waiting)!),
    appointment: encodeBatch({ stampMs: 1000, operations: [appointed(grown, [alice])] }),
    'state row: who is to decide': encodeRow(
      'appointment',
      appointmentOf(commit(grown, [appointed(grown, [alice])]).state)!,
    ),
    veto: encodeBatch({ stampMs: 1000, operations: [vetoed(waiting)] }),
    attestation: encodeAttestation(
      attestationOf(said, [{ voter: principalOf(alice.credential), signature: signedBy(alice) }]),
    ),
    equivocation: encodeEquivocation(
      equivocationOf(
        alice.credential,
        { statement: said, signature: signedBy(alice) },
        { statement: { ...said, stateRoot: hash(1) }, signature: signedBy(alice, { ...said, stateRoot: hash(1) }) },
      )!,
    ),
    'archive header frame': encodeFrame({
      tag: 'header',
      value: { body: hash(1), signature: new Uint8Array(64).fill(2) },
    }),
    'archive frame of rows': encodeFrame({ tag: 'rows', value: [{ key: hash(1), value: hash(2) }] }),
    'archive frame of objects': encodeFrame({ tag: 'objects', value: [{ key: filled(3, 56), value: hash(4) }] }),
    'archive end frame': encodeFrame({ tag: 'end', value: { rowCount: 10, objectCount: 2 } }),
    'take-over': encodeBatch({ stampMs: 2000, operations: [continued] }),
    'state row: take-over': encodeRow(
      'takeOver',
      readRow(later, 'takeOver', keys.takeOver(summaryOf(later)!.generation))!,
    ),
    'state row: writecap': encodeRow('cap', readRow(grown, 'cap', keys.cap(aliceCap.hash))!),
    'state row: access': encodeRow('access', accessOf(grown, id(2))!),
    'state row: place': encodeRow('place', readRow(grown, 'place', keys.place(id(2)))!),
    'state row: request': encodeRow('request', requestOf(grown, requestIn(made))!),
    'state row: request that was refused': encodeRow('request', requestOf(refusedOnce, requestIn(again))!),
    'state row: request by its age': encodeRow('requestAge', {}),
    'state row: wraps': encodeRow('wraps', {
      byRecoveryKey: filled(1, 72),
      recoveryKemKey: filled(2, 32),
      byPasskey: [wrapOf(first)],
    }),
    'name of an entry, sealed': sealText(hash(5), 'letter.txt', id(2), new Uint8Array(24)),
    'name of a device, sealed': sealDeviceName(hash(5), principalOf(alice.credential), 'Laptop', new Uint8Array(24)),
    'key of a child, wrapped': wrapUnderParent(hash(5), treeId, id(2), 1, hash(6), new Uint8Array(24)),
    'earlier key, wrapped': wrapEarlier(hash(6), treeId, id(2), 1, hash(5), new Uint8Array(24)),
  }
  const text = Object.entries(examples).map(([name, octets]) => `${name}\n${toHex(octets)}\n`)
  await expect(text.join('\n')).toMatchFileSnapshot('golden.txt')
})

const filled = (octet: number, sizeBytes: number) => new Uint8Array(sizeBytes).fill(octet)
const requestIn = (operation: Operation) => (operation.value as { requestId: Bytes }).requestId

function together() {
  const records = [1, 2, 3].map((octet) => content(childPath(root, id(octet))))
  const hashes = records.map((record) => record.hash)
  const { message, partsOf } = recordGroup(hashes)
  const parts = partsOf(signEd25519(alice.secret, message))
  return records.map((record, index) => signedRecord(record, parts[index]!))
}
